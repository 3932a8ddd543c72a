// T22 Signed requests through the pipeline: what is taken, and every way to take one twice, later,
// elsewhere or changed.
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { MemoryCache } from '../../cache/memory/memory-cache.ts';
import { RetryableError } from '../../domain/failure.ts';
import { reject } from '../../domain/rejection.ts';
import { cancels, reads, trades, type Policy } from '../../policy/policy.ts';
import { silentLogger } from '../../telemetry/logger.ts';
import { callFunction, type FunctionCall } from '../call.ts';
import { defineFunction, route, type HandlerRequest, type Method } from '../definition.ts';
import { makeTestKey, signRequest, testRing, type TestKey } from '../testing/request-signer.ts';
import { sessionCaller } from '../testing/session-caller.ts';
import type { StoredKey } from './identity-store.ts';
import { createIdentity } from './identity.ts';
import { openKey } from './known-key.ts';
import { createReplayGuard } from './replay-guard.ts';

const NOW_MS = 1_700_000_000_000;
const RING = testRing();
const BODY = '{"market":"BTC-USD","side":"buy"}';
const PLACE = { method: 'POST', path: '/v1/things?dry=no', body: BODY };
const CANCEL = { method: 'DELETE', path: '/v1/things' };
const READ = { method: 'GET', path: '/v1/things?limit=5&market=BTC-USD' };

type Taken = HandlerRequest<unknown, unknown, unknown>;

async function world(type: 'ed25519' | 'hmac', change: Partial<StoredKey> = {}) {
  const key = makeTestKey(type, RING, change);
  const state = { nowMs: NOW_MS, cacheFails: false, peer: '198.51.100.1' };
  const cache = new MemoryCache(silentLogger());
  const used: number[] = [];
  const revoked: string[] = [];
  const identity = createIdentity({
    store: {
      findKeys: (numbers) =>
        Promise.resolve(numbers.includes(key.stored.keyNumber) ? [key.stored] : []),
      revocationsAfter: (after) =>
        Promise.resolve(
          revoked.slice(after).map((credentialId, at) => ({
            revocationNumber: after + at + 1,
            kind: 'credential' as const,
            credentialId,
            userNumber: 1,
          })),
        ),
      revocationBefore: () => Promise.resolve(0),
      blockedUsers: () => Promise.resolve([]),
      markKeysUsed: (numbers) => {
        used.push(...numbers);
        return Promise.resolve();
      },
    },
    authenticateToken: () => reject('TOKEN_MISSING'),
    openKey: (stored) => openKey(stored, RING),
    replays: createReplayGuard(
      {
        setIfAbsent: (entry) =>
          state.cacheFails
            ? Promise.reject(new RetryableError('the cache is away'))
            : cache.setIfAbsent(entry),
      },
      silentLogger(),
    ),
    log: silentLogger(),
    nowMs: () => state.nowMs,
  });
  identity.revocations.start();
  await identity.revocations.stop();
  const taken: Taken[] = [];
  const definition = things(taken);
  const send = async (call: FunctionCall): Promise<string> => {
    const answer = await callFunction(definition, null, call, {
      authenticate: (incoming) => identity.authenticate({ ...incoming, clientAddress: state.peer }),
    });
    return answer.status === 200 ? 'taken' : (answer.body as { code: string }).code;
  };
  const signed = (wanted: typeof PLACE | typeof CANCEL, more: object = {}): FunctionCall =>
    callOf(key, { timestampMs: state.nowMs, ...wanted, ...more });
  return { key, state, send, signed, taken, used, identity, revoked };
}

function callOf(key: TestKey, wanted: Parameters<typeof signRequest>[1]): FunctionCall {
  const { method, path, body } = wanted;
  const headers = { 'content-type': 'application/json', ...signRequest(key, wanted) };
  return { method, path, headers, ...(body === undefined ? {} : { rawBody: body }) };
}

function things(taken: Taken[]) {
  const thing = (method: Method, policy: Policy) =>
    route({
      method,
      path: '/v1/things',
      policy,
      summary: 'Notes that it was called.',
      query: z.looseObject({}),
      answers: { 200: z.unknown() },
      refusals: [],
      handle: (request) => {
        taken.push(request);
        return Promise.resolve({ status: 200, body: {} });
      },
    });
  return defineFunction<null>({
    name: 'things',
    routes: [
      thing('POST', trades()),
      thing('PATCH', trades()),
      thing('DELETE', cancels()),
      thing('GET', reads()),
    ],
    events: [],
    connect: () => Promise.resolve(null),
    close: () => Promise.resolve(),
    isReady: () => Promise.resolve(true),
  });
}

describe.each(['ed25519', 'hmac'] as const)('T22 C14 a request signed with %s', (type) => {
  it('is taken, and its caller is what the key says', async () => {
    const { send, signed, taken, state } = await world(type, {
      markets: ['BTC-USD'],
      userNumber: 7,
    });
    expect(await send(signed(PLACE))).toBe('taken');
    expect(taken[0]?.caller).toEqual({
      userId: 'usr_0000000000000007',
      userNumber: 7,
      kind: 'key',
      credentialId: 'key_0000000000000001',
      scopes: ['read', 'trade', 'withdraw'],
      markets: ['BTC-USD'],
      validUntilMs: state.nowMs + 5_000,
    });
    expect(await send(signed(CANCEL))).toBe('taken');
    expect(await send(signed(READ, { receiveWindowMs: 60_000 }))).toBe('taken');
  });

  it('has one effect when it comes fifty times at once, and when it comes later', async () => {
    const { send, signed, taken } = await world(type);
    const call = signed(PLACE);
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => send(call)));
    expect(outcomes.filter((each) => each === 'taken')).toHaveLength(1);
    expect(outcomes.filter((each) => each === 'SIGNATURE_REPLAYED')).toHaveLength(49);
    expect(await send(call)).toBe('SIGNATURE_REPLAYED');
    expect(taken).toHaveLength(1);
  });

  it.each([
    ['2 s ahead', 2_000, 60_000, 'SIGNATURE_EXPIRED'],
    ['1 s ahead', 1_000, 5_000, 'taken'],
    ['61 s old', -61_000, 60_000, 'SIGNATURE_EXPIRED'],
    ['60 s old', -60_000, 60_000, 'taken'],
    ['5.001 s old', -5_001, 5_000, 'SIGNATURE_EXPIRED'],
  ])('%s', async (_name, offsetMs, receiveWindowMs, outcome) => {
    const { send, signed } = await world(type);
    const times = { timestampMs: NOW_MS + offsetMs, receiveWindowMs };
    expect(await send(signed(PLACE, times))).toBe(outcome);
  });

  it('is refused when its time is over once the body is there', async () => {
    const { send, signed, state, taken, identity } = await world(type);
    const { headers = {}, method, path } = signed(PLACE);
    const known = await identity.authenticate({ method, target: path, headers });
    state.nowMs += 5_001;
    const proven = 'proveBody' in known ? known.proveBody(Buffer.from(BODY), trades()) : 'no';
    expect(await proven).toMatchObject({ code: 'SIGNATURE_EXPIRED' });
    expect([await send({ method, path, headers, rawBody: BODY }), taken]).toEqual([
      'SIGNATURE_EXPIRED',
      [],
    ]);
  });

  const otherPath = (path: string) => ({ path });
  it.each<[string, Partial<FunctionCall>]>([
    ['another method', { method: 'PATCH' }],
    ['another query', otherPath('/v1/things?dry=yes')],
    ['no query', otherPath('/v1/things')],
    ['an empty query more', otherPath('/v1/things?dry=no&')],
    ['the query in other letters', otherPath('/v1/things?dry=n%6f')],
    ['one byte of the query changed', otherPath('/v1/things?dry=nO')],
    ['another body', { rawBody: BODY.replace('buy', 'sell') }],
    ['a space more in the body', { rawBody: `${BODY} ` }],
    ['no body', { rawBody: '' }],
  ])('is not taken with %s', async (_name, change) => {
    const { send, signed, taken } = await world(type);
    expect(await send({ ...signed(PLACE), ...change })).toBe('SIGNATURE_INVALID');
    expect(taken).toEqual([]);
  });

  it('is not taken with repeated or reordered query keys that were not signed', async () => {
    const { send, signed } = await world(type);
    const path = '/v1/things?market=BTC-USD&limit=5';
    expect(await send({ ...signed(READ), path })).toBe('SIGNATURE_INVALID');
    // Repeated keys are taken from nobody: there is no telling which of them counts.
    const repeated = { ...READ, path: `${READ.path}&limit=5` };
    expect(await send({ ...signed(READ), path: repeated.path })).toBe('QUERY_INVALID');
    expect(await send(signed(repeated))).toBe('QUERY_INVALID');
  });

  it.each([
    ['bourse-timestamp', String(NOW_MS + 1), 'SIGNATURE_INVALID'],
    ['bourse-receive-window', '5001', 'SIGNATURE_INVALID'],
    ['bourse-key', 'key_0000000000000002', 'SIGNATURE_INVALID'],
    ['bourse-key', 'nobody', 'SIGNATURE_INVALID'],
    ['authorization', 'Bearer a.b.c', 'HEADER_INVALID'],
  ])('is not taken with another %s: %s', async (name, value, outcome) => {
    const { send, signed } = await world(type);
    const call = signed(PLACE);
    expect(await send({ ...call, headers: { ...call.headers, [name]: value } })).toBe(outcome);
  });

  it('C15 is refused, never answered 500, whatever the length of its signature', async () => {
    const { send, signed, key } = await world(type);
    const right = Buffer.from(signed(PLACE).headers?.['bourse-signature'] ?? '', 'base64');
    const others = [0, 1, 16, 31, 32, 33, 63, 64, 65, 128].map((length) => Buffer.alloc(length, 1));
    const flipped = Buffer.from(right);
    flipped[0] = (flipped[0] ?? 0) ^ 1;
    for (const signature of [...others, flipped, right.subarray(1)]) {
      const call = signed(PLACE);
      const text = signature.toString('base64');
      const headers = { ...call.headers, 'bourse-signature': text };
      expect(await send({ ...call, headers }), text).toBe('SIGNATURE_INVALID');
      const opened = openKey(key.stored, RING);
      expect(opened.isSignedBy('text', signature)).toBe(false);
    }
  });

  it('C14 needs the cache where a second would harm, and nowhere else', async () => {
    const { send, signed, state, taken } = await world(type);
    state.cacheFails = true;
    expect(await send(signed(PLACE))).toBe('SERVICE_UNAVAILABLE');
    expect(taken).toEqual([]);
    expect(await send(signed(CANCEL))).toBe('taken');
    expect(await send(signed(READ))).toBe('taken');
  });

  it('does not use up its signature while it is forged', async () => {
    const { send, signed } = await world(type);
    const call = signed(PLACE);
    expect(await send({ ...call, rawBody: '{}' })).toBe('SIGNATURE_INVALID');
    expect(await send(call)).toBe('taken');
  });

  it('C13 comes from an address of the key, whatever its headers say', async () => {
    const { send, signed, state } = await world(type, { addresses: ['192.0.2.0/24'] });
    const call = signed(PLACE);
    const forged = { ...call.headers, 'x-forwarded-for': '192.0.2.7', forwarded: 'for=192.0.2.7' };
    expect(await send({ ...call, headers: forged })).toBe('ADDRESS_NOT_ALLOWED');
    state.peer = '::ffff:192.0.2.7';
    expect(await send(call)).toBe('taken');
  });

  it('ends with its key: at its expiry, and when it is revoked', async () => {
    const { send, signed, state, identity, revoked } = await world(type, {
      expiresAt: new Date(NOW_MS + 10),
    });
    state.nowMs = NOW_MS + 9;
    expect(await send(signed(PLACE))).toBe('taken');
    state.nowMs = NOW_MS + 10;
    expect(await send(signed(PLACE))).toBe('SIGNATURE_INVALID');
    state.nowMs = NOW_MS;
    revoked.push('key_0000000000000001');
    identity.revocations.start();
    await identity.revocations.stop();
    expect(await send(signed(CANCEL))).toBe('SIGNATURE_INVALID');
  });

  it('tells that its key was used, once a minute', async () => {
    const { send, signed, state, used } = await world(type);
    for (const offsetMs of [0, 1, 59_999]) {
      state.nowMs = NOW_MS + offsetMs;
      expect(await send(signed(READ))).toBe('taken');
    }
    expect(used).toEqual([1]);
    state.nowMs = NOW_MS + 60_000;
    await send(signed(READ));
    expect(used).toEqual([1, 1]);
  });
});

describe('who is not believed', () => {
  it('is anybody, while it is not known who was revoked', async () => {
    const store = {
      findKeys: () => Promise.resolve([]),
      revocationsAfter: () => Promise.reject(new Error('away')),
      revocationBefore: () => Promise.reject(new Error('away')),
      blockedUsers: () => Promise.resolve([]),
      markKeysUsed: () => Promise.resolve(),
    };
    const { authenticate } = createIdentity({
      store,
      authenticateToken: () => ({ caller: sessionCaller(1) }),
      openKey: (stored) => openKey(stored, RING),
      replays: () => Promise.resolve(null),
      log: silentLogger(),
    });
    const call = { method: 'GET', target: '/v1/things', headers: { authorization: 'Bearer x' } };
    expect(await authenticate(call)).toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
  });
});
