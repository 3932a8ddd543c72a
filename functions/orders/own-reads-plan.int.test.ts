// A page of own orders or trades costs a page, however many there are: the views of own rows are
// read along the indexes that the tables have for it, for the first caller and all after them.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Pool } from '../../shared/db/pool.ts';
import { createTestDatabase, type TestDatabase } from '../../shared/testing/database.ts';
import { countRowsRead } from '../../shared/testing/rows-read.ts';
import { listLists } from './store/lists.ts';
import {
  findOrder,
  findOrderByClientId,
  listFills,
  listOrders,
  listPrevented,
} from './store/read.ts';

/** Has half of everything; 500 others share the rest. */
const MAKER = 1;
const OTHER = 250;
const PAGE = { markets: null, orderNumber: null, before: null, limit: 10 };
const ROWS_MAX = 200;

let database: TestDatabase;
let pool: Pool;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = database.poolFor('bourse_orders', 1);
  const number = `generate_series(1, 20000) n`;
  const user = `CASE WHEN n % 2 = 0 THEN ${MAKER} ELSE 1 + n % 500 END`;
  for (const statement of [
    `INSERT INTO reference.assets VALUES ('BTC', 'Bitcoin', 8), ('USD', 'US dollar', 2)`,
    `INSERT INTO reference.markets (market, base, quote, tick_size, lot_size, min_quantity,
       max_quantity, min_notional, min_price, max_price, protection_bps, fee_policy,
       self_trade_allowed, status, version)
     VALUES ('BTC-USD', 'BTC', 'USD', 1, 1, 1, 9, 1, 1, 9, 100, 'quote', false, 'trading', 1)`,
    `INSERT INTO orders.orders (order_number, user_number, client_order_id, market, side, type,
       time_in_force, post_only, self_trade_prevention, price_ticks, quantity_lots, maker_fee_ppm,
       taker_fee_ppm, hold_minor, accepted_at_ms, outbox_id, remaining_lots, updated_at_ms, status,
       list_number)
     SELECT n, ${user}, 'c' || n, 'BTC-USD', 'buy', 'limit', 'GTC', false, 'cancel_taker', 1, 1, 1,
       1, 1, n, n, 1, n, CASE WHEN n % 10 = 0 THEN 'open' ELSE 'filled' END,
       CASE WHEN n % 100 = 0 THEN n END FROM ${number}`,
    `INSERT INTO orders.order_lists (list_number, user_number, market, kind, accepted_at_ms)
     SELECT order_number, user_number, market, 'oco', 1 FROM orders.orders`,
    `INSERT INTO orders.fills (order_number, user_number, market, sequence, side, liquidity,
       price_ticks, quantity_lots, quote_minor, fee_asset, fee_minor, traded_at_ms)
     SELECT order_number, user_number, market, order_number, 'buy', 'taker', 1, 1, 1, 'USD', 1, 1
     FROM orders.orders`,
    `INSERT INTO orders.prevented_matches (user_number, market, sequence, price_ticks, mode,
       taker_side, taker_order_number, taker_lots, prevented_at_ms)
     SELECT user_number, market, order_number, 1, 'cancel_taker', 'buy', order_number, 1, 1
     FROM orders.orders`,
    'ANALYZE',
  ]) {
    await database.pool.query(statement);
  }
});
afterAll(() => database.drop());

const READS: readonly (readonly [string, (user: number) => Promise<unknown>])[] = [
  ['a page of orders', (userNumber) => listOrders(pool, { ...PAGE, userNumber, openOnly: false })],
  ['open orders', (userNumber) => listOrders(pool, { ...PAGE, userNumber, openOnly: true })],
  ['trades', (userNumber) => listFills(pool, { ...PAGE, userNumber })],
  ['prevented matches', (userNumber) => listPrevented(pool, { ...PAGE, userNumber })],
  ['lists', (userNumber) => listLists(pool, { ...PAGE, userNumber, openOnly: false })],
  ['an order', (userNumber) => findOrder(pool, userNumber, 1000)],
  ['an order by name', (userNumber) => findOrderByClientId(pool, userNumber, 'c1000')],
];

describe('what own rows cost', () => {
  it.each(READS)('%s: for who has much, and then for others', async (_, read) => {
    const tables = ['orders', 'fills', 'prevented_matches', 'order_lists'];
    const names = tables.map((table) => `orders.${table}`);
    for (const user of [MAKER, OTHER, MAKER]) {
      const rows = await countRowsRead(database.pool, pool, names, () => read(user));
      expect(rows).toBeLessThan(ROWS_MAX);
    }
  });

  it('is counted by this test: a whole table is seen as one', async () => {
    const whole = () => pool.query('SELECT sum(price_ticks) FROM orders.orders');
    const rows = await countRowsRead(database.pool, pool, ['orders.orders'], whole);
    expect(rows).toBeGreaterThan(10_000);
  });
});
