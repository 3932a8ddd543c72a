// Gives a connection up on which nothing is heard any more. KafkaJS times its requests out, and
// sends them again on the same connection: where a firewall or a lost router has cut that without
// a word, each of its attempts ends in a time-out.
import type { Socket } from 'node:net';
import type { ISocketFactory } from 'kafkajs';

/** Wraps a factory: its sockets fail when what was sent has had no answer for `silenceMs`. */
export function closeWhenSilent(factory: ISocketFactory, silenceMs: number): ISocketFactory {
  return (options) => watch(factory(options), silenceMs);
}

function watch(socket: Socket, silenceMs: number): Socket {
  const write = socket.write.bind(socket) as (...sent: unknown[]) => boolean;
  let silence: NodeJS.Timeout | null = null;
  const hear = (): void => {
    if (silence !== null) clearTimeout(silence);
    silence = null;
  };
  socket.on('data', hear);
  socket.on('close', hear);
  socket.write = (...sent: unknown[]): boolean => {
    silence ??= setTimeout(() => {
      socket.destroy(new Error(`nothing was answered for ${silenceMs} ms`));
    }, silenceMs);
    return write(...sent);
  };
  return socket;
}
