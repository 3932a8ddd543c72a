// The orders function against real Postgres and the embedded log. Refusals first: what is refused
// leaves no trace in orders, ledger or log.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { orderId, type OrderId } from '../../shared/domain/ids.ts';
import { callFunction } from '../../shared/function/call.ts';
import { closeOrders, definition } from './handler.ts';
import { ALICE, BOB, CAROL, createOrdersFixture, outboxIsEmpty, published } from './fixture.ts';
import type { OrdersFixture } from './fixture.ts';

const BUY = {
  market: 'BTC-USD',
  side: 'buy',
  type: 'limit',
  price: '30000',
  quantity: '0.5',
} as const;

interface Answered {
  readonly id: OrderId;
  readonly status: string;
  readonly code: string;
}

let fixture: OrdersFixture;
beforeAll(async () => {
  fixture = await createOrdersFixture();
});
afterAll(() => fixture.close());

async function place(body: unknown, headers = {}, caller = ALICE) {
  const answer = await fixture.call(caller, 'POST', '/v1/orders', body, headers);
  return { ...answer, body: answer.body as Answered };
}

async function trace() {
  const rows = await fixture.database.pool.query<{ orders: number; holds: number }>(
    `SELECT (SELECT count(*) FROM orders.orders) AS orders,
       (SELECT count(*) FROM ledger.holds) AS holds`,
  );
  await published(fixture);
  return { ...rows.rows[0], commands: (await fixture.commands()).length };
}

describe('placing an order that must be refused', () => {
  const refused: [string, object, number, string][] = [
    ['an unknown field', { ...BUY, extra: 1 }, 400, 'BODY_INVALID'],
    ['a number for a price', { ...BUY, price: 30000 }, 400, 'BODY_INVALID'],
    ['an exponent', { ...BUY, price: '3e4' }, 400, 'BODY_INVALID'],
    ['a sign', { ...BUY, quantity: '-1' }, 400, 'BODY_INVALID'],
    ['a plus sign', { ...BUY, quantity: '+1' }, 400, 'BODY_INVALID'],
    ['forty digits', { ...BUY, quantity: '1'.repeat(40) }, 400, 'BODY_INVALID'],
    ['a leading zero', { ...BUY, quantity: '01' }, 400, 'BODY_INVALID'],
    ['digits of another script', { ...BUY, quantity: '١' }, 400, 'BODY_INVALID'],
    ['an unknown market', { ...BUY, market: 'XXX-USD' }, 404, 'MARKET_NOT_FOUND'],
    ['a price off the tick', { ...BUY, price: '30000.001' }, 422, 'ORDER_PRICE_OFF_TICK'],
    ['a zero price', { ...BUY, price: '0' }, 422, 'ORDER_PRICE_OUT_OF_BAND'],
    ['a price out of band', { ...BUY, price: '2000000' }, 422, 'ORDER_PRICE_OUT_OF_BAND'],
    ['a limit order without price', { ...BUY, price: undefined }, 422, 'ORDER_PRICE_REQUIRED'],
    ['a quantity off the lot', { ...BUY, quantity: '0.00001' }, 422, 'ORDER_QUANTITY_OFF_LOT'],
    ['a zero quantity', { ...BUY, quantity: '0' }, 422, 'ORDER_QUANTITY_TOO_SMALL'],
    ['too much quantity', { ...BUY, quantity: '1001' }, 422, 'ORDER_QUANTITY_TOO_LARGE'],
    [
      'price x quantity beyond everything',
      { ...BUY, price: '1000000', quantity: '99999999999999999999' },
      422,
      'ORDER_QUANTITY_TOO_LARGE',
    ],
    [
      'a tiny notional',
      { ...BUY, price: '0.01', quantity: '0.0001' },
      422,
      'ORDER_NOTIONAL_TOO_SMALL',
    ],
    ['no funds', { ...BUY, quantity: '4' }, 422, 'ORDER_FUNDS_INSUFFICIENT'],
    ['a market order with a price', { ...BUY, type: 'market' }, 422, 'ORDER_PRICE_NOT_ALLOWED'],
    [
      'a market order on an empty book',
      { market: 'BTC-USD', side: 'buy', type: 'market', quantity: '1' },
      422,
      'ORDER_LIQUIDITY_NONE',
    ],
    [
      'both quantity and quoteAmount',
      { market: 'BTC-USD', side: 'buy', type: 'market', quantity: '1', quoteAmount: '5' },
      422,
      'ORDER_QUANTITY_REQUIRED',
    ],
    ['GTD without expiry', { ...BUY, timeInForce: 'GTD' }, 422, 'ORDER_EXPIRY_REQUIRED'],
    [
      'an expiry in the past',
      { ...BUY, timeInForce: 'GTD', expiresAt: '2020-01-01T00:00:00.000Z' },
      422,
      'ORDER_EXPIRY_IN_PAST',
    ],
    [
      'post-only IOC',
      { ...BUY, timeInForce: 'IOC', postOnly: true },
      422,
      'ORDER_POST_ONLY_NOT_ALLOWED',
    ],
    [
      'self-trade prevention none where it is not allowed',
      { ...BUY, selfTradePrevention: 'none' },
      422,
      'ORDER_SELF_TRADE_MODE_NOT_ALLOWED',
    ],
  ];

  it.each(refused)('refuses %s and leaves no trace', async (_name, body, status, code) => {
    const before = await trace();
    const answer = await place(body);
    expect(answer.status).toBe(status);
    expect(answer.body.code).toBe(code);
    expect(await trace()).toEqual(before);
  });

  it('refuses a user without an account', async () => {
    const answer = await place(BUY, {}, CAROL);
    expect(answer.body.code).toBe('ORDER_FUNDS_INSUFFICIENT');
  });

  it('refuses what the status of the market does not take', async () => {
    const placed = await place({ ...BUY, quantity: '0.001' });
    await fixture.setMarket({}, 'halted');
    expect((await place(BUY)).body.code).toBe('MARKET_HALTED');
    await fixture.setMarket({}, 'cancel_only');
    expect((await place(BUY)).body.code).toBe('MARKET_CANCEL_ONLY');
    await fixture.setMarket({}, 'post_only');
    expect((await place(BUY)).body.code).toBe('MARKET_POST_ONLY');
    expect((await place({ ...BUY, postOnly: true })).status).toBe(201);
    await fixture.setMarket({}, 'limit_only');
    const market = { market: BUY.market, side: 'buy', type: 'market', quantity: '0.1' };
    expect((await place(market)).body.code).toBe('MARKET_LIMIT_ONLY');
    expect((await place({ ...BUY, quantity: '0.001' })).status).toBe(201);
    await fixture.setMarket({}, 'cancel_only');
    const path = `/v1/orders/${placed.body.id}`;
    const grow = await fixture.call(ALICE, 'PATCH', path, { quantity: '0.002' });
    expect(grow.status).toBe(422);
    const cancel = await fixture.call(ALICE, 'DELETE', path);
    expect(cancel.status).toBe(202);
    await fixture.setMarket({}, 'trading');
  });

  it('refuses one order more than may be open', async () => {
    for (let placed = 0; placed < 4; placed++) {
      const answer = await place({ ...BUY, quantity: '0.001' }, {}, BOB);
      expect(answer.status).toBe(201);
    }
    const [first, second] = await Promise.all([
      place({ ...BUY, quantity: '0.001' }, {}, BOB),
      place({ ...BUY, quantity: '0.001' }, {}, BOB),
    ]);
    expect([first.status, second.status].sort()).toEqual([201, 422]);
  });
});

describe('an accepted order', () => {
  beforeEach(async () => {
    await fixture.database.pool.query('TRUNCATE orders.open_counts');
  });

  it('is answered with its id, holds exactly its worst case and enters the log once', async () => {
    const before = await fixture.available(ALICE, 'USD');
    const answer = await place(BUY);
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({
      status: 'accepted',
      price: '30000',
      quantity: '0.5',
      remainingQuantity: '0.5',
      filledQuantity: '0',
      averagePrice: null,
      fees: [],
      timeInForce: 'GTC',
      selfTradePrevention: 'cancel_taker',
    });
    const after = await fixture.available(ALICE, 'USD');
    expect(BigInt(before.available) - BigInt(after.available)).toBe(15_000_000_000n);
    expect(BigInt(after.held) - BigInt(before.held)).toBe(15_000_000_000n);
    await published(fixture);
    const own = (await fixture.commands()).filter(
      (command) =>
        command['kind'] === 'place' && orderId(command['number'] as number) === answer.body.id,
    );
    expect(own).toHaveLength(1);
    expect(own[0]).toMatchObject({
      priceTicks: 3_000_000,
      quantityLots: 5_000,
      holdMinor: '15000000000',
      makerFeePpm: 1000,
      takerFeePpm: 2000,
    });
  });

  it('is found by id and client id by its owner only', async () => {
    const placed = await place({ ...BUY, quantity: '0.001', clientOrderId: 'mine-1' });
    const path = `/v1/orders/${placed.body.id}`;
    expect((await fixture.call(ALICE, 'GET', path)).status).toBe(200);
    expect((await fixture.call(ALICE, 'GET', '/v1/orders/client/mine-1')).status).toBe(200);
    expect((await fixture.call(BOB, 'GET', path)).status).toBe(404);
    expect((await fixture.call(BOB, 'GET', '/v1/orders/client/mine-1')).status).toBe(404);
    expect((await fixture.call(BOB, 'DELETE', path)).status).toBe(404);
    expect((await fixture.call(BOB, 'PATCH', path, { quantity: '0.002' })).status).toBe(404);
  });

  it('is answered as the first time when repeated, and refused under its name with another body', async () => {
    const body = { ...BUY, quantity: '0.001', clientOrderId: 'twice' };
    const first = await place(body);
    const before = await trace();
    const again = await place(body);
    expect(again.body).toEqual(first.body);
    expect(again.headers['idempotency-replayed']).toBe('true');
    const other = await place({ ...body, price: '29999' });
    expect(other.body.code).toBe('ORDER_CLIENT_ID_REUSED');
    expect(await trace()).toEqual(before);
  });

  it('has one effect when the same request comes ten times at once', async () => {
    const before = await trace();
    const headers = { 'idempotency-key': 'ten-at-once' };
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => place({ ...BUY, quantity: '0.001' }, headers)),
    );
    expect(new Set(answers.map((answer) => answer.body.id)).size).toBe(1);
    expect(await trace()).toEqual({
      orders: (before.orders ?? 0) + 1,
      holds: (before.holds ?? 0) + 1,
      commands: before.commands + 1,
    });
    const other = await place({ ...BUY, quantity: '0.002' }, headers);
    expect(other.body.code).toBe('IDEMPOTENCY_KEY_REUSED');
  });

  it('has one effect and one answer when two instances get the same request at once', async () => {
    const second = fixture.openSecond();
    try {
      for (let round = 0; round < 10; round++) {
        const call = {
          caller: ALICE,
          method: 'POST',
          path: '/v1/orders',
          body: { ...BUY, quantity: '0.001', clientOrderId: `both-${round}` },
        };
        await fixture.database.pool.query('TRUNCATE orders.open_counts');
        const answers = await Promise.all(
          [fixture.deps, second].map((deps) => callFunction(definition, deps, call)),
        );
        expect(answers.map((answer) => answer.status)).toEqual([201, 201]);
        expect(new Set(answers.map((answer) => (answer.body as Answered).id)).size).toBe(1);
      }
    } finally {
      await closeOrders(second);
    }
  });

  it('never lets orders that come together hold more than there is', async () => {
    await fixture.database.pool.query('TRUNCATE orders.open_counts');
    const { available } = await fixture.available(BOB, 'BTC');
    const sell = { ...BUY, side: 'sell', quantity: '4' };
    const answers = await Promise.all(Array.from({ length: 4 }, () => place(sell, {}, BOB)));
    const accepted = answers.filter((answer) => answer.status === 201).length;
    expect(accepted).toBe(Number(BigInt(available) / 400_000_000n));
    const after = await fixture.available(BOB, 'BTC');
    expect(BigInt(after.available)).toBe(BigInt(available) - BigInt(accepted) * 400_000_000n);
  });

  it('is only checked by the test route: no row, no hold, no command', async () => {
    const before = await trace();
    const answer = await fixture.call(ALICE, 'POST', '/v1/orders/test', BUY);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      market: 'BTC-USD',
      hold: { asset: 'USD', amount: '15000' },
      estimatedFee: { asset: 'BTC', amount: '0.001' },
    });
    const poor = await fixture.call(CAROL, 'POST', '/v1/orders/test', BUY);
    expect((poor.body as Answered).code).toBe('ORDER_FUNDS_INSUFFICIENT');
    expect(await trace()).toEqual(before);
  });
});

describe('a change of an order', () => {
  it('is never taken from a stranger, not even beside one of the owner', async () => {
    await fixture.database.pool.query('TRUNCATE orders.open_counts');
    const placed = await place({ ...BUY, quantity: '0.1' });
    const before = await fixture.available(ALICE, 'USD');
    const path = `/v1/orders/${placed.body.id}`;
    const [stranger, strangersCancel, own] = await Promise.all([
      fixture.call(BOB, 'PATCH', path, { quantity: '0.2' }),
      fixture.call(BOB, 'DELETE', path),
      fixture.call(ALICE, 'PATCH', path, { quantity: '0.05' }),
    ]);
    expect([stranger.status, strangersCancel.status, own.status]).toEqual([404, 404, 202]);
    expect(await fixture.available(ALICE, 'USD')).toEqual(before);
  });

  it.each([
    ['a cancel', (id: string) => `/v1/orders/${id}`, 'cancel'],
    ['a cancel of all', () => '/v1/orders?market=BTC-USD', 'cancel_all'],
  ])('of which %s goes out after the orders of an instance that died', async (_n, pathOf, kind) => {
    await fixture.database.pool.query('TRUNCATE orders.open_counts');
    const first = await place({ ...BUY, quantity: '0.001' });
    const second = await place({ ...BUY, quantity: '0.001' });
    await outboxIsEmpty(fixture);
    const before = (await fixture.commands()).length;
    // As if another instance had died after its commits: both rows still wait.
    await fixture.database.pool.query(
      `INSERT INTO orders.outbox (id, topic, partition, key, headers, value)
       OVERRIDING SYSTEM VALUE
       SELECT o.outbox_id, 'orders.accepted', 0, 'BTC-USD', '{}', json_build_object(
         'market', 'BTC-USD', 'commands', json_build_array(json_build_object('again', o.order_number)))
       FROM orders.orders o WHERE o.order_number IN ($1, $2) ON CONFLICT DO NOTHING`,
      [Number(first.body.id.slice(4)), Number(second.body.id.slice(4))],
    );
    await fixture.call(ALICE, 'DELETE', pathOf(second.body.id));
    await published(fixture);
    const added = (await fixture.commands()).slice(before);
    expect(added.map((command) => command['again'] ?? command['kind'])).toEqual([
      Number(first.body.id.slice(4)),
      Number(second.body.id.slice(4)),
      kind,
    ]);
    await fixture.database.pool.query('DELETE FROM orders.outbox');
  });
});

describe('an amend', () => {
  beforeEach(async () => {
    await fixture.database.pool.query('TRUNCATE orders.open_counts');
  });

  it('raises the hold by what it may need more, and waits for the engine before the next', async () => {
    const placed = await place({ ...BUY, quantity: '0.1' });
    const before = await fixture.available(ALICE, 'USD');
    const path = `/v1/orders/${placed.body.id}`;
    const answer = await fixture.call(ALICE, 'PATCH', path, { price: '30001', quantity: '0.2' });
    expect(answer.status).toBe(202);
    const after = await fixture.available(ALICE, 'USD');
    // 0.2 x 30001 - 0.1 x 30000 = 3000.2 USD
    expect(BigInt(after.held) - BigInt(before.held)).toBe(3_000_200_000n);
    const second = await fixture.call(ALICE, 'PATCH', path, { quantity: '0.05' });
    expect((second.body as Answered).code).toBe('ORDER_AMEND_PENDING');
  });

  it('is refused when empty, off the tick, or beyond the funds', async () => {
    const placed = await place({ ...BUY, quantity: '0.1' });
    const path = `/v1/orders/${placed.body.id}`;
    const codeOf = async (body: object) =>
      ((await fixture.call(ALICE, 'PATCH', path, body)).body as Answered).code;
    expect(await codeOf({})).toBe('ORDER_AMEND_EMPTY');
    expect(await codeOf({ price: '1.001' })).toBe('ORDER_PRICE_OFF_TICK');
    expect(await codeOf({ quantity: '900' })).toBe('ORDER_FUNDS_INSUFFICIENT');
    expect(await codeOf({ unknown: '1' })).toBe('BODY_INVALID');
  });
});

describe('the list of own orders', () => {
  it('pages newest first, stable while orders are added', async () => {
    await fixture.database.pool.query('TRUNCATE orders.open_counts');
    const placed: string[] = [];
    for (let each = 0; each < 3; each++) {
      placed.unshift((await place({ ...BUY, quantity: '0.001' })).body.id);
    }
    const first = await fixture.call(ALICE, 'GET', '/v1/orders?status=all&limit=2');
    const page = first.body as { items: Answered[]; nextCursor: string };
    expect(page.items.map((order) => order.id)).toEqual(placed.slice(0, 2));
    await place({ ...BUY, quantity: '0.001' });
    const second = await fixture.call(
      ALICE,
      'GET',
      `/v1/orders?status=all&limit=1&cursor=${page.nextCursor}`,
    );
    expect((second.body as typeof page).items[0]?.id).toBe(placed[2]);
  });

  it('refuses unknown, repeated and malformed query keys', async () => {
    for (const query of [
      'foo=1',
      'limit=0',
      'limit=501',
      'limit=1&limit=2',
      'cursor=!',
      'status=no',
    ]) {
      expect((await fixture.call(ALICE, 'GET', `/v1/orders?${query}`)).status).toBe(400);
    }
  });
});
