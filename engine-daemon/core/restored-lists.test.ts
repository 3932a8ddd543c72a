// Order lists as they come back from saved bytes: as they were, and refused when no market could
// have come to them, because such a list would stop the market later or keep a hold for ever.
import { describe, expect, it } from 'vitest';
import type { BookState } from './book-state.ts';
import { OrderList, type Leg } from './order-lists.ts';
import { ALICE, BOB, CAROL, TestMarket, brief, isRestored } from './test-market.ts';
import type { WaitingOrder } from './waiting-order.ts';

const TAKE = { priceTicks: 110, postOnly: true };
const STOP = {
  type: 'market',
  timeInForce: 'IOC',
  priceTicks: 80,
  trigger: { kind: 'stop_loss', priceTicks: 90 },
} as const;
const WORKING = { side: 'buy', priceTicks: 95 } as const;

/** A market that has last traded at 100; the next number is 4. */
function traded(): TestMarket {
  const market = TestMarket.open();
  market.rest('sell', BOB, 100, 1);
  market.buy(CAROL, 100, 1);
  return market;
}

/** Orders 4 and 5 of list 6: one rests at 110, the other waits for 90. */
function pair(): TestMarket {
  const market = traded();
  market.list({ orders: [TAKE, STOP] });
  return market;
}

/** The same, 4 lots of order 4 sold: order 7 bought them. */
function decided(): TestMarket {
  const market = pair();
  market.buy(BOB, 110, 4);
  return market;
}

/** Order 4 rests at 95; behind it one or two orders, the last number is the list's. */
function behind(...orders: Parameters<TestMarket['list']>[0]['orders']): TestMarket {
  const market = traded();
  market.list({ working: WORKING, orders });
  return market;
}

/** Orders 5 and 6 of list 7 in the queue of a market that stands: order 4 is filled. */
function queued(): TestMarket {
  const market = TestMarket.open({ interruption: RULE });
  market.rest('sell', BOB, 100, 1);
  market.buy(CAROL, 100, 1);
  market.list({ working: WORKING, orders: [TAKE, STOP] });
  market.rest('buy', BOB, 80, 1);
  // The seller takes 10 at 95, and then the trade at 80 would leave the range.
  market.sell(CAROL, 80, 11, { timeInForce: 'IOC' });
  return market;
}
const RULE = { moveBps: 1_000, windowMs: 60_000, haltMs: 5_000, auctionMs: 10_000 } as const;

/** What is not for others to change, changed. */
type Open<T> = { -readonly [Key in keyof T]: T[Key] };

function listOf({ lists }: BookState, order: number): Open<OrderList> {
  return lists.find(order) as Open<OrderList>;
}

function waitingOf({ waiting }: BookState, order: number): Open<WaitingOrder> {
  return waiting.find(order) as Open<WaitingOrder>;
}

function leg(number: number, holdMinor = '10'): Leg {
  return { number, holdMinor };
}

function never(market: TestMarket, change: (state: BookState) => void): void {
  expect(isRestored(market, change)).toBe(false);
}

describe('a restored list', () => {
  it.each([
    ['an undecided pair', pair, ['list 6 0 4 10 5 10 undecided']],
    ['a decided pair', decided, ['list 6 0 4 10 5 10 decided']],
    ['an order behind a working one', () => behind(TAKE), ['list 6 4 5']],
    ['a pair behind a working one', () => behind(TAKE, STOP), ['list 7 4 5 10 6 10 undecided']],
    ['a pair in the queue', queued, ['list 7 0 5 10 6 10 undecided', 'queued 5 10', 'queued 6 10']],
  ])('comes back as %s', (_, make, lines) => {
    expect(make().reload().lines('list', 'queued').sort()).toEqual(lines);
    expect(isRestored(make(), () => undefined)).toBe(true);
  });

  it('goes on as it would have', () => {
    const market = queued().reload();
    market.tick(5_000);
    expect(market.tick(15_000).map(brief)).toEqual([
      'phase_changed trading resumption -',
      'triggered 5 by 10',
      'opened 10@110',
      'triggered 6 by 10',
      'armed 6 stop_loss 90',
    ]);
    const events = market.reload().cancel(ALICE, 6);
    expect(events).toMatchObject([
      { kind: 'ended', holdId: 'lst_0000000000000007', releaseMinor: '0' },
      { kind: 'ended', holdId: 'lst_0000000000000007', releaseMinor: '10' },
    ]);
    expect(market.reload().lines('list')).toEqual(['list 7 0 5 10 6 10 undecided']);
  });

  it('has numbers that rise, each once, and no number of another list', () => {
    never(pair(), (state) => (listOf(state, 4).legs = [leg(5), leg(4)]));
    never(decided(), (state) => (listOf(state, 4).legs = [leg(4), leg(4)]));
    never(pair(), (state) => (listOf(state, 4).number = 5));
    never(decided(), (state) => (listOf(state, 4).number = 8));
    const market = pair();
    market.list({ orders: [TAKE, STOP] });
    never(market, (state) => (listOf(state, 4).number = 9));
  });

  it('is not over', () => {
    const over = new OrderList(6, 0, [leg(4), leg(5)]);
    over.isDecided = true;
    never(traded(), ({ lists }) => {
      lists.add(over);
    });
    never(behind(TAKE), (state) => (listOf(state, 5).working = 0));
    never(behind(TAKE), (state) => (listOf(state, 5).isDecided = true));
  });

  it('has all its pending orders while its working order rests', () => {
    never(behind(TAKE, STOP), ({ waiting }) => {
      waiting.remove(waiting.find(6) as WaitingOrder);
    });
    never(behind(TAKE), ({ waiting }) => {
      waiting.remove(waiting.find(5) as WaitingOrder);
    });
    const halted = behind(TAKE);
    halted.setStatus('halted');
    never(halted, ({ waiting }) => {
      waiting.enqueuePending(waiting.find(5) as WaitingOrder, 1);
    });
    never(behind(TAKE, STOP), (state) => (listOf(state, 4).isDecided = true));
    const waits = traded();
    waits.place({ side: 'sell', ...STOP });
    never(waits, ({ lists, waiting, window }) => {
      waiting.addPending(waits.placeCommand({ ...TAKE, side: 'sell', number: 5 }));
      lists.add(new OrderList(6, 4, [leg(5)]));
      window.admit(6);
    });
  });

  it('lets no order be pending for nothing', () => {
    never(behind(TAKE), ({ lists }) => {
      for (const number of [4, 5]) lists.forget(number);
    });
    never(behind(TAKE, STOP), (state) => {
      listOf(state, 4).working = 0;
      state.lists.forget(4);
    });
    never(queued(), (state) => {
      state.waiting.queued = () => [];
    });
  });

  it('is of one user', () => {
    never(behind(TAKE), (state) => (waitingOf(state, 5).userNumber = BOB));
    never(pair(), (state) => (waitingOf(state, 5).userNumber = BOB));
  });
});

describe('a restored pair', () => {
  it('is of one side and one quantity', () => {
    never(pair(), (state) => (waitingOf(state, 5).quantityLots = 9));
    never(pair(), (state) => {
      const order = waitingOf(state, 5);
      order.side = 'buy';
      order.trigger = { kind: 'take_profit', priceTicks: 90 };
    });
    never(behind(TAKE, STOP), (state) => (waitingOf(state, 5).quantityLots = 9));
  });

  it('knows what its waiting orders would hold', () => {
    never(pair(), (state) => (listOf(state, 4).legs = [leg(4), leg(5, '11')]));
    never(pair(), (state) => (listOf(state, 4).legs = [leg(4), leg(5, '-1')]));
  });

  it('is decided exactly when one takes part', () => {
    never(decided(), (state) => (listOf(state, 4).isDecided = false));
    never(pair(), (state) => (listOf(state, 4).isDecided = true));
    // One of them is gone, and the other one does not take part.
    never(pair(), (state) => {
      const order = state.ids.find(4);
      state.end(order, 1, 0);
      listOf(state, 5).isDecided = true;
    });
    // One of an undecided pair has sold something.
    never(pair(), ({ orders, ids, sells }) => {
      orders.setLeft(ids.find(4), 9, 9);
      sells.takeLots(sells.best, 1);
    });
  });

  it('has one order at most that rests, post-only, beside one with a trigger', () => {
    const market = traded();
    for (const priceTicks of [110, 120]) market.rest('sell', ALICE, priceTicks, 10, TAKE);
    never(market, ({ lists, window }) => {
      window.admit(6);
      lists.add(new OrderList(6, 0, [leg(4), leg(5)]));
    });
    const taker = traded();
    taker.rest('sell', ALICE, 110, 10);
    taker.place({ side: 'sell', ...STOP });
    never(taker, ({ lists, window }) => {
      window.admit(6);
      lists.add(new OrderList(6, 0, [leg(4), leg(5)]));
    });
  });

  it('is not pegged, and has a trigger', () => {
    never(
      behind(TAKE, STOP),
      (state) => (waitingOf(state, 5).peg = { to: 'same', offsetLevels: 0 }),
    );
    const market = traded();
    market.list({ orders: [TAKE, { ...STOP, type: 'limit', timeInForce: 'GTC' }] });
    never(market, (state) => (waitingOf(state, 5).peg = { to: 'same', offsetLevels: 0 }));
    never(behind(TAKE, STOP), (state) => delete waitingOf(state, 6).trigger);
    never(behind(TAKE, STOP), (state) => (waitingOf(state, 5).postOnly = false));
  });

  it('shares its hold, and nobody else does', () => {
    const market = pair();
    const { state } = market.book;
    state.events.sharedHolds.end(4);
    state.events.clear();
    expect(() => market.tick(1)).toThrow(/share/);
    const other = pair();
    other.book.events.sharedHolds.share(3, 6);
    expect(() => other.tick(1)).toThrow(/share/);
  });
});

describe('a restored order in the queue', () => {
  it('has a trigger, or had a working order', () => {
    never(queued(), ({ waiting }) => {
      waiting.isPending = () => false;
    });
  });
});
