// Random sequences of deposits, holds, trades and releases, judged by a naive model in memory: the
// same refusals, the same balances after every step.
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findViolatedConstraint } from '../db/failure.ts';
import { withTransaction, type Pool } from '../db/pool.ts';
import { userId, type UserId } from '../domain/ids.ts';
import type { HoldTake, JournalEntry, LedgerOwner } from '../domain/journal.ts';
import type { TestDatabase } from '../testing/database.ts';
import { increaseHolds, makeHolds } from './make-holds.ts';
import { NaiveLedger } from './naive-ledger.ts';
import { settleTrades } from './settle-trades.ts';
import { createLedgerDatabase, findBrokenInvariants, fund } from './test-fixture.ts';

const USERS = 3;
const RUNS = 30;
/** Some thousand statements, on a machine that may be busy. */
const TIMEOUT_MS = 120_000;
const STEPS_MAX = 25;

const user = fc.nat(USERS - 1);
const asset = fc.constantFrom('USD', 'BTC');
const name = fc.nat(4);
const amount = fc.bigInt(1n, 60n);
const take = fc.record({ hold: name, amount: fc.bigInt(1n, 25n) });
const tradeKey = fc.nat(12);
const randomTrade = fc.record({
  key: tradeKey,
  buyer: user,
  seller: user,
  quote: fc.bigInt(1n, 60n),
  base: fc.bigInt(1n, 60n),
  /** Negative is a rebate. */
  fee: fc.bigInt(-2n, 2n),
  takes: fc.array(take, { maxLength: 1 }),
});
/** The key says it all: the same key again is a true repeat. */
const knownTrade = tradeKey.map((key) => ({
  key,
  buyer: key % USERS,
  seller: (key + 1) % USERS,
  quote: BigInt(key + 1),
  base: BigInt(key + 2),
  fee: BigInt((key % 3) - 1),
  takes: [],
}));
const trade = fc.oneof({ arbitrary: randomTrade, weight: 1 }, { arbitrary: knownTrade, weight: 3 });
const step = fc.oneof(
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('fund' as const),
      user,
      asset,
      amount: fc.bigInt(1n, 40n),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('hold' as const), hold: name, user, asset, amount }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('increase' as const), hold: name, amount }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('settle' as const),
      trades: fc.array(trade, { maxLength: 3 }),
      releases: fc.array(take, { maxLength: 1 }),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

const firstFunds = Array.from({ length: USERS }, (_, at) => at).flatMap((at): Step[] => [
  { kind: 'fund', user: at, asset: 'USD', amount: 70n },
  { kind: 'fund', user: at, asset: 'BTC', amount: 70n },
]);

/** One run's own users, holds and keys: runs share a database but nothing in it. */
class Run {
  readonly #number: number;

  constructor(number: number) {
    this.#number = number;
  }

  user(index: number): UserId {
    return userId(this.#number * USERS + index + 1);
  }

  holdId(index: number): string {
    return `run${this.#number}:${index}`;
  }

  house(): LedgerOwner {
    return `fees:R${this.#number}-USD`;
  }

  take(of: { hold: number; amount: bigint }): HoldTake {
    return { holdId: this.holdId(of.hold), amountMinor: of.amount };
  }

  entry(of: typeof trade extends fc.Arbitrary<infer Value> ? Value : never): JournalEntry {
    const move = (from: LedgerOwner, to: LedgerOwner, moved: string, amountMinor: bigint) =>
      amountMinor === 0n
        ? []
        : [
            { owner: from, asset: moved, amountMinor: -amountMinor },
            { owner: to, asset: moved, amountMinor },
          ];
    const [buyer, seller] = [this.user(of.buyer), this.user(of.seller)];
    return {
      key: `run${this.#number}:${of.key}`,
      reference: { type: 'trade', id: `trd_${of.key}` },
      postings: [
        ...move(buyer, seller, 'USD', of.quote),
        ...move(seller, buyer, 'BTC', of.base),
        ...move(seller, this.house(), 'USD', of.fee),
      ],
      takes: of.takes.map((each) => this.take(each)),
    };
  }
}

let database: TestDatabase;
let orders: Pool;
let settlement: Pool;
let runs = 0;
let repeats = 0;
beforeAll(async () => {
  database = await createLedgerDatabase();
  orders = database.poolFor('bourse_orders', 1);
  settlement = database.poolFor('bourse_settlement', 1);
});
afterAll(() => database.drop());

it(
  'agrees with a naive ledger, step by step',
  async () => {
    const outcomes = new Map<string, number>();
    const property = fc.asyncProperty(
      fc.array(step, { minLength: 5, maxLength: STEPS_MAX, size: 'max' }),
      async (steps) => {
        runs += 1;
        const run = new Run(runs);
        const naive = new NaiveLedger();
        for (const each of firstFunds) {
          expect(await applyToLedger(run, each)).toBe(applyToNaive(naive, run, each));
        }
        for (const each of steps) {
          const expected = applyToNaive(naive, run, each);
          const actual = await applyToLedger(run, each);
          expect(actual).toBe(expected);
          expect(await readBalances(run)).toEqual(naive.balances());
          const outcome = `${each.kind} ${actual}`;
          outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
        }
      },
    );
    await fc.assert(property, { numRuns: RUNS });
    expect(await findBrokenInvariants(database.pool)).toEqual([]);
    // A run that never met an outcome has not tested it; the rarer ones have tests of their own.
    expect([...outcomes.keys()].sort()).toEqual(
      expect.arrayContaining([
        'fund done',
        'hold done',
        'hold holds_pkey',
        'increase done',
        'increase holds_known',
        'settle done',
        'settle holds_known',
      ]),
    );
    expect(repeats).toBeGreaterThan(0);
  },
  TIMEOUT_MS,
);

function applyToNaive(naive: NaiveLedger, run: Run, each: Step): string {
  switch (each.kind) {
    case 'fund':
      return naive.fund(run.user(each.user), each.asset, each.amount);
    case 'hold':
      return naive.hold(run.holdId(each.hold), run.user(each.user), each.asset, each.amount);
    case 'increase':
      return naive.increase(run.holdId(each.hold), each.amount);
    case 'settle':
      return naive.settle(
        each.trades.map((of) => run.entry(of)),
        each.releases.map((of) => run.take(of)),
      );
  }
}

async function applyToLedger(run: Run, each: Step): Promise<string> {
  try {
    await applyStep(run, each);
    return 'done';
  } catch (error) {
    const constraint = findViolatedConstraint(error);
    if (constraint === null) throw error;
    return constraint;
  }
}

async function applyStep(run: Run, each: Step): Promise<void> {
  switch (each.kind) {
    case 'fund':
      return fund(database.pool, run.user(each.user), each.asset, each.amount);
    case 'hold': {
      const owner = run.user(each.user);
      const holdId = run.holdId(each.hold);
      const hold = { holdId, owner, asset: each.asset, amountMinor: each.amount };
      return withTransaction(orders, (tx) => makeHolds(tx, [hold]));
    }
    case 'increase':
      return withTransaction(orders, (tx) => increaseHolds(tx, [run.take(each)]));
    case 'settle':
      repeats += await withTransaction(
        settlement,
        async (tx) =>
          (
            await settleTrades(
              tx,
              each.trades.map((of) => run.entry(of)),
              each.releases.map((of) => run.take(of)),
            )
          ).size,
      );
  }
}

async function readBalances(run: Run): Promise<Record<string, string>> {
  const owners = [run.house(), ...Array.from({ length: USERS }, (_, at) => run.user(at))];
  const result = await database.pool.query<{ name: string; balance: string }>(
    `SELECT owner || ' ' || asset AS name, total || '/' || held AS balance
     FROM ledger.balances WHERE owner = ANY ($1) AND (total <> 0 OR held <> 0) ORDER BY name`,
    [owners],
  );
  return Object.fromEntries(result.rows.map((row) => [row.name, row.balance]));
}
