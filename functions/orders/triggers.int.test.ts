// Orders with a trigger against real Postgres and the embedded log: refused, placed, projected in
// whatever order records come, waited for and changed. The engine's part is played by hand.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBus } from '../../shared/bus/open-bus.ts';
import { orderId, parseOrderId } from '../../shared/domain/ids.ts';
import type { ExecutionEvent } from '../../shared/events/executions.ts';
import { silentLogger } from '../../shared/telemetry/logger.ts';
import { ALICE, createOrdersFixture, published, type OrdersFixture } from './fixture.ts';
import { armed, ended, opened, tellLog, trade, triggered } from './outcome-fixture.ts';
import type { OrderAnswer } from './schema.ts';

const STOP = { type: 'stop_loss', price: '30000' } as const;
const MARKET = {
  market: 'BTC-USD',
  side: 'buy',
  type: 'market',
  quantity: '0.01',
  trigger: STOP,
} as const;
const LIMIT = { ...MARKET, type: 'limit', price: '30100' } as const;

let fixture: OrdersFixture;
beforeAll(async () => {
  fixture = await createOrdersFixture({ openOrdersMax: 1_000 });
});
afterAll(() => fixture.close());

async function call(method: string, path: string, body?: unknown, headers = {}) {
  const answer = await fixture.call(ALICE, method, path, body, headers);
  return { ...answer, body: answer.body as OrderAnswer & { code: string; detail: string } };
}

const place = (body: unknown, headers = {}) => call('POST', '/v1/orders', body, headers);

async function placed(body: unknown): Promise<number> {
  const answer = await place(body);
  expect(answer.status).toBe(201);
  return parseOrderId(answer.body.id) ?? 0;
}

async function nextSequence(): Promise<number> {
  const { rows } = await fixture.database.pool.query<{ next: number }>(
    'SELECT coalesce(max(last_sequence), 0) + 1 AS next FROM orders.orders',
  );
  return rows[0]?.next ?? 1;
}

async function rowOf(number: number) {
  const { rows } = await fixture.database.pool.query(
    `SELECT status, is_open AS "isOpen", remaining_lots AS remaining, last_sequence AS last
     FROM orders.orders WHERE order_number = $1`,
    [number],
  );
  return rows[0] as { status: string; isOpen: boolean; remaining: number; last: number };
}

describe('placing an order with a trigger that must be refused', () => {
  it.each([
    ['an unknown type', { ...MARKET, trigger: { ...STOP, type: 'stop' } }, 'BODY_INVALID'],
    ['no trigger price', { ...MARKET, trigger: { type: 'stop_loss' } }, 'BODY_INVALID'],
    ['a number for it', { ...MARKET, trigger: { ...STOP, price: 30000 } }, 'BODY_INVALID'],
    ['a field too many', { ...MARKET, trigger: { ...STOP, more: 1 } }, 'BODY_INVALID'],
    ['null for a trigger', { ...MARKET, trigger: null }, 'BODY_INVALID'],
    [
      'a trigger price off the tick',
      { ...MARKET, trigger: { ...STOP, price: '30000.001' } },
      'ORDER_TRIGGER_PRICE_OFF_TICK',
    ],
    [
      'a trigger price out of the band',
      { ...MARKET, trigger: { ...STOP, price: '2000000' } },
      'ORDER_PRICE_OUT_OF_BAND',
    ],
    ['post-only', { ...LIMIT, postOnly: true }, 'ORDER_POST_ONLY_NOT_ALLOWED'],
    [
      'a quote amount',
      { ...MARKET, quantity: undefined, quoteAmount: '100' },
      'ORDER_QUOTE_AMOUNT_NOT_ALLOWED',
    ],
    ['no funds', { ...MARKET, quantity: '4' }, 'ORDER_FUNDS_INSUFFICIENT'],
  ])('refuses %s, and so does the test route', async (_name, body, code) => {
    const before = await fixture.available(ALICE, 'USD');
    expect((await place(body)).body.code).toBe(code);
    expect((await call('POST', '/v1/orders/test', body)).body.code).toBe(code);
    expect(await fixture.available(ALICE, 'USD')).toEqual(before);
  });
});

describe('an accepted order with a trigger', () => {
  it('holds its worst case though the book is empty, and carries its trigger to the log', async () => {
    const before = await fixture.available(ALICE, 'USD');
    const answer = await place(MARKET);
    const trigger = { type: 'stop_loss', price: '30000' };
    expect(answer.body).toMatchObject({ status: 'accepted', type: 'market', price: null, trigger });
    const after = await fixture.available(ALICE, 'USD');
    // 0.01 BTC at 30,000 and five per cent more.
    expect(BigInt(after.held) - BigInt(before.held)).toBe(315_000_000n);
    const plain = await place({ ...LIMIT, trigger: undefined });
    expect(plain.body.trigger).toBeNull();
    await published(fixture);
    const commands = await fixture.commands();
    const commandOf = (id: string) =>
      commands.find(({ number }) => orderId(Number(number)) === id) ?? {};
    expect(commandOf(answer.body.id)).toMatchObject({
      priceTicks: 3_150_000,
      trigger: { kind: 'stop_loss', priceTicks: 3_000_000 },
    });
    expect(commandOf(plain.body.id)).not.toHaveProperty('trigger');
    expect((await call('GET', `/v1/orders/${answer.body.id}`)).body.trigger).toEqual(trigger);
  });

  it('is estimated by its trigger price', async () => {
    expect((await call('POST', '/v1/orders/test', MARKET)).body).toEqual({
      market: 'BTC-USD',
      hold: { asset: 'USD', amount: '315' },
      estimatedFee: { asset: 'BTC', amount: '0.00002' },
    });
  });

  it('is another request with another trigger, and the same in another order of fields', async () => {
    const body = { ...MARKET, clientOrderId: 'stop-1' };
    const first = await place(body);
    const { type, price } = STOP;
    const again = await place({ ...body, trigger: { price, type } });
    expect(again.body).toEqual(first.body);
    for (const trigger of [
      { ...STOP, price: '29999' },
      { ...STOP, type: 'take_profit' },
    ]) {
      expect((await place({ ...body, trigger })).body.code).toBe('ORDER_CLIENT_ID_REUSED');
    }
    const without = { ...LIMIT, clientOrderId: 'stop-1', trigger: undefined };
    expect((await place(without)).body.code).toBe('ORDER_CLIENT_ID_REUSED');
  });
});

describe('the projection of an order that waits', () => {
  /** Waits, is triggered, trades, rests, and is cancelled. */
  const LIFE = [armed, triggered, trade, opened, ended];

  function permutations<Item>(items: readonly Item[]): Item[][] {
    if (items.length === 0) return [[]];
    return items.flatMap((item) =>
      permutations(items.filter((each) => each !== item)).map((rest) => [item, ...rest]),
    );
  }

  function expectedStatus(seen: readonly ExecutionEvent[]): string {
    const newest = seen.reduce((a, b) => (a.sequence > b.sequence ? a : b));
    const kinds = new Set(seen.map(({ kind }) => kind));
    if (kinds.has('ended')) return 'cancelled';
    if (kinds.has('trade')) return 'partially_filled';
    return newest.kind === 'armed' ? 'untriggered' : 'open';
  }

  it('follows the newest event in whatever order they come, and however often', async () => {
    const from = await nextSequence();
    const orders = await Promise.all(
      permutations([0, 1, 2, 3, 4]).map(async (way, at) => {
        const number = await placed(LIMIT);
        const events = way.map((each) => LIFE[each]?.(from + 5 * at + each, number));
        return { number, events: events.filter((event) => event !== undefined) };
      }),
    );
    for (let round = 1; round <= LIFE.length; round += 1) {
      const news = orders.flatMap(({ events }) => events.slice(round - 1, round));
      const repeats = orders.flatMap(({ events }) => events.slice(0, round));
      for (const batch of [news, repeats, [...repeats].reverse()]) {
        expect((await fixture.deliver(batch)).status).toBe(204);
        const { rows } = await fixture.database.pool.query<{ number: number; status: string }>(
          `SELECT order_number AS number, status FROM orders.orders
           WHERE order_number = ANY ($1::bigint[]) ORDER BY 1`,
          [orders.map(({ number }) => number)],
        );
        const shown = orders.map(({ number, events }) => {
          return { number, status: expectedStatus(events.slice(0, round)) };
        });
        expect(rows).toEqual(shown.sort((a, b) => a.number - b.number));
      }
    }
    for (const { number } of orders) {
      expect(await rowOf(number)).toMatchObject({ isOpen: false, remaining: 1 });
    }
  });

  it('keeps what remains when only `triggered` is seen', async () => {
    const number = await placed(LIMIT);
    const sequence = await nextSequence();
    await fixture.deliver([triggered(sequence, number)]);
    const open = { status: 'open', isOpen: true, remaining: 100, last: sequence };
    expect(await rowOf(number)).toEqual(open);
  });

  it('lists it as open and counts it until it ends', async () => {
    const number = await placed(MARKET);
    const sequence = await nextSequence();
    const count = async () => {
      const { rows } = await fixture.database.pool.query<{ open: number }>(
        'SELECT open_orders AS open FROM orders.open_counts WHERE user_number = 1',
      );
      return rows[0]?.open ?? 0;
    };
    const before = await count();
    await fixture.deliver([armed(sequence, number)]);
    expect(await count()).toBe(before);
    const open = (await call('GET', '/v1/orders?status=open&limit=1')).body as unknown;
    expect(open).toMatchObject({ items: [{ id: orderId(number), status: 'untriggered' }] });
    await fixture.deliver([ended(sequence + 1, number)]);
    expect(await count()).toBe(before - 1);
    expect(await rowOf(number)).toMatchObject({ status: 'cancelled', isOpen: false });
  });

  it('updates a row on its page while the order stays open', async () => {
    const number = await placed(MARKET);
    const client = await fixture.database.pool.connect();
    try {
      await client.query('BEGIN');
      const set = async (status: string) => {
        await client.query(
          `UPDATE orders.orders SET status = $2, last_sequence = last_sequence + 1
           WHERE order_number = $1`,
          [number, status],
        );
        const { rows } = await client.query<{ hot: number }>(
          `SELECT pg_stat_get_xact_tuples_hot_updated('orders.orders'::regclass) AS hot`,
        );
        return rows[0]?.hot;
      };
      expect(await set('untriggered')).toBe(1);
      expect(await set('open')).toBe(2);
      expect(await set('cancelled')).toBe(2);
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
  });

  it('is refused by the table to show a trigger in part', async () => {
    const number = await placed(MARKET);
    for (const change of ['trigger_type = NULL', 'trigger_price_ticks = NULL']) {
      const forge = `UPDATE orders.orders SET ${change} WHERE order_number = ${number}`;
      await expect(fixture.database.pool.query(forge)).rejects.toThrow('orders_trigger_whole');
    }
  });
});

describe('an order that waits', () => {
  it('cannot be amended, but can be cancelled', async () => {
    const number = await placed(LIMIT);
    const path = `/v1/orders/${orderId(number)}`;
    const sequence = await nextSequence();
    await fixture.deliver([armed(sequence, number)]);
    const held = await fixture.available(ALICE, 'USD');
    const amend = await call('PATCH', path, { quantity: '0.02' });
    expect(amend.body).toMatchObject({
      code: 'ORDER_AMEND_NOT_ALLOWED',
      detail: 'it waits for its turn',
    });
    expect(await fixture.available(ALICE, 'USD')).toEqual(held);
    expect((await call('DELETE', path)).body.status).toBe('untriggered');
    await fixture.deliver([triggered(sequence + 1, number), opened(sequence + 2, number)]);
    expect((await call('PATCH', path, { quantity: '0.02' })).status).toBe(202);
  });

  it('is what somebody hears who asked to wait', async () => {
    const bus = openBus({
      url: fixture.database.url,
      applicationName: 'test-engine',
      log: silentLogger(),
    });
    try {
      const last = await placed(LIMIT);
      const answer = place(MARKET, { prefer: 'wait=5' });
      let number = 0;
      while (number === 0) {
        const { rows } = await fixture.database.pool.query<{ number: number | null }>(
          'SELECT max(order_number) AS number FROM orders.orders WHERE order_number > $1',
          [last],
        );
        number = rows[0]?.number ?? 0;
      }
      const events = [armed(1, number), triggered(2, number), ended(3, number)];
      await published(fixture);
      await tellLog(bus, events);
      const { status, body } = await answer;
      expect(status).toBe(201);
      expect(body).toMatchObject({ status: 'untriggered', remainingQuantity: '0.0002' });
      expect(body).toMatchObject({ trigger: STOP, trades: [] });
    } finally {
      await bus.close();
    }
  });
});
