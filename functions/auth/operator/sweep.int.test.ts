// What is swept is over for long and needed by nobody; what is younger or still tells something
// stays.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Pool } from '../../../shared/db/pool.ts';
import { createTestDatabase, type TestDatabase } from '../../../shared/testing/database.ts';
import { readSweepCommand, runSweep } from './sweep.ts';

let database: TestDatabase;
let pool: Pool;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = database.poolFor('bourse_auth', 1);
});
afterAll(() => database.drop());

/** Rows of each kind, `days` old by their end; `n` tells them apart. */
async function addAll(n: number, days: number): Promise<void> {
  const statements = [
    `INSERT INTO auth.sessions (user_number, token_hash, amr, authenticated_at, created_at,
       last_used_at, expires_at)
     VALUES (1, h, '{pwd}', ended, ended - interval '1 h', ended, ended)`,
    `INSERT INTO auth.pending_sign_ins (pending_hash, user_number, created_at, expires_at,
       tries_left) VALUES (h, 1, ended - interval '5 min', ended, 5)`,
    `INSERT INTO auth.sign_in_failures VALUES ('account', encode(h, 'hex'), 1, ended)`,
    `INSERT INTO auth.challenges VALUES (h, 1, 'register', h, ended)`,
    `INSERT INTO auth.step_ups VALUES (h, 1, 1, h, ended, NULL)`,
    `INSERT INTO auth.totp (user_number, secret_sealed, created_at)
     VALUES (row_number, 's1.a.a', ended)`,
    `INSERT INTO auth.grants (user_number, client_number, kind, scopes, amr, authenticated_at,
       created_at, last_used_at, expires_at)
     VALUES (1, client, 'by_user', '{read}', '{pwd}', ended, ended - interval '30 days', ended,
       ended) RETURNING grant_number INTO made`,
    `INSERT INTO auth.oauth_codes VALUES (h, client, 1, 1, 'u', '{read}', repeat('c', 43), ended,
       ended, made)`,
    `INSERT INTO auth.refresh_tokens VALUES (h, made, ended, ended, NULL, NULL)`,
    `INSERT INTO auth.revocations (kind, credential_id, user_number, revoked_at)
     VALUES ('credential', 'ses_' || lpad(row_number::text, 16, '0'), 1, ended)`,
  ];
  await database.pool.query(
    `DO $$ DECLARE
       row_number bigint := ${n};
       h bytea := sha256('${n}');
       ended timestamptz := clock_timestamp() - interval '${days} days';
       client bigint := (SELECT client_number FROM auth.oauth_clients);
       made bigint;
     BEGIN ${statements.join(';')}; END $$`,
  );
}

async function counts(): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const table of [
    'sessions',
    'pending_sign_ins',
    'sign_in_failures',
    'challenges',
    'step_ups',
    'totp',
    'grants',
    'oauth_codes',
    'refresh_tokens',
    'revocations',
  ]) {
    const result = await database.pool.query<{ count: number }>(
      `SELECT count(*) AS count FROM auth.${table}`,
    );
    found[table] = result.rows[0]?.count ?? 0;
  }
  return found;
}

describe('sweeping', () => {
  it('takes no arguments, and tells what it is', () => {
    expect(() => readSweepCommand(['--days', '1'])).toThrow('sweep takes nothing');
    expect(readSweepCommand(['--help'])).toBe(false);
    expect(readSweepCommand([])).toBe(true);
  });

  it('deletes what ended long ago, batch by batch, and nothing younger', async () => {
    await database.pool.query(
      `INSERT INTO auth.oauth_clients (name, redirect_uris, scopes)
       VALUES ('a', '{https://a.test/}', '{read}')`,
    );
    for (let n = 1; n <= 5; n += 1) await addAll(n, 91);
    await addAll(6, 31);
    await addAll(7, 29);
    const lines = await runSweep(pool, 2);
    expect(lines).toContain('sessions: 5 deleted');
    expect(lines).toContain('grants: 6 deleted');
    // A device is known for 90 days: the session that ended 31 days ago stays.
    expect(await counts()).toEqual({
      ...{ sessions: 2, pending_sign_ins: 1, sign_in_failures: 1, challenges: 1, step_ups: 1 },
      ...{ totp: 1, grants: 1, oauth_codes: 1, refresh_tokens: 1, revocations: 1 },
    });
    expect(new Set(await runSweep(pool))).toEqual(
      new Set(lines.map((line) => line.replace(/\d+ deleted/, '0 deleted'))),
    );
  });

  it('leaves the last session of a user, so that a thief’s is not taken for the first', async () => {
    await database.pool.query('TRUNCATE auth.sessions');
    await addAll(8, 400);
    await addAll(9, 200);
    await runSweep(pool);
    expect((await counts())['sessions']).toBe(1);
  });

  it('leaves the last word on who is blocked, a confirmed code, and a grant that lives', async () => {
    await database.pool.query(
      `INSERT INTO auth.revocations (kind, user_number, revoked_at)
       SELECT k, u, now() - interval '1 year' FROM (VALUES (1, 'user_blocked', 71),
         (2, 'user_unblocked', 71), (3, 'user_blocked', 72)) v (at, k, u) ORDER BY at`,
    );
    await database.pool.query(
      `INSERT INTO auth.totp (user_number, secret_sealed, created_at, confirmed_at)
       VALUES (71, 's1.a.a', now() - interval '1 year', now() - interval '1 year')`,
    );
    // Used long ago, by a grant that lives: it would end it, should it come again.
    await addAll(10, 40);
    await database.pool.query(`UPDATE auth.grants SET expires_at = now() + interval '1 day'`);
    const before = await counts();
    await runSweep(pool);
    const blocked = await database.pool.query(
      `SELECT kind, user_number FROM auth.revocations WHERE kind <> 'credential'
       ORDER BY user_number`,
    );
    expect(blocked.rows).toEqual([
      { kind: 'user_unblocked', user_number: 71 },
      { kind: 'user_blocked', user_number: 72 },
    ]);
    const { grants, refresh_tokens, oauth_codes } = before;
    expect(await counts()).toMatchObject({ grants, refresh_tokens, oauth_codes });
    const confirmed = await database.pool.query('SELECT FROM auth.totp WHERE user_number = 71');
    expect(confirmed.rowCount).toBe(1);
  });
});
