// Flags and limits on a real database: what orders reads of risk, and that nothing slips through.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { withTransaction } from '../../shared/db/pool.ts';
import { parseOrderId } from '../../shared/domain/ids.ts';
import { sessionCaller } from '../../shared/function/testing/session-caller.ts';
import { deposit } from '../../shared/ledger/deposit.ts';
import { createTestDatabase } from '../../shared/testing/database.ts';
import type { CallAnswer } from '../../shared/function/call.ts';
import { ALICE, BOB, createOrdersFixture, published, type OrdersFixture } from './fixture.ts';
import { submitOne } from './handler/submit.ts';
import { closeOrders } from './handler.ts';

let fixture: OrdersFixture;
let deposits = 0;
beforeAll(async () => {
  fixture = await createOrdersFixture({
    database: await createTestDatabase(),
    openOrdersMax: 1_000,
  });
});
afterAll(() => fixture.close());
beforeEach(async () => {
  await fixture.database.pool.query(
    'TRUNCATE risk.accounts, risk.limits; TRUNCATE orders.open_counts',
  );
  await fixture.database.pool.query(`UPDATE orders.orders SET status = 'cancelled'`);
});

const ORDER = {
  market: 'BTC-USD',
  side: 'buy',
  type: 'limit',
  price: '100',
  quantity: '0.1',
} as const;

function place(change: object = {}, caller = ALICE): Promise<CallAnswer> {
  return fixture.call(caller, 'POST', '/v1/orders', { ...ORDER, ...change });
}

async function code(answer: Promise<CallAnswer>): Promise<string | number> {
  const { status, body } = await answer;
  return status < 300 ? status : (body as { code: string }).code;
}

async function flag(name: string, on: boolean, caller = ALICE): Promise<void> {
  await fixture.database
    .poolFor('bourse_risk', 1)
    .query(`SELECT risk.set_flag($1, $2, $3, 'olivia', 'a test')`, [caller.userNumber, name, on]);
}

async function limit(user: number, scope: string, name: string, value: string | null) {
  await fixture.database
    .poolFor('bourse_risk', 1)
    .query(`SELECT risk.set_limit($1, $2, $3, $4::numeric, 'olivia', 'a test')`, [
      user,
      scope,
      name,
      value,
    ]);
}

async function idOf(answer: Promise<CallAnswer>): Promise<string> {
  return ((await answer).body as { id: string }).id;
}

describe('a flag', () => {
  it.each([
    ['frozen', true, 'ACCOUNT_FROZEN'],
    ['trading', false, 'ACCOUNT_TRADING_DISABLED'],
  ])('%s = %s stops orders and amends, not cancels, and nobody else', async (name, on, refusal) => {
    const id = await idOf(place({ clientOrderId: `mine-${name}` }));
    await flag(name, on);
    expect(await code(place())).toBe(refusal);
    expect((await place()).status).toBe(403);
    expect(await code(place({ market: 'BTC-USD', quantity: '99999999' }))).toBe(refusal);
    expect(await code(fixture.call(ALICE, 'POST', '/v1/orders/test', ORDER))).toBe(refusal);
    expect(await code(fixture.call(ALICE, 'PATCH', `/v1/orders/${id}`, { quantity: '0.2' }))).toBe(
      refusal,
    );
    // What was accepted before is answered as before: nothing is done anew.
    expect(await code(place({ clientOrderId: `mine-${name}` }))).toBe(201);
    expect(await code(place({}, BOB))).toBe(201);
    expect(await code(fixture.call(ALICE, 'DELETE', `/v1/orders/${id}`))).toBe(202);
    expect(await code(fixture.call(ALICE, 'DELETE', '/v1/orders?market=BTC-USD'))).toBe(202);
    await flag(name, !on);
    expect(await code(place())).toBe(201);
  });

  it('on withdrawals leaves trading alone', async () => {
    await flag('withdrawal', false);
    expect(await code(place())).toBe(201);
  });
});

describe('a limit', () => {
  it.each([
    ['order_quantity_max', 'BTC-USD', '0.0999', 'RISK_ORDER_QUANTITY_TOO_LARGE'],
    ['order_notional_max', 'BTC-USD', '9.99', 'RISK_ORDER_NOTIONAL_TOO_LARGE'],
    ['open_notional_max', 'BTC-USD', '9.99', 'RISK_OPEN_NOTIONAL_EXCEEDED'],
    ['turnover_max', 'BTC-USD', '9.99', 'RISK_TURNOVER_EXCEEDED'],
    // Alice has 10 BTC.
    ['position_max', 'BTC', '10.0999', 'RISK_POSITION_EXCEEDED'],
    ['open_orders_max', 'BTC-USD', '0', 'ORDERS_OPEN_TOO_MANY'],
  ])('%s is held, for a user or for everybody', async (name, scope, value, refusal) => {
    await limit(1, scope, name, value);
    expect(await code(place())).toBe(refusal);
    expect(await code(fixture.call(ALICE, 'POST', '/v1/orders/test', ORDER))).toBe(refusal);
    expect(await code(place({}, BOB))).toBe(201);
    await limit(1, scope, name, null);
    await limit(0, '*', name, name.includes('orders') ? '0' : '0.01');
    expect(await code(place())).toBe(refusal);
    await limit(1, scope, name, '1000');
    expect(await code(place())).toBe(201);
  });

  it('of waiting orders counts those', async () => {
    await limit(0, '*', 'waiting_orders_max', '1');
    const stop = { side: 'sell', price: '80', trigger: { type: 'stop_loss', price: '90' } };
    expect(await code(place(stop))).toBe(201);
    expect(await code(place())).toBe(201);
    expect(await code(place(stop))).toBe('RISK_WAITING_ORDERS_TOO_MANY');
  });

  it('of what is open and had counts what was accepted before, until it has ended', async () => {
    await limit(1, 'BTC-USD', 'open_notional_max', '25');
    await limit(1, 'BTC', 'position_max', '10.5');
    expect([await code(place()), await code(place()), await code(place())]).toEqual([
      201,
      201,
      'RISK_OPEN_NOTIONAL_EXCEEDED',
    ]);
    await limit(1, 'BTC-USD', 'open_notional_max', null);
    expect(await code(place({ quantity: '0.3' }))).toBe(201);
    expect(await code(place())).toBe('RISK_POSITION_EXCEEDED');
    await fixture.database.pool.query(`UPDATE orders.orders SET status = 'cancelled'`);
    expect(await code(place())).toBe(201);
  });

  it('of turnover counts amends that add, and what has ended since', async () => {
    await limit(1, 'BTC-USD', 'turnover_max', '35');
    const id = await idOf(place());
    await published(fixture);
    expect(await code(fixture.call(ALICE, 'PATCH', `/v1/orders/${id}`, { quantity: '0.2' }))).toBe(
      202,
    );
    await fixture.database.pool.query(`UPDATE orders.orders SET status = 'cancelled'`);
    const last = await place({ quantity: '0.2' });
    expect(last).toMatchObject({
      status: 422,
      body: {
        code: 'RISK_TURNOVER_EXCEEDED',
        detail: 'turnover_max is 35; it would be 40 USD',
      },
    });
    expect(await code(place({ quantity: '0.15' }))).toBe(201);
    await fixture.database.pool.query(`UPDATE orders.open_counts SET turnover_day = '2026-01-01'`);
    expect(await code(place({ quantity: '0.2' }))).toBe(201);
  });

  it('is not passed by two instances that accept at the same moment', async () => {
    const { deps } = fixture;
    const second = fixture.openSecond();
    await limit(1, 'BTC-USD', 'turnover_max', '55');
    await limit(1, 'BTC-USD', 'open_notional_max', '55');
    const intent = (at: number) => ({
      kind: 'place' as const,
      userNumber: 1,
      // Different assets are held, so that no balance makes one wait for the other.
      body: { ...ORDER, side: at % 2 === 0 ? ('buy' as const) : ('sell' as const) },
      keys: [],
      requestHash: 'aa',
    });
    for (let round = 0; round < 10; round += 1) {
      await fixture.database.pool.query('TRUNCATE orders.open_counts');
      await fixture.database.pool.query(`UPDATE orders.orders SET status = 'cancelled'`);
      const answers = await Promise.all(
        Array.from({ length: 12 }, (_, at) =>
          submitOne(at % 2 === 0 ? deps : second, intent(at), false),
        ),
      );
      expect(answers.filter((each) => 'accepted' in each)).toHaveLength(5);
    }
    await closeOrders(second);
  });
});

describe('a trade group', () => {
  it('is read with the terms of the user, for who has one', async () => {
    await fixture.database
      .poolFor('bourse_risk', 1)
      .query(`SELECT risk.set_trade_group(1, 2147483647, 'olivia', 'a test')`);
    const read = await fixture.database
      .poolFor('bourse_orders', 1)
      .query<{ risk: { accounts: unknown[] } }>(
        `SELECT risk.read_for_accept('{1,2}', '{BTC-USD,BTC-USD}') AS risk`,
      );
    expect(read.rows[0]?.risk.accounts).toEqual([
      { userNumber: 1, trading: true, frozen: false, tradeGroup: 2_147_483_647 },
    ]);
    expect(await code(place())).toBe(201);
  });
});

describe('a sub-account', () => {
  const PART = sessionCaller(12);
  beforeEach(async () => {
    const { database } = fixture;
    await database.poolFor('bourse_users', 1).query('SELECT risk.add_sub_account(12, 1)');
    const money = { depositId: `dep_${(deposits += 1)}`, userId: PART.userId, asset: 'USD' };
    await withTransaction(database.pool, (tx) =>
      deposit(tx, [{ ...money, amountMinor: 1_000_000_000n }]),
    );
  });

  it('is stopped by each flag of its owner, who is not by its', async () => {
    for (const [name, on, refusal] of [
      ['frozen', true, 'ACCOUNT_FROZEN'],
      ['trading', false, 'ACCOUNT_TRADING_DISABLED'],
    ] as const) {
      expect(await code(place({}, PART))).toBe(201);
      await flag(name, on);
      expect(await code(place({}, PART))).toBe(refusal);
      expect(await code(place({}, BOB))).toBe(201);
      await flag(name, !on);
      await flag(name, on, PART);
      expect([await code(place({}, PART)), await code(place())]).toEqual([refusal, 201]);
      await flag(name, !on, PART);
    }
  });

  it('C33 keeps the owner’s flag waiting while an order of it is being accepted', async () => {
    const { pool } = fixture.database;
    await withTransaction(pool, async (tx) => {
      await tx.query(`SELECT risk.read_for_accept('{12}', '{BTC-USD}')`);
      const free = await pool.query<{ lock: number; free: boolean }>(
        `SELECT n AS lock, pg_try_advisory_xact_lock(7105115, n) AS free
         FROM unnest('{1, 2, 12}'::integer[]) n ORDER BY n`,
      );
      expect(free.rows.filter((row) => row.free).map(({ lock }) => lock)).toEqual([2]);
    });
  });

  it('tells the engine the group of its owner, whatever that becomes', async () => {
    const groups = async (): Promise<unknown[]> => {
      const ids = [await idOf(place()), await idOf(place({}, PART))];
      await published(fixture);
      const commands = await fixture.commands();
      return ids.map(
        (id) => commands.find(({ number }) => number === parseOrderId(id))?.['tradeGroup'],
      );
    };
    const [own, parts] = await groups();
    expect(own).toBeGreaterThanOrEqual(1_000_000_000);
    expect(parts).toBe(own);
    const set = (user: number, group: number | null) =>
      fixture.database
        .poolFor('bourse_risk', 1)
        .query(`SELECT risk.set_trade_group($1, $2, 'olivia', 'a test')`, [user, group]);
    await set(1, 7);
    expect(await groups()).toEqual([7, 7]);
    await expect(set(1, null)).rejects.toMatchObject({ constraint: 'accounts_owner_has_group' });
    await expect(set(12, 8)).rejects.toMatchObject({
      constraint: 'accounts_group_is_the_owners',
    });
  });
});
