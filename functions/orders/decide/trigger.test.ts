// Orders that wait for a trigger price: which are refused, and what the others lock.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRejection } from '../../../shared/domain/rejection.ts';
import type { PlaceOrderBody } from '../schema.ts';
import { CONFIG, termsWith } from '../terms-fixture.ts';
import { acceptedRow, decidePlace, placeCommand } from './place.ts';
import { needsBestPrices, sizeOrder, type MarketTerms, type SizedOrder } from './size.ts';

const NOW_MS = 1_700_000_000_000;
const STOP = { type: 'stop_loss', price: '30000' } as const;
const MARKET = { type: 'market', quantity: '1', trigger: STOP } as const;
const PLAIN = { type: 'limit', price: '31000', quantity: '1' } as const;
const LIMIT = { ...PLAIN, trigger: STOP } as const;
const EMPTY_BOOK = termsWith({ bestBidTicks: null, bestAskTicks: null });

function bodyOf(change: Partial<PlaceOrderBody>): PlaceOrderBody {
  return { market: 'BTC-USD', side: 'buy', type: 'limit', ...change };
}

function size(change: Partial<PlaceOrderBody>, terms = EMPTY_BOOK) {
  return sizeOrder(bodyOf(change), terms, NOW_MS);
}

function sized(change: Partial<PlaceOrderBody>, terms: MarketTerms = EMPTY_BOOK): SizedOrder {
  const order = size(change, terms);
  if (isRejection(order)) throw new Error(order.detail);
  return order;
}

describe('an order with a trigger', () => {
  const withPrice = (price: string) => ({ trigger: { ...STOP, price } });
  const refused: [string, Partial<PlaceOrderBody>, string][] = [
    ['off the tick', { ...LIMIT, ...withPrice('30000.001') }, 'ORDER_TRIGGER_PRICE_OFF_TICK'],
    ['at no price', { ...LIMIT, ...withPrice('0') }, 'ORDER_PRICE_OUT_OF_BAND'],
    ['out of the band', { ...MARKET, ...withPrice('1000000.01') }, 'ORDER_PRICE_OUT_OF_BAND'],
    ['beyond everything', { ...MARKET, ...withPrice('9'.repeat(20)) }, 'ORDER_PRICE_OUT_OF_BAND'],
    ['that is post-only', { ...LIMIT, postOnly: true }, 'ORDER_POST_ONLY_NOT_ALLOWED'],
    [
      'that is sized by quote amount',
      { type: 'market', quoteAmount: '100', trigger: STOP },
      'ORDER_QUOTE_AMOUNT_NOT_ALLOWED',
    ],
    ['without a limit', { type: 'limit', quantity: '1', trigger: STOP }, 'ORDER_PRICE_REQUIRED'],
    ['with a limit it has no use for', { ...MARKET, price: '1' }, 'ORDER_PRICE_NOT_ALLOWED'],
    ['that could rest', { ...MARKET, timeInForce: 'GTC' }, 'ORDER_TIME_IN_FORCE_NOT_ALLOWED'],
    [
      'of a tiny notional at its trigger price',
      { ...MARKET, quantity: '0.0001', ...withPrice('0.01') },
      'ORDER_NOTIONAL_TOO_SMALL',
    ],
    [
      'of a tiny notional at its limit',
      { ...LIMIT, price: '0.01', quantity: '0.0001' },
      'ORDER_NOTIONAL_TOO_SMALL',
    ],
  ];

  it.each(refused)('is refused %s', (_name, change, code) => {
    expect(size(change)).toMatchObject({ code });
  });

  it('is told which of its prices is out of the band', () => {
    expect(size({ ...LIMIT, ...withPrice('0') })).toMatchObject({
      detail: 'trigger.price must be 0.01 to 1000000',
    });
    expect(size({ ...LIMIT, price: '0' })).toMatchObject({
      detail: 'price must be 0.01 to 1000000',
    });
  });

  it('may say that it is not post-only', () => {
    expect(isRejection(size({ ...LIMIT, postOnly: false }))).toBe(false);
  });

  it('locks by its limit what any limit order locks', () => {
    for (const side of ['buy', 'sell'] as const) {
      const order = sized({ ...LIMIT, side });
      expect(order.trigger).toEqual({ kind: 'stop_loss', priceTicks: 3_000_000 });
      expect({ ...order, trigger: null }).toEqual(sized({ ...PLAIN, side }));
    }
  });

  it('locks as a market order by its trigger price, whatever the book shows', () => {
    const far = termsWith({ bestBidTicks: 100, bestAskTicks: 200 });
    for (const terms of [EMPTY_BOOK, far]) {
      expect(size(MARKET, terms)).toMatchObject({
        timeInForce: 'IOC',
        priceTicks: 3_150_000,
        hold: { asset: 'USD', amountMinor: 31_500_000_000n },
      });
      expect(size({ ...MARKET, side: 'sell' }, terms)).toMatchObject({
        priceTicks: 2_850_000,
        hold: { asset: 'BTC', amountMinor: 100_000_000n },
      });
    }
  });

  it('keeps the worst price of a market order exact, and inside the band', () => {
    const drawn = fc.record({
      ticks: fc.integer({ min: 100_000, max: 100_000_000 }),
      protectionBps: fc.integer({ min: 1, max: 9_999 }),
    });
    fc.assert(
      fc.property(drawn, ({ ticks, protectionBps }) => {
        const terms = { ...EMPTY_BOOK, config: { ...CONFIG, protectionBps } };
        const price = `${Math.floor(ticks / 100)}.${String(ticks % 100).padStart(2, '0')}`;
        const change = { ...MARKET, ...withPrice(price) };
        const above = (BigInt(ticks) * BigInt(10_000 + protectionBps)) / 10_000n;
        const below = (BigInt(ticks) * BigInt(10_000 - protectionBps) + 9_999n) / 10_000n;
        const { priceTicks: buy } = sized(change, terms);
        const { priceTicks: sell } = sized({ ...change, side: 'sell' }, terms);
        expect(BigInt(buy)).toBe(above > 100_000_000n ? 100_000_000n : above);
        expect(BigInt(sell)).toBe(below);
      }),
    );
    const tiny = { ...MARKET, side: 'sell', quantity: '1000', ...withPrice('0.01') } as const;
    expect(size(tiny)).toMatchObject({ priceTicks: 1 });
  });

  it('needs no best prices', () => {
    expect(needsBestPrices(MARKET)).toBe(false);
    expect(needsBestPrices(LIMIT)).toBe(false);
    expect(needsBestPrices({ type: 'market' })).toBe(true);
  });
});

describe('placing an order with a trigger', () => {
  const names = { userNumber: 1, orderNumber: 7 };
  const place = (change: Partial<PlaceOrderBody>, availableMinor: bigint) => {
    const terms = termsWith();
    const state = { openOrders: 0, openOrdersMax: 10, nowMs: NOW_MS, availableMinor };
    return decidePlace(bodyOf(change), sized(change, terms), terms, state, names);
  };

  it('is refused without the whole hold, though the best price would be covered', () => {
    expect(place(MARKET, 31_499_999_999n)).toMatchObject({ code: 'ORDER_FUNDS_INSUFFICIENT' });
  });

  it('enters the log with its trigger, and any other order without', () => {
    const waiting = place(MARKET, 31_500_000_000n);
    const plain = place({ ...PLAIN, price: '1' }, 31_500_000_000n);
    if (isRejection(waiting) || isRejection(plain)) throw new Error('refused');
    const trigger = { kind: 'stop_loss', priceTicks: 3_000_000 };
    expect(placeCommand(waiting)).toMatchObject({ trigger, holdMinor: '31500000000' });
    expect(acceptedRow(waiting).order).toMatchObject({
      status: 'accepted',
      triggerKind: 'stop_loss',
      triggerPriceTicks: 3_000_000,
    });
    expect(placeCommand(plain)).not.toHaveProperty('trigger');
    expect(acceptedRow(plain).order).toMatchObject({ triggerKind: null, triggerPriceTicks: null });
  });
});
