// The edge of a hosted function on real sockets: addresses, allowances, headers, browsers, verbs.
import { afterEach, describe, expect, it } from 'vitest';
import { readLimit, readPolicy } from '../limits/testing/structured-fields.ts';
import { silentLogger } from '../telemetry/logger.ts';
import { reject } from '../domain/rejection.ts';
import type { Authenticate } from './auth/authenticated.ts';
import { readAuthConfig } from '../config/function-config.ts';
import { createAuthenticate } from './auth/auth.ts';
import { hostFunction, type HostedFunction, type HostOptions } from './host.ts';
import { HEADERS_MAX } from './server/tune-server.ts';
import { codeOf, keepAliveAgent, send, sendBytes, type RawAnswer } from './testing/raw-http.ts';
import { sampleDeps, sampleFunction } from './testing/sample.ts';
import { sessionCaller } from './testing/session-caller.ts';

const PUBLIC_POINTS = 600;
const ORIGIN = 'https://bourse.example';
const ENVIRONMENT = {
  AUTH_JWKS_URL: 'http://127.0.0.1:9/jwks.json',
  AUTH_ISSUER: 'https://issuer.test',
  AUTH_AUDIENCE: 'bourse',
};

const open: HostedFunction[] = [];
const agent = keepAliveAgent();

afterEach(async () => {
  await Promise.all(open.splice(0).map((hosted) => hosted.stop(1_000)));
});

async function host(
  environment: Readonly<Record<string, string>>,
  more: Partial<HostOptions> = {},
): Promise<number> {
  const hosted = await hostFunction(sampleFunction(sampleDeps()), {
    log: silentLogger(),
    port: 0,
    hostname: '127.0.0.1',
    environment: { ...ENVIRONMENT, ...environment },
    // Only tokens: no database stands behind these tests.
    authenticate: createAuthenticate({ ...readAuthConfig(ENVIRONMENT), log: silentLogger() }),
    ...more,
  });
  open.push(hosted);
  return hosted.port;
}

function get(port: number, headers: Readonly<Record<string, string>> = {}, path = '/v1/notes/a') {
  return send(port, { path, headers, agent });
}

/** How many of so many requests were let in. */
async function admitted(
  times: number,
  ask: (at: number) => Promise<RawAnswer>,
): Promise<{ admitted: number; last: RawAnswer }> {
  let count = 0;
  let last = await ask(0);
  for (let at = 0; at < times; at += 1) {
    if (last.status === 200) count += 1;
    if (at < times - 1) last = await ask(at + 1);
  }
  return { admitted: count, last };
}

describe('C20 C21 a stranger who asks too much', () => {
  it('is told of the allowance with each answer, and refused beyond it', async () => {
    const port = await host({});
    const first = await get(port);
    expect(readPolicy(String(first.headers['ratelimit-policy']))).toEqual([
      { name: 'public', q: PUBLIC_POINTS, w: 10 },
    ]);
    expect(readLimit(String(first.headers['ratelimit']))).toEqual([
      { name: 'public', r: PUBLIC_POINTS - 1, t: 10 },
    ]);
    const { admitted: more, last } = await admitted(PUBLIC_POINTS, () => get(port));
    expect(more).toBe(PUBLIC_POINTS - 1);
    expect(last.status).toBe(429);
    expect(readLimit(String(last.headers['ratelimit']))[0]?.r).toBe(0);
    expect(Number(last.headers['retry-after'])).toBeGreaterThan(0);
    expect(last.headers['content-type']).toBe('application/problem+json');
    expect(JSON.parse(last.text)).toMatchObject({
      type: 'https://iana.org/assignments/http-problem-types#quota-exceeded',
      status: 429,
      code: 'RATE_LIMITED',
      'violated-policies': ['public'],
    });
  });

  it('gains nothing by a forged X-Forwarded-For (C31)', async () => {
    const port = await host({ RATE_LIMIT_FACTOR: '0.1' });
    const direct = await admitted(70, (at) => get(port, { 'x-forwarded-for': `6.6.6.${at}` }));
    expect(direct.admitted).toBe(60);
    const behind = await host({ RATE_LIMIT_FACTOR: '0.1', TRUSTED_PROXIES: '1' });
    const forged = await admitted(70, (at) =>
      get(behind, { 'x-forwarded-for': `6.6.6.${at}, 1.1.1.1` }),
    );
    expect(forged.admitted).toBe(60);
    expect((await get(behind, { 'x-forwarded-for': '1.1.1.1, 2.2.2.2' })).status).toBe(200);
    const subnet = await admitted(70, (at) =>
      get(behind, { 'x-forwarded-for': `2001:db8::${at.toString(16)}` }),
    );
    expect(subnet.admitted).toBe(60);
    expect((await get(behind, { 'x-forwarded-for': '2001:db8:0:1::1' })).status).toBe(200);
  });

  it('is banned for going on', async () => {
    const port = await host({ RATE_LIMIT_FACTOR: '0.01' });
    const { last } = await admitted(70, () => get(port));
    expect(last.status).toBe(418);
    expect(codeOf(last)).toBe('ADDRESS_BANNED');
    expect(last.headers['retry-after']).toBe('120');
    expect((await get(port, {}, '/healthz')).status).toBe(200);
  });

  it('does not make us look at credentials for ever', async () => {
    let looks = 0;
    const authenticate: Authenticate = ({ headers }) => {
      looks += 1;
      return headers['authorization'] === 'good'
        ? { caller: sessionCaller(1) }
        : reject('TOKEN_INVALID');
    };
    const port = await host({ RATE_LIMIT_FACTOR: '0.01', TRUSTED_PROXIES: '1' }, { authenticate });
    const me = (from: string, authorization: string) =>
      get(port, { authorization, 'x-forwarded-for': from }, '/v1/me');
    for (let at = 0; at < 6; at += 1) expect((await me('1.1.1.1', 'bad')).status).toBe(401);
    for (let at = 0; at < 20; at += 1) expect((await me('1.1.1.1', 'bad')).status).toBe(429);
    expect(looks).toBe(7);
    expect((await me('1.1.1.2', 'good')).status).toBe(200);
  });

  it('is charged for nobody else: a signature counts once it is proven', async () => {
    let isProven = false;
    const caller = { ...sessionCaller(1), kind: 'key', credentialId: 'key_1' } as const;
    const authenticate: Authenticate = () => ({
      caller,
      proveBody: () => (isProven ? null : reject('TOKEN_INVALID')),
    });
    const port = await host({ RATE_LIMIT_FACTOR: '0.01' }, { authenticate });
    for (let at = 0; at < 6; at += 1) {
      const forged = await get(port, {}, '/v1/me');
      expect([forged.status, forged.headers['ratelimit']]).toEqual([401, undefined]);
    }
    isProven = true;
    const proven = await get(port, {}, '/v1/me');
    expect(readLimit(String(proven.headers['ratelimit']))).toMatchObject([
      { name: 'read', r: 11 },
      { name: 'read_key', r: 8 },
    ]);
  });

  it('is not counted where limits are off', async () => {
    const port = await host({ RATE_LIMITS: 'off' });
    expect((await get(port)).headers['ratelimit']).toBeUndefined();
  });

  it.each([
    { RATE_LIMITS: 'maybe' },
    { RATE_LIMIT_FACTOR: '0' },
    { RATE_LIMIT_FACTOR: '-1' },
    { TRUSTED_PROXIES: 'all' },
    { CORS_ORIGINS: '*' },
    { CORS_ORIGINS: 'https://a.example/' },
    { CORS_ORIGINS: 'https://a.example,null' },
    { CACHE_URL: 'http://a' },
  ])('does not meet a function that was told %j', async (environment) => {
    await expect(host(environment)).rejects.toThrow();
  });
});

describe('C36 headers of every answer', () => {
  it.each([
    ['an answer', '/v1/notes/a'],
    ['a refusal', '/v1/notes/A'],
    ['an unknown route', '/v2'],
    ['a failure', '/v1/fail/other'],
    ['an unknown caller', '/v1/me'],
  ])('%s', async (_what, path) => {
    const { headers } = await get(await host({}), {}, path);
    expect(headers).toMatchObject({
      'strict-transport-security': 'max-age=63072000; includeSubDomains',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    });
    for (const name of ['server', 'x-powered-by', 'access-control-allow-origin', 'vary']) {
      expect(headers[name]).toBeUndefined();
    }
  });
});

describe('C36 browsers', () => {
  const preflight = (port: number, headers: Readonly<Record<string, string>>, path = '/v1/me') =>
    send(port, { method: 'OPTIONS', path, headers });
  const ask = { origin: ORIGIN, 'access-control-request-method': 'GET' };

  it('of a configured origin may call and read, without credentials', async () => {
    const port = await host({ CORS_ORIGINS: `https://other.example, ${ORIGIN}` });
    const allowed = await preflight(port, ask);
    expect(allowed.status).toBe(204);
    expect(allowed.headers).toMatchObject({
      'access-control-allow-origin': ORIGIN,
      'access-control-allow-methods': 'GET, HEAD',
      vary: 'origin',
    });
    expect(allowed.headers['access-control-allow-headers']).toContain('authorization');
    expect(allowed.headers['access-control-allow-credentials']).toBeUndefined();
    const answer = await get(port, { origin: ORIGIN });
    expect(answer.headers['access-control-allow-origin']).toBe(ORIGIN);
    const refused = await get(port, { origin: ORIGIN }, '/v1/me');
    expect([refused.status, refused.headers['access-control-allow-origin']]).toEqual([401, ORIGIN]);
  });

  it.each(['https://evil.example', 'null', `${ORIGIN}.evil.example`, 'http://bourse.example', '*'])(
    'of %s are told nothing',
    async (origin) => {
      const port = await host({ CORS_ORIGINS: ORIGIN });
      for (const answer of [
        await get(port, { origin }),
        await preflight(port, { ...ask, origin }),
      ]) {
        expect(answer.headers['access-control-allow-origin']).toBeUndefined();
        expect(answer.headers['vary']).toBe('origin');
      }
      expect((await preflight(port, { ...ask, origin })).status).toBe(405);
    },
  );

  it('may ask only for what the table of routes has', async () => {
    const port = await host({ CORS_ORIGINS: ORIGIN });
    const wish = (method: string) => ({ ...ask, 'access-control-request-method': method });
    expect((await preflight(port, wish('DELETE'))).status).toBe(405);
    expect((await preflight(port, wish('DELETE'), '/v1/notes/a')).status).toBe(204);
    expect((await preflight(port, wish('GET'), '/v1/nothing')).status).toBe(404);
    expect((await preflight(port, { origin: ORIGIN })).status).toBe(405);
  });
});

describe('C36 verbs and headers', () => {
  it.each(['TRACE', 'PUT', 'PATCH', 'OPTIONS', 'PROPFIND', 'MKCOL', 'PURGE', 'SEARCH'])(
    '%s is refused on each route',
    async (method) => {
      const port = await host({});
      for (const path of ['/v1/notes', '/v1/notes/a', '/v1/me', '/healthz', '/metrics']) {
        const answer = await send(port, { method, path });
        expect([path, answer.status]).toEqual([path, 405]);
        expect(answer.headers['allow']).toBeDefined();
        expect(answer.text).not.toContain('authorization');
      }
    },
  );

  it.each([
    ['CONNECT a:1 HTTP/1.1\r\nhost: a\r\n\r\n', 405],
    ['FOO / HTTP/1.1\r\nhost: a\r\n\r\n', 400],
    ['get /v1/notes/a HTTP/1.1\r\nhost: a\r\n\r\n', 400],
    ['GET /v1/notes/a HTTP/1.1\r\n\r\n', 400],
    [`GET /v1/notes/a HTTP/1.1\r\nhost: a\r\na: ${'b'.repeat(16_384)}\r\n\r\n`, 431],
    [`GET /${'a'.repeat(3_000)} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`, 400],
    // Two ideas of where a request ends: smuggling.
    ['POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n', 400],
    ['POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n', 400],
    ['POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: xchunked\r\n\r\n', 400],
    ['POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding : chunked\r\n\r\n', 400],
    ['GET / HTTP/1.1\r\nhost: a\r\na: b\r\n c: d\r\n\r\n', 400],
    ['GET / HTTP/1.1\nhost: a\n\n', 400],
  ])('%j is answered %i', async (bytes, status) => {
    const text = await sendBytes(await host({}), bytes);
    expect(text.slice(0, 12)).toBe(`HTTP/1.1 ${status}`);
    expect(text.match(/HTTP\/1\.1/g)).toHaveLength(1);
  });

  it('too many headers are refused, not dropped', async () => {
    const port = await host({});
    const request = (count: number): string => {
      const lines = Array.from({ length: count - 2 }, (_, at) => `a${at}: b\r\n`).join('');
      return `GET /v1/notes/a HTTP/1.1\r\nhost: a\r\nconnection: close\r\n${lines}\r\n`;
    };
    expect(await sendBytes(port, request(HEADERS_MAX))).toMatch(/^HTTP\/1\.1 200/);
    const refused = await sendBytes(port, request(HEADERS_MAX + 1));
    expect(refused).toMatch(/^HTTP\/1\.1 400/);
    expect(refused).toContain('HEADER_INVALID');
    expect(await sendBytes(port, request(HEADERS_MAX * 3))).toContain('HEADER_INVALID');
  });
});
