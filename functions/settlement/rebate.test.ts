// A maker's rebate is paid out of the taker's fee, in the journal entry of their trade.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FeePolicy } from '../../shared/domain/market.ts';
import { settleTrade } from './decide.ts';
import { makeTrade } from './test-records.ts';

/** What the house has of one trade, by asset. */
function houseOf(
  feePolicy: FeePolicy,
  facts: { base: bigint; quote: bigint; makerPpm: number; takerPpm: number; buyerTakes: boolean },
): { base: bigint; quote: bigint } {
  const { buyerTakes, ...amounts } = facts;
  const trade = makeTrade({
    sequence: 1,
    buyer: { user: 1, order: 1 },
    seller: { user: 2, order: 2 },
    ...amounts,
    buyerHold: 2n * facts.quote,
    sellerHold: facts.base,
    takerSide: buyerTakes ? 'buy' : 'sell',
  });
  const market = { market: 'BTC-USD', base: 'BTC', quote: 'USD', feePolicy } as const;
  const house = settleTrade(market, trade).postings.filter((each) => each.owner.startsWith('fees'));
  const sum = (asset: string) =>
    house.reduce((all, each) => (each.asset === asset ? all + each.amountMinor : all), 0n);
  return { base: sum('BTC'), quote: sum('USD') };
}

const amount = fc.bigInt({ min: 1n, max: 10n ** 24n });

/** Rates that a schedule may have: whoever meets, the rebate is not more than the fee. */
const rates = fc
  .tuple(fc.integer({ min: 0, max: 1_000_000 }), fc.integer({ min: 0, max: 1_000_000 }))
  .map(([a, b]) => ({ takerPpm: Math.max(a, b), makerPpm: -Math.min(a, b) }));

describe('a rebate', () => {
  it('comes out of the fee of the taker, and the house keeps the rest', () => {
    const facts = { base: 1_000n, quote: 30_000n, makerPpm: -500, takerPpm: 2_000 };
    expect(houseOf('quote', { ...facts, buyerTakes: true })).toEqual({ base: 0n, quote: 45n });
    // The taker pays in what he receives; the maker is given of what he receives.
    expect(houseOf('received', { ...facts, buyerTakes: true })).toEqual({ base: 2n, quote: -15n });
  });

  it('is never more than the fee where both are in quote, whatever is rounded', () => {
    fc.assert(
      fc.property(amount, amount, rates, fc.boolean(), (base, quote, pair, buyerTakes) => {
        const house = houseOf('quote', { base, quote, ...pair, buyerTakes });
        expect(house.base).toBe(0n);
        expect(house.quote).toBeGreaterThanOrEqual(0n);
      }),
    );
  });

  it('is never worth more than the fee, at the price of the trade, where each is its own', () => {
    fc.assert(
      fc.property(amount, amount, rates, fc.boolean(), (base, quote, pair, buyerTakes) => {
        const house = houseOf('received', { base, quote, ...pair, buyerTakes });
        expect(house.base * quote + house.quote * base).toBeGreaterThanOrEqual(0n);
      }),
    );
  });
});
