// What the engine did, told to the orders function: in order, reversed, repeated, and not fitting.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { userId, type OrderId } from '../../shared/domain/ids.ts';
import type { ExecutionEvent } from '../../shared/events/executions.ts';
import type { Caller } from '../../shared/domain/caller.ts';
import { ALICE, BOB, createOrdersFixture, type OrdersFixture } from './fixture.ts';

let fixture: OrdersFixture;
beforeAll(async () => {
  fixture = await createOrdersFixture();
});
afterAll(() => fixture.close());

const BUY = { market: 'BTC-USD', side: 'buy', type: 'limit', price: '30000', quantity: '0.001' };

async function place(change: object, caller: Caller): Promise<OrderId> {
  const answer = await fixture.call(caller, 'POST', '/v1/orders', { ...BUY, ...change });
  expect(answer.status).toBe(201);
  return (answer.body as { id: OrderId }).id;
}

describe('the projection of executions', () => {
  const TIME_MS = 1_700_000_000_000;

  function lifeOf(taker: OrderId, maker: OrderId, from: number): ExecutionEvent[] {
    const head = { timeMs: TIME_MS };
    const trade = (sequence: number, takerLeft: number, makerLeft: number): ExecutionEvent => ({
      ...head,
      kind: 'trade',
      sequence,
      tradeId: `trd_BTC-USD_${sequence}` as never,
      priceTicks: 3_000_000,
      quantityLots: 5,
      baseMinor: '50000',
      quoteMinor: '15000000',
      takerSide: 'buy',
      taker: {
        orderId: taker,
        userId: userId(1),
        feePpm: 2000,
        remainingLots: takerLeft,
        holdMinor: '15000000',
      },
      maker: {
        orderId: maker,
        userId: userId(2),
        feePpm: 1000,
        remainingLots: makerLeft,
        holdMinor: '50000',
      },
    });
    const ended = (sequence: number, id: OrderId, user: number): ExecutionEvent => ({
      ...head,
      kind: 'ended',
      sequence,
      orderId: id,
      userId: userId(user),
      status: 'filled',
      reason: null,
      cancelledLots: 0,
      releaseMinor: '0',
    });
    return [
      {
        ...head,
        kind: 'opened',
        sequence: from,
        orderId: maker,
        userId: userId(2),
        side: 'sell',
        priceTicks: 3_000_000,
        remainingLots: 10,
      },
      trade(from + 1, 5, 5),
      trade(from + 2, 0, 0),
      ended(from + 3, maker, 2),
      ended(from + 4, taker, 1),
    ];
  }

  it.each([
    ['in order', (events: ExecutionEvent[]) => events.map((event) => [event])],
    ['reversed', (events: ExecutionEvent[]) => events.map((event) => [event]).reverse()],
    ['repeated', (events: ExecutionEvent[]) => [events, events.slice(1, 4), events]],
  ])('comes to the same state when records arrive %s', async (_name, cut) => {
    const taker = await place({}, ALICE);
    const maker = await place({ side: 'sell' }, BOB);
    const last = await fixture.database.pool.query<{ at: number }>(
      'SELECT coalesce(max(last_sequence), 0) + 1 AS at FROM orders.orders',
    );
    for (const events of cut(lifeOf(taker, maker, last.rows[0]?.at ?? 1))) {
      expect((await fixture.deliver(events)).status).toBe(204);
    }
    const order = (await fixture.call(ALICE, 'GET', `/v1/orders/${taker}`)).body;
    expect(order).toMatchObject({
      status: 'filled',
      reason: null,
      filledQuantity: '0.001',
      filledQuote: '30',
      averagePrice: '30000',
      remainingQuantity: '0',
      fees: [{ asset: 'BTC', amount: '0.000002' }],
    });
    const trades = await fixture.call(ALICE, 'GET', `/v1/trades?orderId=${taker}`);
    expect((trades.body as { items: unknown[] }).items).toHaveLength(2);
    const open = await fixture.database.pool.query<{ open_orders: number }>(
      `SELECT open_orders FROM orders.open_counts WHERE user_number IN (1, 2)`,
    );
    expect(open.rows.map((row) => row.open_orders)).toEqual([0, 0]);
  });

  it('refuses an event that does not fit its schema, for good', async () => {
    const answer = await fixture.deliver([{ kind: 'opened' } as never]);
    expect(answer.status).toBe(400);
  });
});
