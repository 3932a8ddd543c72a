// The projection on real Postgres: any order, repetition and cut of the records gives one table.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Pool } from '../../shared/db/pool.ts';
import { tradeId, type MarketId } from '../../shared/domain/ids.ts';
import { executionsSchema, type Executions } from '../../shared/events/executions.ts';
import { createTestDatabase, type TestDatabase } from '../../shared/testing/database.ts';
import { mergeRecords } from './decide/records.ts';
import { applyBatch, deleteGoneLevels, findBook, listTrades } from './store.ts';

let database: TestDatabase;
let pool: Pool;
let marketsMade = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = database.poolFor('bourse_market_data');
});
afterAll(() => database.drop());

function newMarket(): MarketId {
  marketsMade += 1;
  return `T${marketsMade}-USD`;
}

/**
 * What happened to the market at one sequence: a level gets a new total, with or without a trade.
 */
interface Step {
  readonly side: 'buy' | 'sell';
  readonly priceTicks: number;
  readonly quantityLots: number;
  readonly trades: boolean;
}

/** Packs steps into records that end after the given counts of steps, as an engine would. */
function cutRecords(
  market: MarketId,
  steps: readonly Step[],
  ends: readonly number[],
): Executions[] {
  const cuts = [...new Set([...ends.filter((end) => end < steps.length), steps.length])];
  cuts.sort((a, b) => a - b);
  let from = 0;
  return cuts.map((end) => {
    const record = recordOf(market, steps.slice(from, end), from + 1);
    from = end;
    return record;
  });
}

function recordOf(market: MarketId, steps: readonly Step[], firstSequence: number): Executions {
  const depth = new Map<string, Executions['depth'][number]>();
  for (const step of steps) {
    const { side, priceTicks, quantityLots } = step;
    depth.set(`${side}${priceTicks}`, [side, priceTicks, quantityLots]);
  }
  return executionsSchema.parse({
    market,
    base: market.split('-')[0],
    quote: 'USD',
    feePolicy: 'received',
    epoch: 1,
    firstSequence,
    lastSequence: firstSequence + steps.length - 1,
    events: steps.map((step, at) => eventOf(market, step, firstSequence + at)),
    depth: [...depth.values()],
  });
}

function eventOf(market: MarketId, step: Step, sequence: number): unknown {
  const order = { orderId: 'ord_0000000000000001', userId: 'usr_0000000000000001' };
  const head = { sequence, timeMs: 1_000 + sequence };
  if (!step.trades) {
    const ended = { status: 'cancelled', reason: 'ORDER_CANCELLED_BY_USER', releaseMinor: '1' };
    return { kind: 'ended', ...head, ...order, ...ended, cancelledLots: 1 };
  }
  const party = { ...order, feePpm: 0, remainingLots: 0, holdMinor: '1' };
  return {
    kind: 'trade',
    ...head,
    tradeId: tradeId(market, sequence),
    priceTicks: step.priceTicks,
    quantityLots: 1,
    baseMinor: '1',
    quoteMinor: String(step.priceTicks),
    takerSide: 'buy',
    taker: party,
    maker: party,
  };
}

async function apply(records: readonly Executions[]): Promise<void> {
  await applyBatch(pool, mergeRecords(records));
}

/** Few prices, so that levels come, go and come back. */
const stepArbitrary = fc.record({
  side: fc.constantFrom('buy' as const, 'sell' as const),
  priceTicks: fc.integer({ min: 1, max: 4 }),
  quantityLots: fc.integer({ min: 0, max: 3 }),
  trades: fc.boolean(),
});

const historyArbitrary = fc.array(stepArbitrary, { minLength: 1, maxLength: 24 }).chain((steps) => {
  const ends = fc.array(fc.integer({ min: 1, max: steps.length }), { maxLength: 8 });
  return fc.record({
    steps: fc.constant(steps),
    // Two engines that cut their batches differently, and some of it delivered again.
    cuts: fc.tuple(ends, ends),
    order: fc.infiniteStream(fc.nat()),
    batchSizes: fc.infiniteStream(fc.integer({ min: 1, max: 4 })),
    cleans: fc.infiniteStream(fc.boolean()),
  });
});

describe('the projection', () => {
  it('is the same for any order, repetition, cut and cleaning of the records', async () => {
    const property = fc.asyncProperty(historyArbitrary, async (history) => {
      const market = newMarket();
      const { steps, cuts } = history;
      const once = cuts.flatMap((ends) => cutRecords(market, steps, ends));
      const queue = shuffled([...once, ...once.slice(0, 3)], history.order);
      while (queue.length > 0) {
        await apply(queue.splice(0, Number(history.batchSizes.next().value)));
        if (history.cleans.next().value) await deleteGoneLevels(pool);
      }
      expect(await readMarket(market)).toEqual(expectedMarket(steps));
      await deleteGoneLevels(pool);
      expect(await readMarket(market)).toEqual(expectedMarket(steps));
      expect(await countGoneLevels(market)).toBe(0);
    });
    await fc.assert(property, { numRuns: 80 });
  });

  it('keeps a gone level gone, and remembers it while an older record is missing', async () => {
    const market = newMarket();
    const level = { side: 'buy', priceTicks: 5, trades: false } as const;
    await apply([recordOf(market, [{ ...level, quantityLots: 0 }], 2)]);
    await deleteGoneLevels(pool);
    expect(await countGoneLevels(market)).toBe(1);
    await apply([recordOf(market, [{ ...level, quantityLots: 9 }], 1)]);
    expect((await findBook(pool, market, 10))?.bids).toEqual([]);
    await deleteGoneLevels(pool);
    expect(await countGoneLevels(market)).toBe(0);
    await apply([recordOf(market, [{ ...level, quantityLots: 9 }], 1)]);
    expect((await findBook(pool, market, 10))?.bids).toEqual([]);
  });

  it('tells the sequence up to which nothing is missing', async () => {
    const market = newMarket();
    const step = { side: 'sell', priceTicks: 5, quantityLots: 1, trades: false } as const;
    expect(await findBook(pool, market, 10)).toBeNull();
    await apply([recordOf(market, [step, step], 3)]);
    expect((await findBook(pool, market, 10))?.sequence).toBe(0);
    await apply([recordOf(market, [step, step], 1)]);
    expect(await findBook(pool, market, 10)).toMatchObject({ sequence: 4, timeMs: 1_004 });
  });

  it('writes from several connections at once without a deadlock', async () => {
    const markets = [newMarket(), newMarket(), newMarket()];
    const step = { side: 'buy', quantityLots: 1, trades: true } as const;
    const batches = Array.from({ length: 40 }, (_, at) =>
      // Every other batch names the markets the other way round.
      (at % 2 === 0 ? markets : markets.toReversed()).map((market) =>
        recordOf(market, [{ ...step, priceTicks: 1 + (at % 3) }], Math.floor(at / 2) + 1),
      ),
    );
    await Promise.all([...batches.map(apply), deleteGoneLevels(pool), deleteGoneLevels(pool)]);
    for (const market of markets) {
      expect((await findBook(pool, market, 10))?.sequence).toBe(20);
      expect(await listTrades(pool, market, Number.MAX_SAFE_INTEGER, 100)).toHaveLength(20);
    }
  });
});

describe('the view of best prices', () => {
  it('is what other functions see, and all that they see', async () => {
    const market = newMarket();
    const orders = database.poolFor('bourse_orders');
    const read = `SELECT best_bid_ticks, best_ask_ticks FROM market_data.best_prices
      WHERE market = $1`;
    await expect(orders.query('SELECT 1 FROM market_data.levels')).rejects.toThrow('denied');
    expect((await orders.query(read, [market])).rows).toEqual([]);
    const step = { side: 'buy', trades: false } as const;
    await apply([
      recordOf(
        market,
        [
          { ...step, priceTicks: 3, quantityLots: 5 },
          { ...step, priceTicks: 4, quantityLots: 0 },
          { ...step, priceTicks: 2, quantityLots: 5 },
        ],
        1,
      ),
    ]);
    expect((await orders.query(read, [market])).rows).toEqual([
      { best_bid_ticks: 3, best_ask_ticks: null },
    ]);
  });
});

function shuffled<Item>(items: readonly Item[], order: Iterator<number>): Item[] {
  const keyed = items.map((item) => ({ item, key: Number(order.next().value) }));
  return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item);
}

function expectedMarket(steps: readonly Step[]): unknown {
  const levels = new Map<string, Step>();
  for (const step of steps) levels.set(`${step.side}${step.priceTicks}`, step);
  const side = (name: 'buy' | 'sell', sign: number): [number, number][] =>
    [...levels.values()]
      .filter((step) => step.side === name && step.quantityLots > 0)
      .sort((a, b) => sign * (a.priceTicks - b.priceTicks))
      .map((step) => [step.priceTicks, step.quantityLots]);
  const sequences = steps.flatMap((step, at) => (step.trades ? [at + 1] : []));
  return {
    book: {
      sequence: steps.length,
      timeMs: 1_000 + steps.length,
      bids: side('buy', -1),
      asks: side('sell', 1),
    },
    trades: sequences.reverse(),
  };
}

async function readMarket(market: MarketId): Promise<unknown> {
  const book = await findBook(pool, market, 1_000);
  const trades = await listTrades(pool, market, Number.MAX_SAFE_INTEGER, 500);
  return { book, trades: trades.map((trade) => trade.sequence) };
}

async function countGoneLevels(market: MarketId): Promise<number> {
  const result = await pool.query(
    'SELECT 1 FROM market_data.levels WHERE market = $1 AND quantity_lots = 0',
    [market],
  );
  return result.rows.length;
}
