import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import {
  createServer as createTcpServer,
  type AddressInfo,
  type Server as TcpServer,
} from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { HttpClient } from './http-client.ts';

let server: Server | TcpServer;
let client: HttpClient;
afterEach(async () => {
  client.close();
  await new Promise((done) => server.close(done));
});

async function listen(made: Server | TcpServer, connectionsMax = 4): Promise<void> {
  server = made;
  await new Promise<void>((done) => made.listen(0, '127.0.0.1', done));
  client = new HttpClient(
    `http://127.0.0.1:${(made.address() as AddressInfo).port}`,
    connectionsMax,
  );
}

function serve(
  answer: (request: IncomingMessage, body: string, response: ServerResponse) => void,
  connectionsMax?: number,
): Promise<void> {
  const made = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => answer(request, body, response));
  });
  return listen(made, connectionsMax);
}

/** A server that writes these bytes to whoever sends it something, in these parts. */
function serveBytes(parts: readonly string[], isClosed = false): Promise<void> {
  const made = createTcpServer((socket) => {
    socket.on('data', () => {
      void (async () => {
        for (const part of parts) {
          socket.write(part);
          await wait(5);
        }
        if (isClosed) socket.destroy();
      })();
    });
    socket.on('error', () => undefined);
    socket.unref();
  });
  return listen(made);
}

describe('the client of the load', () => {
  it('sends method, path, headers and body, and reads what is answered', async () => {
    await serve((request, body, response) => {
      const { method, url, headers } = request;
      response.statusCode = 201;
      response.end(JSON.stringify({ method, url, token: headers.authorization, body }));
    });
    const lines = 'authorization: Bearer t\r\ncontent-type: text/plain\r\n';
    const answer = await client.request('POST', '/v1/orders', lines, 'zwölf');
    expect(answer.status).toBe(201);
    expect(JSON.parse(answer.body)).toEqual({
      method: 'POST',
      url: '/v1/orders',
      token: 'Bearer t',
      body: 'zwölf',
    });
  });

  it('asks one thing at a time on each connection, and waits for a place', async () => {
    const ports = new Set<number | undefined>();
    let under = 0;
    let most = 0;
    await serve((request, _body, response) => {
      ports.add(request.socket.remotePort);
      under += 1;
      most = Math.max(most, under);
      setTimeout(() => {
        under -= 1;
        response.end(request.url);
      }, 5);
    }, 3);
    const paths = Array.from({ length: 20 }, (_, at) => `/${at}`);
    const answers = await Promise.all(paths.map((path) => client.request('GET', path, '', null)));
    expect(answers.map(({ body }) => body)).toEqual(paths);
    expect(most).toBe(3);
    expect(ports.size).toBe(3);
  });

  it('reads an answer in whatever parts it comes, and one without a body', async () => {
    await serveBytes(['HTTP/1.1 200 O', 'K\r\nContent-Length: 5\r\n', '\r', '\nab', 'cde']);
    expect(await client.request('GET', '/', '', null)).toEqual({ status: 200, body: 'abcde' });
    client.close();
    server.close();
    await serveBytes(['HTTP/1.1 204 No Content\r\nx: y\r\n\r\n']);
    expect(await client.request('DELETE', '/', '', null)).toEqual({ status: 204, body: '' });
  });

  it('answers 0 where the connection breaks, and goes on with another', async () => {
    await serveBytes(['HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nab'], true);
    for (let time = 0; time < 3; time += 1) {
      expect(await client.request('GET', '/', '', null)).toEqual({ status: 0, body: '' });
    }
    client.close();
    server.close();
    await serve((_request, _body, response) => response.end('there'));
    expect((await client.request('GET', '/', '', null)).body).toBe('there');
  });

  it('answers 0 where nobody listens', async () => {
    await serve((_request, _body, response) => response.end());
    await new Promise((done) => server.close(done));
    expect((await client.request('GET', '/', '', null)).status).toBe(0);
    server = createServer().listen(0);
  });
});
