// C13 API keys on a real database: made, listed, ended; whose they are, and how many there may be.
import { createHmac, generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findViolatedConstraint } from '../../../shared/db/failure.ts';
import { keyId, userId } from '../../../shared/domain/ids.ts';
import { openKey } from '../../../shared/function/auth/known-key.ts';
import {
  identityStoreOn,
  type IdentityStore,
} from '../../../shared/function/auth/identity-store.ts';
import { callFunction, type CallAnswer } from '../../../shared/function/call.ts';
import { defineFunction } from '../../../shared/function/definition.ts';
import { testRing } from '../../../shared/function/testing/request-signer.ts';
import { sessionCaller } from '../../../shared/function/testing/session-caller.ts';
import { createTestDatabase, type TestDatabase } from '../../../shared/testing/database.ts';
import type { AuthDeps } from '../deps.ts';
import { testAuthDeps } from '../testing-deps.ts';
import { KEYS_MAX } from './decide.ts';
import { keysRoutes } from './routes.ts';

const NOW_MS = Date.parse('2026-01-01T00:00:00Z');
const ALICE = sessionCaller(1);
const BOB = sessionCaller(2);
const RING = testRing();
const HMAC = { label: 'bot', type: 'hmac' };

/** Without the check of step-ups, which is the host's: its own tests hold it to the policy. */
const definition = defineFunction<AuthDeps>({
  name: 'auth',
  routes: keysRoutes.map((each) => ({ ...each, policy: { ...each.policy, stepUp: false } })),
  events: [],
  connect: () => Promise.resolve(deps),
  close: () => Promise.resolve(),
  isReady: () => Promise.resolve(true),
});

let database: TestDatabase;
let deps: AuthDeps;
let identity: IdentityStore;
beforeAll(async () => {
  database = await createTestDatabase();
  deps = testAuthDeps(database.poolFor('bourse_auth', 8), () => NOW_MS, { keySealing: RING });
  identity = identityStoreOn(database.poolFor('bourse_risk', 2));
  await database.pool.query(
    `INSERT INTO users.users (user_number, email_sealed, email_index, email_verified_at, status,
       parent_number)
     VALUES (1, 's1.a.a', sha256('a'), now(), 'active', NULL),
       (2, 's1.a.b', sha256('b'), now(), 'active', NULL),
       (11, NULL, NULL, NULL, 'active', 1), (12, NULL, NULL, NULL, 'suspended', 1),
       (21, NULL, NULL, NULL, 'active', 2)`,
  );
});
beforeEach(async () => {
  await database.pool.query('TRUNCATE auth.api_keys, auth.revocations');
});
afterAll(() => database.drop());

async function make(body: object, caller = ALICE): Promise<CallAnswer> {
  return callFunction(definition, deps, { method: 'POST', path: '/v1/api-keys', body, caller });
}

async function made(body: object, caller = ALICE): Promise<{ id: string; secret: string | null }> {
  const { status, body: answer } = await make(body, caller);
  expect(status).toBe(201);
  return answer as { id: string; secret: string | null };
}

async function list(caller = ALICE): Promise<{ id: string; lastUsedAt: string | null }[]> {
  const call = { method: 'GET', path: '/v1/api-keys', caller };
  const { body } = await callFunction(definition, deps, call);
  return (body as { items: { id: string; lastUsedAt: string | null }[] }).items;
}

function end(id: string, caller = ALICE): Promise<CallAnswer> {
  return callFunction(definition, deps, { method: 'DELETE', path: `/v1/api-keys/${id}`, caller });
}

async function lookUp(id: string) {
  const [found] = await identity.findKeys([Number(id.slice('key_'.length))]);
  return found ?? null;
}

function publicPem(): string {
  return generateKeyPairSync('ed25519')
    .publicKey.export({ format: 'pem', type: 'spki' })
    .toString();
}

describe('POST /v1/api-keys refuses', () => {
  it('who is no session, and asks for a step-up', async () => {
    expect(keysRoutes.find(({ method }) => method === 'POST')?.policy.stepUp).toBe(true);
    const caller = { ...ALICE, kind: 'key' as const };
    expect(await make(HMAC, caller)).toMatchObject({ body: { code: 'CALLER_NOT_ALLOWED' } });
  });

  it.each([
    ['for another user', { userId: userId(2) }, 'API_KEY_USER_NOT_FOUND'],
    ['for the sub-account of another', { userId: userId(21) }, 'API_KEY_USER_NOT_FOUND'],
    ['for a suspended sub-account', { userId: userId(12) }, 'API_KEY_USER_NOT_FOUND'],
    ['for nobody', { userId: userId(999) }, 'API_KEY_USER_NOT_FOUND'],
    ['that may withdraw from anywhere', { scopes: ['withdraw'] }, 'API_KEY_ADDRESSES_REQUIRED'],
    [
      'with a weak public key',
      { type: 'ed25519', publicKey: 'A'.repeat(43) + '=' },
      'API_KEY_PUBLIC_KEY_INVALID',
    ],
  ])('a key %s', async (_name, change, code) => {
    expect(await make({ ...HMAC, ...change })).toMatchObject({ body: { code } });
    expect(await list()).toEqual([]);
  });

  it('a public key that another live key of the owner has', async () => {
    const body = { label: 'one', type: 'ed25519', publicKey: publicPem() };
    const { id } = await made(body);
    expect(await make(body)).toMatchObject({ body: { code: 'API_KEY_PUBLIC_KEY_REUSED' } });
    expect((await make(body, BOB)).status).toBe(201);
    await end(id);
    expect((await make(body)).status).toBe(201);
  });

  it('one more than there may be, however many ask at once', async () => {
    const asked = Array.from({ length: KEYS_MAX + 10 }, () => make(HMAC));
    const answers = await Promise.all(asked);
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(KEYS_MAX);
    const codes = answers.flatMap(({ status, body }) =>
      status === 201 ? [] : [(body as { code: string }).code],
    );
    expect(new Set(codes)).toEqual(new Set(['API_KEYS_TOO_MANY']));
    expect(await list()).toHaveLength(KEYS_MAX);
    expect((await make(HMAC, BOB)).status).toBe(201);
    await end((await list())[0]?.id ?? '');
    expect((await make(HMAC)).status).toBe(201);
  });
});

describe('an API key', () => {
  it('of hmac shows its secret once, and has it sealed for its own place', async () => {
    const { id, secret } = await made({ ...HMAC, scopes: ['trade', 'read'], markets: ['BTC-USD'] });
    expect(secret).toMatch(/^bks_[A-Za-z0-9_-]{43}$/);
    const [listed] = await list();
    expect(listed).toEqual({
      ...HMAC,
      id,
      userId: ALICE.userId,
      publicKey: null,
      scopes: ['read', 'trade'],
      markets: ['BTC-USD'],
      addresses: null,
      createdAt: '2026-01-01T00:00:00.000Z',
      expiresAt: '2026-04-01T00:00:00.000Z',
      lastUsedAt: null,
    });
    const stored = await lookUp(id);
    expect(JSON.stringify(stored)).not.toContain(secret);
    if (stored === null) throw new Error('the key is not there');
    const signature = createHmac('sha256', secret ?? '')
      .update('text')
      .digest();
    expect(openKey(stored, RING).isSignedBy('text', signature)).toBe(true);
    expect(() => openKey({ ...stored, keyNumber: stored.keyNumber + 1 }, RING)).toThrow();
  });

  it('has its addresses as Postgres writes them, each once', async () => {
    const addresses = ['192.0.2.9', '192.0.2.9/32', '10.1.2.3/8', '2001:DB8:0::1'];
    const { id } = await made({ ...HMAC, addresses, scopes: ['withdraw'] });
    const stored = await lookUp(id);
    expect([...(stored?.addresses ?? [])].sort()).toEqual(
      ['10.0.0.0/8', '192.0.2.9/32', '2001:db8::1/128'].sort(),
    );
    expect(stored?.expiresAt).toBeNull();
  });

  it('acts for a sub-account, belongs to its owner, and falls with either', async () => {
    const { id } = await made({ ...HMAC, userId: userId(11) });
    expect(await lookUp(id)).toMatchObject({ ownerNumber: 1, userNumber: 11 });
    expect(await list(sessionCaller(11))).toEqual([]);
    for (const user of [1, 11]) {
      const suspend = `UPDATE users.users SET status = $1 WHERE user_number = $2`;
      await database.pool.query(suspend, ['suspended', user]);
      expect(await lookUp(id)).toBeNull();
      await database.pool.query(suspend, ['active', user]);
      expect(await lookUp(id)).not.toBeNull();
    }
  });

  it('is ended by its owner alone, once, and told to every process', async () => {
    const { id } = await made(HMAC);
    expect(await end(id, BOB)).toMatchObject({ status: 404, body: { code: 'API_KEY_NOT_FOUND' } });
    expect(await end('key_1')).toMatchObject({ body: { code: 'API_KEY_NOT_FOUND' } });
    expect(await lookUp(id)).not.toBeNull();
    const ends = await Promise.all(Array.from({ length: 8 }, () => end(id)));
    expect(ends.filter(({ status }) => status === 200)).toHaveLength(1);
    expect([await lookUp(id), await list()]).toEqual([null, []]);
    const told = await identity.revocationsAfter(0, 10);
    expect(told.map(({ credentialId, userNumber }) => [credentialId, userNumber])).toEqual([
      [id, 1],
    ]);
    const secrets = await database.pool.query('SELECT sealed_secret FROM auth.api_keys');
    expect(secrets.rows).toEqual([{ sealed_secret: null }]);
  });

  it('tells when it was used last, to the minute, and never an earlier time', async () => {
    const { id } = await made(HMAC);
    const number = Number(id.slice('key_'.length));
    await identity.markKeysUsed([number, 999], Date.parse('2026-01-01T10:00:59Z'));
    await identity.markKeysUsed([number], Date.parse('2026-01-01T09:00:00Z'));
    expect((await list())[0]?.lastUsedAt).toBe('2026-01-01T10:00:00.000Z');
  });
});

describe('the database refuses', () => {
  const insert = (change: Record<string, string>) => {
    const row = {
      owner_number: '1',
      user_number: '1',
      label: `'x'`,
      type: `'hmac'`,
      sealed_secret: `'s1.a.b'`,
      public_key: 'NULL',
      scopes: `'{read}'`,
      addresses: 'NULL',
      created_at: `'2026-01-01'`,
      expires_at: `'2026-02-01'`,
      ...change,
    };
    const columns = Object.keys(row).join(', ');
    return `INSERT INTO auth.api_keys (${columns}) VALUES (${Object.values(row).join(', ')})`;
  };
  it.each([
    [{ scopes: `'{withdraw}'` }, 'api_keys_withdraw_from_known_addresses'],
    [{ expires_at: 'NULL' }, 'api_keys_expire_without_addresses'],
    [{ expires_at: `'2026-05-01'` }, 'api_keys_expire_without_addresses'],
    [{ scopes: `'{admin}'` }, 'api_keys_scopes_known'],
    [{ scopes: `'{}'` }, 'api_keys_scopes_known'],
    [{ type: `'ed25519'` }, 'api_keys_public_key_by_type'],
    [{ sealed_secret: `'bks_plain'` }, 'api_keys_secret_sealed'],
  ])('%j', async (change, constraint) => {
    const error: unknown = await database.pool.query(insert(change as Record<string, string>)).then(
      () => null,
      (refused: unknown) => refused,
    );
    expect(findViolatedConstraint(error)).toBe(constraint);
  });

  it('that others read keys but one by one, or write them', async () => {
    const risk = database.poolFor('bourse_risk', 1);
    for (const statement of [
      'SELECT FROM auth.api_keys',
      'UPDATE auth.api_keys SET ended_at = NULL',
      `SELECT auth.revoke('user_blocked', 1)`,
    ]) {
      await expect(risk.query(statement)).rejects.toThrow('permission denied');
    }
    expect(await lookUp(keyId(1))).toBeNull();
  });
});
