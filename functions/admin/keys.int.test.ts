// C17: an API key that staff end: support asks, security approves, and every process refuses it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Caller } from '../../shared/domain/caller.ts';
import { keyId, userId } from '../../shared/domain/ids.ts';
import { createTestDatabase, type TestDatabase } from '../../shared/testing/database.ts';
import { closeAdmin, lastRecord, openAdmin, Staff } from './fixture.ts';

let database: TestDatabase;
let staff: Staff;
let support: Caller;
let security: Caller;

beforeAll(async () => {
  database = await createTestDatabase();
  staff = new Staff(openAdmin(database));
  [support, security] = [await staff.make('support'), await staff.make('security')];
  await database.pool.query(
    `INSERT INTO auth.api_keys (key_number, owner_number, user_number, label, type, sealed_secret,
       scopes, created_at, expires_at)
     VALUES (7, 1000001, 1000002, 'bot', 'hmac', 's1.x', '{trade}', now(), now() + interval '1 day'),
       (8, 1000001, 1000001, 'other', 'hmac', 's1.y', '{read}', now(), now() + interval '1 day')`,
  );
});
afterAll(async () => {
  await closeAdmin(staff.deps);
  await database.drop();
});

const inUse = async (): Promise<unknown[]> => {
  const { rows } = await database.pool.query<{ key: number }>(
    `SELECT k.key_number::integer AS key FROM unnest('{7,8}'::bigint[]) n,
       LATERAL auth.find_api_key(n) k ORDER BY 1`,
  );
  return rows.map(({ key }) => key);
};

describe('keys.revoke', () => {
  it('is not approved by support, nor asked for by who has nothing to do with keys', async () => {
    const asked = await staff.ask(support, 'keys.revoke', { keyId: keyId(7) });
    expect(await staff.approve(await staff.make('support'), asked)).toContain('ACCESS_DENIED');
    const treasury = await staff.make('treasury');
    const refused = await staff.ask(treasury, 'keys.revoke', { keyId: keyId(7) });
    expect(refused.code).toBe('ACCESS_DENIED');
    expect(await inUse()).toEqual([7, 8]);
  });

  it('ends the key, its secret, and what was done with it, and no other', async () => {
    expect(await staff.do(support, security, 'keys.revoke', { keyId: keyId(7) })).toBe('executed');
    expect(await inUse()).toEqual([8]);
    const told = await database.pool.query(
      'SELECT kind, credential_id, user_number FROM auth.revocations',
    );
    expect(told.rows).toEqual([
      { kind: 'credential', credential_id: keyId(7), user_number: 1_000_002 },
    ]);
    const { rows } = await database.pool.query(
      'SELECT sealed_secret FROM auth.api_keys WHERE key_number = 7',
    );
    expect(rows).toEqual([{ sealed_secret: null }]);
    const whose = { userId: userId(1_000_002), label: 'bot' };
    expect(await lastRecord(database, 'keys.revoke')).toMatchObject({
      subject: keyId(7),
      before: { ...whose, status: 'active' },
      after: { ...whose, status: 'ended' },
    });
  });

  it('is refused for a key that has ended, and one that never was', async () => {
    for (const number of [7, 99]) {
      const outcome = await staff.do(support, security, 'keys.revoke', { keyId: keyId(number) });
      expect(outcome).toContain(`${keyId(number)} is no key in use`);
    }
  });
});
