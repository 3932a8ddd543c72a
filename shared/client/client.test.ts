// What the client sends: the credential, the bytes that were signed, and nothing that the checking
// side would refuse.
import { createHash, generateKeyPairSync, verify, createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { isTimely, parseSignatureHeaders, signedText } from '../function/auth/signature-headers.ts';
import { createBourseClient, type Credentials } from './client.ts';
import { ed25519Key, hmacKey } from './sign-request.ts';

const BASE_URL = 'http://exchange.test';
const NOW_MS = 1_769_860_800_000;
const ORDER = { market: 'BTC-USD', side: 'buy', type: 'limit', price: '1', quantity: '2' } as const;
const KEY_ID = 'key_0000000000000005';

function recorder(credentials?: Credentials) {
  const sent: Request[] = [];
  const client = createBourseClient({
    baseUrl: BASE_URL,
    ...(credentials === undefined ? {} : { credentials }),
    now: () => NOW_MS,
    fetch: (request) => {
      sent.push(request);
      return Promise.resolve(Response.json({ code: 'ORDER_NOT_FOUND' }, { status: 404 }));
    },
  });
  return { client, sent };
}

async function textOf(request: Request, window: number): Promise<string> {
  const { pathname, search } = new URL(request.url);
  const body = Buffer.from(await request.arrayBuffer());
  return signedText({
    timestampMs: NOW_MS,
    receiveWindowMs: window,
    method: request.method,
    target: pathname + search,
    bodySha256: createHash('sha256').update(body).digest('hex'),
  });
}

describe('the client', () => {
  it('sends no credential of nobody in particular', async () => {
    const { client, sent } = recorder();
    const { error, response } = await client.GET('/v1/markets/{market}', {
      params: { path: { market: 'BTC-USD' } },
    });
    expect(sent[0]?.url).toBe(`${BASE_URL}/v1/markets/BTC-USD`);
    expect(sent[0]?.headers.has('authorization')).toBe(false);
    expect([response.status, error?.code]).toEqual([404, 'ORDER_NOT_FOUND']);
  });

  it('asks for the token before each request', async () => {
    let drawn = 0;
    const { client, sent } = recorder({ token: () => `token-${(drawn += 1)}` });
    await client.GET('/v1/balances');
    await client.GET('/v1/balances');
    expect(sent.map(({ headers }) => headers.get('authorization'))).toEqual([
      'Bearer token-1',
      'Bearer token-2',
    ]);
  });

  it('signs what it sends with an Ed25519 key, path, query and body', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const { client, sent } = recorder({ key: ed25519Key(KEY_ID, privateKey) });
    await client.POST('/v1/orders', { body: ORDER });
    await client.GET('/v1/orders', { params: { query: { market: 'BTC-USD', status: 'all' } } });
    for (const request of sent) {
      const headers = parseSignatureHeaders(Object.fromEntries(request.headers));
      expect(headers).toMatchObject({ keyNumber: 5, timestampMs: NOW_MS, receiveWindowMs: 5_000 });
      if (headers === null) continue;
      expect(isTimely(headers, NOW_MS)).toBe(true);
      const text = Buffer.from(await textOf(request, 5_000));
      expect(verify(null, text, publicKey, headers.signature)).toBe(true);
    }
    expect(sent).toHaveLength(2);
  });

  it('signs with an HMAC secret, and says its window where it has one', async () => {
    const credentials = { key: hmacKey(KEY_ID, 'bks_secret'), receiveWindowMs: 1_500 };
    const { client, sent } = recorder(credentials);
    await client.DELETE('/v1/orders/{id}', { params: { path: { id: 'ord_0000000000000018' } } });
    const [request] = sent;
    if (request === undefined) throw new Error('nothing was sent');
    const headers = parseSignatureHeaders(Object.fromEntries(request.headers));
    expect(headers?.receiveWindowMs).toBe(1_500);
    const text = await textOf(request, 1_500);
    const expected = createHmac('sha256', 'bks_secret').update(text).digest();
    expect(headers?.signature.equals(expected)).toBe(true);
  });
});
