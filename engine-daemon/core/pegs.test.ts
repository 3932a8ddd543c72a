// Pegged orders, with numbers worked by hand: docs/engine.md, "Pegs".
import { describe, expect, it } from 'vitest';
import { STOP, taken, traded } from './test-lists.ts';
import { ALICE, BOB, CAROL, TestMarket, brief } from './test-market.ts';

const SAME = { to: 'same', offsetLevels: 0 } as const;
const OPPOSITE = { to: 'opposite', offsetLevels: 0 } as const;

/** Buys of Bob at 97, 95 and 90, sells at 101, 103 and 108: orders 2 to 7. */
function quoted(...args: Parameters<typeof TestMarket.open>): TestMarket {
  const market = TestMarket.open(...args);
  for (const price of [97, 95, 90]) market.rest('buy', BOB, price, 5);
  for (const price of [101, 103, 108]) market.rest('sell', BOB, price, 5);
  return market;
}

describe('a pegged order that is refused', () => {
  it.each([
    ['an empty book', TestMarket.open(), SAME],
    ['a book without the other side', oneSided(), OPPOSITE],
    ['a book with fewer levels', quoted(), { to: 'same', offsetLevels: 3 }],
  ] as const)('finds no level in %s', (_, market, peg) => {
    const events = market.buy(ALICE, 99, 10, { peg });
    const number = market.book.state.window.highest;
    expect(events.map(brief)).toEqual([`ended ${number} rejected ORDER_PEG_REFERENCE_NONE 10`]);
    expect(taken(events)).toEqual([`${number}: 990`]);
  });

  it('is refused for its status and quantity first, then for the level, then for its price', () => {
    const market = quoted();
    market.configure({ maxQuantity: '20', maxNotional: '950', minPrice: '91' });
    const none = { to: 'same', offsetLevels: 9 } as const;
    const reasonOf = (lots: number, words: object): string =>
      market
        .buy(ALICE, 99, lots, words)
        .map(brief)
        .map((text) => text.split(' ')[3])
        .join();
    expect(reasonOf(21, { peg: none })).toBe('ORDER_QUANTITY_TOO_LARGE');
    expect(reasonOf(20, { peg: none })).toBe('ORDER_PEG_REFERENCE_NONE');
    expect(reasonOf(5, { peg: { to: 'same', offsetLevels: 2 } })).toBe('ORDER_PRICE_OUT_OF_BAND');
    expect(reasonOf(10, { peg: SAME })).toBe('ORDER_NOTIONAL_TOO_LARGE');
    // At 95 it is worth 950, at its own 99 it would be 990.
    expect(market.buy(ALICE, 99, 10, { peg: { to: 'same', offsetLevels: 1 } })).toHaveLength(2);
  });

  it('does not tell a price when a check after that refuses it', () => {
    const market = quoted();
    const postOnly = { peg: OPPOSITE, postOnly: true };
    expect(market.buy(ALICE, 105, 10, postOnly).map(brief)).toEqual([
      'ended 8 rejected ORDER_POST_ONLY_WOULD_TAKE 10',
    ]);
    const whole = { peg: OPPOSITE, timeInForce: 'FOK' } as const;
    const events = market.buy(ALICE, 105, 6, whole);
    expect(events.map(brief)).toEqual(['ended 9 expired ORDER_FOK_NOT_FILLABLE 6']);
    expect(taken(events)).toEqual(['9: 630']);
  });
});

function oneSided(): TestMarket {
  const market = TestMarket.open();
  market.rest('buy', BOB, 90, 1);
  return market;
}

describe('a pegged order', () => {
  it.each([
    ['buy', 99, SAME, 97, 20],
    ['buy', 99, { to: 'same', offsetLevels: 1 }, 95, 40],
    ['buy', 96, SAME, 96, 0],
    ['buy', 100, OPPOSITE, 100, 0],
    ['sell', 98, SAME, 101, 0],
    ['sell', 98, { to: 'same', offsetLevels: 2 }, 108, 0],
    ['sell', 102, SAME, 102, 0],
  ] as const)('to %s at %i or better takes from %j the price %i', (...row) => {
    const [side, limit, peg, price, released] = row;
    const market = quoted();
    const events = market.place({ side, priceTicks: limit, peg });
    expect(events.map(brief)).toEqual([
      `pegged 8 ${price} releases ${released}`,
      `opened 10@${price}`,
    ]);
    // Its price does not move with the book.
    market.rest('buy', BOB, 98, 1);
    const line = `8 1 ${side === 'buy' ? 'b' : 's'} ${price} 10 10 GTC 0 cancel_taker 0 1000 2000`;
    expect(market.reload().lines('8')).toEqual([line]);
  });

  it('takes what its price reaches, at the price of the level that it looks past none for', () => {
    const market = quoted();
    const peg = { to: 'opposite', offsetLevels: 1 } as const;
    const events = market.buy(ALICE, 110, 12, { peg });
    expect(events.map(brief)).toEqual([
      'pegged 8 103 releases 84',
      'trade 5@101',
      'ended 5 filled - 0',
      'trade 5@103',
      'ended 6 filled - 0',
      'opened 2@103',
    ]);
    // Its hold of 12 x 103 goes by 5 x 103 a trade; what it saved at 101 is the ledger's to see.
    expect(taken(events)).toEqual(['8: 84', '8: 515', '5: 5', '5: 0', '8: 515', '6: 5', '6: 0']);
    expect(taken(market.cancel(ALICE, 8))).toEqual(['8: 206']);
  });

  it('is one that a market is not asked for when it is a market order', () => {
    const market = quoted();
    const words = { type: 'market', timeInForce: 'IOC', peg: SAME } as const;
    const events = market.buy(ALICE, 110, 5, words);
    expect(events.map(brief)).toEqual(['trade 5@101', 'ended 5 filled - 0', 'ended 8 filled - 0']);
  });

  it('releases the reserve for fees with the difference', () => {
    const market = quoted({ feePolicy: 'quote' });
    // 990 and 2 of fee, rounded up from 1.98; 970 and 2, from 1.94.
    const events = market.buy(ALICE, 99, 10, { peg: SAME });
    expect(taken(events)).toEqual(['8: 20']);
    expect(taken(market.cancel(ALICE, 8))).toEqual(['8: 972']);
  });

  it('looks at the book without the order that it replaces', () => {
    const market = quoted();
    const best = market.rest('buy', ALICE, 99, 10);
    const replaces = { orderNumber: best, onFailure: 'stop' } as const;
    expect(market.buy(ALICE, 100, 10, { peg: SAME, replaces }).map(brief)).toEqual([
      'ended 8 cancelled ORDER_REPLACED 10',
      'pegged 9 97 releases 30',
      'opened 10@97',
    ]);
  });

  it('is collected for an auction at that price, and may be an iceberg', () => {
    const market = quoted();
    market.setStatus('auction');
    const events = market.buy(ALICE, 105, 10, { peg: OPPOSITE, displayLots: 4 });
    expect(events.map(brief)).toEqual(['pegged 9 101 releases 40', 'opened 10@101']);
    expect(market.depth().bids[0]).toEqual([101, 4]);
  });

  it('is amended like any other', () => {
    const market = quoted();
    market.buy(ALICE, 99, 10, { peg: SAME });
    // 970 and 200 more are 1170, of which 10 x 96 stay.
    const [amended] = market.amend(ALICE, 8, 96, 10, { holdIncreaseMinor: '200' });
    expect(amended).toMatchObject({ kind: 'amended', priceTicks: 96, releaseMinor: '210' });
  });
});

describe('a pegged order that waits', () => {
  const LIMIT_STOP = { ...STOP, type: 'limit', timeInForce: 'GTC' } as const;

  it('is armed without a level, and takes its price at its turn', () => {
    const market = traded();
    const peg = OPPOSITE;
    expect(market.place({ side: 'sell', ...LIMIT_STOP, peg }).map(brief)).toEqual([
      'armed 4 stop_loss 90',
    ]);
    expect(market.lines('waiting')[0]).toMatch(/limit 10 - stop_loss 90 peg opposite 0$/);
    market.rest('buy', BOB, 90, 1);
    market.rest('buy', BOB, 85, 4);
    expect(market.reload().sell(CAROL, 90, 1).map(brief).slice(3)).toEqual([
      'triggered 4 by 9',
      'pegged 4 85 releases 0',
      'trade 4@85',
      'ended 6 filled - 0',
      'opened 6@85',
    ]);
  });

  it('is refused at its turn by a book without that level', () => {
    const market = traded();
    market.place({ side: 'sell', ...LIMIT_STOP, peg: OPPOSITE });
    market.rest('buy', BOB, 90, 1);
    const events = market.sell(CAROL, 90, 1);
    expect(events.map(brief).slice(3)).toEqual([
      'triggered 4 by 8',
      'ended 4 rejected ORDER_PEG_REFERENCE_NONE 10',
    ]);
    expect(taken(events).slice(-1)).toEqual(['4: 10']);
  });

  it('is checked at its own price until then', () => {
    const market = traded({ minPrice: '85' });
    const stop = { ...LIMIT_STOP, priceTicks: 84 };
    expect(market.place({ side: 'sell', ...stop, peg: OPPOSITE }).map(brief)).toEqual([
      'ended 4 rejected ORDER_PRICE_OUT_OF_BAND 10',
    ]);
  });

  it('may be the working order and what stands behind it', () => {
    const market = quoted();
    const working = { side: 'buy', priceTicks: 110, quantityLots: 5, peg: OPPOSITE } as const;
    const behind = { priceTicks: 100, peg: { to: 'same', offsetLevels: 1 } } as const;
    // At its turn 101 is sold out: 103 and 108 are the levels of its side.
    const events = market.list({ working, orders: [behind] });
    expect(events.map(brief)).toEqual([
      'armed 9 working_order 0',
      'pegged 8 101 releases 45',
      'trade 5@101',
      'ended 5 filled - 0',
      'ended 8 filled - 0',
      'triggered 9 by 10',
      'pegged 9 108 releases 0',
      'opened 10@108',
    ]);
  });
});
