// Rates as users read them.
import { describe, expect, it } from 'vitest';
import { firstVolumeDay, presentFees, type FeeFactsOfUser } from './decide.ts';

const facts: FeeFactsOfUser = {
  market: 'BTC-USD',
  quote: 'USD',
  quoteDecimals: 2,
  schedule: { makerPpm: 1_000, takerPpm: 2_000 },
  terms: null,
  volumeMinor: '0',
};

describe('the fees of a user', () => {
  it('leave out a market without any rates', () => {
    expect(presentFees([{ ...facts, schedule: null }])).toEqual([]);
  });

  it('are the schedule’s, in the standard tier', () => {
    expect(presentFees([{ ...facts, volumeMinor: '123456' }])).toEqual([
      {
        market: 'BTC-USD',
        makerFeeRate: '0.001',
        takerFeeRate: '0.002',
        tier: 'standard',
        volume30d: '1234.56',
        volumeAsset: 'USD',
      },
    ]);
  });

  it('are the user’s own where there are terms, rebates included', () => {
    const terms = { tier: 'market_maker', makerPpm: -50, takerPpm: 0 };
    expect(presentFees([{ ...facts, schedule: null, terms }])).toMatchObject([
      { makerFeeRate: '-0.00005', takerFeeRate: '0', tier: 'market_maker' },
    ]);
  });

  it.each([
    ['2026-03-30T00:00:00.000Z', '2026-03-01'],
    ['2026-03-30T23:59:59.999Z', '2026-03-01'],
    ['2026-01-10T12:00:00.000Z', '2025-12-12'],
  ])('count volume at %s from %s on', (now, first) => {
    expect(firstVolumeDay(Date.parse(now))).toBe(first);
  });
});
