// Rates as users read them.
import { describe, expect, it } from 'vitest';
import { firstVolumeDay, presentFees, type FeeFactsOfUser, type TierVolume } from './present.ts';

const facts: FeeFactsOfUser = {
  market: 'BTC-USD',
  quote: 'USD',
  quoteDecimals: 2,
  schedule: { tier: 'standard', makerPpm: 1_000, takerPpm: 2_000 },
  own: null,
  next: { tier: 'vip_1', makerPpm: 800, takerPpm: 1_500, volumeMinorMin: '10000000' },
  volumeMinor: '0',
};
const VOLUME: TierVolume = { asset: 'USD', decimals: 2, volumeMinor: '123456', day: '2026-03-30' };
const own = { tier: 'vip_1', makerPpm: 700, takerPpm: 1_400, hasTerms: false, offPpm: 100 };

function present(change: Partial<FeeFactsOfUser>, volume: TierVolume | null = VOLUME) {
  return presentFees([{ ...facts, ...change }], volume).items;
}

describe('the fees of a user', () => {
  it('leave out a market without any rates', () => {
    expect(present({ schedule: null })).toEqual([]);
  });

  it('are the schedule’s first tier, with what is missing to the next', () => {
    expect(presentFees([{ ...facts, volumeMinor: '123456' }], VOLUME)).toEqual({
      tierVolume: { asset: 'USD', amount: '1234.56', day: '2026-03-30' },
      items: [
        {
          market: 'BTC-USD',
          makerFeeRate: '0.001',
          takerFeeRate: '0.002',
          tier: 'standard',
          isOwnTerms: false,
          discountRate: '0',
          nextTier: {
            tier: 'vip_1',
            makerFeeRate: '0.0008',
            takerFeeRate: '0.0015',
            leastVolume: '100000',
            missingVolume: '98765.44',
          },
          volume30d: '1234.56',
          volumeAsset: 'USD',
        },
      ],
    });
  });

  it('are those of his tier and discount', () => {
    expect(present({ own, next: null })).toMatchObject([
      { makerFeeRate: '0.0007', tier: 'vip_1', discountRate: '0.0001', nextTier: null },
    ]);
  });

  it('are the user’s own where there are terms, rebates included, and no tier comes next', () => {
    const terms = { tier: 'market_maker', makerPpm: -50, takerPpm: 0, hasTerms: true, offPpm: 0 };
    expect(present({ schedule: null, own: terms })).toMatchObject([
      {
        makerFeeRate: '-0.00005',
        takerFeeRate: '0',
        tier: 'market_maker',
        isOwnTerms: true,
        nextTier: null,
      },
    ]);
  });

  it('name no next tier while nobody has said what volumes are measured in', () => {
    expect(presentFees([facts], null)).toMatchObject({
      tierVolume: null,
      items: [{ nextTier: null }],
    });
  });

  it.each([
    ['2026-03-30T00:00:00.000Z', '2026-03-01'],
    ['2026-03-30T23:59:59.999Z', '2026-03-01'],
    ['2026-01-10T12:00:00.000Z', '2025-12-12'],
  ])('count volume at %s from %s on', (now, first) => {
    expect(firstVolumeDay(Date.parse(now))).toBe(first);
  });
});
