// T21: after money was moved by hand the audit finds nothing, and it names what was moved without
// an approval, or otherwise than approved.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type pg from 'pg';
import type { Caller } from '../../shared/domain/caller.ts';
import { userId } from '../../shared/domain/ids.ts';
import { createTestDatabase, type TestDatabase } from '../../shared/testing/database.ts';
import { closeAdmin, openAdmin, Staff, type Asked } from '../../functions/admin/fixture.ts';
import { checkLedger } from './check-ledger.ts';
import { makeClient } from './database.ts';
import { Findings, reportLines } from './findings.ts';

const USER = userId(1_000_001);
const OTHER = userId(1_000_002);

let database: TestDatabase;
let client: pg.Client;
let staff: Staff;
let credit: Asked;

beforeAll(async () => {
  database = await createTestDatabase();
  client = makeClient(database.url);
  await client.connect();
  await database.pool.query(
    `INSERT INTO users.users (user_number, email_sealed, email_index, email_verified_at, status)
       VALUES (1000001, 's1.a.a', sha256('a'), now(), 'active');
     INSERT INTO reference.assets VALUES ('USD', 'US dollar', 2);
     SELECT ledger.post_entries('deposit', '{custody,fees:BTC-USD,fees:ETH-USD}', '{USD,USD,USD}',
       '{fees}', '{deposit}', '{fees}', NULL, NULL, '{1,1,1}', '{1,2,3}', '{-10000,6000,4000}',
       '{}', '{}', '{}')`,
  );
  staff = new Staff(openAdmin(database));
  const [maker, checker] = [await staff.make('treasury'), await staff.make('treasury')];
  await done(maker, checker, 'house.fund', { asset: 'USD', amount: '70' });
  credit = await done(maker, checker, 'balances.credit', usd('25.5'));
  await done(maker, checker, 'balances.debit', usd('5.5'));
});
afterAll(async () => {
  await client.end();
  await closeAdmin(staff.deps);
  await database.drop();
});

const usd = (amount: string) => ({ userId: USER, asset: 'USD', amount });

async function done(
  maker: Caller,
  checker: Caller,
  action: string,
  payload: object,
): Promise<Asked> {
  const asked = await staff.ask(maker, action, payload);
  expect(await staff.approve(checker, asked)).toBe('executed');
  return asked;
}

/** What the audit says once this was done, with no trigger in its way; undone afterwards. */
async function violated(forge: string): Promise<string[]> {
  await client.query('BEGIN');
  try {
    await client.query('SET LOCAL session_replication_role = replica');
    await client.query(`ALTER TABLE admin.requests DROP CONSTRAINT requests_payload_hashed,
      DROP CONSTRAINT requests_decided_whole`);
    await client.query(forge);
    const findings = new Findings();
    await checkLedger(client, findings);
    return reportLines(findings, false).filter((line) => line.includes('VIOLATED'));
  } finally {
    await client.query('ROLLBACK');
  }
}

const ofCredit = (): string => `(SELECT entry FROM ledger.entries
  WHERE kind = 'adjustment' AND business_key = '${credit.id}')`;

describe('T21: what was moved by hand', () => {
  it('is sound', async () => {
    expect(await violated('SELECT 1')).toEqual([]);
  });

  it.each([
    ['of another amount', `replace(payload, '"25.5"', '"255"')`],
    ['of another asset', `replace(payload, '"USD"', '"BTC"')`],
    ['to another user', `replace(payload, '${USER}', '${OTHER}')`],
  ])('is named when what was approved is %s', async (_, payload) => {
    const forge = `UPDATE admin.requests SET payload = ${payload} WHERE payload LIKE '%"25.5"%'`;
    expect(await violated(forge)).toEqual([
      expect.stringMatching(/^L8 VIOLATED .*nobody has approved/),
    ]);
  });

  it.each([
    ['not approved', `status = 'pending'`],
    ['a debit', `action = 'balances.debit'`],
    ['a funding', `action = 'house.fund'`],
  ])('is named when the request is %s', async (_, change) => {
    const forge = `UPDATE admin.requests SET ${change} WHERE payload LIKE '%"25.5"%'`;
    expect(await violated(forge)).toEqual([
      expect.stringMatching(/^L8 VIOLATED .*nobody has approved/),
    ]);
  });

  it('is named when it has another key, and so is the approval without it', async () => {
    const forge = `UPDATE ledger.entries SET business_key = 'by hand' WHERE entry = ${ofCredit()}`;
    const named = async (text: string): Promise<string[]> =>
      (await violated(text)).filter((line) => !line.startsWith('L6'));
    expect(await named(forge)).toEqual([
      expect.stringMatching(/^L8 VIOLATED .*nobody has approved/),
    ]);
    const kind = `UPDATE ledger.entries SET kind = 'deposit' WHERE entry = ${ofCredit()}`;
    expect(await named(kind)).toEqual([
      expect.stringMatching(/^L8 VIOLATED .*an approval has moved nothing/),
    ]);
  });

  it('cannot make the house owe', async () => {
    const forge = `ALTER TABLE ledger.accounts DROP CONSTRAINT balances_available_not_negative;
      UPDATE ledger.accounts SET total = -1 WHERE owner = 'house:USD'`;
    const lines = await violated(forge);
    expect(lines.map((line) => line.slice(0, 2))).toEqual(['L2', 'L3']);
  });
});
