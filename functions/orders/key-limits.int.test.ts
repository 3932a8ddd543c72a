// C13 What a key leaves out, on real Postgres: orders of other markets, by name and by id, and what
// would enter the log after the window of its signature.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Caller } from '../../shared/domain/caller.ts';
import type { OrderId } from '../../shared/domain/ids.ts';
import { ALICE, createOrdersFixture, outboxIsEmpty, type OrdersFixture } from './fixture.ts';

const BUY = { market: 'BTC-USD', side: 'buy', type: 'limit', price: '100', quantity: '1' };
const ETH = { ...BUY, market: 'ETH-USD' };
const OCO = {
  type: 'oco',
  orders: [
    { side: 'sell', type: 'limit', price: '200', quantity: '1' },
    { side: 'sell', type: 'market', quantity: '1', trigger: { type: 'stop_loss', price: '50' } },
  ],
};

let fixture: OrdersFixture;
beforeAll(async () => {
  fixture = await createOrdersFixture({ openOrdersMax: 100 });
  await fixture.setMarket({ market: 'ETH-USD', base: 'ETH' });
  await fixture.database.pool.query(`SELECT fees.set_schedule('ETH-USD', 1000, 2000)`);
});
afterAll(() => fixture.close());

function keyOf(change: Partial<Caller> = {}): Caller {
  const credentialId = 'key_0000000000000001';
  const validUntilMs = Date.now() + 60_000;
  return { ...ALICE, kind: 'key', credentialId, markets: ['BTC-USD'], validUntilMs, ...change };
}

async function call(caller: Caller, method: string, path: string, body?: unknown) {
  const answer = await fixture.call(caller, method, path, body);
  return { ...answer, body: answer.body as Record<string, unknown> & { code?: string } };
}

async function place(body: object, caller: Caller = ALICE): Promise<OrderId> {
  const answer = await call(caller, 'POST', '/v1/orders', body);
  expect(answer.status).toBe(201);
  return answer.body['id'] as OrderId;
}

/** How many commands `work` has put into the log. */
async function added(work: () => Promise<unknown>): Promise<number> {
  await outboxIsEmpty(fixture);
  const before = (await fixture.commands()).length;
  await work();
  await outboxIsEmpty(fixture);
  return (await fixture.commands()).length - before;
}

const ID = '{id}';

describe('C13 a key for BTC-USD is refused in ETH-USD', () => {
  it.each<[string, string, unknown?]>([
    ['POST', '/v1/orders', ETH],
    ['POST', '/v1/orders/test', ETH],
    ['POST', '/v1/order-lists', { ...OCO, market: 'ETH-USD' }],
    ['DELETE', `/v1/orders/${ID}`],
    ['PATCH', `/v1/orders/${ID}`, { quantity: '0.5' }],
    ['POST', `/v1/orders/${ID}/replace`, ETH],
    ['DELETE', '/v1/orders/by-client-id/eth-1'],
    ['DELETE', '/v1/orders?market=ETH-USD'],
    ['POST', '/v1/orders/cancel-all-after', { seconds: 60, market: 'ETH-USD' }],
    ['GET', `/v1/orders/${ID}`],
    ['GET', '/v1/orders/by-client-id/eth-1'],
    ['GET', '/v1/orders/client/eth-1'],
    ['GET', '/v1/orders?market=ETH-USD'],
    ['GET', '/v1/order-lists?market=ETH-USD'],
    ['GET', '/v1/trades?market=ETH-USD'],
    ['GET', '/v1/prevented-matches?market=ETH-USD'],
  ])('%s %s', async (method, path, body) => {
    const found = await call(ALICE, 'GET', '/v1/orders/by-client-id/eth-1');
    const id =
      found.status === 200
        ? (found.body['id'] as OrderId)
        : await place({ ...ETH, clientOrderId: 'eth-1' });
    let answer = { status: 0, body: {} as { code?: string } };
    const commands = await added(async () => {
      answer = await call(keyOf(), method, path.replace(ID, id), body);
    });
    expect([answer.status, answer.body.code, commands]).toEqual([403, 'MARKET_NOT_ALLOWED', 0]);
  });

  it('order by order in a batch, and whole when it is all or none', async () => {
    const eth = await place(ETH);
    const placed = await call(keyOf(), 'POST', '/v1/orders/batch', { orders: [BUY, ETH] });
    expect(placed.body['items']).toMatchObject([
      { order: { market: 'BTC-USD' } },
      { problem: { code: 'MARKET_NOT_ALLOWED' } },
    ]);
    const whole = { orders: [BUY, ETH], allOrNone: true };
    const refused = await call(keyOf(), 'POST', '/v1/orders/batch', whole);
    expect(refused.body).toMatchObject({
      code: 'ORDER_BATCH_REFUSED',
      errors: [{ path: '/orders/1', code: 'MARKET_NOT_ALLOWED' }],
    });
    const orders = [{ id: eth }];
    const cancelled = await call(keyOf(), 'POST', '/v1/orders/batch-cancel', { orders });
    expect(cancelled.body['items']).toMatchObject([{ problem: { code: 'MARKET_NOT_ALLOWED' } }]);
  });
});

describe('C13 a key for BTC-USD', () => {
  it('places, changes and cancels there', async () => {
    const id = await place(BUY, keyOf());
    const changed = await call(keyOf(), 'PATCH', `/v1/orders/${id}`, { quantity: '0.5' });
    expect(changed.status).toBe(202);
    expect((await call(keyOf(), 'DELETE', `/v1/orders/${id}`)).status).toBe(202);
  });

  it('sees its own market alone in lists, and all of their pages', async () => {
    for (let times = 0; times < 3; times += 1) {
      await place(ETH);
      await place(BUY);
    }
    const seen: string[] = [];
    let cursor = '';
    do {
      const { body } = await call(keyOf(), 'GET', `/v1/orders?limit=2${cursor}`);
      for (const { market } of body['items'] as { market: string }[]) seen.push(market);
      const next = body['nextCursor'] as string | null;
      cursor = next === null ? '' : `&cursor=${encodeURIComponent(next)}`;
    } while (cursor !== '');
    expect(seen.length).toBeGreaterThanOrEqual(3);
    expect(new Set(seen)).toEqual(new Set(['BTC-USD']));
  });

  it('means its own market by all markets', async () => {
    await place(ETH);
    await place(BUY);
    const all = await call(keyOf(), 'DELETE', '/v1/orders');
    expect([all.status, all.body['markets']]).toEqual([202, ['BTC-USD']]);
    const after = await call(keyOf(), 'POST', '/v1/orders/cancel-all-after', { seconds: 60 });
    expect(after.body['markets']).toMatchObject([{ market: 'BTC-USD' }]);
    await call(keyOf(), 'POST', '/v1/orders/cancel-all-after', { seconds: 0 });
    const other = await call(keyOf({ markets: ['SOL-USD'] }), 'DELETE', '/v1/orders');
    expect([other.status, other.body['markets']]).toEqual([202, []]);
  });
});

describe('C14 what would enter the log after its window', () => {
  const late = () => keyOf({ markets: null, validUntilMs: Date.now() - 1 });
  it.each<[string, string, unknown?]>([
    ['POST', '/v1/orders', BUY],
    ['POST', '/v1/order-lists', { ...OCO, market: 'BTC-USD' }],
    ['PATCH', `/v1/orders/${ID}`, { quantity: '0.5' }],
    ['POST', `/v1/orders/${ID}/replace`, BUY],
    ['DELETE', `/v1/orders/${ID}`],
    ['DELETE', '/v1/orders'],
  ])('%s %s is refused', async (method, path, body) => {
    const id = await place(BUY);
    let answer = { status: 0, body: {} as { code?: string } };
    const commands = await added(async () => {
      answer = await call(late(), method, path.replace(ID, id), body);
    });
    expect([answer.status, answer.body.code, commands]).toEqual([401, 'SIGNATURE_EXPIRED', 0]);
  });
});
