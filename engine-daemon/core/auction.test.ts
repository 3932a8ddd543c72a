// The price of an auction and the trades at it: docs/engine.md, "Auction price" and "Uncrossing".
import { describe, expect, it } from 'vitest';
import { orderId } from '../../shared/domain/ids.ts';
import type { MarketConfig } from '../../shared/domain/market.ts';
import { ALICE, BOB, CAROL, DAVE, TestMarket, brief } from './test-market.ts';

const LOTS_MAX = 9_007_199_254_740_991;
const PREVENTED = 'ORDER_SELF_TRADE_PREVENTED';

type Line = readonly [side: 'buy' | 'sell', priceTicks: number, lots: number];

/** A market that collects; its orders begin with 2. */
function collecting(config: Partial<MarketConfig> = {}): TestMarket {
  const market = new TestMarket(config);
  market.configure({}, 'pre_open');
  return market;
}

/** What an auction of these orders, all of different users, comes to first: lots@price. */
function auctionOf(lines: readonly Line[], lastTicks = 0): string | undefined {
  const market = TestMarket.open();
  if (lastTicks > 0) {
    market.rest('sell', ALICE, lastTicks, 1);
    market.buy(BOB, lastTicks, 1);
  }
  market.setStatus('pre_open');
  lines.forEach(([side, priceTicks, lots], at) => market.rest(side, 10 + at, priceTicks, lots));
  return market.setStatus('trading').map(brief)[0];
}

describe('the auction price', () => {
  it('is there only when the book is crossed', () => {
    expect(auctionOf([])).toBeUndefined();
    expect(auctionOf([['buy', 100, 5]])).toBeUndefined();
    expect(auctionOf([['buy', 100, 5], ['sell', 101, 5]])).toBeUndefined(); // prettier-ignore
    const equal: Line[] = [['buy', 100, 5], ['sell', 100, 3]]; // prettier-ignore
    expect(auctionOf(equal)).toBe('uncrossed 3@100');
  });

  it('is where the most lots can trade', () => {
    // 98: 5 against 3; 100: 5 against 7; 103: 2 against 7.
    const lines: Line[] = [['buy', 103, 2], ['buy', 100, 3], ['sell', 98, 3], ['sell', 100, 4]]; // prettier-ignore
    expect(auctionOf(lines)).toBe('uncrossed 5@100');
    expect(auctionOf(lines, 103)).toBe('uncrossed 5@100');
  });

  it('is, of these, where the least is left over', () => {
    // Ten lots everywhere; left over are 4 buys at 101 and 103, and 3 sells at 104 and 105.
    const lines: Line[] = [['buy', 105, 10], ['buy', 103, 4], ['sell', 101, 10], ['sell', 104, 3]]; // prettier-ignore
    expect(auctionOf(lines, 101)).toBe('uncrossed 10@104');
  });

  it('is the highest of them when buys are left over at all', () => {
    // Eight lots and 7 buys over at 101 and 103.
    const lines: Line[] = [['buy', 105, 5], ['buy', 103, 10], ['sell', 101, 8], ['sell', 104, 10]]; // prettier-ignore
    expect(auctionOf(lines)).toBe('uncrossed 8@103');
    expect(auctionOf(lines, 90)).toBe('uncrossed 8@103');
  });

  it('is the lowest of them when sells are left over at all', () => {
    // Eight lots and 7 sells over at 102 and 104.
    const lines: Line[] = [['sell', 100, 5], ['sell', 102, 10], ['buy', 104, 8], ['buy', 101, 10]]; // prettier-ignore
    expect(auctionOf(lines)).toBe('uncrossed 8@102');
    expect(auctionOf(lines, 110)).toBe('uncrossed 8@102');
  });

  it.each([
    [0, 102],
    [99, 100],
    [100, 100],
    [103, 103],
    [105, 105],
    [106, 105],
  ])('is the last price within them when nothing is left over: %i, %i', (lastTicks, ticks) => {
    const lines: Line[] = [['buy', 105, 10], ['sell', 100, 10]]; // prettier-ignore
    expect(auctionOf(lines, lastTicks)).toBe(`uncrossed 10@${ticks}`);
  });

  it.each([
    [0, 103],
    [90, 101],
    [102, 102],
    [104, 104],
    [110, 105],
  ])('and so when as much is left over on either side: %i, %i', (lastTicks, ticks) => {
    // 3 buys over at 101 and 103, 3 sells at 104 and 105.
    const lines: Line[] = [['buy', 105, 10], ['buy', 103, 3], ['sell', 101, 10], ['sell', 104, 3]]; // prettier-ignore
    expect(auctionOf(lines, lastTicks)).toBe(`uncrossed 10@${ticks}`);
  });

  it('knows to a lot what is left over beyond 2^53', () => {
    const lines: Line[] = [['buy', 105, LOTS_MAX], ['buy', 105, LOTS_MAX], ['sell', 100, LOTS_MAX]]; // prettier-ignore
    expect(auctionOf([...lines, ['sell', 100, LOTS_MAX]])).toBe(`uncrossed ${LOTS_MAX}@102`);
    expect(auctionOf([...lines, ['sell', 100, LOTS_MAX - 1]])).toBe(`uncrossed ${LOTS_MAX}@105`);
    const more: Line[] = [...lines, ['sell', 100, LOTS_MAX], ['sell', 100, 1]];
    expect(auctionOf(more)).toBe(`uncrossed ${LOTS_MAX}@100`);
  });

  it('counts what icebergs hide, and is not moved by what does not cross', () => {
    const market = collecting();
    market.rest('sell', ALICE, 100, 20, { displayLots: 1 });
    market.rest('buy', BOB, 104, 12);
    market.rest('buy', BOB, 102, 12);
    market.rest('buy', BOB, 99, 900);
    market.rest('sell', CAROL, 105, 900);
    // 20 lots at 100 and 102; 4 buys over at both.
    expect(market.setStatus('trading').map(brief)[0]).toBe('uncrossed 20@102');
  });
});

describe('an uncrossing', () => {
  it('lets the first of both sides meet, at one price, until one side is out of it', () => {
    const market = collecting();
    market.rest('sell', ALICE, 101, 4);
    market.rest('sell', BOB, 100, 5);
    market.rest('buy', CAROL, 102, 3);
    market.rest('sell', ALICE, 100, 2);
    market.rest('buy', DAVE, 103, 4);
    market.book.clearTouched();
    // At 100: 7 of 7 lots; 101: 7 of 11; no other is better, and at 100 nothing is left over.
    const events = market.setStatus('trading');
    expect(events.map(brief)).toEqual([
      'uncrossed 7@100',
      'trade 4@100',
      'ended 6 filled - 0',
      'trade 1@100',
      'ended 3 filled - 0',
      'trade 2@100',
      'ended 4 filled - 0',
      'ended 5 filled - 0',
    ]);
    // The newer of two takes.
    expect(events.filter(({ kind }) => kind === 'trade')).toMatchObject([
      { takerSide: 'buy', taker: { orderId: orderId(6) }, maker: { orderId: orderId(3) } },
      { takerSide: 'buy', taker: { orderId: orderId(4) }, maker: { orderId: orderId(3) } },
      { takerSide: 'sell', taker: { orderId: orderId(5) }, maker: { orderId: orderId(4) } },
    ]);
    expect(market.depth()).toEqual({ bids: [], asks: [[101, 4]] });
    expect(market.book.touchedLevels()).toEqual([
      ['buy', 102, 0],
      ['buy', 103, 0],
      ['sell', 100, 0],
    ]);
    expect(market.lines('last')).toEqual(['last 100 0']);
  });

  it('gives each its fee by its role, and takes holds at each own limit', () => {
    const market = collecting({ feePolicy: 'quote' });
    market.rest('buy', ALICE, 105, 10, { makerFeePpm: 1_000, takerFeePpm: 2_000 });
    market.rest('sell', BOB, 100, 4, { makerFeePpm: 300, takerFeePpm: 400 });
    market.rest('sell', BOB, 100, 16, { makerFeePpm: 300, takerFeePpm: 400 });
    // Holds of the buy: 1050 + 2.1, then 630 + 1.26, rounded up.
    expect(market.setStatus('trading').filter(({ kind }) => kind === 'trade')).toMatchObject([
      {
        priceTicks: 100,
        quoteMinor: '400',
        takerSide: 'sell',
        taker: { feePpm: 400, holdMinor: '4', remainingLots: 0 },
        maker: { feePpm: 1_000, holdMinor: '421', remainingLots: 6 },
      },
      {
        taker: { feePpm: 400, holdMinor: '6', remainingLots: 10 },
        maker: { feePpm: 1_000, holdMinor: '632', remainingLots: 0 },
      },
    ]);
  });

  it('lets no post-only order take from one that is not', () => {
    const market = TestMarket.open();
    market.rest('buy', ALICE, 99, 10);
    market.rest('sell', BOB, 101, 10, { postOnly: true });
    market.setStatus('pre_open');
    market.amend(ALICE, 2, 102, 10);
    const [, trade] = market.setStatus('trading');
    // Nothing is left over at 101 and 102: halfway, rounded down.
    expect(trade).toMatchObject({
      priceTicks: 101,
      takerSide: 'buy',
      taker: { orderId: orderId(2), feePpm: 2_000, holdMinor: '1020' },
      maker: { orderId: orderId(3), feePpm: 1_000 },
    });
  });

  it('trades icebergs whole, and leaves them at their place with a part to show', () => {
    const market = collecting();
    market.rest('sell', ALICE, 100, 10, { displayLots: 2 });
    market.rest('sell', BOB, 100, 5);
    market.rest('buy', CAROL, 100, 7);
    expect(market.setStatus('trading').map(brief)).toEqual([
      'uncrossed 7@100',
      'trade 7@100',
      'ended 4 filled - 0',
    ]);
    expect(market.depth().asks).toEqual([[100, 7]]);
    expect(market.lines('2')[0]).toContain(' 10 3 GTC 0 cancel_taker 0 1000 2000 display 2 2');
    expect(market.buy(CAROL, 100, 1)[0]).toMatchObject({ maker: { orderId: orderId(2) } });
    market.setStatus('pre_open');
    market.rest('buy', CAROL, 100, 1);
    market.setStatus('trading');
    expect(market.lines('2')[0]).toContain(' 10 1 GTC 0 cancel_taker 0 1000 2000 display 1 2');
  });

  it('reaches triggers with its trades', () => {
    const market = TestMarket.open();
    market.rest('sell', ALICE, 100, 1);
    market.buy(BOB, 100, 1);
    market.sell(CAROL, 200, 5, { trigger: { kind: 'stop_loss', priceTicks: 95 } });
    market.setStatus('pre_open');
    market.rest('buy', ALICE, 95, 1);
    market.rest('sell', BOB, 95, 1);
    expect(market.setStatus('trading').map(brief).slice(-2)).toEqual([
      'triggered 4 by 12',
      'opened 5@200',
    ]);
  });

  it('is told with as many lots as there are safe integers, and trades them all', () => {
    const market = collecting();
    for (const user of [ALICE, BOB]) market.rest('buy', user, 100, LOTS_MAX);
    for (const user of [CAROL, DAVE]) market.rest('sell', user, 100, LOTS_MAX, { displayLots: 2 ** 52 }); // prettier-ignore
    expect(market.setStatus('trading').map(brief).slice(0, 2)).toEqual([
      `uncrossed ${LOTS_MAX}@100`,
      `trade ${LOTS_MAX}@100`,
    ]);
    expect(market.book.openOrders).toBe(0);
  });
});

describe('own orders in an uncrossing', () => {
  /** Alice buys with order 2 and sells with order 3, which is the newer one and so decides. */
  const meet = (
    selfTradePrevention: 'cancel_taker' | 'cancel_maker' | 'cancel_both' | 'decrement' | 'none',
    buyLots = 5,
    sellLots = 3,
  ) => {
    const market = collecting();
    market.rest('buy', ALICE, 100, buyLots);
    market.rest('sell', ALICE, 100, sellLots, { selfTradePrevention });
    const events = market.setStatus('trading').map(brief);
    expect(events[0]).toBe(`uncrossed ${Math.min(buyLots, sellLots)}@100`);
    return events.slice(1);
  };

  it('end the taker, the maker or both', () => {
    expect(meet('cancel_taker')).toEqual(['prevented 3/0@100', `ended 3 cancelled ${PREVENTED} 3`]);
    expect(meet('cancel_maker')).toEqual(['prevented 0/5@100', `ended 2 cancelled ${PREVENTED} 5`]);
    expect(meet('cancel_both')).toEqual([
      'prevented 3/5@100',
      `ended 2 cancelled ${PREVENTED} 5`,
      `ended 3 cancelled ${PREVENTED} 3`,
    ]);
  });

  it('are decremented by the smaller of them', () => {
    expect(meet('decrement')).toEqual([
      'prevented 3/3@100',
      'reduced 2 by 3 to 2',
      'reduced 3 by 3 to 0',
      `ended 3 cancelled ${PREVENTED} 0`,
    ]);
    expect(meet('decrement', 3, 5)).toEqual([
      'prevented 3/3@100',
      'reduced 2 by 3 to 0',
      'reduced 3 by 3 to 2',
      `ended 2 cancelled ${PREVENTED} 0`,
    ]);
    expect(meet('decrement', 4, 4).slice(-2)).toEqual([
      `ended 2 cancelled ${PREVENTED} 0`,
      `ended 3 cancelled ${PREVENTED} 0`,
    ]);
  });

  it('trade when the taker allows it', () => {
    expect(meet('none')).toEqual(['trade 3@100', 'ended 3 filled - 0']);
  });

  it('are decremented with all that icebergs have, and release at each own limit', () => {
    const market = collecting();
    market.rest('buy', ALICE, 102, 10, { displayLots: 2 });
    market.rest('sell', ALICE, 100, 8, { displayLots: 1, selfTradePrevention: 'decrement' });
    // Two buys over at 100 and 102: the highest of them.
    const events = market.setStatus('trading');
    expect(events.map(brief)).toEqual([
      'uncrossed 8@102',
      'prevented 8/8@102',
      'reduced 2 by 8 to 2',
      'reduced 3 by 8 to 0',
      `ended 3 cancelled ${PREVENTED} 0`,
    ]);
    expect(events.slice(2, 4)).toMatchObject([{ releaseMinor: '816' }, { releaseMinor: '8' }]);
    expect(market.depth().bids).toEqual([[102, 2]]);
  });

  it('are those of one group too', () => {
    const market = collecting();
    market.rest('buy', ALICE, 100, 5, { tradeGroup: 7 });
    market.rest('sell', BOB, 100, 3, { tradeGroup: 7, selfTradePrevention: 'cancel_maker' });
    market.rest('sell', CAROL, 100, 3, { tradeGroup: 8 });
    expect(market.setStatus('trading').map(brief)).toEqual([
      'uncrossed 5@100',
      'prevented 0/5@100',
      `ended 2 cancelled ${PREVENTED} 5`,
    ]);
  });

  it('may leave the book crossed: then it is uncrossed again', () => {
    const market = collecting();
    market.rest('sell', ALICE, 100, 4);
    market.rest('buy', ALICE, 110, 4);
    market.rest('buy', BOB, 105, 4);
    // Four lots everywhere, nothing over only at 110, where Alice meets herself.
    expect(market.setStatus('trading').map(brief)).toEqual([
      'uncrossed 4@110',
      'prevented 4/0@110',
      `ended 3 cancelled ${PREVENTED} 4`,
      'uncrossed 4@102',
      'trade 4@102',
      'ended 2 filled - 0',
      'ended 4 filled - 0',
    ]);
  });
});

describe('orders of one owner that meet one by one', () => {
  it('ask for eight auction prices, and then meet at the price of the maker', () => {
    const market = collecting();
    market.rest('sell', ALICE, 1, 1);
    // Each is newer than the sell and so takes, and ends; the best comes first.
    for (let at = 0; at < 12; at += 1) market.rest('buy', ALICE, 10 + at, 1);
    const events = market.setStatus('trading').map(brief);
    expect(events.filter((line) => line.startsWith('uncrossed'))).toHaveLength(8);
    const prevented = events.filter((line) => line.startsWith('prevented'));
    expect(prevented).toHaveLength(12);
    expect(prevented.slice(8)).toEqual(Array.from({ length: 4 }, () => 'prevented 1/0@1'));
    expect(market.book.openOrders).toBe(1);
  });
});
