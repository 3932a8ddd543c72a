// What becomes of order lists, told to the orders function as the engine would: order by order,
// event by event, and in any order. The engine's part is played by hand.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { orderId, tradeId, userId, type ListId } from '../../shared/domain/ids.ts';
import type { ArmedKind } from '../../shared/domain/order.ts';
import type { ExecutionEvent } from '../../shared/events/executions.ts';
import { createOrdersFixture, type OrdersFixture } from './fixture.ts';
import { ListClient, numbersOf, OCO, OTO, OTOCO, WORKING, STOP } from './list-client-fixture.ts';
import type { OrderListAnswer } from './schema/order-lists.ts';

const LOTS = 1_000;
const STRANGER = orderId(999_999_999);

let fixture: OrdersFixture;
const client = new ListClient(() => fixture);
beforeAll(async () => {
  fixture = await createOrdersFixture({ openOrdersMax: 1_000 });
});
afterAll(() => fixture.close());
beforeEach(() => fixture.database.pool.query('UPDATE orders.open_counts SET open_orders = 0'));

/** An event without its place in the market's sequence. */
type Told = (sequence: number) => ExecutionEvent;

const head = (number: number) => (sequence: number) => {
  return { sequence, timeMs: 1_000 + sequence, orderId: orderId(number), userId: userId(1) };
};

/** What the engine tells of one order; those of a pair name the hold that they share. */
function storyOf(number: number, side: 'buy' | 'sell', holdId?: ListId) {
  const at = head(number);
  const shared = holdId === undefined ? {} : { holdId };
  const party = { userId: userId(1), feePpm: 0, holdMinor: '1' };
  const ends = (status: 'filled' | 'cancelled', reason: string | null): Told => {
    const cancelledLots = status === 'filled' ? 0 : LOTS;
    return (sequence) => {
      const end = { status, reason, cancelledLots, releaseMinor: '0', ...shared };
      return { kind: 'ended', ...at(sequence), ...end };
    };
  };
  return {
    opened: ((sequence) => {
      const rests = { side, priceTicks: 3_100_000, remainingLots: LOTS };
      return { kind: 'opened', ...at(sequence), ...rests };
    }) as Told,
    armed: (triggerKind: ArmedKind): Told => {
      const triggerPriceTicks = triggerKind === 'working_order' ? 0 : 2_900_000;
      return (sequence) => {
        const waits = { side, triggerKind, triggerPriceTicks, remainingLots: LOTS };
        return { kind: 'armed', ...at(sequence), ...waits };
      };
    },
    triggered: ((sequence) => {
      return { kind: 'triggered', ...at(sequence), tradeSequence: sequence - 1 };
    }) as Told,
    pegged: (priceTicks: number): Told => {
      return (sequence) => {
        const taken = { priceTicks, remainingLots: LOTS, releaseMinor: '0' };
        return { kind: 'pegged', ...at(sequence), ...taken };
      };
    },
    /** All of it, as maker, against somebody who is not here. */
    traded: ((sequence) => ({
      kind: 'trade',
      sequence,
      timeMs: 1_000 + sequence,
      tradeId: tradeId('BTC-USD', sequence),
      priceTicks: 3_000_000,
      quantityLots: LOTS,
      baseMinor: '10000000',
      quoteMinor: '3000000000',
      takerSide: side === 'buy' ? 'sell' : 'buy',
      taker: { ...party, orderId: STRANGER, remainingLots: 0 },
      maker: { ...party, orderId: orderId(number), remainingLots: 0, ...shared },
    })) as Told,
    filled: ends('filled', null),
    cancelled: ends('cancelled', 'ORDER_CANCELLED_BY_USER'),
    endedByList: ends('cancelled', 'ORDER_CANCELLED_BY_LIST'),
  };
}

async function nextSequence(): Promise<number> {
  const { rows } = await fixture.database.pool.query<{ next: number }>(
    'SELECT coalesce(max(last_sequence), 0) + 1 AS next FROM orders.orders',
  );
  return rows[0]?.next ?? 1;
}

async function statesOf(list: OrderListAnswer): Promise<string> {
  const { body } = await client.call('GET', `/v1/order-lists/${list.id}`);
  return [body.status, ...body.orders.map(({ status }) => status)].join(' ');
}

async function openOrders(): Promise<number> {
  const { rows } = await fixture.database.pool.query<{ open: number }>(
    'SELECT sum(open_orders)::integer AS open FROM orders.open_counts',
  );
  return rows[0]?.open ?? 0;
}

/** A life: what is told, and what the list and its orders are after it. */
type Life = (list: OrderListAnswer) => readonly (readonly [Told, string])[];

/** The stories of an OCO's orders, which share its hold. */
function pairOf(list: OrderListAnswer) {
  const [first = 0, second = 0] = numbersOf(list);
  const hold = list.id as ListId;
  return { limit: storyOf(first, 'sell', hold), stop: storyOf(second, 'sell', hold) };
}

const ocoByLimit: Life = (list) => {
  const { limit, stop } = pairOf(list);
  return [
    [limit.opened, 'executing open accepted'],
    [stop.armed('stop_loss'), 'executing open untriggered'],
    [limit.traded, 'executing partially_filled untriggered'],
    [limit.filled, 'executing filled untriggered'],
    [stop.endedByList, 'done filled cancelled'],
  ];
};

const ocoByStop: Life = (list) => {
  const { limit, stop } = pairOf(list);
  return [
    [limit.opened, 'executing open accepted'],
    [stop.armed('stop_loss'), 'executing open untriggered'],
    [stop.triggered, 'executing open open'],
    [limit.endedByList, 'executing cancelled open'],
    [stop.traded, 'executing cancelled partially_filled'],
    [stop.filled, 'done cancelled filled'],
  ];
};

const otoFilled: Life = (list) => {
  const [first = 0, second = 0] = numbersOf(list);
  const working = storyOf(first, 'buy');
  const pending = storyOf(second, 'sell');
  return [
    [pending.armed('working_order'), 'executing accepted untriggered'],
    [working.opened, 'executing open untriggered'],
    [working.traded, 'executing partially_filled untriggered'],
    [working.filled, 'executing filled untriggered'],
    [pending.triggered, 'executing filled open'],
    // Its turn has come, and now it waits for its own price.
    [pending.armed('stop_loss'), 'executing filled untriggered'],
    [pending.triggered, 'executing filled open'],
    [pending.traded, 'executing filled partially_filled'],
    [pending.filled, 'done filled filled'],
  ];
};

const otoCancelled: Life = (list) => {
  const [first = 0, second = 0] = numbersOf(list);
  const working = storyOf(first, 'buy');
  const pending = storyOf(second, 'sell');
  return [
    [pending.armed('working_order'), 'executing accepted untriggered'],
    [working.opened, 'executing open untriggered'],
    [working.cancelled, 'executing cancelled untriggered'],
    [pending.endedByList, 'done cancelled cancelled'],
  ];
};

const otoco: Life = (list) => {
  const [first = 0, second = 0, third = 0] = numbersOf(list);
  const working = storyOf(first, 'buy');
  const limit = storyOf(second, 'sell', list.id as ListId);
  const stop = storyOf(third, 'sell', list.id as ListId);
  return [
    [limit.armed('working_order'), 'executing accepted untriggered accepted'],
    [stop.armed('working_order'), 'executing accepted untriggered untriggered'],
    [working.opened, 'executing open untriggered untriggered'],
    [working.traded, 'executing partially_filled untriggered untriggered'],
    [working.filled, 'executing filled untriggered untriggered'],
    [limit.triggered, 'executing filled open untriggered'],
    [limit.opened, 'executing filled open untriggered'],
    [stop.triggered, 'executing filled open open'],
    [stop.armed('stop_loss'), 'executing filled open untriggered'],
    [limit.traded, 'executing filled partially_filled untriggered'],
    [limit.filled, 'executing filled filled untriggered'],
    [stop.endedByList, 'done filled filled cancelled'],
  ];
};

const LIVES: [string, object, Life][] = [
  ['a pair whose limit order is filled', OCO, ocoByLimit],
  ['a pair whose stop is triggered', OCO, ocoByStop],
  ['a working order that is filled, and a stop behind it', OTO, otoFilled],
  ['a working order that is cancelled', OTO, otoCancelled],
  ['a working order that is filled, and a pair behind it', OTOCO, otoco],
];

describe('the projection of a list', () => {
  it.each(LIVES)('tells the life of %s, step by step', async (_name, body, life) => {
    const list = await client.placed(body);
    expect(await openOrders()).toBe(list.orders.length);
    const from = await nextSequence();
    const seen: string[] = [];
    const steps = life(list);
    for (const [at, [told]] of steps.entries()) {
      expect((await fixture.deliver([told(from + at)])).status).toBe(204);
      seen.push(await statesOf(list));
    }
    expect(seen).toEqual(steps.map(([, expected]) => expected));
    expect(await openOrders()).toBe(0);
    const open = await client.call('GET', '/v1/order-lists?limit=500');
    expect(open.body.items.map(({ id }) => id)).not.toContain(list.id);
  });

  it.each(LIVES)('comes to the same when it is told %s backwards, and twice', async (...each) => {
    const [, body, life] = each;
    const list = await client.placed(body);
    const from = await nextSequence();
    const steps = life(list);
    const events = steps.map(([told], at) => told(from + at));
    for (const event of [...events].reverse()) await fixture.deliver([event]);
    await fixture.deliver(events);
    expect(await statesOf(list)).toBe(steps.at(-1)?.[1]);
    expect(await openOrders()).toBe(0);
    const { body: read } = await client.call('GET', `/v1/order-lists/${list.id}`);
    for (const order of read.orders) {
      const isFilled = order.status === 'filled';
      expect(order.filledQuantity).toBe(isFilled ? '0.1' : '0');
      expect(order.remainingQuantity).toBe('0');
    }
  });

  it('tells the price that a pegged working order has taken, and keeps its limit', async () => {
    const pegged = { ...WORKING, peg: { to: 'opposite', offsetLevels: 1 } };
    const list = await client.placed({ ...OTO, orders: [pegged, STOP] });
    const [number = 0] = numbersOf(list);
    const working = storyOf(number, 'buy');
    const from = await nextSequence();
    await fixture.deliver([working.pegged(2_950_000)(from)]);
    const path = `/v1/orders/${orderId(number)}`;
    const order = async () => (await client.call('GET', path)).body;
    const peg = { to: 'opposite', offsetLevels: 1, limitPrice: '30000' };
    expect(await order()).toMatchObject({ status: 'open', price: '29500', quantity: '0.1', peg });
    await fixture.deliver([working.opened(from + 1)]);
    expect(await order()).toMatchObject({ price: '29500', remainingQuantity: '0.1' });
    // What it holds now is what this price needs: an amend adds to that, and to nothing else.
    const amend = await client.call('PATCH', path, { quantity: '0.2' });
    expect(amend.status).toBe(202);
    const commands = await client.commandsAfter(0);
    expect(commands.at(-1)).toMatchObject({
      kind: 'amend',
      priceTicks: 2_950_000,
      holdIncreaseMinor: '2950000000',
    });
  });
});
