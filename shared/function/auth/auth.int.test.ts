// Tokens, the bad ones first, against a real JWKS address.
import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isRejection } from '../../domain/rejection.ts';
import { silentLogger } from '../../telemetry/logger.ts';
import {
  makeKey,
  signToken,
  startIssuer,
  TEST_AUDIENCE,
  TEST_ISSUER,
  TEST_USER,
  type IssuerKey,
  type TestIssuer,
} from '../testing/token-issuer.ts';
import { sessionCaller } from '../testing/session-caller.ts';
import { createAuthenticate } from './auth.ts';
import type { Authenticate } from './authenticated.ts';
import { TOKEN_CACHED_MS_MAX } from './token-cache.ts';
import { TOKEN_CHARACTERS_MAX, TOKEN_CLOCK_TOLERANCE_SECONDS } from './token-rules.ts';

let key: IssuerKey;
let issuer: TestIssuer;
let nowMs = Date.now();
let authenticate: Authenticate;

/** Far beyond the period after which keys are renewed. */
const LATER_MS = 3_600_000;

beforeEach(async () => {
  key = await makeKey('key-1');
  issuer = await startIssuer([key.publicJwk]);
  nowMs = Date.now();
  authenticate = createAuthenticate({
    jwksUrl: issuer.jwksUrl,
    issuer: TEST_ISSUER,
    audience: TEST_AUDIENCE,
    log: silentLogger(),
    nowMs: () => nowMs,
    keysCooldownMs: 0,
  });
});

afterEach(() => issuer.close());

function ask(authorization?: string): ReturnType<Authenticate> {
  const headers = authorization === undefined ? {} : { authorization };
  return authenticate({ method: 'GET', target: '/v1/me', headers });
}

async function outcomeOf(token: string): Promise<string> {
  const outcome = await ask(`Bearer ${token}`);
  return isRejection(outcome) ? outcome.code : outcome.caller.userId;
}

function unsigned(header: object, claims: object, signature = ''): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part(header)}.${part(claims)}.${signature}`;
}

function goodClaims() {
  const now = Math.floor(nowMs / 1_000);
  return { iss: TEST_ISSUER, aud: TEST_AUDIENCE, sub: TEST_USER, exp: now + 300 };
}

describe('a token is refused', () => {
  it('when there is none', async () => {
    expect(await ask()).toMatchObject({ code: 'TOKEN_MISSING' });
  });

  it.each([
    '',
    'Bearer',
    'Bearer ',
    'Bearer abc',
    `Bearer bas_${'a'.repeat(43)}`,
    'Basic YTpi',
    'Bearer a.b.c, Bearer d.e.f',
  ])('when the header is %j', async (header) => {
    expect(await ask(header)).toMatchObject({ code: 'TOKEN_INVALID' });
  });

  it('when it is longer than any of ours', async () => {
    const token = await signToken(key, { claims: { pad: 'x'.repeat(TOKEN_CHARACTERS_MAX) } });
    expect(await outcomeOf(token)).toBe('TOKEN_INVALID');
  });

  it('with alg none', async () => {
    for (const alg of ['none', 'None', 'NONE', '']) {
      const token = unsigned({ alg, typ: 'at+jwt', kid: 'key-1' }, goodClaims());
      expect(await outcomeOf(token)).toBe('TOKEN_INVALID');
    }
  });

  it('with HS256 and the public key as the secret', async () => {
    const header = { alg: 'HS256', typ: 'at+jwt', kid: 'key-1' };
    for (const secret of [key.publicJwk.x ?? '', JSON.stringify(key.publicJwk)]) {
      const bare = unsigned(header, goodClaims()).slice(0, -1);
      const signature = createHmac('sha256', secret).update(bare).digest('base64url');
      expect(await outcomeOf(`${bare}.${signature}`)).toBe('TOKEN_INVALID');
    }
  });

  it('when another key signed it, under our key id or its own', async () => {
    const stranger = await makeKey('key-1');
    expect(await outcomeOf(await signToken(stranger))).toBe('TOKEN_INVALID');
    expect(await outcomeOf(await signToken(await makeKey('key-9')))).toBe('TOKEN_INVALID');
  });

  it('when it brings its own key', async () => {
    const stranger = await makeKey('key-1');
    const jwk = stranger.publicJwk as unknown as string;
    const token = await signToken(stranger, { header: { jwk, jku: 'http://127.0.0.1:1/jwks' } });
    expect(await outcomeOf(token)).toBe('TOKEN_INVALID');
  });

  it('when a letter of it was changed', async () => {
    const token = await signToken(key);
    const [head, , signature] = token.split('.');
    const other = Buffer.from(
      JSON.stringify({ ...goodClaims(), sub: 'usr_0000000000000002' }),
    ).toString('base64url');
    expect(await outcomeOf(`${head ?? ''}.${other}.${signature ?? ''}`)).toBe('TOKEN_INVALID');
  });

  it.each([
    ['expired', { expiresInSeconds: -TOKEN_CLOCK_TOLERANCE_SECONDS - 1 }],
    ['not valid yet', { claims: { nbf: Math.floor(Date.now() / 1_000) + 60 } }],
    ['of another issuer', { claims: { iss: 'https://evil.test' } }],
    ['for another audience', { claims: { aud: 'other' } }],
    ['without audience', { claims: { aud: undefined } }],
    ['without expiry', { claims: { exp: undefined } }],
    ['without subject', { claims: { sub: undefined } }],
    ['of a subject that is no user', { claims: { sub: 'alice' } }],
    ['C18 of one of the staff', { claims: { sub: 'stf_0000000000000001' } }],
    ['without session', { claims: { sid: undefined } }],
    ['of a session that is none', { claims: { sid: 'usr_0000000000000001' } }],
    ['without scope', { claims: { scope: undefined } }],
    ['of scopes in a list', { claims: { scope: ['read'] } }],
    ['without a time of issue', { claims: { iat: undefined } }],
    ['without an id of its own', { claims: { jti: undefined } }],
    ['of user 0', { claims: { sub: 'usr_0000000000000000' } }],
    ['an id token', { header: { typ: 'JWT' } }],
    ['with a critical header that we do not know', { header: { crit: ['x'] as never, x: '1' } }],
  ])('when it is %s', async (_name, wish) => {
    expect(await outcomeOf(await signToken(key, wish))).toBe('TOKEN_INVALID');
  });
});

describe('a token is taken', () => {
  it('when it is good, with the scheme in any case', async () => {
    const token = await signToken(key);
    const known = { caller: sessionCaller(1) };
    expect(await ask(`Bearer ${token}`)).toEqual(known);
    expect(await ask(`bearer ${token}`)).toEqual(known);
  });

  it('within the tolerance for clocks', async () => {
    const token = await signToken(key, { expiresInSeconds: -TOKEN_CLOCK_TOLERANCE_SECONDS + 2 });
    expect(await outcomeOf(token)).toBe(TEST_USER);
  });
});

describe('verified tokens', () => {
  it('are answered at once the second time, until they expire', async () => {
    const token = await signToken(key, { expiresInSeconds: 30 });
    // The first check fetches the keys; only what was checked under known ones is remembered.
    await outcomeOf(token);
    await outcomeOf(token);
    expect(ask(`Bearer ${token}`)).toEqual({ caller: sessionCaller(1) });
    nowMs += (30 + TOKEN_CLOCK_TOLERANCE_SECONDS + 1) * 1_000;
    expect(await outcomeOf(token)).toBe('TOKEN_INVALID');
  });

  it('are checked again after a while', async () => {
    const token = await signToken(key, { expiresInSeconds: 3_600 });
    await outcomeOf(token);
    await outcomeOf(token);
    nowMs += TOKEN_CACHED_MS_MAX;
    expect(ask(`Bearer ${token}`)).toBeInstanceOf(Promise);
  });

  it('count no longer when their key was taken out of the set', async () => {
    const token = await signToken(key, { expiresInSeconds: 7_200 });
    expect(await outcomeOf(token)).toBe(TEST_USER);
    issuer.keys = [(await makeKey('key-2')).publicJwk];
    nowMs += LATER_MS;
    // A fetch that a busy machine cuts off is made again, but not by a clock that stands still.
    const outcomeLater = (): Promise<string> => {
      nowMs += 1_000;
      return outcomeOf(token);
    };
    await expect.poll(outcomeLater, { timeout: 20_000 }).toBe('TOKEN_INVALID');
  });

  it(
    'count no longer when that happened while they were checked',
    { timeout: 60_000 },
    async () => {
      for (let round = 0; round < 20; round += 1) {
        const tokens = await Promise.all(
          Array.from({ length: 50 }, (_, jti) =>
            signToken(key, { claims: { jti: String(jti) }, expiresInSeconds: 7_200 }, nowMs),
          ),
        );
        const checkAll = () => Promise.all(tokens.map(outcomeOf));
        expect(new Set(await checkAll())).toEqual(new Set([TEST_USER]));
        key = await makeKey(`key-of-round-${round}`);
        issuer.keys = [key.publicJwk];
        // The clock stands still from here on: what is kept now would be believed for ever.
        nowMs += LATER_MS;
        // Some of these checks are under way when the new keys arrive.
        const outcomes = async (): Promise<readonly string[]> => [...new Set(await checkAll())];
        await expect.poll(outcomes, { interval: 0 }).toContain('TOKEN_INVALID');
        expect(new Set(await checkAll())).toEqual(new Set(['TOKEN_INVALID']));
      }
    },
  );
});

describe('the keys of the issuer', () => {
  it('are fetched once for many tokens', async () => {
    const tokens = await Promise.all(
      Array.from({ length: 20 }, (_, jti) => signToken(key, { claims: { jti: String(jti) } })),
    );
    expect(await Promise.all(tokens.map(outcomeOf))).toEqual(tokens.map(() => TEST_USER));
    expect(issuer.fetches).toBe(1);
  });

  it('are fetched again for a key id that is new', async () => {
    await outcomeOf(await signToken(key));
    const second = await makeKey('key-2');
    issuer.keys = [key.publicJwk, second.publicJwk];
    expect(await outcomeOf(await signToken(second))).toBe(TEST_USER);
    expect(await outcomeOf(await signToken(key))).toBe(TEST_USER);
  });

  it('keep working when the issuer is down: an outage refuses no known key', async () => {
    await outcomeOf(await signToken(key));
    issuer.failWith = 500;
    nowMs += LATER_MS;
    for (let jti = 0; jti < 3; jti += 1) {
      const token = await signToken(key, { claims: { jti: String(jti) } }, nowMs);
      expect(await outcomeOf(token)).toBe(TEST_USER);
    }
  });

  it('that were never fetched make it 503, not 401: the token may be good', async () => {
    issuer.failWith = 500;
    expect(await outcomeOf(await signToken(key))).toBe('SERVICE_UNAVAILABLE');
    issuer.failWith = null;
    expect(await outcomeOf(await signToken(key))).toBe(TEST_USER);
  });

  it('are not asked for by every unknown key id while the issuer is down', async () => {
    authenticate = createAuthenticate({
      jwksUrl: issuer.jwksUrl,
      issuer: TEST_ISSUER,
      audience: TEST_AUDIENCE,
      log: silentLogger(),
      keysCooldownMs: 60_000,
    });
    issuer.failWith = 500;
    const stranger = await makeKey('key-9');
    for (let at = 0; at < 5; at += 1) await outcomeOf(await signToken(stranger));
    expect(issuer.fetches).toBe(1);
  });
});
