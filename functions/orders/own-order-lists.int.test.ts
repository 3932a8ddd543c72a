// Own order lists against real Postgres and the embedded log: known by name, read, cancelled, and
// their orders changed one by one.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listId, type OrderId } from '../../shared/domain/ids.ts';
import { callFunction } from '../../shared/function/call.ts';
import { ALICE, BOB, createOrdersFixture, type OrdersFixture } from './fixture.ts';
import { closeOrders, definition } from './handler.ts';
import { ListClient, numbersOf, OCO, OTO, OTOCO, PROFIT, STOP } from './list-client-fixture.ts';
import type { Answered } from './list-client-fixture.ts';
import { ended } from './outcome-fixture.ts';
import { forgetOldKeys } from './store/accept.ts';

let fixture: OrdersFixture;
const client = new ListClient(() => fixture);
beforeAll(async () => {
  fixture = await createOrdersFixture({ openOrdersMax: 100 });
});
afterAll(() => fixture.close());

describe('a list with a name', () => {
  const leg = { ...STOP, clientOrderId: 'leg-1' };
  const named = { ...OCO, orders: [PROFIT, leg], clientListId: 'exit-1' };
  const headers = { 'idempotency-key': 'list-1' };

  it('is answered as the first time by any of its names, and refused with another body', async () => {
    const first = await client.place(named, headers);
    const before = await client.trace();
    for (const again of [await client.place(named, headers), await client.place(named)]) {
      expect(again).toMatchObject({ status: 201, headers: { 'idempotency-replayed': 'true' } });
      expect(again.body).toEqual(first.body);
    }
    const other = { ...named, orders: [leg, PROFIT] };
    expect((await client.place(other, headers)).body.code).toBe('IDEMPOTENCY_KEY_REUSED');
    expect((await client.place(other)).body.code).toBe('ORDER_LIST_CLIENT_ID_REUSED');
    expect((await client.place({ ...other, clientListId: undefined })).body.code).toBe(
      'ORDER_CLIENT_ID_REUSED',
    );
    const single = { market: 'BTC-USD', ...leg };
    const order = await client.call('POST', '/v1/orders', single);
    expect(order.body.code).toBe('ORDER_CLIENT_ID_REUSED');
    expect(await client.trace()).toEqual(before);
    // Whoever has not named his list himself is known by the names of his orders.
    const byLeg = { ...OCO, orders: [PROFIT, { ...STOP, clientOrderId: 'leg-2' }] };
    const one = await client.placed(byLeg);
    expect((await client.placed(byLeg)).id).toBe(one.id);
    expect((await client.place(named, headers, BOB)).body.id).not.toBe(first.body.id);
  });

  it('has one effect when it comes ten times at once, on two instances', async () => {
    const { orders: before } = await client.trace();
    const second = fixture.openSecond();
    try {
      const request = {
        caller: ALICE,
        method: 'POST',
        path: '/v1/order-lists',
        headers: { 'idempotency-key': 'ten-at-once' },
        body: OTOCO,
      };
      const answers = await Promise.all(
        Array.from({ length: 10 }, (_, at) =>
          callFunction(definition, at % 2 === 0 ? fixture.deps : second, request),
        ),
      );
      expect(new Set(answers.map(({ body }) => (body as Answered).id)).size).toBe(1);
      expect(await client.trace()).toMatchObject({ orders: before + 3 });
    } finally {
      await closeOrders(second);
    }
  });

  it('is forgotten a day after the last of its orders has ended', async () => {
    const list = await client.placed({ ...OCO, clientListId: 'to-forget' });
    const [first = 0, last = 0] = numbersOf(list);
    const connection = await fixture.database.pool.connect();
    const isKnown = async () => {
      await forgetOldKeys(connection, Date.now() + 86_400_001, 1_000);
      const known = await connection.query(
        `SELECT FROM orders.request_keys WHERE key = 'to-forget'`,
      );
      return known.rowCount === 1;
    };
    try {
      await fixture.deliver([ended(100_000, first)]);
      expect(await isKnown()).toBe(true);
      await fixture.deliver([ended(100_001, last)]);
      expect(await isKnown()).toBe(false);
    } finally {
      connection.release();
    }
  });
});

describe('own lists', () => {
  it('are read by their owner only', async () => {
    const list = await client.placed(OCO);
    const path = `/v1/order-lists/${list.id}`;
    expect(await client.call('GET', path)).toMatchObject({ status: 200, body: { id: list.id } });
    const [order] = numbersOf(list);
    for (const [id, caller] of [
      [list.id, BOB],
      [listId(order ?? 0), ALICE],
      ['lst_0000000000000000', ALICE],
    ] as const) {
      for (const method of ['GET', 'DELETE']) {
        const answer = await client.call(method, `/v1/order-lists/${id}`, undefined, {}, caller);
        expect(answer).toMatchObject({ status: 404, body: { code: 'ORDER_LIST_NOT_FOUND' } });
      }
    }
    expect((await client.call('GET', '/v1/order-lists/lst_1')).body.code).toBe('PATH_INVALID');
  });

  it('come newest first, page by page, the done ones when they are asked for', async () => {
    const done = await client.placed(OCO, BOB);
    await fixture.deliver(numbersOf(done).map((number, at) => ended(200_000 + at, number)));
    const newest = await client.placed(OTO, BOB);
    const list = async (query: string) =>
      (await client.call('GET', `/v1/order-lists?${query}`, undefined, {}, BOB)).body;
    const open = await list('limit=500');
    expect(open.items[0]).toEqual(newest);
    expect(open.items.map(({ id }) => id)).not.toContain(done.id);
    expect(open.items.every(({ status }) => status === 'executing')).toBe(true);
    const all = await list('status=all&limit=2');
    expect(all.items).toMatchObject([{ id: newest.id }, { id: done.id, status: 'done' }]);
    const next = await list(`status=all&limit=500&cursor=${all.nextCursor ?? ''}`);
    expect(next.items).toHaveLength(open.items.length - 1);
    expect((await list('status=all&market=ETH-USD')).items).toEqual([]);
    expect((await list('status=done')).code).toBe('QUERY_INVALID');
    expect((await list('cursor=x')).code).toBe('QUERY_INVALID');
  });
});

describe('a cancel of a list', () => {
  const cancel = (id: string) => client.call('DELETE', `/v1/order-lists/${id}`);

  it('is a cancel of each order that is open, together in the log', async () => {
    const list = await client.placed(OTOCO);
    const [working = 0, first, second] = numbersOf(list);
    await fixture.deliver([ended(300_000, working)]);
    const { commands: before } = await client.trace();
    const answer = await cancel(list.id);
    expect(answer).toMatchObject({
      status: 202,
      body: { id: list.id, status: 'executing', orders: [{ status: 'cancelled' }, {}, {}] },
    });
    expect(await client.commandsAfter(before)).toMatchObject([
      { kind: 'cancel', orderNumber: first },
      { kind: 'cancel', orderNumber: second },
    ]);
  });

  it('of what is done is told so, and leaves no trace', async () => {
    const list = await client.placed(OCO);
    await fixture.deliver(numbersOf(list).map((number, at) => ended(400_000 + at, number)));
    const before = await client.trace();
    expect(await cancel(list.id)).toMatchObject({
      status: 409,
      body: { code: 'ORDER_LIST_ALREADY_DONE' },
    });
    expect(await client.trace()).toEqual(before);
  });
});

describe('an order of a list', () => {
  it('of a pair cannot be amended, and the hold stays as it is', async () => {
    const list = await client.placed(OCO);
    const before = await client.trace();
    for (const { id } of list.orders) {
      const amend = await client.call('PATCH', `/v1/orders/${id}`, { quantity: '0.05' });
      expect(amend).toMatchObject({ status: 422, body: { code: 'ORDER_AMEND_NOT_ALLOWED' } });
    }
    expect(await client.trace()).toEqual(before);
    expect(await client.holdsOf(list)).toEqual({ [list.id]: '10000000' });
  });

  it('is cancelled and replaced as any other', async () => {
    const list = await client.placed(OCO);
    const [profit = '', stop = ''] = list.orders.map(({ id }) => id as OrderId);
    expect((await client.call('DELETE', `/v1/orders/${stop}`)).status).toBe(202);
    const next = { market: 'BTC-USD', ...PROFIT, price: '31500' };
    const replaced = await client.call('POST', `/v1/orders/${profit}/replace`, next);
    expect(replaced).toMatchObject({
      status: 201,
      body: { result: 'pending', order: { replaces: profit, orderListId: null } },
    });
  });
});
