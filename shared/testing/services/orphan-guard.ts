// Ends a server whose starter was killed with -9: a shell that waits for the pipe from the starter
// to close. A server may not be asked to watch over us, so somebody small must.
import { spawn } from 'node:child_process';

/** $1 the server, $2 the signal that stops it, $3 seconds until it is killed. */
const SCRIPT = `
read -r _
kill -"$2" "$1" 2>/dev/null
seconds=0
while kill -0 "$1" 2>/dev/null && [ "$seconds" -lt "$3" ]; do
  sleep 1
  seconds=$((seconds + 1))
done
kill -KILL "$1" 2>/dev/null
`;
const PATIENCE_SECONDS = 10;

/** Answers how to call the guard off; do that as soon as the server is gone. */
export function guardAgainstOrphan(pid: number, stopSignal: NodeJS.Signals): () => void {
  const signal = stopSignal.replace(/^SIG/, '');
  const guard = spawn(
    '/bin/sh',
    ['-c', SCRIPT, 'bourse-orphan-guard', String(pid), signal, String(PATIENCE_SECONDS)],
    // A group of its own: a Ctrl-C in the terminal is not for it.
    { detached: true, stdio: ['pipe', 'ignore', 'ignore'] },
  );
  // Without a guard the server still runs; the next start on its folder ends an orphan, too.
  guard.on('error', () => undefined);
  guard.unref();
  return () => guard.kill('SIGKILL');
}
