// Schedules with dates, tiers and discounts on a real database: what the views say that orders are
// accepted at.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { findViolatedConstraint } from '../../shared/db/failure.ts';
import type { StoredTier } from '../../shared/domain/fee-schedule.ts';
import { userId } from '../../shared/domain/ids.ts';
import { setSchedule, setUserTerms } from '../../shared/fees/rates-store.ts';
import { createTestDatabase, type TestDatabase } from '../../shared/testing/database.ts';
import { setDiscount } from './store/write.ts';
import { openMarkets, OPERATOR } from './testing-market.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await openMarkets(database, 'BTC-USD', 'ETH-USD', 'BTC-EUR');
});
afterAll(() => database.drop());

function tier(name: string, volume: number, makerPpm: number, takerPpm: number): StoredTier {
  return { tier: name, volumeMinorMin: String(volume), makerPpm, takerPpm };
}

function set(schedule: string, tiers: readonly StoredTier[] | null, from: Date | null = null) {
  return setSchedule(database.poolFor('bourse_fees', 1), schedule, tiers, from, OPERATOR);
}

async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'was not refused';
  } catch (error) {
    return findViolatedConstraint(error) ?? (error as Error).message;
  }
}

/** As whoever accepts orders reads it: `maker taker`, or nothing. */
async function common(market: string): Promise<string | undefined> {
  const result = await database
    .poolFor('bourse_orders', 1)
    .query<{ rates: string }>(
      `SELECT maker_ppm || ' ' || taker_ppm AS rates FROM fees.current_rates WHERE market = $1`,
      [market],
    );
  return result.rows[0]?.rates;
}

async function own(user: number, market: string): Promise<string | undefined> {
  const result = await database.poolFor('bourse_orders', 1).query<{ rates: string }>(
    `SELECT tier || ' ' || maker_ppm || ' ' || taker_ppm AS rates
       FROM fees.current_user_rates WHERE market = $1 AND user_id = $2`,
    [market, userId(user)],
  );
  return result.rows[0]?.rates;
}

/** As a recompute would have written it. */
async function trade(user: number, volumeMinor: number): Promise<void> {
  await database.pool.query(
    `INSERT INTO fees.accounts VALUES ($1, '2026-01-01', $2)
     ON CONFLICT (user_id) DO UPDATE SET volume_minor = excluded.volume_minor`,
    [userId(user), volumeMinor],
  );
}

function soon(ms: number): Date {
  return new Date(Date.now() + ms);
}

describe('a schedule is refused', () => {
  it.each<[string, string, readonly StoredTier[] | null, Date | null]>([
    ['schedules_not_backdated', 'exchange', [tier('a', 0, 1, 1)], soon(-60_000)],
    ['schedules_rebate_is_paid_for', 'exchange', [tier('a', 0, -3, 4), tier('b', 9, 0, 2)], null],
    ['schedules_rebate_is_paid_for', 'exchange', [tier('a', 0, 5, 4), tier('b', 9, -5, 5)], null],
    ['schedules_begin_at_zero', 'exchange', [tier('a', 1, 1, 1)], null],
    ['schedules_exchange_never_ends', 'exchange', null, null],
    ['schedules_name_spelling', 'everything', [tier('a', 0, 1, 1)], null],
    [
      'tiers_name_once',
      'BTC-EUR',
      [tier('a', 0, 1, 1), tier('b', 1, 1, 1), tier('b', 2, 1, 1)],
      null,
    ],
    ['tiers_pkey', 'BTC-EUR', [tier('a', 0, 1, 1), tier('b', 1, 1, 1), tier('c', 1, 1, 1)], null],
    ['tiers_rates_in_range', 'BTC-EUR', [tier('a', 0, 1, 1), tier('b', 1, 1, 1_000_001)], null],
  ])('by %s: %s %j', async (constraint, schedule, tiers, from) => {
    expect(await refusal(set(schedule, tiers, from))).toBe(constraint);
  });

  it('a tier that comes later, outside of what its schedule promises', async () => {
    await set('BTC-EUR', [tier('a', 0, 10, 20)]);
    const later = (makerPpm: number) =>
      database.pool.query(`INSERT INTO fees.tiers VALUES ('BTC-EUR', 1, 5, 'later', $1, 20)`, [
        makerPpm,
      ]);
    expect(await refusal(later(9))).toBe('tiers_within_bounds');
    await set('BTC-EUR', null);
  });
});

describe('what everybody pays', () => {
  it('is the exchange’s schedule, but a market’s own where it has one, until that ends', async () => {
    expect(await common('BTC-USD')).toBeUndefined();
    expect(await set('exchange', [tier('standard', 0, 1_000, 2_000)])).toBe(1);
    expect([await common('BTC-USD'), await common('ETH-USD')]).toEqual(['1000 2000', '1000 2000']);
    expect(await set('ETH-USD', [tier('standard', 0, 100, 200)])).toBe(1);
    expect([await common('BTC-USD'), await common('ETH-USD')]).toEqual(['1000 2000', '100 200']);
    expect(await set('ETH-USD', null)).toBe(2);
    expect(await set('ETH-USD', null)).toBe(2);
    expect(await common('ETH-USD')).toBe('1000 2000');
  });

  it('changes by itself when a version’s time has come, not before', async () => {
    const from = soon(700);
    expect(await set('BTC-EUR', [tier('standard', 0, 7, 8)], from)).toBe(3);
    expect(await common('BTC-EUR')).toBe('1000 2000');
    // What is set in between holds until then.
    await set('BTC-EUR', [tier('standard', 0, 9, 10)]);
    expect(await common('BTC-EUR')).toBe('9 10');
    await vi.waitFor(async () => expect(await common('BTC-EUR')).toBe('7 8'), 5_000);
    expect(Date.now()).toBeGreaterThanOrEqual(from.getTime());
  });

  it('is the later one of two versions for the same time, and once when said twice', async () => {
    const from = soon(400);
    const first = await set('BTC-EUR', [tier('standard', 0, 1, 2)], from);
    const second = await set('BTC-EUR', [tier('standard', 0, 3, 4)], from);
    expect(second).toBe(first + 1);
    expect(await set('BTC-EUR', [tier('standard', 0, 3, 4)], from)).toBe(second);
    await vi.waitFor(async () => expect(await common('BTC-EUR')).toBe('3 4'), 5_000);
  });
});

describe('what a user pays', () => {
  beforeAll(async () => {
    await set('exchange', [
      tier('standard', 0, 1_000, 2_000),
      tier('vip_1', 100, 500, 1_500),
      tier('vip_2', 1_000, -100, 1_000),
    ]);
    await set('BTC-EUR', [tier('standard', 0, 3, 4)]);
  });

  it('is what everybody pays, for who has nothing of his own', async () => {
    expect(await own(1, 'BTC-USD')).toBeUndefined();
  });

  it.each([
    [99, 'standard 1000 2000'],
    [100, 'vip_1 500 1500'],
    [999, 'vip_1 500 1500'],
    [1_000, 'vip_2 -100 1000'],
  ])('with a volume of %i is %s', async (volume, rates) => {
    await trade(2, volume);
    expect(await own(2, 'BTC-USD')).toBe(rates);
    expect(await own(2, 'BTC-EUR')).toBe('standard 3 4');
  });

  it('is less by the discount, never below zero nor below what a maker may be given', async () => {
    const fees = database.poolFor('bourse_fees', 1);
    const off = (offPpm: number, from: Date | null = null) =>
      setDiscount(fees, { userId: userId(3), offPpm }, from, OPERATOR);
    await off(300);
    expect([await own(3, 'BTC-USD'), await own(3, 'BTC-EUR')]).toEqual([
      'standard 700 1700',
      'standard 0 0',
    ]);
    await off(5_000);
    expect(await own(3, 'BTC-USD')).toBe('standard 0 100');
    await trade(3, 1_000);
    expect(await own(3, 'BTC-USD')).toBe('vip_2 -100 100');
    await off(0, soon(300));
    await vi.waitFor(async () => expect(await own(3, 'BTC-USD')).toBe('vip_2 -100 1000'), 5_000);
    expect(await refusal(off(1, soon(-60_000)))).toBe('discounts_not_backdated');
  });

  it('is by his terms, whatever tier and discount he has', async () => {
    const fees = database.poolFor('bourse_fees', 1);
    const terms = (makerPpm: number | null, takerPpm: number | null) =>
      setUserTerms(
        fees,
        { userId: userId(3), market: 'BTC-USD', tier: 'partner', makerPpm, takerPpm },
        OPERATOR,
      );
    await terms(5, 600);
    expect(await own(3, 'BTC-USD')).toBe('partner 5 600');
    // A maker of vip_2 is given 100; a taker who pays less would not cover that.
    expect(await refusal(terms(5, 99))).toBe('rates_rebate_is_paid_for');
    expect(await refusal(terms(-701, 700))).toBe('rates_rebate_is_paid_for');
    await terms(null, null);
    expect(await own(3, 'BTC-USD')).toBe('vip_2 -100 1000');
  });

  it('keeps a schedule from granting what somebody’s terms would not pay for', async () => {
    const fees = database.poolFor('bourse_fees', 1);
    const terms = { userId: userId(4), market: 'ETH-USD', tier: 'partner', makerPpm: 5 };
    await setUserTerms(fees, { ...terms, takerPpm: 150 }, OPERATOR);
    const generous = [tier('standard', 0, -151, 2_000)];
    expect(await refusal(set('exchange', generous))).toBe('rates_rebate_is_paid_for');
    expect(await refusal(set('ETH-USD', generous))).toBe('rates_rebate_is_paid_for');
    expect(await refusal(set('ETH-USD', generous, soon(60_000)))).toBe('rates_rebate_is_paid_for');
  });
});

describe('what the accept transaction reads', () => {
  it('is found by index: no table is read whole, with 1,000 users and 20 markets', async () => {
    const many = Array.from({ length: 17 }, (_, at) => `A${String(at).padStart(2, '0')}`);
    await database.pool.query(`INSERT INTO reference.assets SELECT unnest($1::text[]), 'x', 8`, [
      many,
    ]);
    await openMarkets(database, ...many.map((asset) => `${asset}-USD`));
    await database.pool.query(
      `INSERT INTO fees.accounts SELECT 'usr_' || lpad(u::text, 16, '0'), '2026-01-01', u * 7
         FROM generate_series(1, 1000) u ON CONFLICT DO NOTHING`,
    );
    await database.pool.query(
      `SELECT fees.set_user_terms('usr_' || lpad(u::text, 16, '0'), m.market, 'vip', 150, 500)
       FROM generate_series(1, 1000, 10) u, reference.markets m`,
    );
    await database.pool.query('ANALYZE');
    const orders = database.poolFor('bourse_orders', 1);
    const plan = await orders.query<{ 'QUERY PLAN': string }>(
      `EXPLAIN (ANALYZE, BUFFERS, COSTS off) SELECT u.maker_ppm, u.taker_ppm
       FROM unnest($1::text[], $2::text[]) w (user_id, market)
       JOIN fees.current_user_rates u USING (user_id, market)`,
      [
        [userId(11), userId(500)],
        ['BTC-USD', 'A05-USD'],
      ],
    );
    const text = plan.rows.map((row) => row['QUERY PLAN']).join('\n');
    expect(text).not.toMatch(/Seq Scan|Rows Removed by Filter: [1-9][0-9]{2,}/);
    expect(text).toMatch(/Index (Only )?Scan using accounts_pkey/);
    expect(Number(/Buffers: shared hit=([0-9]+)/.exec(text)?.[1] ?? 1e9)).toBeLessThan(100);
  });
});
