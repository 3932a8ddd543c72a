// Many orders in one request, against real Postgres and the embedded log.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { orderId, type OrderId } from '../../shared/domain/ids.ts';
import { callFunction } from '../../shared/function/call.ts';
import type { Caller } from '../../shared/domain/caller.ts';
import { ALICE, BOB, CAROL, createOrdersFixture, published } from './fixture.ts';
import type { OrdersFixture } from './fixture.ts';
import { closeOrders, definition } from './handler.ts';
import { ended } from './outcome-fixture.ts';
import { BATCH_ORDERS_MAX, type OrderAnswer } from './schema.ts';
import { forgetOldBatches } from './store/batch-keys.ts';

const BUY = { market: 'BTC-USD', side: 'buy', type: 'limit', price: '100', quantity: '1' };
const ETH = { ...BUY, market: 'ETH-USD' };

interface Answered {
  readonly items: readonly {
    readonly order?: OrderAnswer;
    readonly problem?: { readonly code: string; readonly status: number };
  }[];
  readonly code: string;
  readonly errors: readonly { readonly path: string; readonly code: string }[];
}

let fixture: OrdersFixture;
beforeAll(async () => {
  fixture = await createOrdersFixture({ openOrdersMax: 60 });
  await fixture.setMarket({ market: 'ETH-USD', base: 'ETH' });
  await fixture.database.pool.query(`SELECT fees.set_schedule('ETH-USD', 1000, 2000)`);
});
beforeEach(() => fixture.database.pool.query('TRUNCATE orders.open_counts'));
afterAll(() => fixture.close());

async function post(path: string, body: unknown, headers = {}, caller: Caller = ALICE) {
  const answer = await fixture.call(caller, 'POST', `/v1/orders/${path}`, body, headers);
  return { ...answer, body: answer.body as Answered };
}

const place = (orders: readonly unknown[], more = {}, headers = {}, caller = ALICE) =>
  post('batch', { orders, ...more }, headers, caller);

function words({ items }: Answered): (string | undefined)[] {
  return items.map(({ order, problem }) => problem?.code ?? order?.status);
}

function idsOf({ items }: Answered): OrderId[] {
  return items.flatMap(({ order }) => (order === undefined ? [] : [order.id as OrderId]));
}

async function trace() {
  const { rows } = await fixture.database.pool.query<{ orders: number }>(
    `SELECT (SELECT count(*) FROM orders.orders) AS orders,
       (SELECT count(*) FROM ledger.holds) AS holds,
       (SELECT count(*) FROM orders.batch_keys) AS keys`,
  );
  await published(fixture);
  return { ...rows[0], commands: (await fixture.commands()).length };
}

describe('a batch of orders that must be refused as a whole', () => {
  const many = Array.from({ length: BATCH_ORDERS_MAX + 1 }, () => BUY);

  it.each<[string, unknown, string]>([
    ['nothing', undefined, 'BODY_INVALID'],
    ['no orders', { orders: [] }, 'BODY_INVALID'],
    ['too many', { orders: many }, 'BODY_INVALID'],
    ['one that is malformed', { orders: [BUY, { ...BUY, price: '0x10' }] }, 'BODY_INVALID'],
    ['wide digits', { orders: [{ ...BUY, quantity: '１２' }] }, 'BODY_INVALID'],
    ['forty digits', { orders: [{ ...BUY, quantity: '1'.repeat(40) }] }, 'BODY_INVALID'],
    ['a negative price', { orders: [{ ...BUY, price: '-1' }] }, 'BODY_INVALID'],
    ['a word for allOrNone', { orders: [BUY], allOrNone: 'true' }, 'BODY_INVALID'],
    ['a field too many', { orders: [BUY], market: 'BTC-USD' }, 'BODY_INVALID'],
    ['orders by name', { orders: { a: BUY } }, 'BODY_INVALID'],
  ])('for %s leaves no trace', async (_name, body, code) => {
    const before = await trace();
    const answer = await post('batch', body);
    expect(answer).toMatchObject({ status: 400, body: { code } });
    expect(await trace()).toEqual(before);
  });

  it('points at the malformed one', async () => {
    const answer = await place([BUY, { ...BUY, price: 1 }]);
    expect(answer.body.errors).toMatchObject([{ path: '/orders/1/price' }]);
  });

  it.each(['', ' ', 'x'.repeat(65), 'ключ'])('for the key %j', async (key) => {
    const answer = await place([BUY], {}, { 'idempotency-key': key });
    expect(answer.body.code).toBe('IDEMPOTENCY_KEY_INVALID');
  });
});

describe('a batch of orders', () => {
  it('has a result for each, in order, and one block in the log of each market', async () => {
    await published(fixture);
    const before = (await fixture.commands()).length;
    const { status, body } = await place([
      BUY,
      { ...BUY, price: '0.001' },
      ETH,
      { ...BUY, quantity: '1000' },
      { ...BUY, market: 'XXX-USD' },
      { ...BUY, price: '101' },
    ]);
    expect(status).toBe(200);
    expect(words(body)).toEqual([
      'accepted',
      'ORDER_PRICE_OFF_TICK',
      'accepted',
      'ORDER_FUNDS_INSUFFICIENT',
      'MARKET_NOT_FOUND',
      'accepted',
    ]);
    expect(body.items[4]?.problem).toMatchObject({ status: 404, instance: '/v1/orders/batch' });
    await published(fixture);
    const added = (await fixture.commands()).slice(before);
    const ids = added.map((command) => orderId(Number(command['number'])));
    const [first, other, last] = idsOf(body);
    expect(ids).toEqual(ids[0] === other ? [other, first, last] : [first, last, other]);
  });

  it('never holds more than there is', async () => {
    const { available } = await fixture.available(BOB, 'BTC');
    const sell = { ...BUY, side: 'sell', quantity: '4' };
    const { body } = await place([sell, sell, sell, sell], {}, {}, BOB);
    const fitting = Number(BigInt(available) / 400_000_000n);
    expect(idsOf(body)).toHaveLength(fitting);
    expect(words(body).slice(fitting)).toEqual(
      Array.from({ length: 4 - fitting }, () => 'ORDER_FUNDS_INSUFFICIENT'),
    );
  });

  it('takes as many as it may', async () => {
    const orders = Array.from({ length: BATCH_ORDERS_MAX }, () => ({ ...BUY, quantity: '0.01' }));
    const { body } = await place(orders, { allOrNone: true });
    expect(new Set(idsOf(body)).size).toBe(BATCH_ORDERS_MAX);
  });

  it('answers an order that its client has named before as then', async () => {
    const named = { ...BUY, clientOrderId: 'named-1' };
    const [first] = idsOf((await place([named])).body);
    const { body } = await place([named, BUY, { ...named, price: '1' }]);
    expect(words(body)).toEqual(['accepted', 'accepted', 'ORDER_CLIENT_ID_REUSED']);
    expect(idsOf(body)[0]).toBe(first);
    const single = await fixture.call(ALICE, 'POST', '/v1/orders', named);
    expect((single.body as OrderAnswer).id).toBe(first);
  });
});

describe('a batch of which all are taken, or none', () => {
  const all = { allOrNone: true };

  it('is refused with the name of each that is to blame, and leaves no trace', async () => {
    const before = await trace();
    const { status, body } = await place(
      [BUY, { ...BUY, price: '0.001' }, ETH, { ...BUY, quantity: '0' }],
      all,
    );
    expect(status).toBe(422);
    expect(body).toMatchObject({
      code: 'ORDER_BATCH_REFUSED',
      errors: [
        { path: '/orders/1', code: 'ORDER_PRICE_OFF_TICK' },
        { path: '/orders/3', code: 'ORDER_QUANTITY_TOO_SMALL' },
      ],
    });
    expect(await trace()).toEqual(before);
  });

  it('needs funds for all of them', async () => {
    const before = await trace();
    const half = { ...BUY, price: '60000' };
    const { body } = await place([half, half], all);
    expect(body.errors).toMatchObject([{ path: '/orders/1', code: 'ORDER_FUNDS_INSUFFICIENT' }]);
    expect((await place([half], all, {}, CAROL)).body.errors).toHaveLength(1);
    expect(await trace()).toEqual(before);
  });

  it('is not remembered when it was refused', async () => {
    const headers = { 'idempotency-key': 'refused' };
    expect((await place([{ ...BUY, quantity: '0' }], all, headers)).status).toBe(422);
    expect((await place([BUY], all, headers)).status).toBe(200);
  });
});

describe('a batch with a name', () => {
  const headers = { 'idempotency-key': 'batch-1' };
  const orders = [BUY, { ...BUY, quantity: '1000' }, { ...BUY, price: '99' }];

  it('is answered as the first time, refusals included, and refused with another body', async () => {
    const first = await place(orders, {}, headers);
    expect(words(first.body)).toEqual(['accepted', 'ORDER_FUNDS_INSUFFICIENT', 'accepted']);
    expect(first.headers).not.toHaveProperty('idempotency-replayed');
    const before = await trace();
    const again = await place(orders, {}, headers);
    expect(again.headers['idempotency-replayed']).toBe('true');
    const plain = (body: Answered) =>
      JSON.stringify(body, (name, value: unknown) => (name === 'requestId' ? 0 : value));
    expect(plain(again.body)).toBe(plain(first.body));
    for (const other of [orders.slice(1), [...orders].reverse()]) {
      const refused = await place(other, {}, headers);
      expect(refused).toMatchObject({ status: 422, body: { code: 'IDEMPOTENCY_KEY_REUSED' } });
    }
    const whole = await place(orders, { allOrNone: true }, headers);
    expect(whole.body.code).toBe('IDEMPOTENCY_KEY_REUSED');
    expect(await trace()).toEqual(before);
  });

  it("is its user's own", async () => {
    const { status, body } = await place([{ ...BUY, side: 'sell' }], {}, headers, BOB);
    expect([status, words(body)]).toEqual([200, [expect.any(String)]]);
    expect(body.code).toBeUndefined();
  });

  it('has one effect when it comes ten times at once, on two instances', async () => {
    const { orders: before = 0 } = await trace();
    const second = fixture.openSecond();
    try {
      const call = {
        caller: ALICE,
        method: 'POST',
        path: '/v1/orders/batch',
        headers: { 'idempotency-key': 'ten-at-once' },
        body: { orders: [BUY, ETH, BUY], allOrNone: true },
      };
      const answers = await Promise.all(
        Array.from({ length: 10 }, (_, at) =>
          callFunction(definition, at % 2 === 0 ? fixture.deps : second, call),
        ),
      );
      const bodies = new Set(answers.map(({ body }) => idsOf(body as Answered).join()));
      expect(bodies.size).toBe(1);
      expect(await trace()).toMatchObject({ orders: before + 3 });
    } finally {
      await closeOrders(second);
    }
  });

  it('is forgotten a day after the last of its orders has ended', async () => {
    const client = await fixture.database.pool.connect();
    try {
      const forget = () => forgetOldBatches(client, Date.now() + 86_400_001, 1_000);
      expect(await forget()).toBe(0);
      const { rows } = await client.query<{ number: number }>(
        'SELECT order_number AS number FROM orders.orders WHERE is_open',
      );
      const events = rows.map(({ number }, at) => ended(1_000 + at, number));
      await fixture.deliver(events);
      expect(await forgetOldBatches(client, Date.now(), 1_000)).toBe(0);
      expect(await forget()).toBeGreaterThan(0);
    } finally {
      client.release();
    }
  });
});

describe('a batch of cancels', () => {
  const cancel = (orders: unknown, caller = ALICE) => post('batch-cancel', { orders }, {}, caller);

  it.each<[string, unknown]>([
    ['none', []],
    ['too many', Array.from({ length: BATCH_ORDERS_MAX + 1 }, () => ({ id: orderId(1) }))],
    ['no name', [{}]],
    ['two names', [{ id: orderId(1), clientOrderId: 'a' }]],
    ['a malformed id', [{ id: '0x10' }]],
    ['a malformed name', [{ clientOrderId: '１２' }]],
    ['ids alone', [orderId(1)]],
    ['a state that there is not', [{ id: orderId(1), onlyIf: 'filled' }]],
  ])('is refused for %s', async (_name, orders) => {
    expect(await cancel(orders)).toMatchObject({ status: 400, body: { code: 'BODY_INVALID' } });
  });

  it('has a result for each: own, named, ended, strange, and not there', async () => {
    const named = { ...BUY, clientOrderId: 'to-cancel' };
    const placed = idsOf((await place([BUY, named, BUY])).body);
    const [bobs] = idsOf((await place([BUY], {}, {}, BOB)).body);
    const gone = Number(placed[2]?.slice(4));
    await fixture.deliver([ended(900_000, gone)]);
    await published(fixture);
    const before = (await fixture.commands()).length;
    const { status, body } = await cancel([
      { id: placed[0], onlyIf: 'new' },
      { clientOrderId: 'to-cancel' },
      { id: placed[2] },
      { id: bobs },
      { clientOrderId: 'nobody' },
      { id: 'ord_0000000000000000' },
    ]);
    expect(status).toBe(200);
    expect(words(body)).toEqual([
      'accepted',
      'accepted',
      'ORDER_ALREADY_DONE',
      'ORDER_NOT_FOUND',
      'ORDER_NOT_FOUND',
      'ORDER_NOT_FOUND',
    ]);
    expect(idsOf(body)).toEqual(placed.slice(0, 2));
    await published(fixture);
    expect((await fixture.commands()).slice(before)).toMatchObject([
      { kind: 'cancel', onlyIf: 'new' },
      { kind: 'cancel' },
    ]);
    expect(words((await cancel([{ clientOrderId: 'to-cancel' }], BOB)).body)).toEqual([
      'ORDER_NOT_FOUND',
    ]);
  });
});

describe('an order under its own name', () => {
  const path = '/v1/orders/by-client-id/mine-too';

  it('is found and cancelled by its owner only, and not before it is there', async () => {
    for (const method of ['GET', 'DELETE']) {
      const answer = await fixture.call(ALICE, method, path);
      expect(answer).toMatchObject({ status: 404, body: { code: 'ORDER_NOT_FOUND' } });
      const bad = await fixture.call(ALICE, method, '/v1/orders/by-client-id/a%20b');
      expect(bad).toMatchObject({ status: 400, body: { code: 'PATH_INVALID' } });
    }
    const [id] = idsOf((await place([{ ...BUY, clientOrderId: 'mine-too' }])).body);
    expect((await fixture.call(BOB, 'DELETE', path)).status).toBe(404);
    expect(await fixture.call(ALICE, 'GET', path)).toMatchObject({ status: 200, body: { id } });
    expect(await fixture.call(ALICE, 'DELETE', path)).toMatchObject({ status: 202, body: { id } });
  });
});
