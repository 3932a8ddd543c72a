// Order lists against real Postgres and the embedded log: refused without a trace, or accepted with
// exactly the holds that they need.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { orderId, parseListId } from '../../shared/domain/ids.ts';
import { ALICE, BOB, CAROL, createOrdersFixture, type OrdersFixture } from './fixture.ts';
import {
  BUY_HIGH,
  BUY_LOW,
  OCO,
  OTO,
  OTOCO,
  PROFIT,
  STOP,
  WORKING,
} from './list-client-fixture.ts';
import { ListClient, numbersOf } from './list-client-fixture.ts';

let fixture: OrdersFixture;
const client = new ListClient(() => fixture);
beforeAll(async () => {
  fixture = await createOrdersFixture({ openOrdersMax: 100 });
});
afterAll(() => fixture.close());

describe('a list that must be refused', () => {
  it.each<[string, unknown, string]>([
    ['nothing', undefined, 'BODY_INVALID'],
    ['an unknown type', { ...OCO, type: 'bracket' }, 'BODY_INVALID'],
    ['no orders', { ...OCO, orders: [] }, 'BODY_INVALID'],
    ['four orders', { ...OTOCO, orders: [WORKING, PROFIT, STOP, STOP] }, 'BODY_INVALID'],
    [
      'a market of an order',
      { ...OCO, orders: [{ ...PROFIT, market: 'X' }, STOP] },
      'BODY_INVALID',
    ],
    ['a malformed name', { ...OCO, clientListId: 'ключ' }, 'BODY_INVALID'],
    [
      'a quantity in wide digits',
      { ...OCO, orders: [{ ...PROFIT, quantity: '１' }, STOP] },
      'BODY_INVALID',
    ],
    ['a negative price', { ...OCO, orders: [{ ...PROFIT, price: '-1' }, STOP] }, 'BODY_INVALID'],
    [
      'a peg beyond the book',
      { ...OTO, orders: [{ ...WORKING, peg: { to: 'same', offsetLevels: 101 } }, STOP] },
      'BODY_INVALID',
    ],
    ['a field too many', { ...OCO, allOrNone: true }, 'BODY_INVALID'],
    [
      'a pair for both sides',
      { ...OCO, orders: [PROFIT, { ...STOP, side: 'buy' }] },
      'ORDER_LIST_INVALID',
    ],
    [
      'an order of its own fault',
      { ...OTO, orders: [WORKING, { ...STOP, price: '1' }] },
      'ORDER_PRICE_NOT_ALLOWED',
    ],
    ['a market that is not there', { ...OCO, market: 'XXX-USD' }, 'MARKET_NOT_FOUND'],
    [
      'more than there is',
      { ...OTO, orders: [{ ...WORKING, quantity: '4' }, STOP] },
      'ORDER_FUNDS_INSUFFICIENT',
    ],
    [
      'more than there is to wait with',
      { ...OTO, orders: [WORKING, { ...STOP, quantity: '11' }] },
      'ORDER_FUNDS_INSUFFICIENT',
    ],
  ])('for %s leaves no trace', async (_name, body, code) => {
    const before = await client.trace();
    const answer = await client.place(body, { 'idempotency-key': 'refused' });
    expect(answer.body.code).toBe(code);
    expect(await client.trace()).toEqual(before);
  });

  it('points at the order that is to blame, malformed or not', async () => {
    const malformed = await client.place({ ...OCO, orders: [PROFIT, { ...STOP, quantity: 1 }] });
    expect(malformed.body.errors).toMatchObject([{ path: '/orders/1/quantity' }]);
    const unequal = await client.place({ ...OCO, orders: [PROFIT, { ...STOP, quantity: '1' }] });
    expect(unequal).toMatchObject({
      status: 422,
      body: {
        code: 'ORDER_LIST_INVALID',
        errors: [{ path: '/orders/1/quantity', code: 'ORDER_LIST_INVALID' }],
      },
    });
  });

  it('is refused to who has nothing', async () => {
    const before = await client.trace();
    expect((await client.place(OCO, {}, CAROL)).body.code).toBe('ORDER_FUNDS_INSUFFICIENT');
    expect((await client.place(OCO, { 'idempotency-key': '' })).body.code).toBe(
      'IDEMPOTENCY_KEY_INVALID',
    );
    expect(await client.trace()).toEqual(before);
  });

  it('waits while its market moves', async () => {
    const { pool } = fixture.database;
    await pool.query(`UPDATE reference.markets SET moving_to = 1 WHERE market = 'BTC-USD'`);
    try {
      expect(await client.place(OCO)).toMatchObject({
        status: 503,
        body: { code: 'MARKET_MOVING' },
      });
    } finally {
      await pool.query(`UPDATE reference.markets SET moving_to = NULL WHERE market = 'BTC-USD'`);
    }
  });
});

describe('an accepted list', () => {
  it('is one command, with a row for itself and for each of its orders', async () => {
    const { commands: before } = await client.trace();
    const answer = await client.place({ ...OTOCO, clientListId: 'bracket-1' });
    const list = answer.body;
    const [working = 0, first = 0, second = 0] = numbersOf(list);
    const number = parseListId(list.id) ?? 0;
    expect([working, first, second, number]).toEqual(
      [working, first, second, number].sort((a, b) => a - b),
    );
    expect(answer.headers['location']).toBe(`/v1/order-lists/${list.id}`);
    expect(list).toMatchObject({
      clientListId: 'bracket-1',
      type: 'otoco',
      market: 'BTC-USD',
      status: 'executing',
      orders: [
        { side: 'buy', price: '30000', status: 'accepted', orderListId: list.id },
        { side: 'sell', price: '31000', orderListId: list.id },
        { type: 'market', price: null, trigger: { type: 'stop_loss' }, orderListId: list.id },
      ],
    });
    expect(await client.commandsAfter(before)).toMatchObject([
      {
        kind: 'place_list',
        number,
        working: { number: working },
        orders: [{ number: first }, { number: second }],
      },
    ]);
    const { rows } = await fixture.database.pool.query(
      `SELECT order_number AS number, is_pair AS pair, is_pending AS pending,
         list_number AS list, hold_minor::text AS alone
       FROM orders.orders WHERE list_number = $1 ORDER BY 1`,
      [number],
    );
    expect(rows).toEqual([
      { number: working, pair: false, pending: false, list: number, alone: '3000000000' },
      { number: first, pair: true, pending: true, list: number, alone: '10000000' },
      { number: second, pair: true, pending: true, list: number, alone: '10000000' },
    ]);
  });

  it('of a pair holds the greater of both, once, under its own name', async () => {
    const before = await fixture.available(ALICE, 'USD');
    const list = await client.placed({ ...OCO, orders: [BUY_LOW, BUY_HIGH] });
    // 0.1 at 32,000 and five per cent, and not 0.1 at 28,000 beside it.
    expect(await client.holdsOf(list)).toEqual({ [list.id]: '3360000000' });
    const after = await fixture.available(ALICE, 'USD');
    expect(BigInt(after.held) - BigInt(before.held)).toBe(3_360_000_000n);
    const turned = await client.placed({ ...OCO, orders: [BUY_HIGH, BUY_LOW] });
    expect(await client.holdsOf(turned)).toEqual({ [turned.id]: '3360000000' });
  });

  it('of one pending order holds for each under their own names', async () => {
    const list = await client.placed(OTO);
    const [working, pending] = numbersOf(list).map(orderId);
    expect(await client.holdsOf(list)).toEqual({
      [working ?? '']: '3000000000',
      [pending ?? '']: '10000000',
    });
  });

  it('with a working order and a pair holds for the one, and once for the others', async () => {
    const list = await client.placed(OTOCO);
    const [working] = numbersOf(list).map(orderId);
    expect(await client.holdsOf(list)).toEqual({
      [working ?? '']: '3000000000',
      [list.id]: '10000000',
    });
  });

  it('is counted by its orders, and what is pending waits', async () => {
    const usesOf = async () => {
      const { rows } = await fixture.database.pool.query<{ open: number; waiting: number }>(
        `SELECT open_orders AS open, waiting_orders::integer AS waiting
         FROM risk.uses_of(ARRAY[2]::bigint[], ARRAY['BTC-USD'])`,
      );
      return rows[0] ?? { open: 0, waiting: 0 };
    };
    const before = await usesOf();
    await client.placed(OTOCO, BOB);
    await client.placed(OCO, BOB);
    expect(await usesOf()).toEqual({ open: before.open + 5, waiting: before.waiting + 3 });
  });

  it('shows what its orders peg to', async () => {
    const list = await client.placed({
      ...OTO,
      orders: [{ ...WORKING, peg: { to: 'opposite' } }, STOP],
    });
    const peg = { to: 'opposite', offsetLevels: 0, limitPrice: '30000' };
    expect(list.orders).toMatchObject([{ price: '30000', peg }, { peg: null }]);
    const read = await client.call('GET', `/v1/order-lists/${list.id}`);
    expect(read.body).toEqual(list);
  });
});
