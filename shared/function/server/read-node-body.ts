// The body of a Node request, with the limits that the functions framework does not set: its own
// parsers would buffer a gigabyte.
import type { IncomingMessage } from 'node:http';
import { reject, type Rejection } from '../../domain/rejection.ts';

/** A body must be complete this long after its headers. */
export const BODY_TIMEOUT_MS = 10_000;

/** What is still read, and thrown away, of a body that was refused: closing sooner would reset the
 *  connection before the caller has read why. */
export const DISCARD_BYTES_MAX = 1_048_576;
const DISCARD_TIMEOUT_MS = 5_000;

const NO_BYTES = Buffer.alloc(0);

/** Set by the functions framework when one of its parsers has already read the body. */
interface ParsedByFramework {
  readonly rawBody?: Buffer;
}

export function readNodeBody(
  request: IncomingMessage & ParsedByFramework,
  bytesMax: number,
  timeoutMs: number,
): Promise<Buffer | Rejection> | Buffer | Rejection {
  const { rawBody } = request;
  if (rawBody !== undefined) return rawBody.length > bytesMax ? tooLarge(bytesMax) : rawBody;
  const length = request.headers['content-length'];
  const chunked = request.headers['transfer-encoding'] !== undefined;
  if (!chunked && (length === undefined || length === '0')) return NO_BYTES;
  if (Number(length ?? 0) > bytesMax) return tooLarge(bytesMax);
  return collect(request, bytesMax, timeoutMs);
}

function collect(
  request: IncomingMessage,
  bytesMax: number,
  timeoutMs: number,
): Promise<Buffer | Rejection> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const finish = (outcome: Buffer | Rejection): void => {
      clearTimeout(timer);
      request.off('data', onData).off('end', onEnd).off('close', onClose);
      resolve(outcome);
    };
    const onData = (chunk: Buffer): void => {
      bytes += chunk.length;
      chunks.push(chunk);
      if (bytes > bytesMax) finish(tooLarge(bytesMax));
    };
    const onEnd = (): void => finish(chunks.length === 1 ? (chunks[0] ?? NO_BYTES) : join(chunks));
    const onClose = (): void => finish(reject('BODY_INVALID', 'the body broke off'));
    const timer = setTimeout(() => {
      finish(reject('BODY_INVALID', 'the body came too slowly'));
    }, timeoutMs);
    request.on('data', onData).on('end', onEnd).on('close', onClose);
  });
}

/** Reads off what is left of a body nobody wants, within bounds; then the connection goes. */
export function discardBody(request: IncomingMessage): void {
  if (request.readableEnded || request.destroyed) return;
  let left = DISCARD_BYTES_MAX;
  const timer = setTimeout(() => {
    request.destroy();
  }, DISCARD_TIMEOUT_MS);
  request.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) request.destroy();
  });
  const stop = (): void => clearTimeout(timer);
  request.once('end', stop).once('close', stop);
  request.resume();
}

function join(chunks: readonly Buffer[]): Buffer {
  return Buffer.concat(chunks);
}

function tooLarge(bytesMax: number): Rejection {
  return reject('BODY_TOO_LARGE', `the body may have at most ${bytesMax} bytes`);
}
