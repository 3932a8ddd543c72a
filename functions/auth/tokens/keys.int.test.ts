// Signing keys on a real database: who makes the first, what is published, what a rotation does.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { SCOPES } from '../../../shared/domain/caller.ts';
import { sessionId } from '../../../shared/domain/ids.ts';
import { findViolatedConstraint } from '../../../shared/db/failure.ts';
import type { Pool } from '../../../shared/db/pool.ts';
import { createTestDatabase, type TestDatabase } from '../../../shared/testing/database.ts';
import { PUBLISHED_AFTER_MS, PUBLISHED_AHEAD_MS } from './decide.ts';
import { makeFirstKeys, placeOf, replaceLostKeys, rotateKeys } from './make-keys.ts';
import { mintAccessToken } from './mint.ts';
import { KEYS_RELOAD_MS } from './signing-keys.ts';
import { listKeys } from './store.ts';
import { TEST_AUDIENCE, TEST_ISSUER, testIssuing, testRing } from './testing-issuing.ts';

const START = Date.parse('2026-03-31T12:00:00Z');
const OPERATOR = { actor: 'ops', reason: 'a test' };
const SUBJECT = {
  userNumber: 42,
  credentialId: sessionId(7),
  scopes: SCOPES,
  authTimeMs: START - 5_000,
  amr: ['pwd'],
};

let database: TestDatabase;
let pool: Pool;
let nowMs = START;
const now = (): number => nowMs;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = database.poolFor('bourse_auth', 8);
});
beforeEach(() => (nowMs = START));
afterEach(async () => {
  await database.pool.query('TRUNCATE auth.signing_keys, auth.signing_key_changes');
});
afterAll(() => database.drop());

async function kidsPublished(issuing = testIssuing(pool, now)): Promise<string[]> {
  return (await issuing.keys.published()).map(({ kid }) => kid);
}

describe('a row that the ring did not seal', () => {
  it('is not published: who can write to the table has no key believed', async () => {
    await makeFirstKeys(pool, testRing('auth', 9), START);
    const [forged] = await listKeys(pool);
    await database.pool.query('TRUNCATE auth.signing_keys CASCADE');
    const issuing = testIssuing(pool, now);
    const good = await issuing.keys.current();
    await database.pool.query(
      `INSERT INTO auth.signing_keys (kid, sealed, published_at, signs_from, signs_until)
       VALUES ($1, $2, $3::timestamptz, $3::timestamptz, $3::timestamptz)`,
      [forged?.kid, forged?.sealed, new Date(START)],
    );
    const published = await kidsPublished();
    expect(published).toContain(good.kid);
    expect(published).toHaveLength(2);
    expect(published).not.toContain(forged?.kid);
  });

  it('is not published under the seal of another key', async () => {
    await makeFirstKeys(pool, testRing('auth'), START);
    const [signing] = await listKeys(pool);
    const other = 'A'.repeat(43);
    await database.pool.query('UPDATE auth.signing_keys SET kid = $1 WHERE signs_from IS NULL', [
      other,
    ]);
    expect(placeOf(other)).not.toBe(placeOf(signing?.kid ?? ''));
    expect(await kidsPublished()).toEqual([signing?.kid]);
  });
});

describe('the database refuses', () => {
  it.each([
    [`UPDATE auth.signing_keys SET signs_from = now()`, 'signing_keys_one_signs'],
    [`UPDATE auth.signing_keys SET signs_from = NULL`, 'signing_keys_one_stands_by'],
    [`UPDATE auth.signing_keys SET sealed = NULL`, 'signing_keys_destroyed_when_done'],
    [`UPDATE auth.signing_keys SET sealed = '{"d":"…"}'`, 'signing_keys_sealed_form'],
  ])('%s', async (statement, constraint) => {
    await makeFirstKeys(pool, testRing('auth'), Date.now() - 60_000);
    const failed = await database.pool.query(statement).catch((error: unknown) => error);
    expect(findViolatedConstraint(failed)).toBe(constraint);
  });
});

describe('the first key', () => {
  it('is made once by instances that start together, and one to stand by', async () => {
    for (let round = 0; round < 5; round += 1) {
      const instances = Array.from({ length: 8 }, () => testIssuing(pool, now));
      const current = await Promise.all(instances.map(({ keys }) => keys.current()));
      expect(new Set(current.map(({ kid }) => kid)).size).toBe(1);
      const stored = await listKeys(pool);
      expect(stored.map(({ signsFromMs }) => signsFromMs)).toEqual([START, null]);
      await database.pool.query('TRUNCATE auth.signing_keys, auth.signing_key_changes');
    }
  });

  it('is sealed where it is stored', async () => {
    const { keys } = testIssuing(pool, now);
    const { publicKey } = await keys.current();
    const text = JSON.stringify(await listKeys(pool));
    expect(text).not.toContain(publicKey.x);
    expect(text).not.toContain('"d"');
  });
});

describe('an access token', () => {
  it('says who, for whom, by what, since when', async () => {
    const issuing = testIssuing(pool, now);
    const { accessToken, expiresInSeconds } = await mintAccessToken(issuing, SUBJECT, nowMs);
    expect(expiresInSeconds).toBe(600);
    const { kid } = await issuing.keys.current();
    expect(decodeProtectedHeader(accessToken)).toEqual({ alg: 'EdDSA', typ: 'at+jwt', kid });
    const { jti, ...claims } = decodeJwt(accessToken);
    expect(jti).toMatch(/^[0-9a-f-]{36}$/);
    expect(claims).toEqual({
      iss: TEST_ISSUER,
      aud: TEST_AUDIENCE,
      sub: 'usr_0000000000000042',
      sid: 'ses_0000000000000007',
      iat: START / 1_000,
      exp: START / 1_000 + 600,
      scope: 'read trade withdraw',
      auth_time: START / 1_000 - 5,
      amr: ['pwd'],
      acr: 'aal1',
    });
  });

  it('does not outlive its session', async () => {
    const subject = { ...SUBJECT, endsAtMs: START + 90_000 };
    const { expiresInSeconds } = await mintAccessToken(testIssuing(pool, now), subject, nowMs);
    expect(expiresInSeconds).toBe(90);
  });

  it.each([
    [['pwd', 'otp'], 'aal2'],
    [['pwd', 'rec'], 'aal2'],
    [['hwk'], 'aal2'],
    [['pwd'], 'aal1'],
    [[], 'aal1'],
  ])('of %j is of level %s', async (amr, acr) => {
    const minted = await mintAccessToken(testIssuing(pool, now), { ...SUBJECT, amr }, nowMs);
    expect(decodeJwt(minted.accessToken)).toMatchObject({ acr });
  });
});

describe('a rotation', () => {
  it('moves to the key that stood by, keeps the old for an hour, then destroys it', async () => {
    const before = await kidsPublished();
    nowMs += PUBLISHED_AHEAD_MS;
    const rotation = await rotateKeys(pool, testRing('auth'), OPERATOR, nowMs);
    expect(rotation).toMatchObject({ from: before[0], to: before[1], atMs: nowMs });
    expect(await kidsPublished()).toEqual([...before, expect.any(String)]);
    nowMs += PUBLISHED_AFTER_MS - 1;
    expect(await kidsPublished()).toHaveLength(3);
    nowMs += 1;
    expect(await kidsPublished()).toHaveLength(2);
    nowMs += 1;
    await rotateKeys(pool, testRing('auth'), OPERATOR, nowMs);
    const [oldest] = await listKeys(pool);
    expect(oldest).toMatchObject({ kid: before[0], sealed: null });
  });

  it('takes a key that has leaked out of the set at once', async () => {
    const [leaked, next] = await kidsPublished();
    await rotateKeys(pool, testRing('auth'), OPERATOR, nowMs, true);
    const issuing = testIssuing(pool, now);
    expect(await kidsPublished(issuing)).toEqual([next, expect.any(String)]);
    expect(await issuing.keys.current()).toMatchObject({ kid: next });
    expect(await kidsPublished(issuing)).not.toContain(leaked);
  });

  it('is one of many that are asked for together', async () => {
    await kidsPublished();
    const asked = await Promise.allSettled(
      Array.from({ length: 6 }, () => rotateKeys(pool, testRing('auth'), OPERATOR, nowMs)),
    );
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await listKeys(pool)).toHaveLength(3);
  });

  it('is heard of by a running instance, which goes on while the database is away', async () => {
    const own = database.poolFor('bourse_auth', 1);
    const issuing = testIssuing(own, now);
    const { kid } = await issuing.keys.current();
    nowMs += PUBLISHED_AHEAD_MS;
    const { to } = await rotateKeys(pool, testRing('auth'), OPERATOR, nowMs);
    expect(to).not.toBe(kid);
    nowMs += KEYS_RELOAD_MS;
    expect(await issuing.keys.current()).toMatchObject({ kid: to });
    await own.end();
    nowMs += KEYS_RELOAD_MS;
    expect(await issuing.keys.current()).toMatchObject({ kid: to });
  });
});

describe('C30 keys whose ring is lost', () => {
  const lost = testRing('auth', 9);
  const ring = testRing('auth');

  it('are not replaced while one of them opens', async () => {
    await makeFirstKeys(pool, ring, START);
    await expect(replaceLostKeys(pool, ring, OPERATOR, START)).rejects.toThrow('rotate instead');
    expect((await listKeys(pool)).every(({ withdrawnAtMs }) => withdrawnAtMs === null)).toBe(true);
  });

  it.each([
    ['at rest', 0],
    ['with a rotation under way', 1],
    ['with one that was', PUBLISHED_AHEAD_MS + 60_000],
  ])('are replaced by two new ones, %s', async (_name, laterMs) => {
    await makeFirstKeys(pool, lost, START);
    // The next one was published this moment, so that the rotation waits.
    if (laterMs > 0) await rotateKeys(pool, lost, OPERATOR, START);
    nowMs += laterMs;
    const old = (await listKeys(pool)).map(({ kid }) => kid);
    const issuing = testIssuing(pool, now);
    await expect(issuing.keys.current()).rejects.toThrow('no key to sign with');
    const kid = await replaceLostKeys(pool, ring, OPERATOR, nowMs);
    nowMs += KEYS_RELOAD_MS;
    expect((await issuing.keys.current()).kid).toBe(kid);
    const published = await kidsPublished(issuing);
    expect(published).toHaveLength(2);
    expect(published.filter((each) => old.includes(each))).toEqual([]);
    const { accessToken } = await mintAccessToken(issuing, SUBJECT, nowMs);
    expect(decodeProtectedHeader(accessToken).kid).toBe(kid);
    await rotateKeys(pool, ring, OPERATOR, nowMs + PUBLISHED_AHEAD_MS);
  });
});
