// What a market's limits keep out: bands, notionals, numbers of orders, an old reference, modes of
// self-trade prevention. docs/engine.md, "Limits of the market".
import { describe, expect, it } from 'vitest';
import type { MarketConfig } from '../../shared/domain/market.ts';
import { ALICE, BOB, CAROL, TestMarket, brief } from './test-market.ts';

const MARKET = { type: 'market', timeInForce: 'IOC' } as const;
const IOC = { timeInForce: 'IOC' } as const;

/** A market whose last trade was at this price, with nothing on the book; the next order is 4. */
function tradedAt(priceTicks: number, config: Partial<MarketConfig>): TestMarket {
  const market = TestMarket.open(config);
  market.rest('sell', ALICE, priceTicks, 1);
  market.buy(BOB, priceTicks, 1);
  return market;
}

/** Why a sell of one lot is refused; null when it rests. Nothing stays behind. */
function refusalAt(market: TestMarket, priceTicks: number): string | null {
  const [event] = market.sell(CAROL, priceTicks, 1);
  market.cancelAll(CAROL);
  return event?.kind === 'ended' ? event.reason : null;
}

describe('the static band', () => {
  it('includes its ends, which need not be whole ticks', () => {
    const whole = TestMarket.open({ priceBand: { staticPrice: '100', staticBps: 1_000 } });
    expect([89, 90, 110, 111].map((ticks) => refusalAt(whole, ticks))).toEqual([
      'ORDER_PRICE_OUT_OF_STATIC_BAND',
      null,
      null,
      'ORDER_PRICE_OUT_OF_STATIC_BAND',
    ]);
    // From 89.1 to 108.9.
    const broken = TestMarket.open({ priceBand: { staticPrice: '99', staticBps: 1_000 } });
    expect([89, 90, 108, 109].map((ticks) => refusalAt(broken, ticks))).toEqual([
      'ORDER_PRICE_OUT_OF_STATIC_BAND',
      null,
      null,
      'ORDER_PRICE_OUT_OF_STATIC_BAND',
    ]);
  });

  it('comes after the least and highest price, and before the dynamic band', () => {
    const priceBand = { staticPrice: '100', staticBps: 2_000, dynamicBps: 1_000 };
    const market = tradedAt(100, { priceBand, maxPrice: '125' });
    expect([126, 121, 111, 110].map((ticks) => refusalAt(market, ticks))).toEqual([
      'ORDER_PRICE_OUT_OF_BAND',
      'ORDER_PRICE_OUT_OF_STATIC_BAND',
      'ORDER_PRICE_OUT_OF_DYNAMIC_BAND',
      null,
    ]);
  });

  it('is there while a market collects, and of orders that wait', () => {
    const market = tradedAt(100, { priceBand: { staticPrice: '100', staticBps: 1_000 } });
    const trigger = { kind: 'stop_loss', priceTicks: 95 } as const;
    market.setStatus('pre_open');
    expect(refusalAt(market, 111)).toBe('ORDER_PRICE_OUT_OF_STATIC_BAND');
    expect(market.sell(ALICE, 89, 1, { trigger })).toMatchObject([
      { reason: 'ORDER_PRICE_OUT_OF_STATIC_BAND' },
    ]);
  });
});

describe('the dynamic band', () => {
  const priceBand = { dynamicBps: 1_000 };

  it('reaches round the last trade, and is not there before it', () => {
    const market = TestMarket.open({ priceBand });
    expect(refusalAt(market, 5_000)).toBeNull();
    const traded = tradedAt(200, { priceBand });
    expect([179, 180, 220, 221].map((ticks) => refusalAt(traded, ticks))).toEqual([
      'ORDER_PRICE_OUT_OF_DYNAMIC_BAND',
      null,
      null,
      'ORDER_PRICE_OUT_OF_DYNAMIC_BAND',
    ]);
  });

  it('is for limit orders, taking ones too', () => {
    const market = tradedAt(200, { priceBand });
    expect(market.buy(CAROL, 221, 1, IOC)).toMatchObject([
      { reason: 'ORDER_PRICE_OUT_OF_DYNAMIC_BAND' },
    ]);
    expect(market.buy(CAROL, 221, 1, MARKET)).toMatchObject([{ reason: 'ORDER_LIQUIDITY_NONE' }]);
  });

  it('is not there while a market collects, nor round a trade that is too old', () => {
    const market = tradedAt(200, { priceBand, referenceMaxAgeMs: 50 });
    for (const status of ['pre_open', 'auction'] as const) {
      market.setStatus(status);
      expect(refusalAt(market, 300)).toBeNull();
    }
    market.setStatus('trading');
    market.tick(50);
    expect(refusalAt(market, 300)).toBe('ORDER_PRICE_OUT_OF_DYNAMIC_BAND');
    market.tick(51);
    expect(refusalAt(market, 300)).toBeNull();
  });

  it('is there again when an order is triggered', () => {
    const market = tradedAt(200, { priceBand });
    const trigger = { kind: 'stop_loss', priceTicks: 181 } as const;
    market.sell(CAROL, 220, 1, { trigger });
    market.rest('sell', ALICE, 181, 1);
    // 10 % above 181 is 199.1.
    expect(market.buy(BOB, 181, 1).map(brief).slice(-2)).toEqual([
      'triggered 4 by 8',
      'ended 4 rejected ORDER_PRICE_OUT_OF_DYNAMIC_BAND 1',
    ]);
  });
});

describe('an amend', () => {
  it('is held to the bands only where it changes the price', () => {
    const priceBand = { staticPrice: '100', staticBps: 1_000, dynamicBps: 500 };
    const market = TestMarket.open();
    market.rest('sell', ALICE, 150, 5);
    market.rest('sell', BOB, 100, 1);
    market.buy(CAROL, 100, 1);
    market.configure({ priceBand });
    expect(market.amend(ALICE, 2, 150, 6).map(brief)).toEqual(['amended 6@150', 'opened 6@150']);
    expect(market.amend(ALICE, 2, 111, 6).map(brief)).toEqual([
      'refused ORDER_PRICE_OUT_OF_STATIC_BAND',
    ]);
    expect(market.amend(ALICE, 2, 106, 6).map(brief)).toEqual([
      'refused ORDER_PRICE_OUT_OF_DYNAMIC_BAND',
    ]);
    expect(market.amend(ALICE, 2, 105, 6).map(brief)).toEqual(['amended 6@105', 'opened 6@105']);
  });

  it('is held to the most notional only where price changes or quantity grows', () => {
    const market = TestMarket.open();
    market.rest('buy', ALICE, 100, 20);
    market.sell(BOB, 100, 15);
    market.configure({ maxNotional: '1000' });
    expect(market.amend(ALICE, 2, 100, 18).map(brief)).toEqual(['amended 3@100 kept']);
    // The new total counts, not what remains of it.
    expect(market.amend(ALICE, 2, 99, 18).map(brief)).toEqual(['refused ORDER_NOTIONAL_TOO_LARGE']);
    expect(market.amend(ALICE, 2, 100, 19).map(brief)).toEqual([
      'refused ORDER_NOTIONAL_TOO_LARGE',
    ]);
    expect(market.amend(ALICE, 2, 62, 16).map(brief)).toEqual(['amended 1@62', 'opened 1@62']);
  });
});

describe('the notional', () => {
  it('of a limit order is its price x quantity, and has a least and a most', () => {
    const market = TestMarket.open({ minNotional: '500', maxNotional: '1000' });
    const reasons = [4, 5, 10, 11].map((lots) => market.buy(ALICE, 100, lots)[0]);
    expect(reasons).toMatchObject([
      { reason: 'ORDER_NOTIONAL_TOO_SMALL' },
      { kind: 'opened' },
      { kind: 'opened' },
      { reason: 'ORDER_NOTIONAL_TOO_LARGE' },
    ]);
  });

  it('of a limit order that would wait is the same', () => {
    const market = TestMarket.open();
    market.rest('sell', ALICE, 100, 1);
    market.buy(BOB, 100, 1);
    market.configure({ minNotional: '500', maxNotional: '1000', maxWaitingOrders: 1 });
    const words = { trigger: { kind: 'stop_loss', priceTicks: 110 } } as const;
    expect(market.buy(ALICE, 100, 4, words)).toMatchObject([
      { reason: 'ORDER_NOTIONAL_TOO_SMALL' },
    ]);
    expect(market.buy(ALICE, 100, 10, words)).toMatchObject([{ kind: 'armed' }]);
    expect(market.buy(ALICE, 100, 11, words)).toMatchObject([
      { reason: 'ORDER_NOTIONAL_TOO_LARGE' },
    ]);
    expect(market.buy(ALICE, 100, 10, words)).toMatchObject([
      { reason: 'ORDERS_WAITING_TOO_MANY' },
    ]);
  });

  it('of a market order is that at the best price, and has no least', () => {
    const market = TestMarket.open({ maxNotional: '1000' });
    expect(market.buy(BOB, 200, 100, MARKET)).toMatchObject([{ reason: 'ORDER_LIQUIDITY_NONE' }]);
    market.rest('sell', ALICE, 100, 5);
    market.rest('sell', ALICE, 105, 8);
    market.configure({ minNotional: '500' });
    expect(market.buy(BOB, 200, 11, MARKET)).toMatchObject([
      { status: 'rejected', reason: 'ORDER_NOTIONAL_TOO_LARGE' },
    ]);
    expect(market.buy(BOB, 200, 10, MARKET).map(brief).at(-1)).toBe('ended 7 filled - 0');
    expect(market.buy(BOB, 200, 1, MARKET).map(brief).at(-1)).toBe('ended 8 filled - 0');
  });

  it('of an order sized by quote is its budget', () => {
    const market = TestMarket.open({ maxNotional: '1000' });
    market.rest('sell', ALICE, 100, 10);
    const budget = (quoteBudgetMinor: string) => ({ ...MARKET, quoteBudgetMinor });
    expect(market.buy(BOB, 200, 1, budget('1001'))).toMatchObject([
      { reason: 'ORDER_NOTIONAL_TOO_LARGE' },
    ]);
    expect(market.buy(BOB, 200, 99, budget('1000')).map(brief)).toContain('trade 10@100');
  });

  it('of a market order that waits is asked when it is triggered', () => {
    const market = tradedAt(100, { maxNotional: '1000' });
    const trigger = { kind: 'stop_loss', priceTicks: 102 } as const;
    expect(market.buy(CAROL, 200, 50, { ...MARKET, trigger }).map(brief)).toEqual([
      'armed 4 stop_loss 102',
    ]);
    market.rest('sell', ALICE, 102, 2);
    expect(market.buy(BOB, 102, 1).map(brief).at(-1)).toBe(
      'ended 4 rejected ORDER_NOTIONAL_TOO_LARGE 50',
    );
  });

  it('is exact where its number of units is not in a double', () => {
    // 2^53 + 1 units; a double would take them for 2^53.
    const limits = { minNotional: '9007199254740993', maxNotional: '9007199254740993' };
    const market = TestMarket.open(limits);
    // 3 x 3002399751580331 = 9007199254740993.
    expect(market.sell(ALICE, 3, 3_002_399_751_580_331)).toMatchObject([{ kind: 'opened' }]);
    expect(market.sell(ALICE, 2, 4_503_599_627_370_496)).toMatchObject([
      { reason: 'ORDER_NOTIONAL_TOO_SMALL' },
    ]);
    expect(market.sell(ALICE, 2, 4_503_599_627_370_497)).toMatchObject([
      { reason: 'ORDER_NOTIONAL_TOO_LARGE' },
    ]);
  });
});

describe('the number of orders of a user', () => {
  it('that may rest is for orders that could, whatever becomes of them', () => {
    const market = TestMarket.open({ maxOpenOrders: 2 });
    const first = market.rest('sell', ALICE, 100, 1);
    market.rest('sell', ALICE, 101, 1);
    market.rest('buy', BOB, 90, 5);
    expect(market.sell(ALICE, 90, 1)).toMatchObject([
      { status: 'rejected', reason: 'ORDERS_OPEN_TOO_MANY' },
    ]);
    expect(market.sell(ALICE, 90, 1, IOC).map(brief)).toContain('trade 1@90');
    expect(market.sell(ALICE, 90, 1, MARKET).map(brief)).toContain('trade 1@90');
    market.cancel(ALICE, first);
    expect(market.sell(ALICE, 102, 1).map(brief)).toEqual(['opened 1@102']);
  });

  it('is not asked of an order that is triggered', () => {
    const market = tradedAt(100, { maxOpenOrders: 1 });
    market.sell(CAROL, 120, 1, { trigger: { kind: 'stop_loss', priceTicks: 95 } });
    market.rest('sell', CAROL, 110, 1);
    market.rest('sell', ALICE, 95, 1);
    expect(market.buy(BOB, 95, 1).map(brief).at(-1)).toBe('opened 1@120');
  });

  it('that may wait does not count those that rest', () => {
    const market = tradedAt(100, { maxWaitingOrders: 1 });
    const words = { trigger: { kind: 'stop_loss', priceTicks: 95 } } as const;
    market.rest('sell', CAROL, 110, 1);
    expect(market.sell(CAROL, 90, 1, words)).toMatchObject([{ kind: 'armed' }]);
    expect(market.sell(CAROL, 90, 1, words)).toMatchObject([{ reason: 'ORDERS_WAITING_TOO_MANY' }]);
    expect(market.sell(ALICE, 90, 1, words)).toMatchObject([{ kind: 'armed' }]);
  });
});

describe('a reference that is too old', () => {
  it('is none for market orders and triggers, and was none before the first trade', () => {
    const trigger = { kind: 'stop_loss', priceTicks: 95 } as const;
    const fresh = TestMarket.open({ referenceMaxAgeMs: 50 });
    fresh.tick(500);
    expect(fresh.buy(BOB, 200, 1, MARKET)).toMatchObject([{ reason: 'ORDER_LIQUIDITY_NONE' }]);
    const market = tradedAt(100, { referenceMaxAgeMs: 50 });
    market.tick(50);
    expect(market.buy(BOB, 200, 1, MARKET)).toMatchObject([{ reason: 'ORDER_LIQUIDITY_NONE' }]);
    expect(market.sell(BOB, 90, 1, { trigger })).toMatchObject([{ kind: 'armed' }]);
    market.tick(51);
    expect(market.buy(BOB, 200, 1, MARKET)).toMatchObject([{ reason: 'MARKET_REFERENCE_STALE' }]);
    expect(market.sell(BOB, 90, 1, { trigger })).toMatchObject([
      { reason: 'ORDER_TRIGGER_REFERENCE_STALE' },
    ]);
    expect(market.sell(BOB, 90, 1).map(brief)).toEqual(['opened 1@90']);
  });
});

describe('modes of self-trade prevention', () => {
  it('are those that the market names, none apart', () => {
    const market = TestMarket.open({ selfTradeModes: ['cancel_taker', 'decrement'] });
    const refused = { status: 'rejected', reason: 'ORDER_SELF_TRADE_MODE_NOT_ALLOWED' };
    const place = (selfTradePrevention: 'cancel_maker' | 'decrement' | 'none') =>
      market.place({ selfTradePrevention })[0];
    expect(place('cancel_maker')).toMatchObject(refused);
    expect(place('decrement')).toMatchObject({ kind: 'opened' });
    expect(place('none')).toMatchObject({ kind: 'opened' });
    market.configure({ selfTradeAllowed: false, selfTradeModes: ['none', 'decrement'] });
    expect(place('none')).toMatchObject(refused);
    expect(place('decrement')).toMatchObject({ kind: 'opened' });
  });
});
