// Fee schedules on a real database, and what GET /v1/fees tells.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findViolatedConstraint } from '../../shared/db/failure.ts';
import { callFunction, type CallAnswer } from '../../shared/function/call.ts';
import { createTestDatabase, type TestDatabase } from '../../shared/testing/database.ts';
import { sessionCaller } from '../../shared/function/testing/session-caller.ts';
import { definition, type FeesDeps } from './handler.ts';

const ALICE = sessionCaller(1);
const BOB = sessionCaller(2);

let database: TestDatabase;
let deps: FeesDeps;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.pool.query(
    `INSERT INTO reference.assets VALUES ('BTC', 'Bitcoin', 8), ('USD', 'US dollar', 2)
     ON CONFLICT DO NOTHING`,
  );
  await database.pool.query(
    `INSERT INTO reference.markets (market, base, quote, tick_size, lot_size, min_quantity,
       max_quantity, min_notional, min_price, max_price, protection_bps, fee_policy,
       self_trade_allowed, status, version)
     VALUES ('BTC-USD', 'BTC', 'USD', 0.01, 1, 1, 100, 1, 0.01, 1000000, 100, 'received', false,
       'trading', 1)
     ON CONFLICT DO NOTHING`,
  );
  const pool = database.poolFor('bourse_fees');
  deps = { pool, now: () => Date.parse('2026-03-30T12:00:00Z') };
});
afterAll(() => database.drop());

function get(caller?: typeof ALICE, path = '/v1/fees'): Promise<CallAnswer> {
  return callFunction(definition, deps, { method: 'GET', path, ...(caller ? { caller } : {}) });
}

async function refusal(statement: string): Promise<string> {
  try {
    await database.pool.query(statement);
    return 'was not refused';
  } catch (error) {
    return findViolatedConstraint(error) ?? (error as Error).message;
  }
}

describe('GET /v1/fees refuses', () => {
  it('a caller that nobody knows', async () => {
    expect((await get()).status).toBe(401);
  });

  it('an unknown query key', async () => {
    expect(await get(ALICE, '/v1/fees?market=BTC-USD')).toMatchObject({
      status: 400,
      body: { code: 'QUERY_INVALID' },
    });
  });
});

describe('rates refuse', () => {
  it.each([
    [`SELECT fees.set_schedule('BTC-USD', 1000001, 0)`, 'schedules_rates_in_range'],
    [`SELECT fees.set_schedule('BTC-USD', -200, 100)`, 'schedules_rebate_is_paid_for'],
    [`SELECT fees.set_user_terms('bob', 'BTC-USD', 'vip', 1, 1)`, 'user_terms_user_spelling'],
    [
      `SELECT fees.set_user_terms('usr_0000000000000001', 'BTC-USD', 'vip', 1, NULL)`,
      'user_terms_both_rates_or_none',
    ],
  ])('%s', async (statement, constraint) => {
    expect(await refusal(statement)).toBe(constraint);
  });

  it('to be set by anybody but their owner', async () => {
    const statement = `SELECT fees.set_schedule('BTC-USD', 1, 1)`;
    await expect(database.poolFor('bourse_orders', 1).query(statement)).rejects.toThrow(
      'permission denied',
    );
  });

  it('to be changed or deleted, once a version is written', async () => {
    await deps.pool.query(`SELECT fees.set_schedule('OLD-USD', 1, 1)`);
    for (const [table = '', column = ''] of [
      ['schedules', 'maker_ppm'],
      ['tiers', 'maker_ppm'],
      ['user_terms', 'maker_ppm'],
      ['discounts', 'off_ppm'],
      ['reference_prices', 'price'],
      ['account_tiers', 'volume_minor'],
    ]) {
      for (const change of [
        `UPDATE fees.${table} SET ${column} = 0`,
        `DELETE FROM fees.${table}`,
      ]) {
        expect(await refusal(change)).toMatch(/is refused: rates are versioned, never changed$/);
      }
    }
  });
});

describe('fees', () => {
  it('are told per market, from the newest version on; the same again is no version', async () => {
    const set = async (makerPpm: number, takerPpm: number): Promise<number> => {
      const result = await deps.pool.query<{ version: number }>(
        `SELECT fees.set_schedule('BTC-USD', $1::integer, $2::integer) AS version`,
        [makerPpm, takerPpm],
      );
      return result.rows[0]?.version ?? 0;
    };
    expect([await set(500, 900), await set(1_000, 2_000), await set(1_000, 2_000)]).toEqual([
      1, 2, 2,
    ]);
    expect((await get(ALICE)).body).toEqual({
      tierVolume: null,
      items: [
        {
          market: 'BTC-USD',
          makerFeeRate: '0.001',
          takerFeeRate: '0.002',
          tier: 'standard',
          isOwnTerms: false,
          discountRate: '0',
          nextTier: null,
          volume30d: '0',
          volumeAsset: 'USD',
        },
      ],
    });
  });

  it('count the volume of 30 days, own trades only', async () => {
    await database.pool.query(
      `INSERT INTO settlement.volumes VALUES
         ($1, 'BTC-USD', '2026-02-28', 1000000, 1), ($1, 'BTC-USD', '2026-03-01', 12345, 2),
         ($1, 'BTC-USD', '2026-03-30', 5, 1), ($1, 'ETH-USD', '2026-03-30', 777, 1),
         ($2, 'BTC-USD', '2026-03-30', 99999, 1)`,
      [ALICE.userId, BOB.userId],
    );
    expect((await get(ALICE)).body).toMatchObject({ items: [{ volume30d: '123.5' }] });
  });

  it('follow own terms until these end', async () => {
    const terms = (tier: string, maker: number | null, taker: number | null): Promise<unknown> =>
      deps.pool.query('SELECT fees.set_user_terms($1, $2, $3, $4, $5)', [
        BOB.userId,
        'BTC-USD',
        tier,
        maker,
        taker,
      ]);
    await terms('vip', -10, 300);
    const own = { makerFeeRate: '-0.00001', takerFeeRate: '0.0003', tier: 'vip' };
    expect((await get(BOB)).body).toMatchObject({ items: [own] });
    expect((await get(ALICE)).body).toMatchObject({ items: [{ tier: 'standard' }] });
    await terms('standard', null, null);
    expect((await get(BOB)).body).toMatchObject({ items: [{ makerFeeRate: '0.001' }] });
  });

  it('are published to those who accept and show orders', async () => {
    for (const role of ['bourse_orders', 'bourse_market_data'] as const) {
      const result = await database
        .poolFor(role, 1)
        .query(`SELECT maker_ppm, taker_ppm FROM fees.current_rates WHERE market = 'BTC-USD'`);
      expect(result.rows).toEqual([{ maker_ppm: 1_000, taker_ppm: 2_000 }]);
    }
  });
});

describe('GET /v1/fees/preview', () => {
  const order = '/v1/fees/preview?market=BTC-USD&side=buy&type=limit&price=100&quantity=2';

  it.each([
    ['', 'QUERY_INVALID'],
    [order.replace('&side=buy', '&side=bid'), 'QUERY_INVALID'],
    [order.replace('BTC-USD', 'XYZ-USD'), 'MARKET_NOT_FOUND'],
    [order.replace('=100', '=0.001'), 'ORDER_PRICE_OFF_TICK'],
    [order.replace('limit&price=100', 'market'), 'ORDER_LIQUIDITY_NONE'],
  ])('refuses %s with %s', async (path, code) => {
    await deps.pool.query(`SELECT fees.set_schedule('BTC-USD', 1000, 2000)`);
    expect((await get(ALICE, path === '' ? '/v1/fees/preview' : path)).body).toMatchObject({
      code,
    });
  });

  it('says what each role pays and what is locked, at the caller’s own rates', async () => {
    await deps.pool.query(`SELECT fees.set_user_terms($1, 'BTC-USD', 'vip', 500, 700)`, [
      ALICE.userId,
    ]);
    expect(await get(ALICE, order)).toMatchObject({
      status: 200,
      body: {
        maker: { rate: '0.0005', fee: { asset: 'BTC', amount: '0.001' } },
        taker: { rate: '0.0007', fee: { asset: 'BTC', amount: '0.0014' } },
        hold: { asset: 'USD', amount: '200' },
      },
    });
    expect((await get(BOB, order)).body).toMatchObject({ taker: { rate: '0.002' } });
    await deps.pool.query(`SELECT fees.set_user_terms($1, 'BTC-USD', 'vip', NULL, NULL)`, [
      ALICE.userId,
    ]);
  });

  it('of a market order begins at the best price', async () => {
    await database.pool.query(
      `INSERT INTO market_data.books VALUES ('BTC-USD', '{[1,2)}', DEFAULT, 1);
       INSERT INTO market_data.levels VALUES ('BTC-USD', 'sell', 20000, 5, 1)`,
    );
    const path = order.replace('limit&price=100', 'market');
    expect((await get(ALICE, path)).body).toMatchObject({
      price: '200',
      maker: null,
      taker: { fee: { asset: 'BTC', amount: '0.004' } },
      // The protection is 1 %.
      hold: { asset: 'USD', amount: '404' },
    });
  });
});
