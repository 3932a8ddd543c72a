// Volumes in one asset, and the tiers they reach.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { computeTiers, referenceMinor, tradePrice, type QuoteAsset } from './tiers.ts';

const USD = { asset: 'USD', decimals: 2 };
const QUOTES: readonly QuoteAsset[] = [
  { ...USD, price: null },
  { asset: 'EUR', decimals: 2, price: '1.085' },
  { asset: 'BTC', decimals: 8, price: '60000' },
  { asset: 'XAU', decimals: 4, price: null },
];
const TIERS = [
  { tier: 'standard', volumeMinorMin: '0' },
  { tier: 'vip_2', volumeMinorMin: '1000000' },
  { tier: 'vip_1', volumeMinorMin: '100000' },
];

function tiersOf(volumes: readonly [quote: string, quoteMinor: string][], users: string[] = []) {
  return computeTiers({
    reference: USD,
    users,
    volumes: volumes.map(([quote, quoteMinor]) => ({ userId: 'usr', quote, quoteMinor })),
    quotes: QUOTES,
    tiers: TIERS,
  });
}

describe('the tier of a user', () => {
  it.each<[string, [string, string][], string, bigint]>([
    ['one unit below', [['USD', '99999']], 'standard', 99_999n],
    ['at the least volume', [['USD', '100000']], 'vip_1', 100_000n],
    ['far above', [['USD', '99999999']], 'vip_2', 99_999_999n],
    [
      'over two assets',
      [
        ['USD', '50000'],
        ['EUR', '46083'],
      ],
      'vip_1',
      100_000n,
    ],
    ['of an asset with more decimals', [['BTC', '16666667']], 'vip_2', 1_000_000n],
    ['of an asset without a price', [['XAU', '99999999']], 'standard', 0n],
  ])('%s', (_name, volumes, tier, volumeMinor) => {
    expect(tiersOf(volumes)).toEqual([{ userId: 'usr', tier, volumeMinor }]);
  });

  it('is the first again for who has traded nothing any more', () => {
    expect(tiersOf([], ['usr'])).toEqual([{ userId: 'usr', tier: 'standard', volumeMinor: 0n }]);
  });
});

describe('the worth of a volume', () => {
  it('is rounded down, by less than one unit of the reference asset', () => {
    const facts = fc.record({
      amount: fc.bigInt({ min: 0n, max: 10n ** 38n - 1n }),
      price: fc.bigInt({ min: 1n, max: 10n ** 30n }),
      quoteDecimals: fc.integer({ min: 0, max: 18 }),
      referenceDecimals: fc.integer({ min: 0, max: 18 }),
    });
    fc.assert(
      fc.property(facts, ({ amount, price, quoteDecimals, referenceDecimals }) => {
        const text = `${price / 10n ** 18n}.${(price % 10n ** 18n).toString().padStart(18, '0')}`;
        const quote = { asset: 'EUR', decimals: quoteDecimals, price: text };
        const worth = referenceMinor(amount, quote, { asset: 'USD', decimals: referenceDecimals });
        const exact = amount * price * 10n ** BigInt(referenceDecimals);
        const unit = 10n ** BigInt(quoteDecimals + 18);
        expect(worth * unit).toBeLessThanOrEqual(exact);
        expect((worth + 1n) * unit).toBeGreaterThan(exact);
      }),
    );
  });

  it('follows the price of a trade, whatever the decimals', () => {
    // 0.5 BTC for 30,000.01 USD
    const trade = { baseMinor: '50000000', quoteMinor: '3000001' };
    expect(tradePrice(trade, 8, 2)).toBe(60_000_020_000_000_000_000_000n);
  });
});
