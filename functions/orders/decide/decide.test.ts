// The pure decisions of orders: sizing, funding, amending. Tables and properties, refusals first.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holdMinor } from '../../../shared/domain/hold.ts';
import { isRejection } from '../../../shared/domain/rejection.ts';
import type { PlaceOrderBody } from '../schema.ts';
import { CONFIG, termsWith } from '../terms-fixture.ts';
import { amendHoldIncrease, decideAmend, decideCancel, type ChangeableOrder } from './change.ts';
import { decidePlace } from './place.ts';
import { holdTerms, sizeOrder } from './size.ts';

const QUOTE_FEES = termsWith({ config: { ...CONFIG, feePolicy: 'quote' } });
const NOW_MS = 1_700_000_000_000;

function size(body: Partial<PlaceOrderBody>, terms = termsWith()) {
  const limitBuy: PlaceOrderBody = { market: 'BTC-USD', side: 'buy', type: 'limit' };
  const full = { ...limitBuy, ...body };
  return sizeOrder(full, terms, NOW_MS);
}

describe('sizing', () => {
  it('locks notional for a buy, quantity for a sell, and the fee on top where buyers pay quote', () => {
    const buy = { price: '30000', quantity: '0.5' };
    expect(size(buy)).toMatchObject({ hold: { asset: 'USD', amountMinor: 15_000_000_000n } });
    expect(size({ ...buy, side: 'sell' })).toMatchObject({
      hold: { asset: 'BTC', amountMinor: 50_000_000n },
    });
    // 0.2 % of 15,000 is 30.
    expect(size(buy, QUOTE_FEES)).toMatchObject({ hold: { amountMinor: 15_030_000_000n } });
  });

  it('protects a market buy at five per cent above the best ask, and within the band', () => {
    const market = { type: 'market' as const, quantity: '1' };
    expect(size(market)).toMatchObject({ priceTicks: 3_150_000, timeInForce: 'IOC' });
    expect(size(market, termsWith({ bestAskTicks: 99_999_999 }))).toMatchObject({
      priceTicks: 100_000_000,
    });
    expect(size({ ...market, side: 'sell' }, termsWith({ bestBidTicks: null }))).toMatchObject({
      priceTicks: 1,
    });
    expect(size(market, termsWith({ bestAskTicks: null }))).toMatchObject({
      code: 'ORDER_LIQUIDITY_NONE',
    });
  });

  it('spends at most the quote amount, the fee included', () => {
    const byQuote = { type: 'market' as const, quoteAmount: '1000' };
    expect(size(byQuote)).toMatchObject({
      quoteBudgetMinor: 1_000_000_000n,
      hold: { amountMinor: 1_000_000_000n },
    });
    const sized = size(byQuote, QUOTE_FEES);
    // 1000 / 1.002 = 998.003992...
    expect(sized).toMatchObject({
      quoteBudgetMinor: 998_003_992n,
      hold: { amountMinor: 1_000_000_000n },
    });
  });

  it('sells by quote amount at most what raises it at the protection price', () => {
    const sized = size({ type: 'market', side: 'sell', quoteAmount: '2840.5' });
    // 29,900 less 5 % is 28,405: 0.1 BTC raises 2,840.5.
    expect(sized).toMatchObject({ priceTicks: 2_840_500, quantityLots: 1_000 });
  });

  it('refuses a quote amount finer than the asset', () => {
    expect(size({ type: 'market', quoteAmount: '10.0000001' })).toMatchObject({
      code: 'ORDER_QUOTE_AMOUNT_INVALID',
    });
  });
});

describe('placing', () => {
  const body = { market: 'BTC-USD', side: 'buy', type: 'market', quantity: '1' } as PlaceOrderBody;
  const state = { openOrders: 0, openOrdersMax: 10, nowMs: NOW_MS };
  const names = { userNumber: 1, orderNumber: 7 };

  it('locks what there is for a market buy that covers the best price, and refuses one that does not', () => {
    const terms = termsWith();
    const sized = size({ type: 'market', quantity: '1' });
    if (isRejection(sized)) throw new Error(sized.detail);
    const rich = { ...state, availableMinor: 30_100_000_000n };
    const order = decidePlace(body, sized, terms, rich, names);
    expect(order).toMatchObject({
      sized: { priceTicks: 3_010_000, hold: { amountMinor: 30_100_000_000n } },
    });
    const poor = { ...state, availableMinor: 29_999_999_999n };
    expect(decidePlace(body, sized, terms, poor, names)).toMatchObject({
      code: 'ORDER_FUNDS_INSUFFICIENT',
    });
  });
});

const RESTING: ChangeableOrder = {
  orderNumber: 7,
  userNumber: 1,
  market: 'BTC-USD',
  side: 'buy',
  type: 'limit',
  timeInForce: 'GTC',
  status: 'open',
  priceTicks: 3_000_000,
  quantityLots: 1_000,
  remainingLots: 600,
  displayLots: null,
  makerFeePpm: 1000,
  takerFeePpm: 2000,
  isPair: false,
  pegTo: null,
  amendPending: false,
};

describe('changing', () => {
  it.each([
    ['an order that is not there', null, 'ORDER_NOT_FOUND'],
    ['an order that has ended', { ...RESTING, status: 'filled' as const }, 'ORDER_ALREADY_DONE'],
  ])('refuses to cancel or amend %s', (_name, order, code) => {
    expect(decideCancel(order)).toMatchObject({ code });
    expect(decideAmend(order, { price: '1' }, termsWith())).toMatchObject({ code });
  });

  it.each([
    ['nothing new', {}, {}, 'ORDER_AMEND_EMPTY'],
    ['what is gone already', { quantity: '0.04' }, {}, 'ORDER_QUANTITY_BELOW_FILLED'],
    [
      'an order that waits',
      { price: '1' },
      { status: 'untriggered' as const },
      'ORDER_AMEND_NOT_ALLOWED',
    ],
    ['an IOC order', { price: '1' }, { timeInForce: 'IOC' as const }, 'ORDER_AMEND_NOT_ALLOWED'],
    [
      'a second time before the first is known',
      { price: '1' },
      { amendPending: true },
      'ORDER_AMEND_PENDING',
    ],
    ['to a price off the tick', { price: '0.001' }, {}, 'ORDER_PRICE_OFF_TICK'],
  ])('refuses to amend %s', (_name, body, change, code) => {
    expect(decideAmend({ ...RESTING, ...change }, body, termsWith())).toMatchObject({ code });
  });

  it('lets only a reduction through in cancel-only', () => {
    const terms = termsWith({ status: 'cancel_only' });
    expect(decideAmend(RESTING, { quantity: '0.09' }, terms)).toMatchObject({
      quantityLots: 900,
      holdIncreaseMinor: 0n,
    });
    expect(decideAmend(RESTING, { price: '29999' }, terms)).toMatchObject({
      code: 'MARKET_CANCEL_ONLY',
    });
  });

  it('always locks enough for whatever has been filled by the time the engine sees it', () => {
    const arbitrary = fc.record({
      side: fc.constantFrom('buy' as const, 'sell' as const),
      feePolicy: fc.constantFrom('received' as const, 'quote' as const),
      price: fc.integer({ min: 1, max: 100_000_000 }),
      nextPrice: fc.integer({ min: 1, max: 100_000_000 }),
      lots: fc.integer({ min: 2, max: 10_000_000 }),
      nextLots: fc.integer({ min: 2, max: 10_000_000 }),
      goneShare: fc.double({ min: 0, max: 0.999, noNaN: true }),
      laterShare: fc.double({ min: 0, max: 1, noNaN: true }),
      takerFeePpm: fc.integer({ min: 0, max: 10_000 }),
    });
    fc.assert(
      fc.property(arbitrary, (drawn) => {
        const terms = termsWith({
          config: { ...CONFIG, feePolicy: drawn.feePolicy },
          takerFeePpm: drawn.takerFeePpm,
        });
        const mostGone = Math.min(drawn.lots, drawn.nextLots) - 1;
        const goneKnown = Math.floor(mostGone * drawn.goneShare);
        const gone = goneKnown + Math.floor((mostGone - goneKnown) * drawn.laterShare);
        const order = {
          ...RESTING,
          side: drawn.side,
          priceTicks: drawn.price,
          quantityLots: drawn.lots,
          remainingLots: drawn.lots - goneKnown,
          takerFeePpm: drawn.takerFeePpm,
        };
        const next = { priceTicks: drawn.nextPrice, quantityLots: drawn.nextLots };
        const increase = amendHoldIncrease(order, next, terms);
        const before = holdMinor(
          terms.scale,
          holdTerms(terms, drawn.side, drawn.price),
          drawn.lots - gone,
        );
        const after = holdMinor(
          terms.scale,
          holdTerms(terms, drawn.side, drawn.nextPrice),
          drawn.nextLots - gone,
        );
        expect(before + increase - after).toBeGreaterThanOrEqual(0n);
      }),
      { numRuns: 5_000 },
    );
  });
});
