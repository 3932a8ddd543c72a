// What an order would pay, against amounts worked out by hand.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRejection } from '../../../shared/domain/rejection.ts';
import { BTC_USD } from '../../../shared/markets/testing/btc-usd.ts';
import type { FeePreviewQuery } from '../schema.ts';
import { previewFees, type PreviewFacts } from './preview.ts';

const CONFIG = { ...BTC_USD, baseDecimals: 8, quoteDecimals: 6, version: 1 };
const FACTS: PreviewFacts = {
  config: CONFIG,
  rates: { makerPpm: 1_000, takerPpm: 2_000 },
  bestBidTicks: 2_990_000,
  bestAskTicks: 3_000_000,
};
const UNPRICED: FeePreviewQuery = {
  market: 'BTC-USD',
  side: 'buy',
  type: 'limit',
  quantity: '0.5',
};
const LIMIT: FeePreviewQuery = { ...UNPRICED, price: '30000' };
const MARKET: FeePreviewQuery = { ...UNPRICED, type: 'market' };

function preview(query: Partial<FeePreviewQuery>, facts: Partial<PreviewFacts> = {}) {
  return previewFees({ ...LIMIT, ...query }, { ...FACTS, ...facts });
}

describe('a preview is refused', () => {
  it.each<[string, Partial<FeePreviewQuery>]>([
    ['ORDER_PRICE_OFF_TICK', { price: '30000.001' }],
    ['ORDER_PRICE_OUT_OF_BAND', { price: '99999999' }],
    ['ORDER_QUANTITY_OFF_LOT', { quantity: '0.000000001' }],
    ['ORDER_QUANTITY_TOO_LARGE', { quantity: '99999999' }],
    ['ORDER_QUANTITY_TOO_SMALL', { quantity: '0' }],
    ['ORDER_PRICE_NOT_ALLOWED', { type: 'market' }],
  ])('with %s', (code, query) => {
    expect(preview(query)).toMatchObject({ code });
  });

  it('without a price, or without anybody to trade with', () => {
    expect(previewFees(UNPRICED, FACTS)).toMatchObject({ code: 'ORDER_PRICE_REQUIRED' });
    const lonely = { ...FACTS, bestAskTicks: null };
    expect(previewFees(MARKET, lonely)).toMatchObject({ code: 'ORDER_LIQUIDITY_NONE' });
  });
});

describe('a preview', () => {
  it('tells what each role pays, of what the side receives', () => {
    expect(preview({})).toEqual({
      market: 'BTC-USD',
      side: 'buy',
      type: 'limit',
      price: '30000',
      quantity: '0.5',
      notional: { asset: 'USD', amount: '15000' },
      maker: { rate: '0.001', fee: { asset: 'BTC', amount: '0.0005' } },
      taker: { rate: '0.002', fee: { asset: 'BTC', amount: '0.001' } },
      hold: { asset: 'USD', amount: '15000' },
    });
    expect(preview({ side: 'sell' })).toMatchObject({
      maker: { fee: { asset: 'USD', amount: '15' } },
      taker: { fee: { asset: 'USD', amount: '30' } },
      hold: { asset: 'BTC', amount: '0.5' },
    });
  });

  it('locks the worse fee as well where buyers pay in quote, and shows a rebate as negative', () => {
    const config = { ...CONFIG, feePolicy: 'quote' } as const;
    const rates = { makerPpm: -100, takerPpm: 2_000 };
    expect(preview({}, { config, rates })).toMatchObject({
      maker: { rate: '-0.0001', fee: { asset: 'USD', amount: '-1.5' } },
      taker: { fee: { asset: 'USD', amount: '30' } },
      hold: { asset: 'USD', amount: '15030' },
    });
  });

  it('of a market order begins at the best price and locks up to its protection', () => {
    const worst = (30_000 * (10_000 + CONFIG.protectionBps)) / 10_000;
    expect(previewFees(MARKET, FACTS)).toMatchObject({
      price: '30000',
      notional: { amount: '15000' },
      maker: null,
      hold: { asset: 'USD', amount: String(worst / 2) },
    });
    expect(previewFees({ ...MARKET, side: 'sell' }, FACTS)).toMatchObject({
      price: '29900',
      hold: { asset: 'BTC', amount: '0.5' },
    });
  });

  it('never shows a fee that the hold would not cover', () => {
    const facts = fc.record({
      ticks: fc.integer({ min: 1, max: 5_000_000 }),
      lots: fc.integer({ min: 1, max: 100_000 }),
      makerPpm: fc.integer({ min: -1_000, max: 1_000_000 }),
      takerPpm: fc.integer({ min: 1_000, max: 1_000_000 }),
    });
    const config = { ...CONFIG, feePolicy: 'quote' } as const;
    const units = (text: string) => {
      const [whole = '', fraction = ''] = text.split('.');
      return BigInt(whole + fraction.padEnd(config.quoteDecimals, '0'));
    };
    fc.assert(
      fc.property(facts, ({ ticks, lots, ...rates }) => {
        const decimals = (count: number, step: string) => {
          const places = (step.split('.')[1] ?? '').length;
          const digits = String(count).padStart(places + 1, '0');
          const at = digits.length - places;
          return places === 0 ? digits : `${digits.slice(0, at)}.${digits.slice(at)}`;
        };
        const answer = preview(
          { price: decimals(ticks, config.tickSize), quantity: decimals(lots, config.lotSize) },
          { config, rates },
        );
        if (isRejection(answer)) return;
        const held = units(answer.hold.amount) - units(answer.notional.amount);
        expect(units(answer.taker.fee.amount)).toBeLessThanOrEqual(held);
      }),
    );
  });
});
