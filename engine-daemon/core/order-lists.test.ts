// Pairs of orders of which one ends the other, with numbers worked by hand: docs/engine.md,
// "place_list" and "Lists".
import { describe, expect, it } from 'vitest';
import { BUY_STOP, BUY_TAKE, STOP, TAKE, taken, traded } from './test-lists.ts';
import { ALICE, BOB, CAROL, TestMarket, brief } from './test-market.ts';

/** Orders 4 and 5 of list 6. */
function pair(): TestMarket {
  const market = traded();
  market.list({ orders: [TAKE, STOP] });
  return market;
}

describe('a pair that is refused', () => {
  it('has both its orders rejected by a market that was never configured', () => {
    const market = new TestMarket();
    const events = market.list({ orders: [BUY_STOP, BUY_TAKE] });
    expect(events.map(brief)).toEqual([
      'ended 1 rejected MARKET_NOT_FOUND 10',
      'ended 2 rejected MARKET_NOT_FOUND 10',
    ]);
    // 1200 are held for both; the second one gives back its own 900.
    expect(taken(events)).toEqual(['1 of list 3: 300', '2 of list 3: 900']);
  });

  it('is not looked at when its number is too old, and releases nothing', () => {
    const market = traded();
    const old = market.listCommand({ orders: [TAKE, STOP] });
    market.place({ number: 6 + 1_048_576, priceTicks: 50 });
    expect(market.apply(old)).toMatchObject([
      { kind: 'refused', reason: 'COMMAND_TOO_OLD', orderId: null, releaseMinor: '0' },
    ]);
    expect(market.lines('list')).toEqual([]);
  });

  it('does nothing when it comes again', () => {
    const market = traded();
    const list = market.listCommand({ orders: [TAKE, STOP] });
    expect(market.apply(list)).toHaveLength(2);
    expect(market.apply(list)).toEqual([]);
  });

  it('ends its second order unplaced when the first is refused', () => {
    const market = traded();
    market.block(ALICE);
    const events = market.list({ orders: [BUY_STOP, BUY_TAKE] });
    expect(events.map(brief)).toEqual([
      'ended 5 rejected ACCOUNT_BLOCKED 10',
      'ended 6 cancelled ORDER_CANCELLED_BY_LIST 10',
    ]);
    expect(taken(events)).toEqual(['5 of list 7: 300', '6 of list 7: 900']);
  });

  it('ends its first order when the second is refused', () => {
    const market = traded();
    const reached = { ...STOP, trigger: { kind: 'stop_loss', priceTicks: 100 } } as const;
    const events = market.list({ orders: [TAKE, reached] });
    expect(events.map(brief)).toEqual([
      'opened 10@110',
      'ended 5 rejected ORDER_TRIGGER_PRICE_REACHED 10',
      'ended 4 cancelled ORDER_CANCELLED_BY_LIST 10',
    ]);
    expect(taken(events)).toEqual(['5 of list 6: 0', '4 of list 6: 10']);
  });

  it('is not collected for an auction, where nothing is post-only', () => {
    const market = traded();
    market.setStatus('auction');
    expect(market.list({ orders: [STOP, TAKE] }).map(brief)).toEqual([
      'armed 5 stop_loss 90',
      'ended 6 rejected MARKET_AUCTION 10',
      'ended 5 cancelled ORDER_CANCELLED_BY_LIST 10',
    ]);
  });

  it('cannot be amended, neither before nor after it is decided', () => {
    const market = pair();
    expect(market.amend(ALICE, 4, 111, 10).map(brief)).toEqual(['refused ORDER_AMEND_NOT_ALLOWED']);
    expect(market.amend(ALICE, 5, 79, 10).map(brief)).toEqual(['refused ORDER_AMEND_NOT_ALLOWED']);
    expect(market.amend(BOB, 4, 111, 10).map(brief)).toEqual(['refused ORDER_NOT_FOUND']);
    market.buy(BOB, 110, 4);
    const restored = market.reload();
    expect(restored.amend(ALICE, 4, 110, 9)).toMatchObject([
      { reason: 'ORDER_AMEND_NOT_ALLOWED', releaseMinor: '1000000000000' },
    ]);
  });
});

describe('a pair', () => {
  it('ends its stop when its limit order trades', () => {
    const market = traded();
    expect(market.list({ orders: [TAKE, STOP] }).map(brief)).toEqual([
      'opened 10@110',
      'armed 5 stop_loss 90',
    ]);
    const restored = market.reload();
    const events = restored.buy(BOB, 110, 4);
    expect(events.map(brief)).toEqual([
      'trade 4@110',
      'ended 7 filled - 0',
      'ended 5 cancelled ORDER_CANCELLED_BY_LIST 10',
    ]);
    expect(taken(events)).toEqual(['7: 440', '4 of list 6: 4', '7: 0', '5 of list 6: 0']);
    expect(restored.lines('list')).toEqual(['list 6 0 4 10 5 10 decided']);
    const last = restored.buy(BOB, 110, 6);
    expect(last.map(brief)).toEqual(['trade 6@110', 'ended 4 filled - 0', 'ended 8 filled - 0']);
    expect(taken(last)).toEqual(['8: 660', '4 of list 6: 6', '4 of list 6: 0', '8: 0']);
    expect(restored.lines('list')).toEqual([]);
  });

  it('ends its limit order when its stop is triggered', () => {
    const market = pair();
    market.rest('buy', BOB, 90, 1);
    market.rest('buy', BOB, 85, 20);
    const events = market.sell(CAROL, 90, 1);
    expect(events.map(brief)).toEqual([
      'trade 1@90',
      'ended 7 filled - 0',
      'ended 9 filled - 0',
      'triggered 5 by 10',
      'ended 4 cancelled ORDER_CANCELLED_BY_LIST 10',
      'trade 10@85',
      'ended 5 filled - 0',
    ]);
    expect(market.lines('list')).toEqual([]);
  });

  it('ends the one that stands in the queue behind the other', () => {
    const market = traded();
    const take = { ...STOP, trigger: { kind: 'take_profit', priceTicks: 110 } } as const;
    expect(market.list({ orders: [STOP, take] }).map(brief)).toEqual([
      'armed 4 stop_loss 90',
      'armed 5 take_profit 110',
    ]);
    for (const [price, lots] of [[110, 1], [90, 1], [80, 20]] as const) market.rest('buy', BOB, price, lots); // prettier-ignore
    const events = market.sell(CAROL, 90, 2);
    expect(events.map(brief)).toEqual([
      'trade 1@110',
      'ended 7 filled - 0',
      'trade 1@90',
      'ended 8 filled - 0',
      'ended 10 filled - 0',
      'triggered 5 by 11',
      'ended 4 cancelled ORDER_CANCELLED_BY_LIST 10',
      'trade 10@80',
      'ended 5 filled - 0',
    ]);
    expect(taken(events).slice(-4)).toEqual([
      '4 of list 6: 0',
      '5 of list 6: 10',
      '9: 800',
      '5 of list 6: 0',
    ]);
  });

  it('ends its stop though a trade of the same order has reached it', () => {
    const market = traded();
    // It holds more than its partner, so its end gives the difference back.
    market.list({ orders: [BUY_TAKE, { ...BUY_STOP, trigger: { kind: 'take_profit', priceTicks: 90 } }] }); // prettier-ignore
    const events = market.sell(CAROL, 90, 4);
    expect(events.map(brief)).toEqual([
      'trade 4@90',
      'ended 7 filled - 0',
      'ended 5 cancelled ORDER_CANCELLED_BY_LIST 10',
    ]);
    expect(taken(events)).toEqual(['7: 4', '4 of list 6: 360', '7: 0', '5 of list 6: 300']);
    expect(market.lines('queued')).toEqual([]);
  });

  it('is decided by a decrement', () => {
    const market = pair();
    const events = market.buy(ALICE, 110, 4, { selfTradePrevention: 'decrement' });
    expect(events.map(brief)).toEqual([
      'prevented 4/4@110',
      'reduced 4 by 4 to 6',
      'reduced 7 by 4 to 0',
      'ended 7 cancelled ORDER_SELF_TRADE_PREVENTED 0',
      'ended 5 cancelled ORDER_CANCELLED_BY_LIST 10',
    ]);
    expect(taken(events)).toEqual(['4 of list 6: 4', '7: 440', '7: 0', '5 of list 6: 0']);
  });

  it('is decided by the end of an order whose owner would trade with it', () => {
    const market = pair();
    const events = market.buy(ALICE, 110, 10, { selfTradePrevention: 'cancel_maker' });
    expect(events.map(brief)).toEqual([
      'prevented 0/10@110',
      'ended 4 cancelled ORDER_SELF_TRADE_PREVENTED 10',
      'opened 10@110',
      'ended 5 cancelled ORDER_CANCELLED_BY_LIST 10',
    ]);
    expect(taken(events)).toEqual(['4 of list 6: 0', '5 of list 6: 10']);
  });

  it('ends its other order after the one that takes the place of the first', () => {
    const market = pair();
    const replaces = { orderNumber: 4, onFailure: 'stop' } as const;
    expect(market.sell(ALICE, 120, 10, { replaces }).map(brief)).toEqual([
      'ended 4 cancelled ORDER_REPLACED 10',
      'opened 10@120',
      'ended 5 cancelled ORDER_CANCELLED_BY_LIST 10',
    ]);
  });

  it('ends when one of it expires', () => {
    const market = traded();
    market.list({ orders: [{ ...TAKE, timeInForce: 'GTD', expiresAtMs: 10 }, STOP] });
    const events = market.tick(10);
    expect(events.map(brief)).toEqual([
      'ended 4 expired ORDER_EXPIRED 10',
      'ended 5 cancelled ORDER_CANCELLED_BY_LIST 10',
    ]);
  });
});

describe('the hold of a pair', () => {
  it('is released once by whoever ends first', () => {
    const market = traded();
    market.list({ orders: [BUY_TAKE, BUY_STOP] });
    expect(taken(market.cancel(ALICE, 4))).toEqual(['4 of list 6: 0', '5 of list 6: 1200']);
    market.list({ orders: [BUY_TAKE, BUY_STOP] });
    expect(taken(market.cancel(ALICE, 9))).toEqual(['9 of list 10: 300', '8 of list 10: 900']);
  });

  it.each([
    ['cancel_all', (market: TestMarket) => market.cancelAll(ALICE)],
    ['the kill switch', (market: TestMarket) => market.block(ALICE)],
    ['a dead-man deadline', (market: TestMarket) => market.tick(20)],
  ])('is released when %s ends both', (_, end) => {
    const market = traded();
    market.cancelAllAfter(ALICE, 20);
    market.list({ orders: [BUY_STOP, BUY_TAKE] });
    const events = end(market);
    expect(taken(events)).toEqual(['5 of list 7: 300', '6 of list 7: 900']);
    expect(events.map(brief).join()).not.toContain('ORDER_CANCELLED_BY_LIST');
    expect(market.lines('list')).toEqual([]);
  });

  it('keeps the reserve for fees of the order that goes on', () => {
    const market = traded({ feePolicy: 'quote' });
    // 2000 ppm on top, rounded up: 900 + 2 and 1200 + 3.
    market.list({ orders: [BUY_TAKE, BUY_STOP] });
    // 6 lots stay: 540 + 2. The seller holds base, and 902 are left for the buy of 1203.
    const events = market.sell(CAROL, 90, 4);
    expect(taken(events)).toEqual(['7: 4', '4 of list 6: 360', '7: 0', '5 of list 6: 301']);
    expect(taken(market.sell(CAROL, 90, 6))).toEqual([
      '8: 6',
      '4 of list 6: 542',
      '4 of list 6: 0',
      '8: 0',
    ]);
  });

  it.each([
    ['first', [TAKE, STOP], ['4 of list 6: 6', '5 of list 6: 0']],
    ['second', [STOP, TAKE], ['4 of list 6: 0', '5 of list 6: 6']],
  ] as const)('knows who has traded when both end in that step: the %s', (_, orders, ends) => {
    const market = traded();
    market.list({ orders });
    market.configure({}, 'auction', [
      { atMs: 10, status: 'trading' },
      { atMs: 11, status: 'closing' },
      { atMs: 12, status: 'delisted' },
    ]);
    market.rest('buy', BOB, 110, 4);
    const events = market.tick(20);
    expect(events.map(({ kind }) => kind)).toEqual([
      ...['phase_changed', 'uncrossed', 'trade', 'ended'],
      ...['phase_changed', 'phase_changed', 'ended', 'ended'],
    ]);
    expect(taken(events).slice(-2)).toEqual(ends);
  });
});
