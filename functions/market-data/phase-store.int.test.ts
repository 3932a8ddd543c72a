// The projection of phases on real Postgres: any order and repetition gives one row.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Pool } from '../../shared/db/pool.ts';
import type { MarketId } from '../../shared/domain/ids.ts';
import { createTestDatabase, type TestDatabase } from '../../shared/testing/database.ts';
import type { PhaseUpdate } from './decide/phases.ts';
import type { PhaseRow } from './decide/present-market.ts';
import { applyPhases, PHASE_JSON } from './phase-store.ts';

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

async function read(market: MarketId): Promise<PhaseRow | null> {
  const result = await pool.query<{ phase: PhaseRow }>(
    `SELECT ${PHASE_JSON} AS phase FROM market_data.phases p WHERE p.market = $1`,
    [market],
  );
  return result.rows[0]?.phase ?? null;
}

/** One update for each sequence; what it tells follows from its number. */
function updateOf(market: MarketId, sequence: number): PhaseUpdate {
  const head = { sequence, timeMs: 1_000 + sequence };
  const nothing = { market, version: null, status: null, indication: null, uncrossing: null };
  switch (sequence % 4) {
    case 0: {
      const status = { status: 'trading', cause: 'configuration' } as const;
      const told = { ...head, ...status, untilMs: null, referenceTicks: null };
      return { ...nothing, version: sequence, status: told };
    }
    case 1: {
      const status = { status: 'halted', cause: 'interruption' } as const;
      return { ...nothing, status: { ...head, ...status, untilMs: 9_000, referenceTicks: 7 } };
    }
    case 2: {
      const surplus = { surplusSide: sequence % 8 === 2 ? 'buy' : null, surplusLots: 3 } as const;
      return { ...nothing, indication: { ...head, priceTicks: sequence, lots: 5, ...surplus } };
    }
    default:
      return { ...nothing, uncrossing: { ...head, priceTicks: sequence, lots: 6 } };
  }
}

function expected(market: MarketId, count: number): PhaseRow {
  const newest = <Name extends keyof PhaseRow>(name: Name): PhaseRow[Name] | null => {
    for (let sequence = count; sequence > 0; sequence -= 1) {
      const told = updateOf(market, sequence)[name];
      if (told !== null) return told;
    }
    return null;
  };
  return {
    version: newest('version'),
    status: newest('status'),
    indication: newest('indication'),
    uncrossing: newest('uncrossing'),
  };
}

describe('the projection of phases', () => {
  it('is the same for any order and repetition', async () => {
    const property = fc.asyncProperty(
      fc.integer({ min: 1, max: 12 }),
      fc.infiniteStream(fc.nat()),
      async (count, order) => {
        const market = newMarket();
        const once = Array.from({ length: count }, (_, at) => updateOf(market, at + 1));
        const keyed = [...once, ...once.slice(0, 4)].map((update) => ({
          update,
          key: Number(order.next().value),
        }));
        for (const { update } of keyed.sort((a, b) => a.key - b.key)) {
          await applyPhases(pool, [update]);
        }
        expect(await read(market)).toEqual(expected(market, count));
      },
    );
    await fc.assert(property, { numRuns: 60 });
  });

  it('writes nothing for nothing', async () => {
    const market = newMarket();
    await applyPhases(pool, []);
    expect(await read(market)).toBeNull();
  });

  it('writes from several connections at once without a deadlock', async () => {
    const markets = [newMarket(), newMarket(), newMarket()];
    const writes = Array.from({ length: 40 }, (_, at) =>
      applyPhases(
        pool,
        // The statement sorts, whatever order it gets.
        (at % 2 === 0 ? markets : markets.toReversed()).map((market) => updateOf(market, at + 1)),
      ),
    );
    await Promise.all(writes);
    for (const market of markets) expect(await read(market)).toEqual(expected(market, 40));
  });
});

describe('the view of current phases', () => {
  it('is what others see of a market that has a status, and all that they see', async () => {
    const market = newMarket();
    const readers = [database.poolFor('bourse_orders'), database.poolFor('bourse_reference')];
    const view = 'SELECT told FROM market_data.current_phases WHERE market = $1';
    await applyPhases(pool, [updateOf(market, 2)]);
    for (const reader of readers) {
      await expect(reader.query('SELECT 1 FROM market_data.phases')).rejects.toThrow('denied');
      expect((await reader.query(view, [market])).rows).toEqual([]);
    }
    await applyPhases(pool, [updateOf(market, 4), updateOf(newMarket(), 1)]);
    await applyPhases(pool, [updateOf(market, 5)]);
    const told = {
      version: 4,
      status: 'halted',
      cause: 'interruption',
      sinceMs: 1_005,
      untilMs: 9_000,
    };
    for (const reader of readers) {
      expect((await reader.query(view, [market])).rows).toEqual([{ told }]);
    }
  });
});
