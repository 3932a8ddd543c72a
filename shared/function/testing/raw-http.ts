// HTTP as the tests need it: raw bytes on a socket, and requests over a connection of their own.
import { Agent, request, type IncomingHttpHeaders, type RequestOptions } from 'node:http';
import { connect } from 'node:net';

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Sends one request; fails when the connection breaks before the answer is complete. */
export function send(
  port: number,
  options: RequestOptions,
  body?: string | Buffer,
): Promise<RawAnswer> {
  return new Promise((resolve, fail) => {
    const sent = request({ host: '127.0.0.1', port, ...options }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', fail);
      response.on('end', () => {
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(chunks).toString('utf8'),
        });
      });
    });
    sent.on('error', fail);
    sent.end(body);
  });
}

export function codeOf(answer: RawAnswer): string {
  return (JSON.parse(answer.text) as { code: string }).code;
}

/** An agent that keeps one connection open. */
export function keepAliveAgent(): Agent {
  return new Agent({ keepAlive: true, maxSockets: 1 });
}

/** Writes bytes onto a fresh connection; answers all that came back before it was closed. */
export function sendBytes(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, fail) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', fail);
    socket.on('close', () => resolve(Buffer.concat(chunks).toString('latin1')));
  });
}
