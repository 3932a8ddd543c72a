// Matches that self-trade prevention kept from being trades, as the engine tells of them and as
// their owners read of them: each of his own orders, and nobody of another's.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { orderId, parseOrderId, userId, type OrderId } from '../../shared/domain/ids.ts';
import type { PreventedEvent } from '../../shared/events/executions.ts';
import type { Caller } from '../../shared/domain/caller.ts';
import { ALICE, BOB, CAROL, createOrdersFixture, type OrdersFixture } from './fixture.ts';
import { ended, opened } from './outcome-fixture.ts';
import type { PreventedMatchAnswer } from './schema.ts';

const BUY = { market: 'BTC-USD', side: 'buy', type: 'limit', price: '1', quantity: '1' };
const TIME_MS = 1_700_000_000_000;

let fixture: OrdersFixture;
let taker: OrderId;
let maker: OrderId;
let bobs: OrderId;
beforeAll(async () => {
  fixture = await createOrdersFixture({ openOrdersMax: 100 });
  maker = await place({ side: 'sell' }, ALICE);
  bobs = await place({ side: 'sell' }, BOB);
  taker = await place({}, ALICE);
});
afterAll(() => fixture.close());

async function place(change: object, caller: Caller): Promise<OrderId> {
  const answer = await fixture.call(caller, 'POST', '/v1/orders', { ...BUY, ...change });
  expect(answer.status).toBe(201);
  return (answer.body as { id: OrderId }).id;
}

/** Alice's taker meets an order: her own, or that of another account of her trade group. */
function prevented(sequence: number, makerId: OrderId, makerUser: Caller): PreventedEvent {
  return {
    kind: 'prevented',
    sequence,
    timeMs: TIME_MS,
    priceTicks: 100,
    mode: 'cancel_maker',
    takerSide: 'buy',
    taker: { orderId: taker, userId: userId(ALICE.userNumber), lots: 0 },
    maker: { orderId: makerId, userId: userId(makerUser.userNumber), lots: 10_000 },
  };
}

interface Page {
  readonly items: readonly PreventedMatchAnswer[];
  readonly nextCursor: string | null;
}

async function list(caller: Caller, query = ''): Promise<Page> {
  const answer = await fixture.call(caller, 'GET', `/v1/prevented-matches${query}`);
  expect(answer.status).toBe(200);
  return answer.body as Page;
}

describe('prevented matches', () => {
  it('are none before the first', async () => {
    expect(await list(ALICE)).toEqual({ items: [], nextCursor: null });
  });

  it.each(['limit=0', 'orderId=1', 'cursor=!', 'market=btc', 'market=BTC-USD&x=1', 'orderId='])(
    'are not told for %s',
    async (query) => {
      const answer = await fixture.call(ALICE, 'GET', `/v1/prevented-matches?${query}`);
      expect(answer).toMatchObject({ status: 400, body: { code: 'QUERY_INVALID' } });
    },
  );

  it('are kept once, however often and in whatever order they are told', async () => {
    const one = prevented(5, maker, ALICE);
    const two = prevented(7, bobs, BOB);
    for (const events of [[two], [one, two], [one]]) {
      expect((await fixture.deliver(events)).status).toBe(204);
    }
    const { rows } = await fixture.database.pool.query(
      `SELECT user_number AS user, sequence, taker_order_number IS NOT NULL AS taker,
         maker_order_number IS NOT NULL AS maker
       FROM orders.prevented_matches ORDER BY sequence, user_number`,
    );
    expect(rows).toEqual([
      { user: 1, sequence: 5, taker: true, maker: true },
      { user: 1, sequence: 7, taker: true, maker: false },
      { user: 2, sequence: 7, taker: false, maker: true },
    ]);
  });

  it('change nothing of an order by themselves', async () => {
    const order = (await fixture.call(ALICE, 'GET', `/v1/orders/${taker}`)).body;
    expect(order).toMatchObject({ status: 'accepted', remainingQuantity: '1' });
  });

  it('tell of both orders to the owner of both', async () => {
    const { items } = await list(ALICE, `?orderId=${maker}`);
    expect(items).toEqual([
      {
        market: 'BTC-USD',
        price: '1',
        selfTradePrevention: 'cancel_maker',
        orders: [
          { orderId: taker, side: 'buy', liquidity: 'taker', preventedQuantity: '0' },
          { orderId: maker, side: 'sell', liquidity: 'maker', preventedQuantity: '1' },
        ],
        time: new Date(TIME_MS).toISOString(),
      },
    ]);
  });

  it('never tell of the order of another account', async () => {
    const alices = JSON.stringify(await list(ALICE));
    expect(alices).not.toContain(bobs);
    expect(alices).not.toContain(BOB.userId);
    const bob = await list(BOB);
    expect(bob.items).toMatchObject([{ orders: [{ orderId: bobs, liquidity: 'maker' }] }]);
    expect(JSON.stringify(bob)).not.toContain(taker);
    expect((await list(BOB, `?orderId=${taker}`)).items).toEqual([]);
    expect((await list(CAROL)).items).toEqual([]);
  });

  it('are paged newest first, and picked by market and order', async () => {
    const first = await list(ALICE, '?limit=1&market=BTC-USD');
    const second = await list(ALICE, `?limit=1&cursor=${first.nextCursor ?? ''}`);
    const sizes = [first, second].map(({ items }) => items[0]?.orders.length);
    expect(sizes.sort()).toEqual([1, 2]);
    expect(second.nextCursor).toBeNull();
    expect((await list(ALICE, '?market=ETH-USD')).items).toEqual([]);
    expect((await list(ALICE, `?orderId=${taker}`)).items).toHaveLength(2);
    expect((await list(ALICE, '?orderId=ord_0000000000000000')).items).toEqual([]);
  });

  it('of orders that are not known here are not kept', async () => {
    const unknown = {
      ...prevented(9, orderId(900), CAROL),
      taker: prevented(9, maker, CAROL).maker,
    };
    const side = { orderId: orderId(901), userId: userId(CAROL.userNumber), lots: 0 };
    await fixture.deliver([{ ...unknown, taker: side, maker: { ...side, orderId: orderId(902) } }]);
    expect((await list(CAROL)).items).toEqual([]);
  });
});

describe('an order that took the place of another', () => {
  const numberOf = (id: OrderId): number => parseOrderId(id) ?? 0;
  const replacedEnd = (sequence: number, number: number) => ({
    ...ended(sequence, number),
    reason: 'ORDER_REPLACED',
  });

  it.each([
    ['in order', [0, 1, 2]],
    ['reversed', [2, 1, 0]],
    ['the new one first', [1, 0, 2]],
  ])('is named by the one it replaced, and no other: %s', async (_name, way) => {
    const old = numberOf(await place({}, ALICE));
    const failed = numberOf(await place({}, ALICE));
    const taken = numberOf(await place({}, ALICE));
    await fixture.database.pool.query(
      'UPDATE orders.orders SET replaces_number = $1 WHERE order_number IN ($2, $3)',
      [old, failed, taken],
    );
    const at = old * 10;
    // The first wanted the place, too, and was taken beside it before the second came.
    const events = [opened(at, failed), replacedEnd(at + 2, old), opened(at + 3, taken)];
    for (const each of way) await fixture.deliver(events.slice(each, each + 1));
    const read = async (number: number) =>
      (await fixture.call(ALICE, 'GET', `/v1/orders/${orderId(number)}`)).body;
    expect(await read(old)).toMatchObject({
      status: 'cancelled',
      reason: 'ORDER_REPLACED',
      replacedBy: orderId(taken),
      replaces: null,
    });
    expect(await read(taken)).toMatchObject({ replaces: orderId(old), replacedBy: null });
  });
});
