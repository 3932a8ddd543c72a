// The client against a small server that breaks off, is busy and refuses tokens.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ExchangeClient, type RequestOptions } from './exchange-client.ts';
import { OutcomeUnknownError } from './retry.ts';

type Reply = (request: IncomingMessage, response: ServerResponse) => void;

const ORDER: RequestOptions = {
  method: 'POST',
  path: '/v1/orders',
  body: { clientOrderId: 'r-1-1' },
};
const noWait = { nowMs: () => performance.now(), wait: () => Promise.resolve() };

let server: Server | null = null;
let client: ExchangeClient | null = null;
let bodies: string[] = [];
let tokens: (string | undefined)[] = [];

afterEach(async () => {
  await client?.close();
  server?.closeAllConnections();
  server?.close();
  bodies = [];
  tokens = [];
});

/** Answers requests with these replies, one each, the last one again and again. */
async function clientOf(replies: readonly Reply[], patienceMs = 60_000): Promise<ExchangeClient> {
  let count = 0;
  server = createServer((request, response) => {
    tokens.push(request.headers.authorization);
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      bodies.push(body);
      replies[Math.min(count, replies.length - 1)]?.(request, response);
      count += 1;
    });
  });
  const listening = server;
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  const { port } = listening.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;
  client = new ExchangeClient(origin, { connectionsMax: 2, patienceMs, clock: noWait });
  return client;
}

function answer(status: number, body: unknown, headers: Record<string, string> = {}): Reply {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  };
}

const breakOff: Reply = (request) => request.socket.destroy();
const accepted = answer(201, { id: 'ord_0000000000000001' });

describe('the client', () => {
  it('gives up when the exchange stays away', async () => {
    const away = await clientOf([breakOff], 0);
    await expect(away.request(ORDER)).rejects.toThrow(OutcomeUnknownError);
  });

  it('takes a refusal for an answer', async () => {
    const refusing = await clientOf([answer(422, { code: 'ORDER_FUNDS_INSUFFICIENT' })]);
    expect(await refusing.request(ORDER)).toMatchObject({
      status: 422,
      code: 'ORDER_FUNDS_INSUFFICIENT',
      repeated: false,
    });
    expect(bodies).toHaveLength(1);
  });

  it('takes a token that was refused twice for refused', async () => {
    const refusing = await clientOf([answer(401, { code: 'TOKEN_INVALID' })]);
    const token = (renew: boolean): Promise<string> => Promise.resolve(renew ? 'new' : 'old');
    expect(await refusing.request({ ...ORDER, token })).toMatchObject({ code: 'TOKEN_INVALID' });
    expect(tokens).toEqual(['Bearer old', 'Bearer new']);
  });

  it('renews a token that has ended', async () => {
    const renewing = await clientOf([answer(401, { code: 'TOKEN_INVALID' }), accepted]);
    const token = (renew: boolean): Promise<string> => Promise.resolve(renew ? 'new' : 'old');
    // Nothing of the request was lost: a refusal that came now would not be of its own making.
    expect(await renewing.request({ ...ORDER, token })).toMatchObject({
      status: 201,
      repeated: false,
    });
  });

  it('sends the very same order until it knows what became of it', async () => {
    const page: Reply = (_request, response) => response.writeHead(502).end('<html>');
    const lossy = await clientOf([
      breakOff,
      answer(503, { code: 'SERVICE_BUSY' }, { 'retry-after': '1' }),
      page,
      answer(409, { code: 'IDEMPOTENCY_KEY_BUSY' }),
      accepted,
    ]);
    expect(await lossy.request(ORDER)).toMatchObject({ status: 201, repeated: true });
    expect(new Set(bodies)).toEqual(new Set([JSON.stringify(ORDER.body)]));
    expect(bodies).toHaveLength(5);
    expect(lossy.counts).toEqual({ serverErrors: 2, connectionErrors: 1, repeated: 1 });
  });

  it('reads an answer without a body', async () => {
    const empty: Reply = (_request, response) => response.writeHead(204).end();
    const quiet = await clientOf([empty]);
    expect(await quiet.request(ORDER)).toMatchObject({ status: 204, body: null, code: null });
  });
});
