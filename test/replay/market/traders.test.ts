// Owners of orders, and what they must have.
import { describe, expect, it } from 'vitest';
import type { FlowStep } from '../flow.ts';
import { STEPS } from '../testing/market-steps.ts';
import { requiredFunds } from './traders.ts';

const MARKETS = new Map([['BTC-USD', STEPS]]);

function place(name: string, side: 'buy' | 'sell', priceTicks: number, lots: number): FlowStep {
  const terms = { side, priceTicks, quantityLots: lots, timeInForce: 'GTC' } as const;
  return { kind: 'place', market: 'BTC-USD', name, ...terms };
}

describe('required funds', () => {
  it('are none for cancels and for markets that are not played', () => {
    const steps: FlowStep[] = [
      { kind: 'cancel', market: 'BTC-USD', name: 'a' },
      { ...place('b', 'buy', 1, 1), market: 'ETH-USD' },
    ];
    expect(requiredFunds(steps, MARKETS, () => ({ userId: 'u' }))).toEqual(new Map());
  });

  it('cover all orders of an owner at once, in what each locks, with room for fees', () => {
    const steps = [
      place('a', 'buy', 10_000, 100_000_000),
      place('b', 'buy', 20_000, 50_000_000),
      place('c', 'sell', 20_000, 25_000_000),
    ];
    const funds = requiredFunds(steps, MARKETS, (_name, side) => ({ userId: side }));
    // 100 x 1 + 200 x 0.5 USD, twice; 0.25 BTC.
    expect(funds.get('buy')).toEqual(new Map([['USD', 400n * 10n ** 18n]]));
    expect(funds.get('sell')).toEqual(new Map([['BTC', 25n * 10n ** 16n]]));
  });
});
