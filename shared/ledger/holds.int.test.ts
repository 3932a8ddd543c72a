// Holds: the last judge of an order's funds.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findViolatedConstraint } from '../db/failure.ts';
import { withTransaction, type Pool, type Tx } from '../db/pool.ts';
import { userId, type UserId } from '../domain/ids.ts';
import type { TestDatabase } from '../testing/database.ts';
import { lockBalances } from './lock-balances.ts';
import { increaseHolds, makeHolds, type NewHold } from './make-holds.ts';
import { findLedgerRefusal } from './refusal.ts';
import { settleTrades } from './settle-trades.ts';
import { balanceOf, createLedgerDatabase, findBrokenInvariants, fund } from './test-fixture.ts';

let database: TestDatabase;
let orders: Pool;
let settlement: Pool;
let user: UserId;
let users = 100;
beforeAll(async () => {
  database = await createLedgerDatabase();
  orders = database.poolFor('bourse_orders');
  settlement = database.poolFor('bourse_settlement');
});
afterAll(() => database.drop());
beforeEach(async () => {
  users += 1;
  user = userId(users);
  await fund(database.pool, user, 'USD', 100n);
});

function hold(name: string, amountMinor: bigint, asset = 'USD'): NewHold {
  return { holdId: `${user}:${name}`, owner: user, asset, amountMinor };
}

function make(...holds: NewHold[]): Promise<void> {
  return withTransaction(orders, (tx) => makeHolds(tx, holds));
}

function increase(name: string, amountMinor: bigint): Promise<void> {
  return withTransaction(orders, (tx) =>
    increaseHolds(tx, [{ holdId: `${user}:${name}`, amountMinor }]),
  );
}

function release(...takes: [name: string, amountMinor: bigint][]): Promise<unknown> {
  return withTransaction(settlement, (tx: Tx) =>
    settleTrades(
      tx,
      [],
      takes.map(([name, amountMinor]) => ({ holdId: `${user}:${name}`, amountMinor })),
    ),
  );
}

async function refused(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => 'was not refused',
    (thrown: unknown) => thrown,
  );
  return findLedgerRefusal(error)?.code ?? findViolatedConstraint(error) ?? String(error);
}

const usd = (): Promise<string> => balanceOf(database.pool, user, 'USD');

describe('holds refuse', () => {
  it('one unit more than is available', async () => {
    expect(await refused(make(hold('a', 101n)))).toBe('ORDER_FUNDS_INSUFFICIENT');
    expect(await usd()).toBe('100/0');
  });

  it('a batch that fits one by one but not together', async () => {
    const batch = make(hold('a', 60n), hold('b', 60n));
    expect(await refused(batch)).toBe('ORDER_FUNDS_INSUFFICIENT');
    expect(await usd()).toBe('100/0');
  });

  it('an account that was never opened', async () => {
    expect(await refused(make(hold('a', 1n, 'BTC')))).toBe('ORDER_FUNDS_INSUFFICIENT');
    expect(await balanceOf(database.pool, user, 'BTC')).toBe('none');
  });

  it('a name that was used before, also after it is used up', async () => {
    await make(hold('a', 10n));
    await release(['a', 10n]);
    expect(await refused(make(hold('a', 10n)))).toBe('holds_pkey');
  });

  it.each([0n, -1n])('an amount of %s', async (amount) => {
    expect(await refused(make(hold('a', amount)))).toBe('amounts_whole_and_positive');
  });

  it('an increase that is not covered', async () => {
    await make(hold('a', 90n));
    expect(await refused(increase('a', 11n))).toBe('ORDER_FUNDS_INSUFFICIENT');
    expect(await usd()).toBe('100/90');
  });

  it('an increase of a hold that was never made', async () => {
    expect(await refused(increase('never', 1n))).toBe('holds_known');
  });

  it('taking more than remains, and all that came with it', async () => {
    await make(hold('a', 30n), hold('b', 30n));
    const code = await refused(release(['b', 5n], ['a', 31n]));
    expect(code).toBe('holds_remaining_not_negative');
    expect(await usd()).toBe('100/60');
  });

  it('taking twice, within one batch, what is there once', async () => {
    await make(hold('a', 30n));
    expect(await refused(release(['a', 20n], ['a', 20n]))).toBe('holds_remaining_not_negative');
  });

  it('taking from a hold that was never made', async () => {
    expect(await refused(release(['never', 1n]))).toBe('holds_known');
  });
});

describe('holds', () => {
  it('take the very last unit', async () => {
    await make(hold('a', 60n), hold('b', 40n));
    expect(await usd()).toBe('100/100');
  });

  it('grow by increases and shrink by takes', async () => {
    await make(hold('a', 60n));
    await increase('a', 40n);
    await release(['a', 30n], ['a', 30n]);
    expect(await usd()).toBe('100/40');
    await release(['a', 40n]);
    expect(await usd()).toBe('100/0');
  });

  it('tell locked balances as they are, the never opened as empty', async () => {
    await make(hold('a', 60n));
    const balances = await withTransaction(orders, (tx) =>
      lockBalances(tx, [
        { owner: user, asset: 'USD' },
        { owner: user, asset: 'USD' },
        { owner: user, asset: 'BTC' },
      ]),
    );
    expect(balances.get(user, 'USD')).toEqual({
      totalMinor: 100n,
      heldMinor: 60n,
      availableMinor: 40n,
    });
    expect(balances.get(user, 'BTC').availableMinor).toBe(0n);
  });

  it('never promise one balance to two transactions', async () => {
    const spendAll = (name: string): Promise<string> =>
      withTransaction(orders, async (tx) => {
        const balances = await lockBalances(tx, [{ owner: user, asset: 'USD' }]);
        const { availableMinor } = balances.get(user, 'USD');
        if (availableMinor === 0n) return 'empty';
        await makeHolds(tx, [hold(name, availableMinor)]);
        return 'held';
      });
    const outcomes = await Promise.all(['a', 'b', 'c', 'd'].map(spendAll));
    expect(outcomes.sort()).toEqual(['empty', 'empty', 'empty', 'held']);
  });

  it('leave the ledger whole after all of the above', async () => {
    expect(await findBrokenInvariants(database.pool)).toEqual([]);
  });
});
