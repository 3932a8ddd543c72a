// Connections that do what no client library would: stop in the midst of a request, or go on with
// a body that nobody wants.
import { connect, type Socket } from 'node:net';

export interface RawConnection {
  /** What the other side has sent so far. */
  answer(): string;
  isClosed(): boolean;
  write(text: string | Buffer): void;
  destroy(): void;
}

/** Opens a connection to `host:port` and sends `text`, which need not be a whole request. */
export async function openRaw(address: string, text: string): Promise<RawConnection> {
  const { hostname, port } = new URL(address.includes('://') ? address : `http://${address}`);
  const socket = await connected(hostname, Number(port));
  let answer = '';
  let isClosed = false;
  socket.setEncoding('latin1');
  socket.on('data', (part: string) => (answer += part));
  // A reset is one way to be told that enough is enough.
  socket.on('error', () => undefined);
  socket.on('close', () => (isClosed = true));
  socket.write(text);
  return {
    answer: () => answer,
    isClosed: () => isClosed,
    write: (more) => {
      if (!isClosed && socket.writable) socket.write(more);
    },
    destroy: () => socket.destroy(),
  };
}

function connected(host: string, port: number): Promise<Socket> {
  return new Promise((done, fail) => {
    const socket = connect(port, host, () => {
      socket.off('error', fail);
      done(socket);
    });
    socket.once('error', fail);
  });
}
