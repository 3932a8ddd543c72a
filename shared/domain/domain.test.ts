// Ids, markets, holds and fees: the rules that everything else rests on.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tradeFee, type FeeFacts } from './fee.ts';
import { feeReservePpm, holdMinor, spendableMinor } from './hold.ts';
import { orderId, parseOrderId, parseUserId, tradeId, userId } from './ids.ts';
import {
  formatSteps,
  marketScale,
  notionalMinor,
  parseSteps,
  type MarketConfig,
} from './market.ts';
import { ERROR_CODES, isRejection, reject } from './rejection.ts';
import { mulPpmRoundUp } from '../money/rounding.ts';

const CONFIG: MarketConfig = {
  market: 'BTC-USD',
  base: 'BTC',
  quote: 'USD',
  baseDecimals: 8,
  quoteDecimals: 10,
  tickSize: '0.01',
  lotSize: '0.00000001',
  minQuantity: '0.00000001',
  maxQuantity: '10000',
  minNotional: '0.01',
  minPrice: '0.01',
  maxPrice: '9000000',
  protectionBps: 500,
  feePolicy: 'received',
  selfTradeAllowed: true,
  version: 1,
};

describe('ids', () => {
  it.each([
    '',
    'ord_',
    'ord_1',
    'usr_0000000000000001',
    'ord_000000000000000x',
    'ord_0000000000000000',
  ])('refuses %j as an order id', (text) => {
    expect(parseOrderId(text)).toBeNull();
  });

  it.each([0, -1, 1.5, Number.NaN, 2 ** 53])('makes no id of %s', (value) => {
    expect(() => orderId(value)).toThrow(RangeError);
  });

  it('sort like their numbers and are read back', () => {
    const numbers = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
    fc.assert(
      fc.property(numbers, numbers, (a, b) => {
        expect(parseOrderId(orderId(a))).toBe(a);
        expect(parseUserId(userId(a))).toBe(a);
        expect(Math.sign(a - b)).toBe(Math.sign(compare(orderId(a), orderId(b))));
        expect(Math.sign(a - b)).toBe(
          Math.sign(compare(tradeId('BTC-USD', a), tradeId('BTC-USD', b))),
        );
      }),
    );
  });
});

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

describe('a market', () => {
  it.each([
    ['tick x lot finer than the quote asset', { quoteDecimals: 9 }],
    ['a lot finer than the base asset', { baseDecimals: 7 }],
    ['a zero tick', { tickSize: '0' }],
    ['a minimum off the lot', { lotSize: '0.0000001' }],
    ['a price beyond 32 bits of ticks', { maxPrice: '42949672.96' }],
    ['a negative tick', { tickSize: '-0.01' }],
  ])('is refused with %s', (_name, change) => {
    expect(() => marketScale({ ...CONFIG, ...change })).toThrow(RangeError);
  });

  it('has exact notionals at both ends of its prices', () => {
    const scale = marketScale(CONFIG);
    expect(scale.tickLotMinor).toBe(1n);
    expect(notionalMinor(scale, 1, 1)).toBe(1n);
    // 9,000,000 x 10,000 BTC = 90 billion USD at 10 decimals.
    expect(notionalMinor(scale, 900_000_000, 1_000_000_000_000)).toBe(9n * 10n ** 20n);
  });

  it('reads steps exactly and writes them back', () => {
    expect(parseSteps('0.015', '0.01', 100)).toBe('off_step');
    expect(parseSteps('1e3', '0.01', 100)).toBe('malformed');
    expect(parseSteps('1.01', '0.01', 100)).toBe('too_large');
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_294_967_295 }), (count) => {
        expect(parseSteps(formatSteps(count, '0.01'), '0.01', 4_294_967_295)).toBe(count);
      }),
    );
  });
});

const scale = marketScale(CONFIG);
const lots = fc.integer({ min: 1, max: 10_000_000 });
const prices = fc.integer({ min: 1, max: 900_000_000 });
const rates = fc.integer({ min: 0, max: 20_000 });

describe('a hold', () => {
  it('is consumed to exactly nothing by fills of any cut', () => {
    fc.assert(
      fc.property(
        prices,
        fc.array(lots, { minLength: 1, maxLength: 20 }),
        rates,
        (price, cuts, rate) => {
          const terms = { side: 'buy' as const, limitPriceTicks: price, feeReservePpm: rate };
          const total = cuts.reduce((sum, cut) => sum + cut, 0);
          let held = holdMinor(scale, terms, total);
          let remaining = total;
          for (const cut of cuts) {
            const taken =
              holdMinor(scale, terms, remaining) - holdMinor(scale, terms, remaining - cut);
            expect(taken).toBeGreaterThanOrEqual(notionalMinor(scale, price, cut));
            held -= taken;
            remaining -= cut;
          }
          expect(held).toBe(0n);
        },
      ),
    );
  });

  it('locks the fee of a buy rounded up, and not a unit more', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 31 }), rates, (lots, rate) => {
        const terms = { side: 'buy' as const, limitPriceTicks: 12_345, feeReservePpm: rate };
        const notional = notionalMinor(scale, terms.limitPriceTicks, lots);
        const reserve = (holdMinor(scale, terms, lots) - notional) * 1_000_000n;
        const fee = notional * BigInt(rate);
        expect(reserve).toBeGreaterThanOrEqual(fee);
        expect(reserve).toBeLessThan(fee + 1_000_000n);
      }),
    );
  });

  it('reserves a fee only for buys that pay in quote, at the worse rate', () => {
    expect(feeReservePpm('received', 'buy', 1000, 2000)).toBe(0);
    expect(feeReservePpm('quote', 'sell', 1000, 2000)).toBe(0);
    expect(feeReservePpm('quote', 'buy', 3000, 2000)).toBe(3000);
    expect(feeReservePpm('quote', 'buy', -100, -50)).toBe(0);
  });

  it('leaves room for the fee in what may be spent, and not a unit more', () => {
    const amount = fc.bigInt({ min: 0n, max: 10n ** 24n });
    fc.assert(
      fc.property(amount, rates, (amountMinor, rate) => {
        const spend = spendableMinor(amountMinor, rate);
        expect(spend + mulPpmRoundUp(spend, rate)).toBeLessThanOrEqual(amountMinor);
        const more = spend + 1n;
        expect(more + mulPpmRoundUp(more, rate)).toBeGreaterThan(amountMinor);
      }),
    );
  });
});

describe('a fee', () => {
  const facts: FeeFacts = {
    base: 'BTC',
    quote: 'USD',
    feePolicy: 'received',
    baseMinor: 50_000_000n,
    quoteMinor: 150_000_000_000_001n,
    buyerHoldMinor: 150_000_000_000_001n,
    buyerFeePpm: 2000,
    sellerFeePpm: 1000,
  };

  it('is taken from what each side receives, rounded up', () => {
    expect(tradeFee(facts, 'buy')).toEqual({ asset: 'BTC', amountMinor: 100_000n });
    expect(tradeFee(facts, 'sell')).toEqual({ asset: 'USD', amountMinor: 150_000_000_001n });
  });

  it('is taken from the quote of both sides where the market says so, within what was held', () => {
    const quote = { ...facts, feePolicy: 'quote' as const, buyerHoldMinor: 150_300_000_000_002n };
    expect(tradeFee(quote, 'buy')).toEqual({ asset: 'USD', amountMinor: 300_000_000_001n });
    const short = { ...quote, buyerHoldMinor: quote.quoteMinor + 5n };
    expect(tradeFee(short, 'buy').amountMinor).toBe(5n);
  });

  it('rounds a rebate down and never exceeds the gross', () => {
    expect(tradeFee({ ...facts, sellerFeePpm: -1 }, 'sell').amountMinor).toBe(-150_000_000n);
    expect(tradeFee({ ...facts, quoteMinor: 1n, sellerFeePpm: 999_999 }, 'sell').amountMinor).toBe(
      1n,
    );
  });
});

describe('a rejection', () => {
  it('is a value with a stable code and an HTTP status', () => {
    const rejection = reject('ORDER_PRICE_OFF_TICK');
    expect(isRejection(rejection)).toBe(true);
    expect(isRejection({ status: 200 })).toBe(false);
    expect(ERROR_CODES[rejection.code].status).toBe(422);
  });
});
