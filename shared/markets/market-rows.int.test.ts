// The database's own rules for a market's row, by themselves: whatever writes it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { marketConfigSchema } from '../events/fields.ts';
import { MARKET_STATUSES, mayFollow } from '../domain/market.ts';
import { plannedStatus } from '../domain/market-phase.ts';
import type { Pool } from '../db/pool.ts';
import { createTestDatabase, type TestDatabase } from '../testing/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  reference = database.poolFor('bourse_reference');
  await pool().query(`INSERT INTO reference.assets (asset, name, decimals)
    VALUES ('BTC', 'Bitcoin', 8), ('USD', 'US dollar', 6), ('ETH', 'Ether', 18)`);
  await insert('BTC');
});
afterAll(() => database.drop());

let reference: Pool;
const pool = () => reference;

async function insert(base: string, status = 'trading'): Promise<void> {
  await pool().query(
    `INSERT INTO reference.markets (market, base, quote, tick_size, lot_size, min_quantity,
       max_quantity, min_notional, min_price, max_price, protection_bps, fee_policy,
       self_trade_allowed, status, version)
     VALUES ($1 || '-USD', $1, 'USD', 0.01, 0.0001, 0.0001, 1000, 1, 0.01, 1000000, 500,
       'received', false, $2, 1)`,
    [base, status],
  );
}

describe('a row is refused', () => {
  it.each([
    ['max_notional = -1', 'markets_max_notional_in_range'],
    ['max_notional = 1e20', 'markets_max_notional_in_range'],
    ['max_notional = 1e-19', 'markets_max_notional_in_range'],
    ['static_price = 100', 'markets_static_band_whole'],
    ['static_bps = 100', 'markets_static_band_whole'],
    ['static_price = 0, static_bps = 100', 'markets_static_price_on_tick'],
    ['static_price = 100.001, static_bps = 100', 'markets_static_price_on_tick'],
    ['static_price = 42949672.96, static_bps = 100', 'markets_static_price_on_tick'],
    ['static_price = 100, static_bps = 0', 'markets_static_bps_in_range'],
    ['static_price = 100, static_bps = 10000', 'markets_static_bps_in_range'],
    ['dynamic_bps = 0', 'markets_dynamic_bps_in_range'],
    ['move_bps = 100', 'markets_interruption_whole'],
    ['move_bps = 1, window_ms = 60, halt_ms = 0', 'markets_interruption_whole'],
    ['move_bps = 0, window_ms = 60, halt_ms = 0, auction_ms = 1', 'markets_move_bps_in_range'],
    ['move_bps = 1, window_ms = 61, halt_ms = 0, auction_ms = 1', 'markets_window_in_slots'],
    ['move_bps = 1, window_ms = 86400060, halt_ms = 0, auction_ms = 1', 'markets_window_in_slots'],
    ['move_bps = 1, window_ms = 60, halt_ms = -1, auction_ms = 1', 'markets_halt_in_range'],
    ['move_bps = 1, window_ms = 60, halt_ms = 0, auction_ms = 0', 'markets_auction_in_range'],
    ['max_open_orders = 0', 'markets_max_open_orders_in_range'],
    ['max_waiting_orders = 0', 'markets_max_waiting_orders_in_range'],
    ['reference_max_age_ms = 9007199254740992', 'markets_reference_max_age_in_range'],
    [`self_trade_modes = '{}'`, 'markets_self_trade_modes_known'],
    [`self_trade_modes = '{cancel_taker,NULL}'`, 'markets_self_trade_modes_known'],
    [`self_trade_modes = '{allow}'`, 'markets_self_trade_modes_known'],
    [`status = 'open'`, 'markets_status_known'],
    [`schedule = '[]'`, 'markets_schedule_well_made'],
    [`schedule = '{}'`, 'markets_schedule_well_made'],
    [`schedule = '[1]'`, 'markets_schedule_well_made'],
    [`schedule = '[{"atMs": 1}]'`, 'markets_schedule_well_made'],
    [`schedule = '[{"atMs": "1", "status": "trading"}]'`, 'markets_schedule_well_made'],
    [`schedule = '[{"atMs": 1.5, "status": "trading"}]'`, 'markets_schedule_well_made'],
    [`schedule = '[{"atMs": -1, "status": "trading"}]'`, 'markets_schedule_well_made'],
    [`schedule = '[{"atMs": 1, "status": "open"}]'`, 'markets_schedule_well_made'],
    [`schedule = '[{"atMs": 1, "status": "trading", "why": 1}]'`, 'markets_schedule_well_made'],
    [
      `schedule = '[{"atMs": 1, "status": "halted"}, {"atMs": 1, "status": "trading"}]'`,
      'markets_schedule_well_made',
    ],
    [
      `schedule = (SELECT jsonb_agg(jsonb_build_object('atMs', n, 'status', 'trading'))
         FROM generate_series(1, 33) n)`,
      'markets_schedule_well_made',
    ],
  ])('with %s', async (change, constraint) => {
    const update = database.pool.query(`UPDATE reference.markets SET ${change}`);
    await expect(update).rejects.toMatchObject({ constraint });
  });

  it('that begins delisted', async () => {
    const constraint = 'markets_status_follows';
    await expect(insert('ETH', 'delisted')).rejects.toMatchObject({ constraint });
  });
});

describe('the database', () => {
  it('knows the same transitions as the engine', async () => {
    const froms = [null, ...MARKET_STATUSES];
    for (const from of froms) {
      const result = await pool().query<{ status: string; allowed: boolean }>(
        'SELECT s AS status, reference.may_follow($1, s) AS allowed FROM unnest($2::text[]) s',
        [from, [...MARKET_STATUSES]],
      );
      for (const status of MARKET_STATUSES) {
        const row = result.rows.find((each) => each.status === status);
        expect(row?.allowed, `${from ?? 'nothing'} to ${status}`).toBe(mayFollow(from, status));
      }
    }
  });

  it('knows what a schedule has made of a status, as the code does', async () => {
    const schedule = [
      { atMs: 10, status: 'trading' },
      { atMs: 20, status: 'delisted' },
      { atMs: 30, status: 'closing' },
      { atMs: 40, status: 'trading' },
      { atMs: 50, status: 'delisted' },
    ] as const;
    for (const at of [9, 10, 25, 30, 45, 50]) {
      const result = await pool().query<{ status: string }>(
        'SELECT reference.planned_status($1, $2::jsonb, $3) AS status',
        ['pre_open', JSON.stringify(schedule), at],
      );
      const plan = { version: 1, status: 'pre_open', schedule } as const;
      expect(result.rows[0]?.status).toBe(plannedStatus(plan, at));
    }
  });

  it('judges a transition by what the schedule has made of the market', async () => {
    const set = (sql: string) => pool().query(`UPDATE reference.markets SET ${sql}`);
    await set(`schedule = '[{"atMs": 1, "status": "closing"}]'`);
    const constraint = 'markets_status_follows';
    await expect(set(`status = 'trading'`)).rejects.toMatchObject({ constraint });
    await set(`status = 'closing', schedule = NULL`);
    await expect(set(`status = 'halted'`)).rejects.toMatchObject({ constraint });
    await set(`status = 'delisted'`);
    await expect(set(`status = 'delisted'`)).rejects.toMatchObject({ constraint });
    // A move to another shard leaves the status alone.
    await set('shard = 1');
  });

  it('tells a configuration as its command carries it, with nothing for what is not set', async () => {
    await insert('ETH');
    const read = async () => {
      const result = await pool().query<{ config: object }>(
        `SELECT config FROM reference.market_configs WHERE market = 'ETH-USD'`,
      );
      return marketConfigSchema.parse(result.rows[0]?.config);
    };
    const bare = await read();
    expect(bare).not.toHaveProperty('priceBand');
    expect(bare).not.toHaveProperty('interruption');
    expect(bare).not.toHaveProperty('selfTradeModes');
    await pool().query(`UPDATE reference.markets SET max_notional = 50000.0, static_price = 100.00,
      static_bps = 500, move_bps = 100, window_ms = 60000, halt_ms = 0, auction_ms = 1000,
      max_open_orders = 10, max_waiting_orders = 3, reference_max_age_ms = 5000,
      self_trade_modes = '{cancel_taker,decrement}' WHERE market = 'ETH-USD'`);
    expect(await read()).toEqual({
      ...bare,
      maxNotional: '50000',
      priceBand: { staticPrice: '100', staticBps: 500 },
      interruption: { moveBps: 100, windowMs: 60_000, haltMs: 0, auctionMs: 1_000 },
      maxOpenOrders: 10,
      maxWaitingOrders: 3,
      referenceMaxAgeMs: 5_000,
      selfTradeModes: ['cancel_taker', 'decrement'],
    });
  });

  it('never changes what it has written of changes', async () => {
    await pool().query(`INSERT INTO reference.market_changes (market, version, actor, reason, after)
      VALUES ('ETH-USD', 1, 'ann', 'listed today', '{}')`);
    for (const sql of ['DELETE FROM', 'TRUNCATE']) {
      const statement = `${sql} reference.market_changes`;
      await expect(pool().query(statement)).rejects.toThrow('permission denied');
      await expect(database.pool.query(statement)).rejects.toThrow('append-only');
    }
    const update = database.pool.query(`UPDATE reference.market_changes SET reason = 'another'`);
    await expect(update).rejects.toThrow('append-only');
  });
});
