// Asks a server in its own protocol whether it serves: an open port alone does not say that.
import { connect } from 'node:net';

const PROBE_TIMEOUT_MS = 1_000;
const ANSWER_BYTES_MAX = 65_536;

/** Sends `question`; true when `isAnswer` accepts what has come back within a second. */
export function probe(
  port: number,
  question: Buffer,
  isAnswer: (bytes: Buffer) => boolean,
): Promise<boolean> {
  return new Promise((done) => {
    let bytes = Buffer.alloc(0);
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.write(question));
    const finish = (answer: boolean): void => {
      socket.destroy();
      done(answer);
    };
    socket.setTimeout(PROBE_TIMEOUT_MS, () => finish(false));
    socket.once('error', () => finish(false));
    socket.once('close', () => finish(false));
    socket.on('data', (chunk) => {
      bytes = Buffer.concat([bytes, chunk]);
      if (isAnswer(bytes)) finish(true);
      else if (bytes.length > ANSWER_BYTES_MAX) finish(false);
    });
  });
}
