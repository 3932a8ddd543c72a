// The limit of orders and amends in ten seconds on a real database: what is refused, what counts,
// and what a fill gives back.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CallAnswer } from '../../shared/function/call.ts';
import { ALICE, BOB, createOrdersFixture, published, type OrdersFixture } from './fixture.ts';
import { OCO, OTOCO } from './list-client-fixture.ts';
import {
  countedOf,
  limitRate,
  RATE_EXCEEDED,
  shiftWindows,
  waitForRoom,
} from './order-rate-fixture.ts';
import { ended, trade } from './outcome-fixture.ts';

const BUY = { market: 'BTC-USD', side: 'buy', type: 'limit', price: '100', quantity: '0.1' };
const WINDOW_MS = 10_000;

let fixture: OrdersFixture;
/** Of the next event; the market's sequence. */
let sequence = 0;
beforeAll(async () => {
  fixture = await createOrdersFixture({ openOrdersMax: 1_000 });
});
afterAll(() => fixture.close());
beforeEach(async () => {
  const { database } = fixture;
  await database.pool.query('TRUNCATE risk.limits; TRUNCATE orders.open_counts');
  await database.pool.query(`UPDATE orders.orders SET status = 'cancelled'`);
  await waitForRoom(database);
});

function post(path: string, body: object, caller = ALICE, headers = {}): Promise<CallAnswer> {
  return fixture.call(caller, 'POST', path, body, headers);
}

async function code(answer: Promise<CallAnswer>): Promise<string | number> {
  const { status, body } = await answer;
  return status < 300 ? status : (body as { code: string }).code;
}

function place(caller = ALICE): Promise<CallAnswer> {
  return post('/v1/orders', BUY, caller);
}

async function placed(): Promise<string> {
  const answer = await place();
  expect(answer.status).toBe(201);
  await published(fixture);
  return (answer.body as { id: string }).id;
}

function numberOf(id: string): number {
  return Number(id.slice('ord_'.length));
}

async function fill(...ids: string[]): Promise<void> {
  const events = ids.map((id) => trade((sequence += 1), numberOf(id)));
  expect((await fixture.deliver(events)).status).toBe(204);
}

function itemsOf({ body }: CallAnswer): (string | undefined)[] {
  const { items } = body as {
    items: { order?: { status: string }; problem?: { code: string } }[];
  };
  return items.map(({ order, problem }) => problem?.code ?? order?.status);
}

describe('an account at its limit', () => {
  it('is refused with when to come again, and leaves no trace', async () => {
    await limitRate(fixture.database, 1);
    expect(await code(place())).toBe(201);
    const refused = await place();
    expect(refused).toMatchObject({
      status: 429,
      body: {
        code: RATE_EXCEEDED,
        detail: expect.stringMatching(
          /^orders_per_10s_max is 1; it would be 2 orders from .*0\.000Z to .*0\.000Z$/,
        ) as string,
      },
    });
    const seconds = Number(refused.headers['retry-after']);
    expect(seconds).toBeGreaterThanOrEqual(1);
    expect(seconds).toBeLessThanOrEqual(10);
    expect(await code(post('/v1/orders/test', BUY))).toBe(RATE_EXCEEDED);
    expect(await countedOf(fixture.database)).toBe(1);
    expect(await code(place(BOB))).toBe(201);
  });

  it('is one that everybody has, unless it has its own', async () => {
    await limitRate(fixture.database, 0, 0, '*');
    expect(await code(place())).toBe(RATE_EXCEEDED);
    await limitRate(fixture.database, 1);
    expect([await code(place()), await code(place())]).toEqual([201, RATE_EXCEEDED]);
    expect(await code(place(BOB))).toBe(RATE_EXCEEDED);
  });

  it('amends nothing and replaces nothing, but cancels', async () => {
    const id = await placed();
    await limitRate(fixture.database, 1);
    for (const body of [{ quantity: '0.2' }, { quantity: '0.05' }]) {
      expect(await code(fixture.call(ALICE, 'PATCH', `/v1/orders/${id}`, body))).toBe(
        RATE_EXCEEDED,
      );
    }
    expect(await code(post(`/v1/orders/${id}/replace`, BUY))).toBe(RATE_EXCEEDED);
    const all = '/v1/orders?market=BTC-USD';
    expect(await code(fixture.call(ALICE, 'DELETE', `/v1/orders/${id}`))).toBe(202);
    expect(await code(fixture.call(ALICE, 'DELETE', all))).toBe(202);
    expect(await code(post('/v1/orders/batch-cancel', { orders: [{ id }] }))).toBe(200);
    const deadman = { market: 'BTC-USD', seconds: 60 };
    expect(await code(post('/v1/orders/cancel-all-after', deadman))).toBeLessThan(300);
    expect(await countedOf(fixture.database)).toBe(1);
  });

  it('has a batch refused from there on, or whole', async () => {
    await limitRate(fixture.database, 2);
    const orders = [BUY, BUY, BUY];
    const whole = await post('/v1/orders/batch', { orders, allOrNone: true });
    expect(whole).toMatchObject({
      status: 429,
      body: { code: RATE_EXCEEDED, errors: [{ path: '/orders/2', code: RATE_EXCEEDED }] },
    });
    expect(whole.headers).toHaveProperty('retry-after');
    expect(await countedOf(fixture.database)).toBe(0);
    const each = await post('/v1/orders/batch', { orders });
    expect(itemsOf(each)).toEqual(['accepted', 'accepted', RATE_EXCEEDED]);
    expect(await countedOf(fixture.database)).toBe(2);
  });

  it('has a list refused whole', async () => {
    await limitRate(fixture.database, 2);
    expect(await post('/v1/order-lists', OTOCO)).toMatchObject({
      status: 429,
      body: { code: RATE_EXCEEDED, errors: [{ path: '/orders/2' }] },
    });
    expect(await countedOf(fixture.database)).toBe(0);
    expect(await code(post('/v1/order-lists', OCO))).toBe(201);
    expect(await code(place())).toBe(RATE_EXCEEDED);
  });

  it('may go on when the window is over', async () => {
    await limitRate(fixture.database, 2);
    expect([await code(place()), await code(place()), await code(place())]).toEqual([
      201,
      201,
      RATE_EXCEEDED,
    ]);
    await shiftWindows(fixture.database, -WINDOW_MS);
    expect(await code(place())).toBe(201);
    expect(await countedOf(fixture.database)).toBe(1);
  });
});

describe('a window', () => {
  it('counts orders, each of a list, and amends, though nobody is limited', async () => {
    const id = await placed();
    expect(await countedOf(fixture.database)).toBe(1);
    await post('/v1/order-lists', OTOCO);
    expect(await countedOf(fixture.database)).toBe(4);
    const smaller = { quantity: '0.05' };
    expect(await code(fixture.call(ALICE, 'PATCH', `/v1/orders/${id}`, smaller))).toBe(202);
    expect(await countedOf(fixture.database)).toBe(5);
    expect(await code(post(`/v1/orders/${id}/replace`, BUY))).toBe(201);
    expect(await countedOf(fixture.database)).toBe(6);
    await fixture.call(ALICE, 'DELETE', `/v1/orders/${id}`);
    expect(await countedOf(fixture.database)).toBe(6);
  });

  it('counts no order twice that is sent twice', async () => {
    const key = { 'idempotency-key': 'once' };
    await limitRate(fixture.database, 1);
    expect(await code(post('/v1/orders', BUY, ALICE, key))).toBe(201);
    expect(await code(post('/v1/orders', BUY, ALICE, key))).toBe(201);
    expect(await countedOf(fixture.database)).toBe(1);
  });

  it('that another instance has begun is kept, one far ahead is not', async () => {
    await placed();
    await shiftWindows(fixture.database, WINDOW_MS);
    await placed();
    expect(await countedOf(fixture.database)).toBe(2);
    await shiftWindows(fixture.database, 3 * WINDOW_MS);
    await placed();
    expect(await countedOf(fixture.database)).toBe(1);
    await placed();
    expect(await countedOf(fixture.database)).toBe(2);
  });
});

describe('a fill', () => {
  it('gives its order back to the window, once', async () => {
    await limitRate(fixture.database, 2);
    const ids = [await placed(), await placed()];
    expect(await code(place())).toBe(RATE_EXCEEDED);
    const [first = '', second = ''] = ids;
    await fill(first);
    expect(await countedOf(fixture.database)).toBe(1);
    // The same event again, then another fill of the same order.
    sequence -= 1;
    await fill(first);
    expect(await countedOf(fixture.database)).toBe(1);
    await fill(first);
    expect(await countedOf(fixture.database)).toBe(1);
    expect([await code(place()), await code(place())]).toEqual([201, RATE_EXCEEDED]);
    await fill(second, second);
    expect(await countedOf(fixture.database)).toBe(1);
  });

  it('gives back as many as are filled at a time, and with the end of an order', async () => {
    const [first, second, third] = [await placed(), await placed(), await placed()];
    await fill(first, second);
    expect(await countedOf(fixture.database)).toBe(1);
    const number = numberOf(third);
    const events = [trade((sequence += 1), number), ended((sequence += 1), number)];
    for (const times of [1, 2]) {
      expect((await fixture.deliver(events)).status, `time ${times}`).toBe(204);
      expect(await countedOf(fixture.database)).toBe(0);
    }
  });

  it('that comes first though it was made later gives back, and the earlier one does not', async () => {
    const id = await placed();
    await placed();
    sequence += 2;
    const early = trade(sequence - 1, numberOf(id));
    const late = trade(sequence, numberOf(id));
    await fixture.deliver([late]);
    expect(await countedOf(fixture.database)).toBe(1);
    await fixture.deliver([early]);
    await fixture.deliver([early, late]);
    expect(await countedOf(fixture.database)).toBe(1);
  });

  it('gives nothing back to a later window, nor below zero', async () => {
    const first = await placed();
    await shiftWindows(fixture.database, WINDOW_MS);
    await fill(first);
    expect(await countedOf(fixture.database)).toBe(1);
    await shiftWindows(fixture.database, -WINDOW_MS);
    const second = await placed();
    await fixture.database.pool.query('UPDATE orders.open_counts SET window_orders = 0');
    await fill(second);
    expect(await countedOf(fixture.database)).toBe(0);
  });

  it('is none when an order ends without: its place stays taken', async () => {
    const id = await placed();
    await fixture.deliver([ended((sequence += 1), numberOf(id))]);
    expect(await countedOf(fixture.database)).toBe(1);
  });
});
