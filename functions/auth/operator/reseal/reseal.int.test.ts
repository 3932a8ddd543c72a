// C30 A key is changed: all that it sealed is sealed anew, nothing is lost or undone, and it is
// said what is left.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Pool } from '../../../../shared/db/pool.ts';
import {
  parseKeyRing,
  type KeyRing,
  type SealingPurpose,
} from '../../../../shared/secrets/key-ring.ts';
import { seal, unseal } from '../../../../shared/secrets/seal.ts';
import { createTestDatabase, type TestDatabase } from '../../../../shared/testing/database.ts';
import { resealAll } from './reseal.ts';
import { readBatch, replaceSealed, TARGETS, type Target } from './targets.ts';

const KID = 'k'.repeat(43);
let database: TestDatabase;
let pool: Pool;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = database.poolFor('bourse_reseal', 2);
});
afterAll(() => database.drop());

function ring(purpose: SealingPurpose, current: 'old' | 'new', ids = ['old', 'new']): KeyRing {
  const keys = Object.fromEntries(
    ids.map((id) => [
      id,
      Buffer.from(
        Array.from({ length: 32 }, (_, at) => at + id.length * id.charCodeAt(0)),
      ).toString('base64'),
    ]),
  );
  const parsed = parseKeyRing(JSON.stringify({ current, keys }), purpose);
  if (parsed === null) throw new Error('no ring');
  return parsed;
}

function oldText(name: string, owner: string): string {
  const target = targetOf(name);
  return seal(ring(target.purpose, 'old'), target.placeOf(owner), `${name} of ${owner}`);
}

function targetOf(name: string): Target {
  const found = TARGETS.find((target) => target.name === name);
  if (found === undefined) throw new Error(name);
  return found;
}

beforeEach(async () => {
  const admin = database.pool;
  await admin.query('TRUNCATE auth.totp, auth.signing_keys, auth.api_keys, users.users CASCADE');
  for (const number of [1, 2, 3]) {
    await admin.query(
      `INSERT INTO users.users (user_number, email_sealed, email_index)
       VALUES ($1, $2, sha256($3))`,
      [number, oldText('addresses', String(number)), Buffer.from(String(number))],
    );
    await admin.query(
      'INSERT INTO auth.totp (user_number, secret_sealed, created_at) VALUES ($1, $2, now())',
      [number, oldText('one-time codes', String(number))],
    );
    await admin.query(
      `INSERT INTO auth.api_keys (key_number, owner_number, user_number, label, type, sealed_secret,
         scopes, created_at, expires_at)
       VALUES ($1, 1, 1, 'a', 'hmac', $2, '{read}', now(), now() + interval '1 day')`,
      [number, oldText('API keys', String(number))],
    );
  }
  await admin.query(
    `INSERT INTO users.email_changes (user_number, old_email_sealed, new_email_sealed, requested_at)
     VALUES (1, $1, $2, now())`,
    [oldText('addresses before a change', '1'), oldText('addresses after a change', '1')],
  );
  await admin.query(
    `INSERT INTO auth.signing_keys (kid, sealed, published_at, signs_from)
     VALUES ($1, $2, now(), now())`,
    [KID, oldText('signing keys', KID)],
  );
});

async function run(ringOf: (purpose: SealingPurpose) => KeyRing, dryRun = false) {
  const lines: string[] = [];
  const say = (line: string) => void lines.push(line);
  const left = await resealAll({ pool, ringOf, dryRun, say, batchRows: 2 });
  return { left, said: lines.join('\n') };
}

/** Everything sealed, as its target's ring opens it with the new key alone. */
async function opened(): Promise<string[]> {
  const texts: string[] = [];
  for (const target of TARGETS) {
    const rows = await readBatch(database.pool, target, 'none', target.beforeFirst, 100);
    for (const { owner, sealed } of rows) {
      const alone = ring(target.purpose, 'new', ['new']);
      texts.push(unseal(alone, target.placeOf(owner), sealed).toString());
    }
  }
  return texts;
}

describe('C30 sealing anew', () => {
  it('changes nothing when it only looks, and says what is under which key', async () => {
    const { left, said } = await run((purpose) => ring(purpose, 'new'), true);
    expect(left).toBe(12);
    expect(said).toContain('addresses: 3 under users/old, an old key');
    await expect(opened()).rejects.toThrow('"old"');
  });

  it('puts all under the new key, in batches, so that the old key can go', async () => {
    const { left, said } = await run((purpose) => ring(purpose, 'new'));
    expect(left).toBe(0);
    expect(said).toContain('addresses: 2 sealed anew, 0 changed meanwhile, 0 not opened');
    expect(said).toContain('addresses: 3 under users/new, the current key');
    const texts = await opened();
    expect(texts).toHaveLength(12);
    expect(texts).toContain('API keys of 3');
    expect(texts).toContain(`signing keys of ${KID}`);
    // Again: nothing is left to do.
    expect((await run((purpose) => ring(purpose, 'new'))).said).not.toContain('sealed anew');
  });

  it('goes on behind what cannot be opened, and says that it is left', async () => {
    await database.pool.query(
      `UPDATE auth.totp SET secret_sealed = 's1.lost.AAAA' WHERE user_number = 2`,
    );
    // Of another user: it does not open here.
    await database.pool.query(
      `UPDATE users.users SET email_sealed = (SELECT email_sealed FROM users.users
         WHERE user_number = 3) WHERE user_number = 1`,
    );
    const { left, said } = await run((purpose) => ring(purpose, 'new'));
    expect(left).toBe(2);
    expect(said).toContain('one-time codes: 2 sealed anew, 0 changed meanwhile, 1 not opened');
    expect(said).toContain('one-time codes: 1 under auth/lost, a key that is not in the ring');
    expect(said).toContain('addresses: 1 under users/old, an old key');
  });

  it('undoes no change that came between its look and its write', async () => {
    const target = targetOf('one-time codes');
    const [row] = await readBatch(pool, target, 'new', '0', 1);
    if (row === undefined) throw new Error('no row');
    const changed = oldText('one-time codes', '1');
    await database.pool.query('UPDATE auth.totp SET secret_sealed = $1 WHERE user_number = 1', [
      changed,
    ]);
    const next = seal(ring('auth', 'new'), target.placeOf('1'), 'stale');
    expect(await replaceSealed(pool, target, row, next)).toBe(false);
    const kept = await readBatch(pool, target, 'new', '0', 1);
    expect(kept[0]?.sealed).toBe(changed);
  });

  it('may change the sealed columns and nothing else', async () => {
    for (const statement of [
      'SELECT * FROM users.users',
      'SELECT hash FROM users.passwords',
      'UPDATE users.users SET email_index = NULL',
      'UPDATE auth.totp SET last_step = 0',
      'DELETE FROM auth.signing_keys',
    ]) {
      await expect(pool.query(statement)).rejects.toThrow('permission denied');
    }
  });
});
