// What partial changes make of a market. Refusals first.
import { describe, expect, it } from 'vitest';
import { BTC_USD } from '../testing/btc-usd.ts';
import { patchSettings } from './settings.ts';

const RULE = { moveBps: 500, windowMs: 60_000, haltMs: 0, auctionMs: 1_000 };
const BAND = { staticPrice: '30000', staticBps: 500, dynamicBps: 100 };
const FULL = { ...BTC_USD, maxNotional: '5', priceBand: BAND, interruption: RULE };

describe('settings are refused', () => {
  it.each([
    [{ kind: 'band', staticPrice: '30000' } as const],
    [{ kind: 'band', staticBps: 100 } as const],
    [{ kind: 'interruption', moveBps: 100 } as const],
    [{ kind: 'interruption', moveBps: 100, windowMs: 60, auctionMs: 1 } as const],
  ])('when half of what belongs together is given: %o', (patch) => {
    expect(() => patchSettings(BTC_USD, patch)).toThrow('go together');
  });

  it('when half of what belongs together would be left', () => {
    expect(() => patchSettings(FULL, { kind: 'band', staticBps: null })).toThrow('go together');
    const half = { kind: 'interruption', haltMs: null } as const;
    expect(() => patchSettings(FULL, half)).toThrow('go together');
  });
});

describe('settings', () => {
  it('change what is named and nothing else', () => {
    expect(patchSettings(FULL, { kind: 'limits', maxOpenOrders: 7 })).toEqual({
      ...FULL,
      maxOpenOrders: 7,
    });
    expect(patchSettings(FULL, { kind: 'band', staticPrice: '31000' })).toEqual({
      ...FULL,
      priceBand: { ...BAND, staticPrice: '31000' },
    });
    expect(patchSettings(FULL, { kind: 'interruption', auctionMs: 5 })).toEqual({
      ...FULL,
      interruption: { ...RULE, auctionMs: 5 },
    });
    const modes = ['decrement'] as const;
    expect(patchSettings(BTC_USD, { kind: 'limits', selfTradeModes: modes })).toEqual({
      ...BTC_USD,
      selfTradeModes: modes,
    });
  });

  it('leave nothing of what is taken away', () => {
    const unlimited = { ...BTC_USD, priceBand: BAND, interruption: RULE };
    expect(patchSettings(FULL, { kind: 'limits', maxNotional: null })).toEqual(unlimited);
    const none = { staticPrice: null, staticBps: null, dynamicBps: null };
    expect(patchSettings(FULL, { kind: 'band', ...none })).not.toHaveProperty('priceBand');
    expect(patchSettings(FULL, { kind: 'band', clear: true })).not.toHaveProperty('priceBand');
    const cleared = patchSettings(FULL, { kind: 'interruption', clear: true });
    expect(cleared).not.toHaveProperty('interruption');
    expect(cleared).toHaveProperty('priceBand', BAND);
  });
});
