// "A flag that is committed stops the next order": on a real Postgres, in a burst of orders, from two
// instances. Whoever sets the flag counts the user's orders behind it, in his own transaction; no
// order may ever join those, because none may be accepted after the commit.
import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { withTransaction, type Pool } from '../../shared/db/pool.ts';
import { createTestDatabase } from '../../shared/testing/database.ts';
import type { Intent } from './decide/intent.ts';
import { createOrdersFixture, type OrdersFixture } from './fixture.ts';
import { submitOne } from './handler/submit.ts';
import { closeOrders } from './handler.ts';
import type { OrdersDeps } from './handler/deps.ts';

vi.setConfig({ testTimeout: 120_000 });

const ROUNDS = 60;
const BURST_ORDERS = 40;
const FROZEN = `SELECT risk.set_flag(1, 'frozen', $1, 'olivia', 'a test')`;

let fixture: OrdersFixture;
let second: OrdersDeps;
let risk: Pool;
beforeAll(async () => {
  fixture = await createOrdersFixture({ database: await createTestDatabase(), openOrdersMax: 1e6 });
  second = fixture.openSecond();
  risk = fixture.database.poolFor('bourse_risk', 2);
});
afterAll(async () => {
  await closeOrders(second);
  await fixture.close();
});

/** Small enough for thousands. */
const INTENT: Intent = {
  kind: 'place',
  userNumber: 1,
  body: { market: 'BTC-USD', side: 'buy', type: 'limit', price: '10', quantity: '0.1' },
  keys: [],
  requestHash: 'aa',
};

async function countOrders(db: Pick<Pool, 'query'>): Promise<number> {
  const result = await db.query<{ orders: number }>(
    'SELECT count(*)::integer AS orders FROM orders.orders WHERE user_number = 1',
  );
  return result.rows[0]?.orders ?? 0;
}

/** A generator whose sequence is its seed's. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function sleep(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}

/** Orders from both instances, a little apart; answers how many were accepted and refused. */
async function burst(random: () => number): Promise<{ accepted: number; frozen: number }> {
  const answers = await Promise.all(
    Array.from({ length: BURST_ORDERS }, async (_, at) => {
      await sleep(random() * 40);
      const deps = at % 2 === 0 ? fixture.deps : second;
      return submitOne(deps, INTENT, false);
    }),
  );
  const accepted = answers.filter((each) => 'accepted' in each).length;
  return { accepted, frozen: answers.length - accepted };
}

describe('a flag that is set in a burst of orders', () => {
  it('is the end of them: none is accepted once it is committed', async () => {
    const seed = randomInt(2 ** 31);
    process.stdout.write(`flag race: seed ${seed}, ${ROUNDS} rounds\n`);
    const random = randomOf(seed);
    let cutThrough = 0;
    // Whoever counts must see the table: the operator of this test is everybody.
    const operator = fixture.database.pool;
    for (let round = 0; round < ROUNDS; round += 1) {
      const before = await countOrders(operator);
      const orders = burst(random);
      await sleep(random() * 50);
      const atCommit = await withTransaction(operator, async (tx) => {
        await tx.query(FROZEN, [true]);
        return countOrders(tx);
      });
      const { accepted, frozen } = await orders;
      const after = await countOrders(operator);
      expect(after, `seed ${seed}, round ${round}`).toBe(atCommit);
      expect(after - before).toBe(accepted);
      if (accepted > 0 && frozen > 0) cutThrough += 1;
      await operator.query(FROZEN, [false]);
    }
    // Otherwise the rounds have shown nothing.
    expect(cutThrough).toBeGreaterThan(ROUNDS / 4);
  });

  it('waits for an accept that has looked before, and not for another user’s', async () => {
    const { pool } = fixture.database;
    const holder = await pool.connect();
    await holder.query('BEGIN');
    // The accept looks at the flags, and then stands still before the balance.
    await holder.query(
      `SELECT FROM ledger.accounts WHERE owner = 'usr_0000000000000001' FOR UPDATE`,
    );
    const order = submitOne(fixture.deps, INTENT, false);
    await vi.waitFor(async () => {
      const waiting = await pool.query(
        `SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = 7105115 AND granted`,
      );
      expect(waiting.rowCount).toBe(1);
    });
    let isSet = false;
    const setting = risk.query(FROZEN, [true]).then(() => (isSet = true));
    await risk.query(`SELECT risk.set_flag(2, 'frozen', true, 'olivia', 'a test')`);
    await sleep(100);
    expect(isSet).toBe(false);
    await holder.query('ROLLBACK');
    holder.release();
    expect(await order).toHaveProperty('accepted');
    await setting;
    expect(await submitOne(fixture.deps, INTENT, false)).toMatchObject({
      code: 'ACCOUNT_FROZEN',
    });
  });

  it('lets cancels through even while it waits', async () => {
    const { pool } = fixture.database;
    const blocker = await pool.connect();
    await blocker.query('BEGIN');
    await blocker.query(FROZEN, [false]);
    const all = { kind: 'cancel_all', userNumber: 1, market: 'BTC-USD', side: null } as const;
    const cancel = await submitOne(fixture.deps, all, false);
    expect(cancel).toHaveProperty('accepted');
    await blocker.query('ROLLBACK');
    blocker.release();
  });
});
