// Sockets that hand over whole responses only. KafkaJS keeps the beginning of a response that a
// broken connection has cut off, takes what its next connection brings for the rest of it, and
// understands nothing on that connection any more: every request on it ends in a time-out.
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ISocketFactory } from 'kafkajs';

/** Each response begins with the length of what follows. */
const LENGTH_BYTES = 4;
const KEEP_ALIVE_DELAY_MS = 60_000;

/** As KafkaJS connects by itself. */
export const connectToBroker: ISocketFactory = ({ host, port, ssl, onConnect }) => {
  const name = isIP(host) === 0 ? { servername: host } : {};
  const socket =
    ((ssl as object | null | undefined) ?? null) === null
      ? connectTcp({ host, port }, onConnect)
      : connectTls({ host, port, ...name, ...ssl }, onConnect);
  return socket.setKeepAlive(true, KEEP_ALIVE_DELAY_MS);
};

/** Wraps a factory: its sockets emit `data` when a response is complete, and drop half a one. */
export function wholeResponses(factory: ISocketFactory): ISocketFactory {
  return (options) => handOverWhole(factory(options));
}

/** A length below zero ends the connection: what follows cannot be told apart any more. */
export function handOverWhole(socket: Socket): Socket {
  const emit = socket.emit.bind(socket);
  let chunks: Buffer[] = [];
  let bytes = 0;
  let wanted = LENGTH_BYTES;
  const take = (chunk: Buffer): boolean => {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes < wanted) return true;
    const all = chunks.length === 1 ? chunk : Buffer.concat(chunks, bytes);
    let end = 0;
    for (;;) {
      bytes = all.length - end;
      const length = bytes < LENGTH_BYTES ? 0 : all.readInt32BE(end);
      if (length < 0) {
        socket.destroy(new Error('a response of the broker has no length'));
        return false;
      }
      wanted = LENGTH_BYTES + length;
      if (bytes < wanted) break;
      end += wanted;
    }
    chunks = bytes > 0 ? [all.subarray(end)] : [];
    return end === 0 || emit('data', all.subarray(0, end));
  };
  socket.emit = (event: string | symbol, ...rest: unknown[]): boolean => {
    const [chunk] = rest;
    return event === 'data' && Buffer.isBuffer(chunk) ? take(chunk) : emit(event, ...rest);
  };
  return socket;
}
