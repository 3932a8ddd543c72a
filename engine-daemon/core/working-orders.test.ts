// Working orders and what stands behind them, with numbers worked by hand: docs/engine.md,
// "place_list", "Following" and "Lists".
import { describe, expect, it } from 'vitest';
import { BUY_STOP, BUY_TAKE, STOP, TAKE, WORKING, taken, traded } from './test-lists.ts';
import { ALICE, BOB, CAROL, TestMarket, brief } from './test-market.ts';

/** Order 4 rests at 95; behind it 5 and 6 of list 7. */
function waiting(): TestMarket {
  const market = traded();
  market.list({ working: WORKING, orders: [TAKE, STOP] });
  return market;
}

/** The same with one order behind it, 5 of list 6. */
function waitingOne(order: Parameters<TestMarket['list']>[0]['orders'][number]): TestMarket {
  const market = traded();
  market.list({ working: WORKING, orders: [order] });
  return market;
}

describe('a working order that is not placed', () => {
  it('is rejected with all behind it by a market that was never configured', () => {
    const events = new TestMarket().list({ working: WORKING, orders: [TAKE, STOP] });
    expect(events.map(brief)).toEqual([
      'ended 1 rejected MARKET_NOT_FOUND 10',
      'ended 2 rejected MARKET_NOT_FOUND 10',
      'ended 3 rejected MARKET_NOT_FOUND 10',
    ]);
    expect(taken(events)).toEqual(['1: 950', '2 of list 4: 0', '3 of list 4: 10']);
  });

  it('takes along what is pending when it is refused', () => {
    const market = traded();
    market.setStatus('halted');
    const events = market.list({ working: WORKING, orders: [TAKE] });
    expect(events.map(brief)).toEqual([
      'armed 6 working_order 0',
      'ended 5 rejected MARKET_HALTED 10',
      'ended 6 cancelled ORDER_CANCELLED_BY_LIST 10',
    ]);
    expect(taken(events)).toEqual(['5: 950', '6: 10']);
  });

  it('ends when its user has too many waiting orders for what is behind it', () => {
    const market = traded({ maxWaitingOrders: 1 });
    const events = market.list({ working: WORKING, orders: [TAKE, STOP] });
    expect(events.map(brief)).toEqual([
      'armed 5 working_order 0',
      'ended 6 rejected ORDERS_WAITING_TOO_MANY 10',
      'ended 4 cancelled ORDER_CANCELLED_BY_LIST 10',
      'ended 5 cancelled ORDER_CANCELLED_BY_LIST 10',
    ]);
    expect(taken(events)).toEqual(['6 of list 7: 0', '4: 950', '5 of list 7: 10']);
    market.place({ side: 'sell', ...STOP });
    expect(market.list({ working: WORKING, orders: [TAKE, STOP] }).map(brief)).toEqual([
      'ended 10 rejected ORDERS_WAITING_TOO_MANY 10',
      'ended 9 cancelled ORDER_CANCELLED_BY_LIST 10',
      'ended 11 cancelled ORDER_CANCELLED_BY_LIST 10',
    ]);
    expect(market.lines('list')).toEqual([]);
  });

  it.each([
    ['IOC', ['trade 4@100', 'ended 4 filled - 0', 'ended 5 expired ORDER_IOC_REMAINDER 6']],
    ['FOK', ['ended 5 expired ORDER_FOK_NOT_FILLABLE 10']],
  ] as const)('places nothing behind it when it is %s and not filled', (timeInForce, ends) => {
    const market = traded();
    market.rest('sell', BOB, 100, 4);
    const working = { side: 'buy', timeInForce } as const;
    expect(market.list({ working, orders: [TAKE] }).map(brief)).toEqual([
      'armed 6 working_order 0',
      ...ends,
      'ended 6 cancelled ORDER_CANCELLED_BY_LIST 10',
    ]);
  });
});

describe('a working order', () => {
  it('places its pair when it is filled, not before', () => {
    const market = traded();
    expect(market.list({ working: WORKING, orders: [TAKE, STOP] }).map(brief)).toEqual([
      'armed 5 working_order 0',
      'armed 6 working_order 0',
      'opened 10@95',
    ]);
    expect(market.lines('list')).toEqual(['list 7 4 5 10 6 10 undecided']);
    expect(market.sell(BOB, 95, 4).map(brief)).toEqual(['trade 4@95', 'ended 8 filled - 0']);
    expect(market.reload().sell(BOB, 95, 6).map(brief)).toEqual([
      'trade 6@95',
      'ended 4 filled - 0',
      'ended 9 filled - 0',
      'triggered 5 by 11',
      'opened 10@110',
      'triggered 6 by 11',
      'armed 6 stop_loss 90',
    ]);
  });

  it('places what is behind it when it is filled at once, after all its trades', () => {
    const market = traded();
    market.rest('sell', BOB, 99, 4);
    market.rest('sell', BOB, 100, 6);
    const working = { side: 'buy', priceTicks: 100 } as const;
    // Five events and two, the trades are 9 and 11.
    expect(market.list({ working, orders: [{ priceTicks: 110 }] }).map(brief)).toEqual([
      'armed 7 working_order 0',
      'trade 4@99',
      'ended 4 filled - 0',
      'trade 6@100',
      'ended 5 filled - 0',
      'ended 6 filled - 0',
      'triggered 7 by 11',
      'opened 10@110',
    ]);
    expect(market.lines('list')).toEqual([]);
    // It is in no list any more, and like any other order.
    expect(market.amend(ALICE, 7, 111, 10).map(brief)).toEqual(['amended 10@111', 'opened 10@111']);
  });

  it('can be amended, and is filled by that', () => {
    const market = waitingOne({ priceTicks: 110 });
    market.rest('sell', BOB, 97, 10);
    expect(market.amend(ALICE, 4, 97, 10).map(brief)).toEqual([
      'amended 10@97',
      'trade 10@97',
      'ended 7 filled - 0',
      'ended 4 filled - 0',
      'triggered 5 by 10',
      'opened 10@110',
    ]);
  });

  it.each([
    [
      'cancelled',
      (market: TestMarket) => market.cancel(ALICE, 4),
      ['ended 4 cancelled ORDER_CANCELLED_BY_USER 10'],
    ],
    [
      'prevented from trading to its last lot',
      (market: TestMarket) => market.sell(ALICE, 95, 10, { selfTradePrevention: 'decrement' }),
      [
        'prevented 10/10@95',
        'reduced 4 by 10 to 0',
        'reduced 8 by 10 to 0',
        'ended 4 cancelled ORDER_SELF_TRADE_PREVENTED 0',
        'ended 8 cancelled ORDER_SELF_TRADE_PREVENTED 0',
      ],
    ],
  ] as const)('takes its pair along when it is %s', (_, end, ends) => {
    const events = end(waiting());
    expect(events.map(brief)).toEqual([
      ...ends,
      'ended 5 cancelled ORDER_CANCELLED_BY_LIST 10',
      'ended 6 cancelled ORDER_CANCELLED_BY_LIST 10',
    ]);
    expect(taken(events).slice(-2)).toEqual(['5 of list 7: 0', '6 of list 7: 10']);
  });

  it('ends with what was partly filled when a pending order ends', () => {
    const market = waiting();
    market.sell(BOB, 95, 4);
    const events = market.cancel(ALICE, 5);
    expect(events.map(brief)).toEqual([
      'ended 5 cancelled ORDER_CANCELLED_BY_USER 10',
      'ended 4 cancelled ORDER_CANCELLED_BY_LIST 6',
      'ended 6 cancelled ORDER_CANCELLED_BY_LIST 10',
    ]);
    expect(taken(events)).toEqual(['5 of list 7: 0', '4: 570', '6 of list 7: 10']);
    expect(market.lines('list', 'waiting')).toEqual([]);
  });

  it('ends with a pending order that expires', () => {
    const market = waitingOne({ ...TAKE, timeInForce: 'GTD', expiresAtMs: 10 });
    expect(market.tick(10).map(brief)).toEqual([
      'ended 5 expired ORDER_EXPIRED 10',
      'ended 4 cancelled ORDER_CANCELLED_BY_LIST 10',
    ]);
  });

  it('and what is behind it end together with cancel_all, in order', () => {
    expect(waiting().cancelAll(ALICE).map(brief)).toEqual([
      'ended 4 cancelled ORDER_CANCELLED_BY_USER 10',
      'ended 5 cancelled ORDER_CANCELLED_BY_USER 10',
      'ended 6 cancelled ORDER_CANCELLED_BY_USER 10',
    ]);
  });
});

describe('a pending order', () => {
  it('is reached by no trade and cannot be amended', () => {
    const market = waiting();
    market.rest('buy', BOB, 98, 1);
    // A trade at 98 reaches nothing; the stop would be reached at 90, and the trade is not that.
    expect(market.sell(CAROL, 98, 1)).toHaveLength(3);
    expect(market.amend(ALICE, 5, 111, 10).map(brief)).toEqual(['refused ORDER_AMEND_NOT_ALLOWED']);
    const low = traded();
    low.list({ working: { side: 'buy', priceTicks: 80 }, orders: [TAKE, STOP] });
    low.rest('buy', BOB, 85, 1);
    expect(low.sell(CAROL, 85, 1)).toHaveLength(3);
  });

  it('is triggered at its turn when its price is reached, and ends the other one', () => {
    const market = traded();
    const stop = { ...STOP, trigger: { kind: 'stop_loss', priceTicks: 96 } } as const;
    market.list({ working: WORKING, orders: [TAKE, stop] });
    const events = market.sell(BOB, 95, 10);
    expect(events.map(brief).slice(3)).toEqual([
      'triggered 5 by 9',
      'opened 10@110',
      'triggered 6 by 9',
      'ended 5 cancelled ORDER_CANCELLED_BY_LIST 10',
      'ended 6 expired ORDER_LIQUIDITY_NONE 10',
    ]);
    expect(taken(events).slice(-2)).toEqual(['5 of list 7: 0', '6 of list 7: 10']);
  });

  it('ends the other one in the queue when it is reached first', () => {
    const market = traded();
    const stop = { ...STOP, trigger: { kind: 'stop_loss', priceTicks: 96 } } as const;
    market.list({ working: WORKING, orders: [stop, TAKE] });
    expect(market.sell(BOB, 95, 10).map(brief).slice(3)).toEqual([
      'triggered 5 by 9',
      'ended 6 cancelled ORDER_CANCELLED_BY_LIST 10',
      'ended 5 expired ORDER_LIQUIDITY_NONE 10',
    ]);
  });

  it('ends the other one in the queue when it is refused at its turn', () => {
    const market = traded();
    // A sell of more, so that the pair of the working buy is a pair of buys with unequal holds.
    market.rest('sell', BOB, 90, 2);
    const working = { side: 'sell', priceTicks: 80, quantityLots: 1 } as const;
    market.rest('buy', CAROL, 85, 1);
    const events = market.list({ working, orders: [{ ...BUY_TAKE, priceTicks: 91 }, BUY_STOP] });
    expect(events.map(brief)).toEqual([
      'armed 7 working_order 0',
      'armed 8 working_order 0',
      'trade 1@85',
      'ended 5 filled - 0',
      'ended 6 filled - 0',
      'triggered 7 by 10',
      'ended 7 rejected ORDER_POST_ONLY_WOULD_TAKE 10',
      'ended 8 cancelled ORDER_CANCELLED_BY_LIST 10',
    ]);
    // The pair holds 1200; the buy at 91 ends first, and 8 gives back its own.
    expect(taken(events).slice(-2)).toEqual(['7 of list 9: 0', '8 of list 9: 1200']);
  });

  it('trails the price at which its working order was filled', () => {
    const trigger = { kind: 'trailing_stop', trailBps: 1_000 } as const;
    const market = waitingOne({ ...STOP, trigger });
    expect(market.lines('waiting')[0]).toMatch(
      /market 10 - working_order 0 then trailing_stop 0 trail 1000 0 0$/,
    );
    // 95 x 0.9 is 85.5.
    expect(market.reload().sell(BOB, 95, 10).map(brief).slice(3)).toEqual([
      'triggered 5 by 8',
      'armed 5 trailing_stop 85',
    ]);
  });

  it('rests at its turn however many of its user do', () => {
    const market = traded({ maxOpenOrders: 1 });
    market.rest('buy', ALICE, 50, 1);
    market.rest('sell', BOB, 100, 10);
    const working = { side: 'buy', timeInForce: 'IOC' } as const;
    expect(
      market
        .list({ working, orders: [TAKE] })
        .map(brief)
        .slice(-1),
    ).toEqual(['opened 10@110']);
  });

  it('has its turn while others wait for theirs, in the order of the fills', () => {
    const market = traded();
    market.list({ working: WORKING, orders: [{ priceTicks: 110 }] });
    market.place({ side: 'sell', ...STOP, trigger: { kind: 'stop_loss', priceTicks: 95 } });
    market.list({ working: WORKING, orders: [{ priceTicks: 111 }] });
    // Lists 6 and 10, between them stop 7. The trades are 11 and 13 of one sell.
    expect(market.sell(BOB, 95, 20).map(brief)).toEqual([
      'trade 10@95',
      'ended 4 filled - 0',
      'trade 10@95',
      'ended 8 filled - 0',
      'ended 11 filled - 0',
      'triggered 7 by 11',
      'ended 7 expired ORDER_LIQUIDITY_NONE 10',
      'triggered 5 by 11',
      'opened 10@110',
      'triggered 9 by 13',
      'opened 10@111',
    ]);
  });

  it('counts as new for a conditional cancel', () => {
    const market = waitingOne(TAKE);
    expect(market.cancel(ALICE, 5, { onlyIf: 'partially_filled' }).map(brief)).toEqual([
      'refused ORDER_CANCEL_CONDITION_UNMET',
    ]);
    expect(market.cancel(ALICE, 5, { onlyIf: 'new' })).toHaveLength(2);
  });
});
