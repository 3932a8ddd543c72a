// Own balances and statements over the real ledger.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withTransaction } from '../../shared/db/pool.ts';
import { userId } from '../../shared/domain/ids.ts';
import { callFunction, type CallAnswer } from '../../shared/function/call.ts';
import { formatCursor } from '../../shared/http/cursor.ts';
import { deposit } from '../../shared/ledger/deposit.ts';
import { makeHolds } from '../../shared/ledger/make-holds.ts';
import { createTestDatabase, type TestDatabase } from '../../shared/testing/database.ts';
import { sessionCaller } from '../../shared/function/testing/session-caller.ts';
import { definition, type LedgerDeps } from './handler.ts';
import type { EntryAnswer } from './schema.ts';

let database: TestDatabase;
let deps: LedgerDeps;
let deposits = 0;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.pool.query(
    `INSERT INTO reference.assets VALUES ('BTC', 'Bitcoin', 8), ('USD', 'US dollar', 2)
     ON CONFLICT DO NOTHING`,
  );
  deps = { pool: database.poolFor('bourse_ledger_reader') };
});
afterAll(() => database.drop());

async function fund(user: number, asset: string, ...amounts: bigint[]): Promise<void> {
  await withTransaction(database.pool, (tx) =>
    deposit(
      tx,
      amounts.map((amountMinor) => {
        deposits += 1;
        return { depositId: `dep_${deposits}`, userId: userId(user), asset, amountMinor };
      }),
    ),
  );
}

function get(path: string, user?: number): Promise<CallAnswer> {
  const known = user === undefined ? {} : { caller: sessionCaller(user) };
  return callFunction(definition, deps, { method: 'GET', path, ...known });
}

interface Page {
  readonly items: readonly EntryAnswer[];
  readonly nextCursor: string | null;
}

async function entries(user: number, query = ''): Promise<Page> {
  const answer = await get(`/v1/ledger/entries${query}`, user);
  expect(answer.status).toBe(200);
  return answer.body as Page;
}

describe('the ledger routes refuse', () => {
  it.each(['/v1/balances', '/v1/ledger/entries'])('a caller nobody knows: %s', async (path) => {
    expect(await get(path)).toMatchObject({ status: 401, body: { code: 'TOKEN_MISSING' } });
  });

  it.each([
    '/v1/balances?asset=BTC',
    '/v1/ledger/entries?owner=usr_0000000000000002',
    '/v1/ledger/entries?asset=btc',
    '/v1/ledger/entries?asset=BTC&asset=USD',
    '/v1/ledger/entries?limit=0',
    '/v1/ledger/entries?limit=501',
    '/v1/ledger/entries?cursor=***',
    `/v1/ledger/entries?cursor=${formatCursor(['1', '2'])}`,
    `/v1/ledger/entries?cursor=${formatCursor([1])}`,
    `/v1/ledger/entries?cursor=${formatCursor([-1, 2])}`,
  ])('%s', async (path) => {
    expect(await get(path, 1)).toMatchObject({ status: 400, body: { code: 'QUERY_INVALID' } });
  });
});

describe('balances', () => {
  it('are empty for a user who never had anything', async () => {
    expect((await get('/v1/balances', 99)).body).toEqual({ items: [] });
  });

  it('show available, held and total of own assets only', async () => {
    await fund(1, 'USD', 10_050n);
    await fund(1, 'BTC', 150_000_000n);
    await fund(2, 'USD', 1n);
    await withTransaction(database.poolFor('bourse_orders', 1), (tx) =>
      makeHolds(tx, [{ holdId: 'ord_x', owner: userId(1), asset: 'USD', amountMinor: 51n }]),
    );
    expect((await get('/v1/balances', 1)).body).toEqual({
      items: [
        { asset: 'BTC', available: '1.5', held: '0', total: '1.5' },
        { asset: 'USD', available: '99.99', held: '0.51', total: '100.5' },
      ],
    });
  });
});

describe('entries', () => {
  it('come newest first with the balance after each, own only, of one asset if asked', async () => {
    await fund(3, 'USD', 100n, 200n);
    await fund(3, 'BTC', 5n);
    await fund(4, 'USD', 7n);
    const { items } = await entries(3);
    expect(items.map((item) => [item.asset, item.amount, item.balanceAfter])).toEqual([
      ['BTC', '0.00000005', '0.00000005'],
      ['USD', '2', '3'],
      ['USD', '1', '1'],
    ]);
    expect((await entries(3, '?asset=BTC')).items).toHaveLength(1);
    expect(await entries(3, '?asset=DOGE')).toEqual({ items: [], nextCursor: null });
  });

  it('turn pages that rows arriving meanwhile do not shift', async () => {
    await fund(5, 'USD', 1n, 2n, 3n);
    await fund(5, 'BTC', 4n);
    await fund(5, 'USD', 5n);
    const whole = (await entries(5)).items.map((item) => item.entryId);
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const next: string = cursor === null ? '' : `&cursor=${cursor}`;
      const page: Page = await entries(5, `?limit=2${next}`);
      seen.push(...page.items.map((item) => item.entryId));
      cursor = page.nextCursor;
      await fund(5, 'BTC', 9n);
    } while (cursor !== null);
    expect(seen).toEqual(whole);
    expect(new Set(seen).size).toBe(5);
  });
});
