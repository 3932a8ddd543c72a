// T21, C17 and C22: money by hand. What one person gets wrong another must have seen, the house
// account bounds, and an approval moves once.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withTransaction } from '../../shared/db/pool.ts';
import type { Caller } from '../../shared/domain/caller.ts';
import { userId } from '../../shared/domain/ids.ts';
import { feesOwner } from '../../shared/domain/journal.ts';
import { postEntries } from '../../shared/ledger/post-entries.ts';
import { createTestDatabase, type TestDatabase } from '../../shared/testing/database.ts';
import { closeAdmin, lastRecord, openAdmin, Staff } from './fixture.ts';

const USER = userId(1_000_001);
const PART = userId(1_000_002);
const SUSPENDED = userId(1_000_003);
const CLOSED = userId(1_000_004);
const HELD = 'house:USD';

let database: TestDatabase;
let staff: Staff;
let maker: Caller;
let checker: Caller;

beforeAll(async () => {
  database = await createTestDatabase();
  staff = new Staff(openAdmin(database));
  [maker, checker] = [await staff.make('treasury'), await staff.make('treasury')];
  await database.pool.query(
    `INSERT INTO users.users (user_number, email_sealed, email_index, email_verified_at, status,
       parent_number) VALUES
       (1000001, 's1.a.a', sha256('a'), now(), 'active', NULL),
       (1000002, NULL, NULL, NULL, 'active', 1000001),
       (1000003, 's1.c.c', sha256('c'), now(), 'suspended', NULL)`,
  );
  await database.pool.query(
    `INSERT INTO users.users (user_number, status) VALUES (1000004, 'closed');
     INSERT INTO reference.assets VALUES ('USD', 'US dollar', 2), ('BTC', 'Bitcoin', 8)`,
  );
  await earn('BTC-USD', 60_000n);
  await earn('ETH-USD', 40_000n);
  // A rebate that is owed: not to be given away on top.
  await earn('XRP-USD', -10_000n);
});
afterAll(async () => {
  await closeAdmin(staff.deps);
  await database.drop();
});

/** Fees of a market, in cents. */
async function earn(market: 'BTC-USD' | 'ETH-USD' | 'XRP-USD', amountMinor: bigint): Promise<void> {
  await withTransaction(database.pool, async (tx) => {
    await tx.query('SET LOCAL ROLE bourse_ledger');
    const postings = [
      { owner: 'custody' as const, asset: 'USD', amountMinor: -amountMinor },
      { owner: feesOwner(market), asset: 'USD', amountMinor },
    ];
    const reference = { type: 'deposit', id: market };
    await postEntries(tx, 'deposit', [{ key: market, reference, postings, takes: [] }]);
  });
}

async function total(owner: string, asset = 'USD'): Promise<string | null> {
  const { rows } = await database.pool.query<{ total: string }>(
    'SELECT total::text AS total FROM ledger.balances WHERE owner = $1 AND asset = $2',
    [owner, asset],
  );
  return rows[0]?.total ?? null;
}

const move = (action: string, payload: object) => staff.do(maker, checker, action, payload);
const usd = (amount: string, of: string = USER) => ({ userId: of, asset: 'USD', amount });
const UNFIT = 'APPROVAL_SUBJECT_UNFIT';

describe('house.fund', () => {
  it('takes no more than the fees of the asset come to, rebates that are owed included', async () => {
    const refused = `${UNFIT}: the fees in this asset are less than that`;
    expect(await move('house.fund', { asset: 'USD', amount: '900.01' })).toBe(refused);
    expect(await move('house.fund', { asset: 'BTC', amount: '0.00000001' })).toBe(refused);
    expect(await move('house.fund', { asset: 'DOGE', amount: '1' })).toContain('no asset DOGE');
    expect(await move('house.fund', { asset: 'USD', amount: '1.001' })).toContain('2 decimals');
    expect(await total(HELD)).toBeNull();
  });

  it('moves fees of the markets, one after the other', async () => {
    expect(await move('house.fund', { asset: 'USD', amount: '700', ticket: 'T-1' })).toBe(
      'executed',
    );
    expect(await total('fees:BTC-USD')).toBe('0');
    expect(await total('fees:ETH-USD')).toBe('30000');
    expect(await total(HELD)).toBe('70000');
    expect(await lastRecord(database, 'house.fund')).toMatchObject({
      subject: 'house:USD',
      before: { fees: '900', house: '0' },
      after: { fees: '200', house: '700', amount: '700', ticket: 'T-1' },
    });
  });
});

describe('T21: a credit', () => {
  it('10^6 times too large is more than the house has, and moves nothing', async () => {
    const refused = `${UNFIT}: the one who is to give has not so much available`;
    expect(await move('balances.credit', usd('100000000'))).toBe(refused);
    expect(await move('balances.credit', usd('700.01'))).toBe(refused);
    const coins = { userId: USER, asset: 'BTC', amount: '620000' };
    expect(await move('balances.credit', coins)).toBe(refused);
    expect(await total(USER)).toBeNull();
    expect(await total(USER, 'BTC')).toBeNull();
    expect(await total(HELD)).toBe('70000');
  });

  it.each([
    ['nothing', usd('0')],
    ['less than nothing', usd('-1')],
    ['a number', { ...usd('1'), amount: 1 }],
    ['an exponent', usd('1e3')],
    ['no asset', { userId: USER, amount: '1' }],
    ['another account', { ...usd('1'), from: 'custody' }],
    ['nobody', usd('1', 'house:USD')],
  ])('of %s cannot be asked for', async (_, payload) => {
    const body = { action: 'balances.credit', payload, reason: 'a case' };
    expect((await staff.call(maker, 'POST', '/requests', body)).status).toBe(400);
  });

  it('is not made of half a cent, nor of what is no asset', async () => {
    expect(await move('balances.credit', usd('0.001'))).toContain('USD has 2 decimals');
    const payload = { userId: USER, asset: 'NOPE', amount: '1' };
    expect(await move('balances.credit', payload)).toContain('no asset NOPE');
  });

  it('is not for a user who is suspended, closed or not there', async () => {
    for (const of of [SUSPENDED, CLOSED, userId(4_711)]) {
      expect(await move('balances.credit', usd('1', of))).toContain(`${of} is no active user`);
      expect(await total(of)).toBeNull();
    }
  });

  it('is not for a part of a user who is suspended', async () => {
    const setStatus = (status: string) =>
      database.pool.query('UPDATE users.users SET status = $1 WHERE user_number = 1000001', [
        status,
      ]);
    await setStatus('suspended');
    expect(await move('balances.credit', usd('1', PART))).toContain('is no active user');
    await setStatus('active');
    expect(await move('balances.credit', usd('1', PART))).toBe('executed');
  });

  it('takes another person, who has seen the amount (self-approval, approve-then-edit)', async () => {
    const asked = await staff.ask(maker, 'balances.credit', usd('1'));
    const other = await staff.ask(maker, 'balances.credit', usd('500'));
    expect(await staff.approve(maker, asked)).toContain('APPROVAL_OWN');
    const mixed = { ...other, payloadSha256: asked.payloadSha256 };
    expect(await staff.approve(checker, mixed)).toContain('APPROVAL_PAYLOAD_DIFFERS');
    const edit = `UPDATE admin.requests SET payload = replace(payload, '"1"', '"9"'),
      payload_sha256 = sha256(convert_to(replace(payload, '"1"', '"9"'), 'UTF8'))
      WHERE status = 'pending'`;
    await expect(staff.deps.pool.query(edit)).rejects.toThrow('is refused');
    for (const role of ['support', 'compliance', 'risk', 'markets', 'security'] as const) {
      expect(await staff.approve(await staff.make(role), asked)).toContain('ACCESS_DENIED');
    }
    expect(await total(USER)).toBeNull();
  });

  it('is made once, and tells both sides before and after', async () => {
    const asked = await staff.ask(maker, 'balances.credit', { ...usd('25.5'), ticket: 'T-2' });
    expect(await staff.approve(checker, asked)).toBe('executed');
    expect(await staff.approve(checker, asked)).toContain('APPROVAL_DONE');
    expect(await total(USER)).toBe('2550');
    expect(await lastRecord(database, 'balances.credit')).toMatchObject({
      subject: USER,
      before: { asset: 'USD', user: '0', house: '699' },
      after: { user: '25.5', house: '673.5', amount: '25.5', ticket: 'T-2', approval: asked.id },
      reason: 'a case',
    });
    const { rows } = await database.pool.query(
      `SELECT kind, reference_type, reference_id, amount::text FROM ledger.account_postings
       WHERE owner = $1`,
      [USER],
    );
    expect(rows).toEqual([
      {
        kind: 'adjustment',
        reference_type: 'adjustment',
        reference_id: asked.id,
        amount: '2550',
      },
    ]);
  });
});

describe('T21: by twenty at once', () => {
  it('an approval posts once', { timeout: 120_000 }, async () => {
    const checkers = [checker, await staff.make('treasury'), await staff.make('treasury')];
    for (let round = 0; round < 20; round += 1) {
      const before = Number(await total(USER));
      const asked = await staff.ask(maker, 'balances.credit', usd('0.01'));
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, at) => staff.approve(checkers[at % 3] ?? checker, asked)),
      );
      expect(outcomes.filter((each) => each === 'executed')).toHaveLength(1);
      expect(outcomes.filter((each) => each.startsWith('APPROVAL_DONE'))).toHaveLength(19);
      expect(await total(USER)).toBe(String(before + 1));
    }
  });

  it('twenty credits of all that the house has are one', async () => {
    const house = Number(await total(HELD));
    const before = Number(await total(USER));
    const amount = `${Math.floor(house / 100)}.${String(house % 100).padStart(2, '0')}`;
    const asked = await Promise.all(
      Array.from({ length: 20 }, () => staff.ask(maker, 'balances.credit', usd(amount))),
    );
    const outcomes = await Promise.all(asked.map((each) => staff.approve(checker, each)));
    expect(outcomes.filter((each) => each === 'executed')).toHaveLength(1);
    expect(await total(HELD)).toBe('0');
    expect(await total(USER)).toBe(String(before + house));
  });

  it('the ledger takes an approval once, even where nobody looks at the request', async () => {
    const { rows } = await database.pool.query<{ id: string }>(
      `SELECT max(business_key) AS id FROM ledger.entries WHERE kind = 'adjustment'`,
    );
    const again = (amount: number) =>
      staff.deps.pool.query('SELECT ledger.admin_adjust($1, $2, $3, $4)', [
        rows[0]?.id,
        USER,
        'USD',
        amount,
      ]);
    const house = await total(HELD);
    await expect(again(1)).rejects.toThrow('was posted before');
    await expect(again(-1)).rejects.toThrow('was posted before');
    expect(await total(HELD)).toBe(house);
  });
});

describe('a debit', () => {
  it('takes what is available, and nothing that an order holds', async () => {
    const held = `INSERT INTO ledger.holds
      SELECT 'ord_1', account, 50000, 50000 FROM ledger.accounts WHERE owner = $1 AND asset = 'USD'`;
    await database.pool.query(held, [USER]);
    await database.pool.query(`UPDATE ledger.accounts SET held = 50000 WHERE owner = $1`, [USER]);
    expect(await move('balances.debit', usd('200'))).toContain('has not so much available');
    expect(await move('balances.debit', usd('100'))).toBe('executed');
    expect(await total(HELD)).toBe('10000');
    expect(await lastRecord(database, 'balances.debit')).toMatchObject({
      subject: USER,
      after: { house: '100', amount: '100', ticket: null },
    });
    await database.pool.query(`UPDATE ledger.accounts SET held = 0 WHERE owner = $1`, [USER]);
    await database.pool.query(`UPDATE ledger.holds SET remaining = 0`);
  });

  it('takes back from a user who is suspended', async () => {
    await database.pool.query(`UPDATE users.users SET status = 'active'
      WHERE user_number = 1000003`);
    expect(await move('balances.credit', usd('10', SUSPENDED))).toBe('executed');
    await database.pool.query(`UPDATE users.users SET status = 'suspended'
      WHERE user_number = 1000003`);
    expect(await move('balances.debit', usd('10', SUSPENDED))).toBe('executed');
    expect(await move('balances.debit', usd('0.01', SUSPENDED))).toContain('available');
    expect(await total(SUSPENDED)).toBe('0');
  });
});
