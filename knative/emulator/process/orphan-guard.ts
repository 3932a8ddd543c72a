// Runs first in every child. When the emulator is killed, what a child logs then meets a broken
// pipe, and pino's writer repeats that write for ever while the process exits: then nothing ends.
import { closeSync, openSync } from 'node:fs';

process.once('disconnect', () => {
  for (const fd of [1, 2]) {
    closeSync(fd);
    // The lowest free number is the one just closed.
    openSync('/dev/null', 'w');
  }
});
