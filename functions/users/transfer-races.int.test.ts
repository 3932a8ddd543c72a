// T2, T3, C22, C33: transfers at once, on a real Postgres. Whatever runs beside what, no balance is
// below zero at any moment, nothing is made or lost, and a key has one effect.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { withTransaction, type Pool, type Tx } from '../../shared/db/pool.ts';
import type { Caller } from '../../shared/domain/caller.ts';
import { parseUserId, type UserId } from '../../shared/domain/ids.ts';
import { findLedgerRefusal } from '../../shared/ledger/refusal.ts';
import { makeHolds } from '../../shared/ledger/make-holds.ts';
import { callFunction, type CallAnswer } from '../../shared/function/call.ts';
import { createAccountsFixture, type AccountsFixture } from './accounts-fixture.ts';
import { codeOf } from './fixture.ts';
import { definition } from './handler.ts';

vi.setConfig({ testTimeout: 120_000 });

const FREEZE = `SELECT risk.set_flag($1, 'frozen', $2, 'olivia', 'a test')`;

let users: AccountsFixture;
let orders: Pool;
beforeAll(async () => {
  users = await createAccountsFixture();
  orders = users.database.poolFor('bourse_orders', 8);
});
afterAll(() => users.close());

let families = 0;
async function family(): Promise<{ owner: Caller; parts: UserId[] }> {
  return users.addFamily(`family${(families += 1)}@example.org`, 'a', 'b', 'c');
}

function usd(from: string, to: string, amount: string) {
  return { from, to, asset: 'USD', amount };
}

function count(codes: readonly (string | number)[], wanted: string | number): number {
  return codes.filter((code) => code === wanted).length;
}

/** Sum and lowest available of these accounts, read by another connection until `work` ends. */
async function watch<Result>(
  owners: readonly string[],
  work: () => Promise<Result>,
): Promise<{ result: Result; reads: number; lowest: bigint; totals: Set<string> }> {
  const totals = new Set<string>();
  let lowest = 10n ** 30n;
  let reads = 0;
  const watched = { isOver: false };
  const reader = (async () => {
    while (!watched.isOver) {
      const { rows } = await users.database.pool.query<{ total: string; lowest: string }>(
        `SELECT sum(total)::text AS total, min(available)::text AS lowest
         FROM ledger.balances WHERE owner = ANY ($1::text[]) AND asset = 'USD'`,
        [owners],
      );
      totals.add(rows[0]?.total ?? '');
      const read = BigInt(rows[0]?.lowest ?? '0');
      if (read < lowest) lowest = read;
      reads += 1;
    }
  })();
  try {
    return { result: await work(), reads, lowest, totals };
  } finally {
    watched.isOver = true;
    await reader;
  }
}

describe('T2 two hundred transfers at once, in a ring, each of more than half of what there is', () => {
  it('never show a balance below zero, and make and lose nothing', async () => {
    const { owner, parts } = await family();
    const ring = [owner.userId, ...parts];
    for (const account of ring) await users.fund(account, 'USD', 100n);
    for (let round = 0; round < 3; round += 1) {
      const { result, reads, lowest, totals } = await watch(ring, () =>
        Promise.all(
          Array.from({ length: 200 }, (_, at) => {
            // Fifty of each account beside each other: one after the other all could be covered.
            const step = Math.floor(at / 50);
            const from = ring[step] ?? '';
            const to = ring[(step + 1) % ring.length] ?? '';
            return users.transfer(owner, usd(from, to, '0.70'));
          }),
        ),
      );
      const codes = result.map(codeOf);
      expect(count(codes, 201) + count(codes, 'INSUFFICIENT_FUNDS')).toBe(200);
      expect(Math.min(count(codes, 201), count(codes, 'INSUFFICIENT_FUNDS'))).toBeGreaterThan(0);
      expect(reads).toBeGreaterThan(0);
      expect(lowest).toBeGreaterThanOrEqual(0n);
      expect([...totals]).toEqual(['400']);
    }
  });
});

describe('T3 orders and transfers at once on one balance', () => {
  it('take no more together than there is, and what is held is what was accepted', async () => {
    const { owner, parts } = await family();
    const [a = ''] = parts;
    for (let round = 0; round < 5; round += 1) {
      const { entries } = await state(owner.userId);
      // Neither kind alone takes all of it.
      await users.fund(owner.userId, 'USD', 1_000n);
      const before = await state(owner.userId);
      const { result, lowest } = await watch([owner.userId], () =>
        Promise.all(
          Array.from({ length: 100 }, (_, at) =>
            at % 2 === 0
              ? users.transfer(owner, usd(owner.userId, a, '0.13')).then(codeOf)
              : hold(owner.userId, `ord_${round}_${at}`, 13n),
          ),
        ),
      );
      const moved = count(result, 201);
      const placed = count(result, 'placed');
      expect(moved + placed + count(result, 'INSUFFICIENT_FUNDS') + count(result, 'short')).toBe(
        100,
      );
      expect(Math.min(moved, placed)).toBeGreaterThan(0);
      const after = await state(owner.userId);
      expect(lowest).toBeGreaterThanOrEqual(0n);
      expect(after.held - before.held).toBe(13n * BigInt(placed));
      expect(before.available - after.available).toBe(13n * BigInt(moved) + 13n * BigInt(placed));
      expect(after.available).toBeLessThan(13n);
      expect(after.entries - entries).toBe(moved + 1);
    }
  });
});

describe('C22 two hundred requests at once with one key', () => {
  it('have one effect, and all the same answer', async () => {
    const { owner, parts } = await family();
    const [a = '', b = ''] = parts;
    await users.fund(owner.userId, 'USD', 1_000n);
    const before = await users.entries();
    const answers = await Promise.all(
      Array.from({ length: 200 }, () => users.transfer(owner, usd(owner.userId, a, '1'), 'ONE')),
    );
    expect(answers.map(codeOf)).toEqual(Array(200).fill(201));
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    expect(answers.filter(isRepeat)).toHaveLength(199);
    expect(await users.entries()).toBe(before + 1);
    expect(await users.balance(a, 'USD')).toBe('100/0');
    const mixed = await Promise.all(
      Array.from({ length: 100 }, (_, at) =>
        users.transfer(owner, usd(owner.userId, at % 2 === 0 ? a : b, '1'), 'TWO').then(codeOf),
      ),
    );
    expect([count(mixed, 201), count(mixed, 'IDEMPOTENCY_KEY_REUSED')]).toEqual([50, 50]);
    expect(await users.entries()).toBe(before + 2);
  });

  it('a crash between posting and answering is one effect when the key comes again', async () => {
    const { owner, parts } = await family();
    const [a = ''] = parts;
    await users.fund(owner.userId, 'USD', 1_000n);
    for (const moment of ['before', 'after'] as const) {
      const move = usd(owner.userId, a, '1');
      const before = await users.entries();
      await expect(crashing(moment, owner, move, moment)).resolves.toMatchObject({ status: 500 });
      expect(await users.entries()).toBe(before + (moment === 'after' ? 1 : 0));
      const again = await users.transfer(owner, move, moment);
      expect(again.status).toBe(201);
      expect(isRepeat(again)).toBe(moment === 'after');
      expect(await users.entries()).toBe(before + 1);
    }
  });
});

describe('C33 a transfer and what ends it', () => {
  it('a freeze that is committed is the end of transfers, and waits for those that looked', async () => {
    const { owner, parts } = await family();
    const [a = ''] = parts;
    await users.fund(owner.userId, 'USD', 100_000n);
    let cutThrough = 0;
    for (let round = 0; round < 20; round += 1) {
      const frozen = round % 2 === 0 ? owner.userNumber : parseUserId(a);
      let answered = 0;
      let begin = (): void => undefined;
      // In the midst of the burst, however fast the machine is.
      const hasBegun = new Promise<void>((done) => (begin = done));
      const burst = Array.from({ length: 30 }, async () => {
        const code = codeOf(await users.transfer(owner, usd(owner.userId, a, '0.01')));
        answered += 1;
        if (answered > round % 8) begin();
        return code;
      });
      await hasBegun;
      const atCommit = await withTransaction(users.database.pool, async (tx) => {
        await tx.query(FREEZE, [frozen, true]);
        return users.entries();
      });
      const codes = await Promise.all(burst);
      expect(await users.entries()).toBe(atCommit);
      expect(count(codes, 201) + count(codes, 'ACCOUNT_BLOCKED')).toBe(30);
      if (new Set(codes).size === 2) cutThrough += 1;
      await users.database.pool.query(FREEZE, [frozen, false]);
    }
    expect(cutThrough).toBeGreaterThan(3);
  });

  it('closing, making and moving at once leave no closed account with anything', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { owner, parts } = await family();
      const [a = '', b = ''] = parts;
      if (round % 2 === 0) await users.fund(a, 'USD', 10n);
      const answers = await Promise.all([
        users.transfer(owner, usd(a, b, '0.1')),
        users.call('DELETE', '/v1/users/me', undefined, owner),
        users.transfer(owner, usd(a, owner.userId, '0.1')),
        users.call('POST', '/v1/users/me/sub-accounts', { label: 'late' }, owner),
      ]);
      const isClosed = answers[1].status === 200;
      expect(isClosed).toBe(round % 2 === 1);
      const rows = await users.database.pool.query(
        `SELECT FROM users.users WHERE (user_number = $1 OR parent_number = $1)
           AND (status = 'closed') <> $2`,
        [owner.userNumber, isClosed],
      );
      expect(rows.rowCount).toBe(0);
    }
  });
});

function isRepeat({ headers }: CallAnswer): boolean {
  return headers['idempotency-replayed'] === 'true';
}

/** As an accept does it, by the role that does. */
async function hold(owner: UserId, holdId: string, amountMinor: bigint): Promise<string> {
  try {
    await withTransaction(orders, (tx) =>
      makeHolds(tx, [{ holdId, owner, asset: 'USD', amountMinor }]),
    );
    return 'placed';
  } catch (error) {
    if (findLedgerRefusal(error)?.code === 'ORDER_FUNDS_INSUFFICIENT') return 'short';
    throw error;
  }
}

async function state(owner: string): Promise<{ available: bigint; held: bigint; entries: number }> {
  const { rows } = await users.database.pool.query<{
    available: string;
    held: string;
    entries: number;
  }>(
    `SELECT b.available::text, b.held::text, (SELECT count(*)::integer
       FROM ledger.account_postings p WHERE p.account = b.account) AS entries
     FROM ledger.balances b WHERE b.owner = $1 AND b.asset = 'USD'`,
    [owner],
  );
  const row = rows[0];
  return {
    available: BigInt(row?.available ?? 0),
    held: BigInt(row?.held ?? 0),
    entries: row?.entries ?? 0,
  };
}

/** A transfer by a process that dies right before or after its commit. */
function crashing(
  moment: 'before' | 'after',
  caller: Caller,
  body: object,
  key: string,
): Promise<CallAnswer> {
  const { pool } = users.deps;
  const connect = async (): Promise<Tx> => {
    const tx = await pool.connect();
    return new Proxy(tx, {
      get: (target, name) => {
        if (name !== 'query') {
          const value: unknown = Reflect.get(target, name);
          return typeof value === 'function' ? (value.bind(target) as unknown) : value;
        }
        return async (text: string, values?: unknown[]) => {
          if (text !== 'COMMIT') return target.query(text, values);
          if (moment === 'after') await target.query('COMMIT');
          throw new Error('the process is gone');
        };
      },
    });
  };
  const dying = { ...users.deps, pool: { connect } as unknown as Pool };
  return callFunction(definition, dying, {
    method: 'POST',
    path: '/v1/users/me/transfers',
    body,
    caller,
    headers: { 'idempotency-key': key },
  });
}
