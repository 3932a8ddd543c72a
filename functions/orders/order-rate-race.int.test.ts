// The limit of orders and amends in ten seconds, while two instances accept for one account at the
// same moment: orders, amends, lists and batches drawn from a seed, and a window that ends by then.
import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createTestDatabase } from '../../shared/testing/database.ts';
import type { AmendIntent, Intent, PlaceIntent } from './decide/intent.ts';
import { createOrdersFixture, published, type OrdersFixture } from './fixture.ts';
import type { OrdersDeps } from './handler/deps.ts';
import { closeOrders } from './handler.ts';
import { listOf, PROFIT, STOP } from './list-fixture.ts';
import { countedOf, leftOfWindow, limitRate, sleep, waitForRoom } from './order-rate-fixture.ts';
import { trade } from './outcome-fixture.ts';

vi.setConfig({ testTimeout: 90_000 });

const ROUNDS = 12;
const REQUESTS = 60;
const LIMIT = 25;

let fixture: OrdersFixture;
let second: OrdersDeps;
beforeAll(async () => {
  fixture = await createOrdersFixture({ database: await createTestDatabase(), openOrdersMax: 1e6 });
  second = fixture.openSecond();
  await limitRate(fixture.database, LIMIT);
});
afterAll(async () => {
  await closeOrders(second);
  await fixture.close();
});

/** A generator whose sequence is its seed's. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Different assets are held, so that no balance makes one wait for the other. */
function order(random: () => number): PlaceIntent {
  const side = random() < 0.5 ? ('buy' as const) : ('sell' as const);
  const body = { market: 'BTC-USD', side, type: 'limit', price: '10', quantity: '0.1' } as const;
  return { kind: 'place', userNumber: 1, body, keys: [], requestHash: 'aa' };
}

const small = { quantity: '0.001' };
const LIST = listOf('oco', [
  { ...PROFIT, ...small },
  { ...STOP, ...small },
]);

/** Some requests, each of one to three intents; no order is amended twice. */
function draw(random: () => number, amends: AmendIntent[]): readonly Intent[] {
  const kind = random();
  const amend = kind < 0.3 ? amends.pop() : undefined;
  if (amend !== undefined) return [amend];
  if (kind < 0.5) return [LIST];
  return kind < 0.7 ? [order(random), order(random), order(random)] : [order(random)];
}

function weightOf(intent: Intent): number {
  return intent.kind === 'place_list' ? intent.orders.length : 1;
}

/** Requests to both instances, a little apart; answers how many orders and amends were accepted. */
async function burst(random: () => number, amends: AmendIntent[], overMs: number): Promise<number> {
  const weights = await Promise.all(
    Array.from({ length: REQUESTS }, async (_, at) => {
      const intents = draw(random, amends);
      const allOrNone = intents.length > 1 && random() < 0.5;
      await sleep(random() * overMs);
      const deps = at % 2 === 0 ? fixture.deps : second;
      const answers = await deps.accepts.submit({
        intents,
        waits: false,
        allOrNone,
        batchKey: null,
      });
      if (!Array.isArray(answers)) return 0;
      const taken = intents.filter((_each, place) => 'accepted' in answers[place]);
      if (allOrNone) expect([0, intents.length]).toContain(taken.length);
      return taken.reduce((sum, each) => sum + weightOf(each), 0);
    }),
  );
  return weights.reduce((sum, each) => sum + each, 0);
}

/** Orders in a window of their own, to be amended in the next. */
async function ordersToAmend(): Promise<AmendIntent[]> {
  const { pool } = fixture.database;
  await pool.query('TRUNCATE orders.open_counts');
  const intents = Array.from({ length: 10 }, () => order(() => 0));
  await fixture.deps.accepts.submit({ intents, waits: false, allOrNone: true, batchKey: null });
  await published(fixture);
  const { rows } = await pool.query<{ number: number }>(
    `SELECT order_number AS number FROM orders.orders WHERE is_open AND amend_number IS NULL
     ORDER BY order_number DESC LIMIT 10`,
  );
  await pool.query('TRUNCATE orders.open_counts');
  return rows.map(({ number }) => {
    return { kind: 'amend', userNumber: 1, orderNumber: number, body: { quantity: '0.05' } };
  });
}

describe('a burst of one account through two instances', () => {
  it('has no more accepted than a window may hold, nor less', async () => {
    const seed = randomInt(2 ** 31);
    process.stdout.write(`order rate: seed ${seed}, ${ROUNDS} rounds\n`);
    const random = randomOf(seed);
    for (let round = 0; round < ROUNDS; round += 1) {
      await waitForRoom(fixture.database);
      const accepted = await burst(random, await ordersToAmend(), 40);
      const at = `seed ${seed}, round ${round}`;
      expect(accepted, at).toBeLessThanOrEqual(LIMIT);
      // Two may be left over when only lists and wholes came last.
      expect(accepted, at).toBeGreaterThanOrEqual(LIMIT - 2);
      expect(await countedOf(fixture.database), at).toBe(accepted);
    }
  });

  it('has as many again once the window has ended by itself', async () => {
    const seed = randomInt(2 ** 31);
    process.stdout.write(`order rate at the end of a window: seed ${seed}\n`);
    await waitForRoom(fixture.database);
    const amends = await ordersToAmend();
    await sleep((await leftOfWindow(fixture.database)) - 800);
    const accepted = await burst(randomOf(seed), amends, 1_600);
    expect(accepted, `seed ${seed}`).toBeLessThanOrEqual(2 * LIMIT);
    expect(accepted, `seed ${seed}`).toBeGreaterThan(LIMIT);
    const { rows } = await fixture.database.pool.query<{ orders: number }>(
      'SELECT window_orders AS orders FROM orders.open_counts',
    );
    expect(rows[0]?.orders).toBeLessThanOrEqual(LIMIT);
  });

  it('has only so many more as have a fill, told twice and at the same time', async () => {
    const seed = randomInt(2 ** 31);
    process.stdout.write(`order rate with fills: seed ${seed}\n`);
    const random = randomOf(seed);
    const { database } = fixture;
    await waitForRoom(database, 5_000);
    const amends = await ordersToAmend();
    const first = await burst(random, amends, 20);
    const { rows } = await database.pool.query<{ number: number }>(
      'SELECT order_number AS number FROM orders.orders ORDER BY order_number DESC LIMIT 5',
    );
    const events = rows.map(({ number }, at) => trade(at + 1, number));
    const [more] = await Promise.all([
      burst(random, [], 150),
      ...[events, events, events.slice(1, 3)].map((each) => fixture.deliver(each)),
    ]);
    const rest = await burst(random, [], 20);
    const all = first + more + rest;
    expect(all, `seed ${seed}`).toBeLessThanOrEqual(LIMIT + rows.length);
    expect(all, `seed ${seed}`).toBeGreaterThanOrEqual(LIMIT + rows.length - 2);
    expect(await countedOf(database)).toBe(all - rows.length);
  });
});
