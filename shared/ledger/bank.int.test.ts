// The bank test: many clients move money between few accounts, batch by batch. Every snapshot sums
// to the same, nobody is ever below zero, and nobody waits for ever.
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { withTransaction, type Pool } from '../db/pool.ts';
import { userId } from '../domain/ids.ts';
import type { JournalEntry } from '../domain/journal.ts';
import type { TestDatabase } from '../testing/database.ts';
import { lockBalances } from './lock-balances.ts';
import { makeHolds } from './make-holds.ts';
import { findLedgerRefusal } from './refusal.ts';
import { settleTrades } from './settle-trades.ts';
import { balanceOf, createLedgerDatabase, findBrokenInvariants, fund } from './test-fixture.ts';

const CLIENTS = 16;
const ROUNDS = 25;
const HOT_USERS = 5;
const FUNDS = 50n;
const SNAPSHOTS_MIN = 20;
/** Sixteen clients, on a machine that may be busy. */
const TIMEOUT_MS = 120_000;

let database: TestDatabase;
let settlement: Pool;
let orders: Pool;
beforeAll(async () => {
  database = await createLedgerDatabase();
  settlement = database.poolFor('bourse_settlement', CLIENTS);
  orders = database.poolFor('bourse_orders', CLIENTS);
  for (let user = 1; user <= HOT_USERS; user++) {
    await fund(database.pool, userId(user), 'USD', FUNDS);
    await fund(database.pool, userId(user), 'BTC', FUNDS);
  }
});
afterAll(() => database.drop());

interface Move {
  readonly from: number;
  readonly to: number;
  readonly asset: string;
  readonly amount: bigint;
}

const move = fc.record({
  from: fc.integer({ min: 1, max: HOT_USERS }),
  to: fc.integer({ min: 1, max: HOT_USERS }),
  asset: fc.constantFrom('USD', 'BTC'),
  amount: fc.bigInt(1n, 30n),
});
const batches = fc.array(fc.array(move, { minLength: 1, maxLength: 5 }), {
  minLength: ROUNDS,
  maxLength: ROUNDS,
});

it(
  'keeps every snapshot whole while 16 clients fight over five users',
  async () => {
    const plans = fc.sample(batches, CLIENTS);
    const outcomes = { moved: 0, refused: 0, held: 0 };
    let clientsLeft = CLIENTS;
    const clients = plans.map(async (plan, client) => {
      for (const [round, moves] of plan.entries()) {
        const name = `${client}:${round}`;
        if (round % 5 === 4) outcomes.held += await holdAndRelease(name, moves);
        else outcomes[await attempt(name, moves)] += 1;
      }
      clientsLeft -= 1;
    });
    const snapshots = watch(() => clientsLeft === 0);
    await Promise.all([...clients, snapshots]);
    expect(await findBrokenInvariants(database.pool)).toEqual([]);
    expect(outcomes.moved).toBeGreaterThan(0);
    expect(outcomes.refused).toBeGreaterThan(0);
    expect(outcomes.held).toBeGreaterThan(0);
  },
  TIMEOUT_MS,
);

it('opens one account for many transactions that need it at once', async () => {
  const newcomer = userId(77);
  const entry = (client: number): JournalEntry => ({
    key: `newcomer:${client}`,
    reference: { type: 'trade', id: 'newcomer' },
    postings: [
      { owner: userId(1), asset: 'ETH', amountMinor: -1n },
      { owner: newcomer, asset: 'ETH', amountMinor: 1n },
    ],
    takes: [],
  });
  await fund(database.pool, userId(1), 'ETH', BigInt(CLIENTS));
  const clients = Array.from({ length: CLIENTS }, (_, client) =>
    withTransaction(settlement, (tx) => settleTrades(tx, [entry(client)], [])),
  );
  await Promise.all(clients);
  expect(await balanceOf(database.pool, newcomer, 'ETH')).toBe(`${CLIENTS}/0`);
  expect(await findBrokenInvariants(database.pool)).toEqual([]);
});

/** Every move is an entry; accounts are named in the order of the moves, so in any order. */
async function attempt(name: string, moves: readonly Move[]): Promise<'moved' | 'refused'> {
  const entries = moves.map((each, at): JournalEntry => ({
    key: `${name}:${at}`,
    reference: { type: 'trade', id: name },
    postings: [
      { owner: userId(each.from), asset: each.asset, amountMinor: -each.amount },
      { owner: userId(each.to), asset: each.asset, amountMinor: each.amount },
    ],
    takes: [],
  }));
  try {
    await withTransaction(settlement, (tx) => settleTrades(tx, entries, []));
    return 'moved';
  } catch (error) {
    // Anything but a refusal for lack of funds, above all a deadlock, fails the test.
    if (findLedgerRefusal(error)?.code !== 'ORDER_FUNDS_INSUFFICIENT') throw error;
    return 'refused';
  }
}

/** As orders does: lock, decide, hold what fits; then settlement gives it back. */
async function holdAndRelease(name: string, moves: readonly Move[]): Promise<number> {
  const holds = await withTransaction(orders, async (tx) => {
    const accounts = moves.map((each) => ({ owner: userId(each.from), asset: each.asset }));
    const balances = await lockBalances(tx, accounts);
    const spent = new Map<string, bigint>();
    const fitting = moves.flatMap((each, at) => {
      const account = { owner: userId(each.from), asset: each.asset };
      const key = `${account.owner} ${account.asset}`;
      const before = spent.get(key) ?? 0n;
      const { availableMinor } = balances.get(account.owner, account.asset);
      if (availableMinor - before < each.amount) return [];
      spent.set(key, before + each.amount);
      return [{ ...account, holdId: `${name}:${at}`, amountMinor: each.amount }];
    });
    await makeHolds(tx, fitting);
    return fitting;
  });
  await withTransaction(settlement, (tx) => settleTrades(tx, [], holds));
  return holds.length;
}

async function watch(isOver: () => boolean): Promise<void> {
  for (let seen = 0; seen < SNAPSHOTS_MIN || !isOver(); seen++) {
    const rows = await withTransaction(
      database.pool,
      async (tx) =>
        (
          await tx.query<{ asset: string; users: string; all: string; negative: boolean }>(
            `SELECT asset, sum(total) FILTER (WHERE kind = 'user') AS users, sum(total) AS all,
               bool_or(kind = 'user' AND (total < held OR held < 0)) AS negative
             FROM ledger.accounts GROUP BY asset ORDER BY asset`,
          )
        ).rows,
      'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY',
    );
    const users = (FUNDS * BigInt(HOT_USERS)).toString();
    expect(rows).toEqual([
      { asset: 'BTC', users, all: '0', negative: false },
      { asset: 'USD', users, all: '0', negative: false },
    ]);
  }
}
