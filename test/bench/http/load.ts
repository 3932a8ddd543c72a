// A closed loop of requests on raw sockets: the generator must cost less than what it measures.
import { connect, type Socket } from 'node:net';
import { ORDER_PATH, ORDER_TEXT } from './order-body.ts';

function requestBytes(headers: string): Buffer {
  return Buffer.from(
    `POST ${ORDER_PATH} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n${headers}` +
      `content-length: ${Buffer.byteLength(ORDER_TEXT)}\r\n\r\n${ORDER_TEXT}`,
  );
}

/** Every answer ends with the order itself, whatever the headers before it. */
const ANSWER_END = Buffer.from(ORDER_TEXT);

/**
 * Sends requests one after another on each connection; answers how many were answered with 201.
 * `headers` are further lines, each with its end; the connections take theirs in turn.
 */
export async function runLoad(
  port: number,
  connections: number,
  durationMs: number,
  headers: readonly string[] = [''],
): Promise<number> {
  const until = performance.now() + durationMs;
  const counts = await Promise.all(
    Array.from({ length: connections }, (_, at) => {
      const request = requestBytes(headers[at % headers.length] ?? '');
      return loop(connect(port, '127.0.0.1'), until, request);
    }),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

function loop(socket: Socket, until: number, request: Buffer): Promise<number> {
  return new Promise((resolve, fail) => {
    let answered = 0;
    let received: Buffer = Buffer.alloc(0);
    socket.setNoDelay(true);
    socket.on('connect', () => socket.write(request));
    socket.on('error', fail);
    socket.on('data', (chunk: Buffer) => {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
      if (!received.subarray(-ANSWER_END.length).equals(ANSWER_END)) return;
      if (!received.subarray(0, 12).equals(Buffer.from('HTTP/1.1 201'))) {
        fail(new Error(`answered ${received.toString('latin1').slice(0, 200)}`));
        return;
      }
      answered += 1;
      received = Buffer.alloc(0);
      if (performance.now() < until) socket.write(request);
      else {
        socket.destroy();
        resolve(answered);
      }
    });
  });
}
