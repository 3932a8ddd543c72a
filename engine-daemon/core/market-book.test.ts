// What holds for a market whatever the command: repeats, time, configuration, extremes, depth,
// hash.
import { describe, expect, it } from 'vitest';
import { COMMAND_WINDOW } from './command-window.ts';
import { stateLines } from './state-hash.ts';
import { ALICE, BOB, SMALL_MARKET, TestMarket, brief } from './test-market.ts';

describe('a command number', () => {
  it('that was seen is ignored, and does not move the clock', () => {
    const market = TestMarket.open();
    const order = market.placeCommand({});
    expect(market.apply(order)).toHaveLength(1);
    expect(market.apply({ ...order, timeMs: 99 })).toEqual([]);
    expect(
      market.apply({ kind: 'cancel_all', number: order.number, timeMs: 99, userNumber: ALICE }),
    ).toEqual([]);
    expect(market.book.nowMs).toBe(0);
    expect(market.book.openOrders).toBe(1);
  });

  it('below the highest one is taken once while it is inside the window', () => {
    const market = TestMarket.open();
    market.place({ number: COMMAND_WINDOW + 10 });
    expect(market.place({ number: 11 }).map(brief)).toEqual(['opened 10@100']);
    expect(market.place({ number: 11 })).toEqual([]);
    expect(market.place({ number: COMMAND_WINDOW + 10 })).toEqual([]);
  });

  it('at or below the window is refused as too old, with no other effect', () => {
    const market = TestMarket.open();
    market.place({ number: COMMAND_WINDOW + 10 });
    const old = { number: 10, timeMs: 99 };
    expect(market.place({ ...old, holdMinor: '5' })).toMatchObject([
      {
        kind: 'refused',
        commandNumber: 10,
        orderId: 'ord_0000000000000010',
        reason: 'COMMAND_TOO_OLD',
        releaseMinor: '0',
        timeMs: 0,
      },
    ]);
    expect(market.cancel(ALICE, 7, old)).toMatchObject([
      { reason: 'COMMAND_TOO_OLD', orderId: 'ord_0000000000000007' },
    ]);
    expect(market.amend(ALICE, 7, 1, 1, old)).toMatchObject([
      { reason: 'COMMAND_TOO_OLD', orderId: 'ord_0000000000000007', releaseMinor: '0' },
    ]);
    expect(market.apply({ kind: 'cancel_all', ...old, userNumber: ALICE })).toMatchObject([
      { reason: 'COMMAND_TOO_OLD', orderId: null },
    ]);
    const config = { ...SMALL_MARKET, version: 9 };
    expect(market.apply({ kind: 'configure_market', ...old, config, status: 'halted' })).toEqual(
      [],
    );
    expect(market.book.nowMs).toBe(0);
    expect(market.book.rules?.status).toBe('trading');
  });

  it('is forgotten when its place in the window comes round again', () => {
    const market = TestMarket.open();
    market.place({ number: 5 });
    market.place({ number: COMMAND_WINDOW + 4 });
    expect(market.place({ number: COMMAND_WINDOW + 5 }).map(brief)).toEqual(['opened 10@100']);
    market.place({ number: 3 * COMMAND_WINDOW });
    expect(market.place({ number: 2 * COMMAND_WINDOW + 5 }).map(brief)).toEqual(['opened 10@100']);
  });
});

describe('time', () => {
  it('never goes back', () => {
    const market = TestMarket.open();
    market.tick(100);
    market.place({ timeMs: 50 });
    expect(market.book.nowMs).toBe(100);
  });

  it('ends orders by (expiry, order number) before the command itself', () => {
    const market = TestMarket.open();
    const gtd = (expiresAtMs: number) => ({ timeInForce: 'GTD', expiresAtMs }) as const;
    market.rest('sell', ALICE, 110, 1, gtd(30));
    market.rest('sell', ALICE, 100, 1, gtd(20));
    market.rest('sell', ALICE, 105, 1, gtd(20));
    market.rest('sell', ALICE, 120, 1, gtd(31));
    expect(market.buy(BOB, 200, 1, { timeMs: 30 }).map(brief)).toEqual([
      'ended 3 expired ORDER_EXPIRED 1',
      'ended 4 expired ORDER_EXPIRED 1',
      'ended 2 expired ORDER_EXPIRED 1',
      'trade 1@120',
      'ended 5 filled - 0',
      'ended 6 filled - 0',
    ]);
    expect(market.tick(1_000)).toEqual([]);
  });

  it('passes on a halted market and for a cancelled order too', () => {
    const market = TestMarket.open();
    const gone = market.rest('buy', ALICE, 90, 1, { timeInForce: 'GTD', expiresAtMs: 10 });
    const stays = market.rest('buy', ALICE, 91, 1, { timeInForce: 'GTD', expiresAtMs: 10 });
    market.cancel(ALICE, gone);
    market.setStatus('halted');
    expect(market.tick(10).map(brief)).toEqual([`ended ${stays} expired ORDER_EXPIRED 1`]);
  });
});

describe('configure_market', () => {
  it('is ignored when its version is not newer', () => {
    const market = TestMarket.open();
    expect(market.configure({ version: 1, maxPrice: '5' }, 'halted')).toEqual([]);
    expect(market.book.rules?.status).toBe('trading');
  });

  it.each([
    { base: 'ETH' },
    { quote: 'EUR' },
    { baseDecimals: 1 },
    { quoteDecimals: 1 },
    { tickSize: '2' },
    { lotSize: '2' },
    { feePolicy: 'quote' },
  ] as const)('is ignored when it would change %j while an order rests', (change) => {
    const even = { minPrice: '2', maxPrice: '2000', minQuantity: '2', maxQuantity: '2000' };
    const market = TestMarket.open(even);
    const order = market.rest('buy', ALICE, 100, 10);
    const { version, ...old } = market.config;
    expect(market.configure(change)).toEqual([]);
    market.cancel(ALICE, order);
    expect(market.configure({ ...old, ...change }).map(brief)).toEqual([
      `configured ${version + 1} trading`,
    ]);
  });

  it('is ignored when it is of another market or no market can have it', () => {
    const market = TestMarket.open();
    expect(market.configure({ market: 'ETH-USD' })).toEqual([]);
    expect(market.configure({ market: 'BTC-USD', tickSize: '0.1' })).toEqual([]);
  });

  it('changes limits under resting orders, which stay', () => {
    const market = TestMarket.open();
    market.rest('buy', ALICE, 100, 10);
    expect(market.configure({ maxPrice: '50' }, 'cancel_only')).toEqual([
      { kind: 'configured', sequence: 3, timeMs: 0, version: 2, status: 'cancel_only' },
    ]);
    expect(market.book.openOrders).toBe(1);
  });

  it('in the middle of a batch leaves the events before it under the old rules', () => {
    const market = TestMarket.open();
    const order = market.rest('sell', ALICE, 100, 3);
    market.book.apply({
      kind: 'cancel',
      number: 10,
      timeMs: 0,
      userNumber: ALICE,
      orderNumber: order,
    });
    const config = {
      ...market.config,
      lotSize: '100',
      maxQuantity: '100',
      minQuantity: '100',
      version: 2,
    };
    market.book.apply({
      kind: 'configure_market',
      number: 11,
      timeMs: 0,
      config,
      status: 'trading',
    });
    market.book.apply(market.placeCommand({ number: 12, side: 'sell', quantityLots: 1 }));
    const cancel = {
      kind: 'cancel',
      number: 13,
      timeMs: 0,
      userNumber: ALICE,
      orderNumber: 12,
    } as const;
    expect(market.apply(cancel)).toMatchObject([
      { kind: 'ended', releaseMinor: '3' },
      { kind: 'configured' },
      { kind: 'opened' },
      { kind: 'ended', releaseMinor: '100' },
    ]);
  });
});

describe('extremes', () => {
  it('holds levels at the lowest and at the highest price', () => {
    const market = TestMarket.open();
    market.rest('buy', ALICE, 1, 5);
    market.rest('sell', ALICE, 4_294_967_295, 5);
    market.rest('buy', ALICE, 65_536, 5);
    market.rest('buy', ALICE, 2_147_483_648, 5);
    expect(market.book.level2(9)).toEqual({
      bids: [
        [2_147_483_648, 5],
        [65_536, 5],
        [1, 5],
      ],
      asks: [[4_294_967_295, 5]],
    });
    expect(
      market
        .sell(BOB, 1, 15)
        .map(brief)
        .filter((words) => words.startsWith('trade')),
    ).toEqual(['trade 5@2147483648', 'trade 5@65536', 'trade 5@1']);
  });

  it('trades quantities beyond 32 bits, amounts exact beyond 2^53', () => {
    const market = TestMarket.open();
    const most = Number.MAX_SAFE_INTEGER;
    market.rest('sell', ALICE, 4_294_967_295, most);
    expect(market.buy(BOB, 4_294_967_295, most - 1)).toMatchObject([
      {
        quantityLots: most - 1,
        quoteMinor: (4_294_967_295n * BigInt(most - 1)).toString(),
        maker: { remainingLots: 1 },
      },
      { kind: 'ended' },
    ]);
  });

  it('keeps a level exact whose total is beyond 2^53, though it shows 2^53 - 1', () => {
    const market = TestMarket.open();
    const most = Number.MAX_SAFE_INTEGER;
    const numbers = [most, most, most].map((lots) => market.rest('sell', ALICE, 100, lots));
    const last = market.rest('sell', ALICE, 100, 3);
    expect(market.book.level2(1).asks).toEqual([[100, most]]);
    for (const order of numbers) market.cancel(ALICE, order);
    expect(market.book.level2(1).asks).toEqual([[100, 3]]);
    market.cancel(ALICE, last);
    expect(market.book.level2(1).asks).toEqual([]);
  });

  it('fills FOK over more lots than a double holds', () => {
    const market = TestMarket.open();
    const most = Number.MAX_SAFE_INTEGER;
    market.rest('sell', ALICE, 100, most);
    market.rest('sell', ALICE, 101, most);
    market.book.clearTouched();
    const events = market.buy(BOB, 101, most, { timeInForce: 'FOK' });
    expect(events.at(-1)).toMatchObject({ status: 'filled' });
  });
});

describe('depth', () => {
  it('lists what was touched once, buys first, by rising price, with what rests now', () => {
    const market = TestMarket.open();
    market.rest('sell', ALICE, 105, 5);
    market.rest('sell', ALICE, 104, 5);
    const gone = market.rest('buy', ALICE, 90, 5);
    market.rest('buy', ALICE, 95, 5);
    market.cancel(ALICE, gone);
    market.buy(BOB, 104, 7);
    expect(market.book.touchedLevels()).toEqual([
      ['buy', 90, 0],
      ['buy', 95, 5],
      ['buy', 104, 2],
      ['sell', 104, 0],
      ['sell', 105, 5],
    ]);
    market.book.clearTouched();
    expect(market.book.touchedLevels()).toEqual([]);
    market.amend(ALICE, 2, 105, 4);
    expect(market.book.touchedLevels()).toEqual([['sell', 105, 4]]);
  });
});

describe('state text', () => {
  it('of a market that was never configured', () => {
    expect([...stateLines(new TestMarket().book)]).toEqual([
      'market BTC-USD',
      'version 0 status none',
      'now 0',
      'sequence 0',
      'highest 0',
      'last 0 0',
    ]);
  });

  it('lists resting orders best first and in priority order', () => {
    const market = TestMarket.open();
    market.rest('buy', ALICE, 90, 5);
    market.rest('buy', BOB, 91, 6, { postOnly: true, selfTradePrevention: 'decrement' });
    market.rest('sell', ALICE, 100, 7, { timeInForce: 'GTD', expiresAtMs: 77, makerFeePpm: -3 });
    market.rest('sell', BOB, 100, 8);
    market.rest('sell', BOB, 99, 9);
    market.tick(12);
    market.buy(ALICE, 99, 4);
    expect([...stateLines(market.book)].slice(1)).toEqual([
      'version 1 status trading',
      'now 12',
      'sequence 8',
      'highest 7',
      'last 99 12',
      '3 2 b 91 6 6 GTC 1 decrement 0 1000 2000',
      '2 1 b 90 5 5 GTC 0 cancel_taker 0 1000 2000',
      '6 2 s 99 9 5 GTC 0 cancel_taker 0 1000 2000',
      '4 1 s 100 7 7 GTD 0 cancel_taker 77 -3 2000',
      '5 2 s 100 8 8 GTC 0 cancel_taker 0 1000 2000',
    ]);
  });
});
