// Settlement on a real ledger: poison and conflicts first, then that order, repetition and cut of
// the deliveries change nothing.
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { withTransaction, type Pool } from '../../shared/db/pool.ts';
import { orderId, userId } from '../../shared/domain/ids.ts';
import type { ExecutionEvent, Executions } from '../../shared/events/executions.ts';
import { deliverEvent } from '../../shared/function/call.ts';
import { deposit } from '../../shared/ledger/deposit.ts';
import { makeHolds } from '../../shared/ledger/make-holds.ts';
import { silentLogger } from '../../shared/telemetry/logger.ts';
import { createTestDatabase, type TestDatabase } from '../../shared/testing/database.ts';
import { definition, openSettlement, type SettlementDeps } from './handler.ts';
import { settleBatch } from './settle-batch.ts';
import { makeOpened, makeRecord, makeRelease, makeTrade } from './test-records.ts';

let database: TestDatabase;
let pool: Pool;
let otherPool: Pool;
let orders: Pool;
let deps: SettlementDeps;
/** Each test has users, orders and sequences of its own: they begin at `run` x 1000. */
let run = 0;
const log = silentLogger();
/** For the property: a few hundred transactions, on a machine that may be busy. */
const TIMEOUT_MS = 120_000;

beforeAll(async () => {
  database = await createTestDatabase();
  await database.pool.query(
    `INSERT INTO reference.assets VALUES
       ('BTC', 'Bitcoin', 8), ('ETH', 'Ether', 18), ('USD', 'US dollar', 2)
     ON CONFLICT DO NOTHING`,
  );
  pool = database.poolFor('bourse_settlement', 2);
  otherPool = database.poolFor('bourse_settlement', 2);
  orders = database.poolFor('bourse_orders', 1);
  deps = openSettlement(pool, log);
});
afterAll(async () => {
  await deps.batcher.close();
  await database.drop();
});
beforeEach(() => startRun());

/** Alice sells from 1,000 BTC, Bob buys from 100,000 USD; three orders hold. */
async function startRun(): Promise<void> {
  run += 1;
  const [alice, bob] = [userId(id(1)), userId(id(2))];
  await withTransaction(database.pool, (tx) =>
    deposit(tx, [
      { depositId: `a${run}`, userId: alice, asset: 'BTC', amountMinor: 1_000n },
      { depositId: `b${run}`, userId: bob, asset: 'USD', amountMinor: 100_000n },
    ]),
  );
  await withTransaction(orders, (tx) =>
    makeHolds(tx, [
      { holdId: orderId(id(1)), owner: alice, asset: 'BTC', amountMinor: 500n },
      { holdId: orderId(id(2)), owner: bob, asset: 'USD', amountMinor: 60_000n },
      { holdId: orderId(id(3)), owner: bob, asset: 'USD', amountMinor: 1_000n },
    ]),
  );
}

function id(small: number): number {
  return run * 1_000 + small;
}

const ALICE_ORDER = 1;
const BOB_ORDER = 2;
const BOB_AMENDED_ORDER = 3;

function trade(sequence: number, facts: { base: bigint; quote: bigint; buyerHold: bigint }) {
  return makeTrade({
    sequence: id(sequence),
    buyer: { user: id(2), order: id(BOB_ORDER) },
    seller: { user: id(1), order: id(ALICE_ORDER) },
    sellerHold: facts.base,
    ...facts,
  });
}

function released(
  kind: 'ended' | 'reduced' | 'amended' | 'refused',
  sequence: number,
  order: number,
  release: bigint,
): ExecutionEvent {
  const user = order === ALICE_ORDER ? 1 : 2;
  return makeRelease(kind, { sequence: id(sequence), user: id(user), order: id(order), release });
}

/** The whole life of the three orders: every hold ends at zero. */
function story(): ExecutionEvent[] {
  return [
    makeOpened({ sequence: id(1), user: id(1), order: id(ALICE_ORDER) }),
    trade(2, { base: 300n, quote: 29_999n, buyerHold: 30_600n }),
    trade(3, { base: 200n, quote: 20_000n, buyerHold: 20_400n }),
    released('ended', 4, ALICE_ORDER, 0n),
    released('ended', 5, BOB_ORDER, 9_000n),
    makeOpened({ sequence: id(6), user: id(2), order: id(BOB_AMENDED_ORDER) }),
    released('amended', 7, BOB_AMENDED_ORDER, 200n),
    released('reduced', 8, BOB_AMENDED_ORDER, 100n),
    released('refused', 9, BOB_AMENDED_ORDER, 50n),
    released('ended', 10, BOB_AMENDED_ORDER, 650n),
  ];
}

/** Fees: ceil(0.2 % of 300) + ceil(0.2 % of 200) BTC; ceil(0.1 % of 29,999) + 20 USD. */
const AFTER_STORY = {
  'alice BTC': '500/0',
  'alice USD': '49949/0',
  'bob BTC': '498/0',
  'bob USD': '50001/0',
};
const BEFORE_STORY = { 'alice BTC': '1000/500', 'bob USD': '100000/61000' };

async function balances(): Promise<Record<string, string>> {
  const names = new Map<string, string>([
    [userId(id(1)), 'alice'],
    [userId(id(2)), 'bob'],
  ]);
  const result = await database.pool.query<{ owner: string; asset: string; balance: string }>(
    `SELECT owner, asset, total || '/' || held AS balance FROM ledger.balances
     WHERE owner = ANY ($1) ORDER BY owner, asset`,
    [[...names.keys()]],
  );
  return Object.fromEntries(
    result.rows.map((row) => [`${names.get(row.owner) ?? ''} ${row.asset}`, row.balance]),
  );
}

async function feeTotals(): Promise<bigint[]> {
  const result = await database.pool.query<{ total: string }>(
    `SELECT coalesce((SELECT total FROM ledger.balances
       WHERE owner = 'fees:BTC-USD' AND asset = w.asset), 0) AS total
     FROM unnest('{BTC,USD}'::text[]) w (asset)`,
  );
  return result.rows.map((row) => BigInt(row.total));
}

async function deliver(...outputs: unknown[]): Promise<[status: number, code: unknown]> {
  const answer = await deliverEvent(definition, deps, { name: 'executions', data: { outputs } });
  return [answer.status, (answer.body as { code?: unknown } | undefined)?.code];
}

async function isSettled(market: string, sequence: number): Promise<boolean> {
  const found = await database.pool.query(
    'SELECT FROM settlement.executions WHERE market = $1 AND sequence = $2',
    [market, sequence],
  );
  return found.rowCount === 1;
}

async function isStopped(market: string): Promise<boolean> {
  const result = await database.pool.query(
    'SELECT FROM settlement.stopped_markets WHERE market = $1',
    [market],
  );
  return result.rowCount === 1;
}

describe('a poison record goes to the dead letters and leaves nothing', () => {
  it.each<[string, number, () => unknown]>([
    ['data that is no execution', 400, () => ({ market: 'BTC-USD' })],
    ['a number where digits belong', 400, () => ({ ...makeRecord(story()), epoch: '1' })],
    [
      'a hold that was never made',
      422,
      () => makeRecord([story()[1], released('ended', 50, 99, 5n)].flatMap((each) => each ?? [])),
    ],
    [
      'more taken than was held',
      422,
      () => makeRecord([trade(2, { base: 501n, quote: 30_000n, buyerHold: 30_000n })]),
    ],
    [
      'more paid than was taken from the hold and is available',
      422,
      () => makeRecord([trade(2, { base: 1n, quote: 100_001n, buyerHold: 1n })]),
    ],
    [
      'an asset that is not known',
      422,
      () => makeRecord([trade(2, { base: 1n, quote: 1n, buyerHold: 1n })], { market: 'DOGE-USD' }),
    ],
    [
      'a trade that moves nothing',
      422,
      () => makeRecord([trade(2, { base: 1n, quote: 0n, buyerHold: 1n })]),
    ],
  ])('%s', async (_name, status, data) => {
    expect((await deliver(data()))[0]).toBe(status);
    expect(await balances()).toEqual(BEFORE_STORY);
    const settled = await database.pool.query(
      'SELECT FROM settlement.executions WHERE sequence >= $1',
      [id(0)],
    );
    expect(settled.rowCount).toBe(0);
  });

  it('and does not keep good records of its batch from being settled', async () => {
    const poison = makeRecord([released('ended', 50, 99, 5n)]);
    const answers = await Promise.all([deliver(makeRecord(story())), deliver(poison)]);
    expect(answers.map(([status]) => status)).toEqual([204, 422]);
    expect(await balances()).toEqual(AFTER_STORY);
  });
});

describe('two engines that disagree stop the market', () => {
  const different = (): ExecutionEvent =>
    trade(2, { base: 300n, quote: 29_998n, buyerHold: 30_600n });
  const restart = (): Promise<unknown> =>
    database.pool.query('DELETE FROM settlement.stopped_markets');

  it('when a later record differs from what was settled', async () => {
    await deliver(makeRecord(story()));
    expect(await deliver(makeRecord([different()]))).toEqual([503, 'EVENT_CONFLICT']);
    expect(await isStopped('BTC-USD')).toBe(true);
    expect(await balances()).toEqual(AFTER_STORY);
    // Now everything of this market waits, and nothing of another one.
    const later = makeRecord([released('reduced', 60, BOB_ORDER, 0n)]);
    expect(await deliver(later)).toEqual([503, 'EVENT_CONFLICT']);
    const elsewhere = makeRecord([released('reduced', 60, BOB_ORDER, 0n)], { market: 'ETH-USD' });
    expect(await deliver(elsewhere)).toEqual([204, undefined]);
    // In one record with it, the other market is settled all the same.
    const both = makeRecord([released('reduced', 61, BOB_ORDER, 0n)], { market: 'ETH-USD' });
    expect(await deliver(later, both)).toEqual([503, 'EVENT_CONFLICT']);
    expect(await isSettled('ETH-USD', id(61))).toBe(true);
    expect(await isSettled('BTC-USD', id(60))).toBe(false);
    await restart();
    expect(await deliver(later)).toEqual([204, undefined]);
  });

  it('when two records of one batch differ, and settles neither', async () => {
    const [first] = [story()[1]].flatMap((each) => each ?? []);
    const records = [first, different()].map((event) => makeRecord(event ? [event] : []));
    const other = makeRecord([released('ended', 70, BOB_AMENDED_ORDER, 1_000n)], {
      market: 'ETH-USD',
    });
    const results = await settleBatch(pool, log, [...records, other]);
    expect(results.map((result) => result instanceof Error)).toEqual([true, true, false]);
    expect(await balances()).toEqual({ 'alice BTC': '1000/500', 'bob USD': '100000/60000' });
    expect(await isStopped('BTC-USD')).toBe(true);
    await restart();
  });

  it('also over a fee policy, which changes the money but not the event', async () => {
    await deliver(makeRecord(story()));
    const record = makeRecord(story(), { feePolicy: 'quote' });
    expect(await deliver(record)).toEqual([503, 'EVENT_CONFLICT']);
    await restart();
  });

  it('but not over epoch or cut', async () => {
    await deliver(makeRecord(story()));
    expect(await deliver(makeRecord(story().slice(1, 6), { epoch: 9 }))).toEqual([204, undefined]);
    expect(await balances()).toEqual(AFTER_STORY);
  });
});

describe('settlement', () => {
  it('settles to the last unit, fees included, and counts the volume', async () => {
    const [btc = 0n, usd = 0n] = await feeTotals();
    expect(await deliver(makeRecord(story()))).toEqual([204, undefined]);
    expect(await balances()).toEqual(AFTER_STORY);
    expect(await feeTotals()).toEqual([btc + 2n, usd + 50n]);
    const volumes = await database.pool.query(
      `SELECT market, day::text, quote_minor, trades FROM settlement.user_volumes
       WHERE user_id = $1`,
      [userId(id(2))],
    );
    expect(volumes.rows).toEqual([
      { market: 'BTC-USD', day: '2026-03-01', quote_minor: '49999', trades: 2 },
    ]);
  });

  it(
    'is the same for any order, repetition and cut, by two instances at once',
    async () => {
      const cut = fc.uniqueArray(fc.integer({ min: 1, max: 9 }), { maxLength: 6 });
      const plan = fc.record({
        cuts: fc.tuple(cut, cut),
        /** Sorting keys: any permutation of the records, some of them twice. */
        order: fc.array(fc.nat(), { minLength: 30, maxLength: 30 }),
        repeats: fc.nat(5),
        batch: fc.integer({ min: 1, max: 6 }),
      });
      const property = fc.asyncProperty(plan, async ({ cuts, order, repeats, batch }) => {
        await startRun();
        const [btc = 0n, usd = 0n] = await feeTotals();
        const streams = cuts.map((each) => {
          const records = cutRecords(story(), each);
          return shuffle([...records, ...records.slice(0, repeats)], order);
        });
        await Promise.all([
          settleInBatches(pool, streams[0] ?? [], batch),
          settleInBatches(otherPool, streams[1] ?? [], batch + 1),
        ]);
        expect(await balances()).toEqual(AFTER_STORY);
        expect(await feeTotals()).toEqual([btc + 2n, usd + 50n]);
      });
      await fc.assert(property, { numRuns: 40 });
    },
    TIMEOUT_MS,
  );

  it('leaves one trade entry for each trade, and every hold where it belongs', async () => {
    const result = await database.pool.query<{ trades: number; entries: number; drift: number }>(
      `SELECT (SELECT count(*) FROM settlement.executions WHERE kind = 'trade') AS trades,
         (SELECT count(*) FROM ledger.entries WHERE kind = 'trade') AS entries,
         (SELECT count(*) FROM ledger.accounts a WHERE held <> coalesce((SELECT sum(remaining)
            FROM ledger.holds h WHERE h.account = a.account), 0)) AS drift`,
    );
    const [row] = result.rows;
    expect(row?.trades).toBeGreaterThan(0);
    expect(row).toEqual({ trades: row?.trades, entries: row?.trades, drift: 0 });
  });
});

async function settleInBatches(
  by: Pool,
  records: readonly Executions[],
  size: number,
): Promise<void> {
  for (let at = 0; at < records.length; at += size) {
    const results = await settleBatch(by, log, records.slice(at, at + size));
    expect(results.every((result) => result === 'settled')).toBe(true);
  }
}

/** Cuts the events into records before the given positions. */
function cutRecords(events: readonly ExecutionEvent[], cuts: readonly number[]): Executions[] {
  const edges = [0, ...[...cuts].sort((a, b) => a - b), events.length];
  return edges.slice(1).map((end, at) => makeRecord(events.slice(edges[at], end)));
}

function shuffle<Item>(items: readonly Item[], keys: readonly number[]): Item[] {
  return items
    .map((item, at) => ({ item, key: keys[at] ?? 0 }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}
