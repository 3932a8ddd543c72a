// C37 A real function behind a real host on a real database, called without pause: a second after a
// key was deleted or a user suspended, no request of theirs is taken any more, nor one that had
// begun before.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, request as send } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { definition as auth } from '../../functions/auth/handler.ts';
import { testAuthDeps } from '../../functions/auth/testing-deps.ts';
import { definition as risk } from '../../functions/risk/handler.ts';
import { keyId } from '../../shared/domain/ids.ts';
import { identityStoreOn } from '../../shared/function/auth/identity-store.ts';
import { callFunction } from '../../shared/function/call.ts';
import { hostFunction, type HostedFunction } from '../../shared/function/host.ts';
import {
  makeTestKey,
  signRequest,
  testRing,
  type TestKey,
} from '../../shared/function/testing/request-signer.ts';
import { sessionCaller } from '../../shared/function/testing/session-caller.ts';
import {
  makeKey,
  signToken,
  startIssuer,
  TEST_AUDIENCE,
  TEST_ISSUER,
  type IssuerKey,
  type TestIssuer,
} from '../../shared/function/testing/token-issuer.ts';
import { silentLogger } from '../../shared/telemetry/logger.ts';
import { createTestDatabase, type TestDatabase } from '../../shared/testing/database.ts';

vi.setConfig({ testTimeout: 60_000 });

const RING = testRing();
const PATH = '/v1/risk/limits';
const WITHIN_MS = 1_000;
const CALLERS = 4;

let database: TestDatabase;
let issuer: TestIssuer;
let issuerKey: IssuerKey;
let sealingDir: string;
const hosts: HostedFunction[] = [];
const agent = new Agent({ keepAlive: true });

beforeAll(async () => {
  database = await createTestDatabase();
  issuerKey = await makeKey('one');
  issuer = await startIssuer([issuerKey.publicJwk]);
  sealingDir = mkdtempSync(join(tmpdir(), 'bourse-ring-'));
  const keys = Object.fromEntries([...RING.keys].map(([id, key]) => [id, key.toString('base64')]));
  const ring = JSON.stringify({ current: RING.current, keys });
  writeFileSync(join(sealingDir, 'api-keys.json'), ring);
});
afterEach(async () => {
  await Promise.all(hosts.splice(0).map((hosted) => hosted.stop(1_000)));
});
afterAll(async () => {
  agent.destroy();
  rmSync(sealingDir, { recursive: true });
  await issuer.close();
  await database.drop();
});

async function host(url = database.urlFor('bourse_risk')): Promise<number> {
  const hosted = await hostFunction(risk, {
    log: silentLogger(),
    port: 0,
    hostname: '127.0.0.1',
    environment: {
      DATABASE_URL: url,
      // One address is refused more often here than any may be.
      RATE_LIMITS: 'off',
      SEALING_KEYS_DIR: sealingDir,
      AUTH_JWKS_URL: issuer.jwksUrl,
      AUTH_ISSUER: TEST_ISSUER,
      AUTH_AUDIENCE: TEST_AUDIENCE,
    },
  });
  hosts.push(hosted);
  return hosted.port;
}

async function readyHost(): Promise<number> {
  const port = await host();
  await vi.waitUntil(async () => (await get(port, '/readyz', {})) === 200, { timeout: 10_000 });
  return port;
}

function get(port: number, path: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, fail) => {
    send({ host: '127.0.0.1', port, path, headers, agent }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0));
    })
      .on('error', fail)
      .end();
  });
}

async function storeKey(type: 'ed25519' | 'hmac', keyNumber: number): Promise<TestKey> {
  const key = makeTestKey(type, RING, { keyNumber, userNumber: keyNumber, ownerNumber: keyNumber });
  await database.pool.query(
    `INSERT INTO auth.api_keys (key_number, owner_number, user_number, label, type, public_key,
       sealed_secret, scopes, created_at, expires_at)
     VALUES ($1, $1, $1, 'test', $2, $3, $4, '{read}', now(), now() + interval '1 hour')`,
    [keyNumber, type, key.stored.publicKey, key.stored.sealedSecret],
  );
  return key;
}

/** Calls without pause until it is told to stop; notes when each request began. */
function burst(ports: readonly number[], headersOf: () => Promise<Record<string, string>>) {
  const calls: { readonly beganMs: number; readonly status: number }[] = [];
  const state = { stops: false };
  const workers = Array.from({ length: CALLERS }, async (_, at) => {
    while (!state.stops) {
      const headers = await headersOf();
      const beganMs = performance.now();
      const status = await get(ports[at % ports.length] ?? 0, PATH, headers);
      calls.push({ beganMs, status });
    }
  });
  return {
    calls,
    stop: async () => {
      state.stops = true;
      await Promise.all(workers);
    },
  };
}

/** What is taken before, and refused a second after, `revoke` has answered. */
async function expectRefused(
  headersOf: () => Promise<Record<string, string>>,
  revoke: () => Promise<unknown>,
): Promise<void> {
  const ports = [await readyHost(), await readyHost()];
  const { calls, stop } = burst(ports, headersOf);
  await vi.waitUntil(() => calls.length >= 50, { timeout: 20_000 });
  expect(new Set(calls.map(({ status }) => status))).toEqual(new Set([200]));
  await revoke();
  const overMs = performance.now() + WITHIN_MS;
  await vi.waitUntil(() => calls.filter(({ beganMs }) => beganMs > overMs).length >= 50, {
    timeout: 20_000,
  });
  await stop();
  const late = calls.filter(({ beganMs }) => beganMs > overMs);
  expect(new Set(late.map(({ status }) => status))).toEqual(new Set([401]));
}

/** By the route itself. */
async function deleteKey(keyNumber: number): Promise<void> {
  const pool = database.poolFor('bourse_auth', 2);
  const deps = testAuthDeps(pool, Date.now, { keySealing: RING });
  const call = { method: 'DELETE', path: `/v1/api-keys/${keyId(keyNumber)}` };
  const caller = sessionCaller(keyNumber);
  expect(await callFunction(auth, deps, { ...call, caller })).toMatchObject({ status: 200 });
}

function revoke(statement: string): Promise<unknown> {
  return database.poolFor('bourse_auth', 1).query(statement);
}

describe('C37 a second after', () => {
  it.each([
    ['ed25519', 31],
    ['hmac', 32],
  ] as const)('an API key of %s was deleted, nothing of it is taken', async (type, number) => {
    const key = await storeKey(type, number);
    await expectRefused(
      () => Promise.resolve(signRequest(key, { method: 'GET', path: PATH })),
      () => deleteKey(number),
    );
  });

  it('its user was suspended, nothing of a key is taken, until they are no more', async () => {
    const key = await storeKey('hmac', 33);
    const headers = () => Promise.resolve(signRequest(key, { method: 'GET', path: PATH }));
    await expectRefused(headers, () => revoke(`SELECT auth.revoke('user_blocked', 33)`));
    const port = await readyHost();
    expect(await get(port, PATH, await headers())).toBe(401);
    await revoke(`SELECT auth.revoke('user_unblocked', 33)`);
    await vi.waitUntil(async () => (await get(port, PATH, await headers())) === 200, {
      timeout: 5_000,
    });
  });

  it('its session was taken back, a token is refused, though it was verified before', async () => {
    const sid = 'ses_0000000000000034';
    const claims = { sid, sub: 'usr_0000000000000034' };
    const authorization = `Bearer ${await signToken(issuerKey, { claims })}`;
    await expectRefused(
      () => Promise.resolve({ authorization }),
      () => revoke(`SELECT auth.revoke('credential', 34, ARRAY['${sid}'])`),
    );
  });

  it('its user was suspended, a token is refused', async () => {
    const claims = { sid: 'ses_0000000000000035', sub: 'usr_0000000000000035' };
    const authorization = `Bearer ${await signToken(issuerKey, { claims })}`;
    await expectRefused(
      () => Promise.resolve({ authorization }),
      () => revoke(`SELECT auth.revoke('user_blocked', 35)`),
    );
  });
});

describe('a host', () => {
  it('is not ready, and believes nobody, before it knows who was revoked', async () => {
    const url = new URL(database.urlFor('bourse_risk'));
    url.pathname = '/no_such_database';
    const port = await host(url.toString());
    const authorization = `Bearer ${await signToken(issuerKey)}`;
    expect(await get(port, '/readyz', {})).toBe(503);
    expect(await get(port, PATH, { authorization })).toBe(503);
    expect(await get(port, PATH, {})).toBe(401);
  });

  it('closes what it has opened', async () => {
    const port = await readyHost();
    expect(port).toBeGreaterThan(0);
    await Promise.all(hosts.splice(0).map((hosted) => hosted.stop(1_000)));
    const open = async () => {
      const result = await database.pool.query<{ open: number }>(
        `SELECT count(*)::integer AS open FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = 'risk-identity'`,
      );
      return result.rows[0]?.open;
    };
    await vi.waitUntil(async () => (await open()) === 0, { timeout: 5_000 });
  });

  it('writes when a key was used', async () => {
    const key = await storeKey('hmac', 36);
    const port = await readyHost();
    const headers = signRequest(key, { method: 'GET', path: PATH });
    expect(await get(port, PATH, headers)).toBe(200);
    const usedAt = async () => {
      const result = await database.pool.query<{ usedAt: Date | null }>(
        'SELECT last_used_at AS "usedAt" FROM auth.api_keys WHERE key_number = 36',
      );
      return result.rows[0]?.usedAt ?? null;
    };
    await vi.waitUntil(async () => (await usedAt()) !== null, { timeout: 5_000 });
    expect(await identityStoreOn(database.poolFor('bourse_risk', 1)).findKeys([36])).toHaveLength(
      1,
    );
  });
});
