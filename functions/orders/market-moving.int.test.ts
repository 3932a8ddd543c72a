// While a market moves to another shard every command is refused and leaves no trace; afterwards
// what is accepted goes to the new shard.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExecutionEvent } from '../../shared/events/executions.ts';
import { userId, type OrderId } from '../../shared/domain/ids.ts';
import { closeMarket } from '../../shared/markets/move-store.ts';
import { ALICE, BOB, createOrdersFixture, outboxIsEmpty, type OrdersFixture } from './fixture.ts';

const BUY = { market: 'BTC-USD', side: 'buy', type: 'limit', price: '30000', quantity: '0.5' };

let fixture: OrdersFixture;
let resting: OrderId;
let ended: OrderId;
beforeAll(async () => {
  fixture = await createOrdersFixture();
  resting = await place('resting');
  ended = await place('ended');
  const cancelled: ExecutionEvent = {
    kind: 'ended',
    sequence: 1,
    timeMs: 1,
    orderId: ended,
    userId: userId(ALICE.userNumber),
    status: 'cancelled',
    reason: 'ORDER_CANCELLED_BY_USER',
    cancelledLots: 5_000,
    releaseMinor: '0',
  };
  await fixture.deliver([cancelled]);
  await closeMarket(fixture.database.poolFor('bourse_reference', 1), 'BTC-USD', 1);
});
afterAll(() => fixture.close());

async function place(clientOrderId: string): Promise<OrderId> {
  const answer = await fixture.call(ALICE, 'POST', '/v1/orders', { ...BUY, clientOrderId });
  expect(answer.status).toBe(201);
  return (answer.body as { id: OrderId }).id;
}

async function trace(): Promise<unknown> {
  await outboxIsEmpty(fixture);
  const held = await fixture.available(ALICE, 'USD');
  return { held, commands: (await fixture.commands()).length };
}

describe('a market that is moving', () => {
  it.each([
    ['an order', 'POST', '/v1/orders', BUY],
    ['the test of an order', 'POST', '/v1/orders/test', BUY],
    ['an amend', 'PATCH', 'resting', { quantity: '0.4' }],
    ['a cancel', 'DELETE', 'resting', undefined],
    ['a cancel of all', 'DELETE', '/v1/orders?market=BTC-USD', undefined],
  ])('refuses %s for now, without a trace', async (_, method, path, body) => {
    const before = await trace();
    const at = path === 'resting' ? `/v1/orders/${resting}` : path;
    const answer = await fixture.call(ALICE, method, at, body);
    expect(answer).toMatchObject({ status: 503, body: { code: 'MARKET_MOVING' } });
    expect(answer.headers['retry-after']).toBe('1');
    expect(await trace()).toEqual(before);
  });

  it('still says what will not change: a repeat, an ended order, one that is not there', async () => {
    const again = { ...BUY, clientOrderId: 'resting' };
    expect(await fixture.call(ALICE, 'POST', '/v1/orders', again)).toMatchObject({
      status: 201,
      body: { id: resting },
    });
    const cancel = (caller: typeof ALICE, id: string) =>
      fixture.call(caller, 'DELETE', `/v1/orders/${id}`);
    expect(await cancel(ALICE, ended)).toMatchObject({ body: { code: 'ORDER_ALREADY_DONE' } });
    expect(await cancel(BOB, resting)).toMatchObject({ body: { code: 'ORDER_NOT_FOUND' } });
    expect(await fixture.call(ALICE, 'GET', `/v1/orders/${resting}`)).toMatchObject({
      status: 200,
    });
  });
});
