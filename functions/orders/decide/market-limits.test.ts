// What a market takes in each status and within its limits. Refusals first.
import { describe, expect, it } from 'vitest';
import {
  MARKET_STATUSES,
  type MarketConfig,
  type MarketStatus,
} from '../../../shared/domain/market.ts';
import type { PlaceOrderBody } from '../schema.ts';
import { CONFIG, termsWith } from '../terms-fixture.ts';
import { decideAmend, type ChangeableOrder } from './change.ts';
import { sizeOrder } from './size.ts';

const NOW_MS = 1_700_000_000_000;
const LIMIT = { type: 'limit', price: '30000', quantity: '1' } as const;
const MARKET = { type: 'market', quantity: '1' } as const;
const TRIGGER = { trigger: { type: 'stop_loss', price: '31000' } } as const;
const EXPIRY = { timeInForce: 'GTD', expiresAt: '2030-01-01T00:00:00.000Z' } as const;

function size(body: Partial<PlaceOrderBody>, status: MarketStatus, limits: Partial<MarketConfig>) {
  const full = { market: 'BTC-USD', side: 'buy', ...body } as PlaceOrderBody;
  return sizeOrder(full, termsWith({ status, config: { ...CONFIG, ...limits } }), NOW_MS);
}

const inStatus = (status: MarketStatus, body: Partial<PlaceOrderBody>) => size(body, status, {});
const within = (limits: Partial<MarketConfig>, body: Partial<PlaceOrderBody>) =>
  size(body, 'trading', limits);

describe('a status refuses', () => {
  it.each([
    ['halted', LIMIT, 'MARKET_HALTED'],
    ['cancel_only', LIMIT, 'MARKET_CANCEL_ONLY'],
    ['closing', LIMIT, 'MARKET_CLOSING'],
    ['delisted', LIMIT, 'MARKET_DELISTED'],
    ['post_only', LIMIT, 'MARKET_POST_ONLY'],
    ['limit_only', MARKET, 'MARKET_LIMIT_ONLY'],
    ['pre_open', MARKET, 'MARKET_AUCTION'],
    ['auction', MARKET, 'MARKET_AUCTION'],
    ['auction', { ...LIMIT, timeInForce: 'IOC' }, 'MARKET_AUCTION'],
    ['auction', { ...LIMIT, timeInForce: 'FOK' }, 'MARKET_AUCTION'],
    ['auction', { ...LIMIT, postOnly: true }, 'MARKET_AUCTION'],
    ['pre_open', { ...LIMIT, postOnly: true }, 'MARKET_AUCTION'],
  ] as const)('in %s %o', (status, body, code) => {
    expect(inStatus(status, body)).toMatchObject({ code });
  });

  it('and says what was asked', () => {
    expect(inStatus('auction', { ...LIMIT, timeInForce: 'IOC' })).toMatchObject({
      detail: 'in status auction only limit orders that can rest are taken, not time in force IOC',
    });
  });
});

describe('a status takes', () => {
  it.each([
    ['trading', MARKET],
    ['limit_only', LIMIT],
    ['post_only', { ...LIMIT, postOnly: true }],
    ['pre_open', LIMIT],
    ['auction', LIMIT],
    ['auction', { ...LIMIT, ...EXPIRY }],
    // It takes no part before it is triggered, and that happens only in continuous trading.
    ['auction', { ...MARKET, ...TRIGGER }],
  ] as const)('in %s %o', (status, body) => {
    expect(inStatus(status, body)).not.toHaveProperty('code');
  });
});

describe('a limit refuses, naming itself, its value and what was asked', () => {
  it.each<[Partial<MarketConfig>, Partial<PlaceOrderBody>, string, string]>([
    [
      { minNotional: '10' },
      { ...LIMIT, quantity: '0.0003' },
      'ORDER_NOTIONAL_TOO_SMALL',
      'minNotional is 10 USD, asked 9',
    ],
    [
      { maxNotional: '29999.99' },
      LIMIT,
      'ORDER_NOTIONAL_TOO_LARGE',
      'maxNotional is 29999.99 USD, asked 30000',
    ],
    [
      { maxNotional: '29999.99' },
      MARKET,
      'ORDER_NOTIONAL_TOO_LARGE',
      'maxNotional is 29999.99 USD, asked 30000',
    ],
    [
      { maxNotional: '999' },
      { type: 'market', quoteAmount: '1000' },
      'ORDER_NOTIONAL_TOO_LARGE',
      'maxNotional is 999 USD, asked 1000',
    ],
    [
      { priceBand: { staticPrice: '28571.43', staticBps: 500 } },
      { ...LIMIT, price: '30000.01' },
      'ORDER_PRICE_OUT_OF_STATIC_BAND',
      'the static band is 500 bps round 28571.43, asked 30000.01',
    ],
    [
      { priceBand: { staticPrice: '32000', staticBps: 600 } },
      { ...LIMIT, price: '30079.99' },
      'ORDER_PRICE_OUT_OF_STATIC_BAND',
      'the static band is 600 bps round 32000, asked 30079.99',
    ],
    [
      {},
      { ...LIMIT, selfTradePrevention: 'none' },
      'ORDER_SELF_TRADE_MODE_NOT_ALLOWED',
      'selfTradeAllowed is false, asked none',
    ],
    [
      { selfTradeModes: ['cancel_maker', 'decrement'] },
      LIMIT,
      'ORDER_SELF_TRADE_MODE_NOT_ALLOWED',
      'selfTradeModes are cancel_maker, decrement, asked cancel_taker',
    ],
  ])('%o', (limits, body, code, detail) => {
    expect(within(limits, body)).toMatchObject({ code, detail });
  });
});

describe('a limit takes', () => {
  it.each<[string, Partial<MarketConfig>, Partial<PlaceOrderBody>]>([
    ['just the most notional', { maxNotional: '30000' }, LIMIT],
    ['what waits, whatever it will be worth', { maxNotional: '1' }, { ...MARKET, ...TRIGGER }],
    [
      'the highest price of the band',
      { priceBand: { staticPrice: '28571.43', staticBps: 500 } },
      { ...LIMIT, price: '30000' },
    ],
    [
      'the lowest price of the band',
      { priceBand: { staticPrice: '32000', staticBps: 600 } },
      { ...LIMIT, price: '30080' },
    ],
    ['a market order beside the band', { priceBand: { staticPrice: '1', staticBps: 1 } }, MARKET],
    [
      "any price by the dynamic band, which is the engine's",
      { priceBand: { dynamicBps: 1 } },
      LIMIT,
    ],
    ['a mode that is named', { selfTradeModes: ['cancel_taker'] }, LIMIT],
    [
      'none where it is allowed, whatever modes are named',
      { selfTradeAllowed: true, selfTradeModes: ['cancel_taker'] },
      { ...LIMIT, selfTradePrevention: 'none' },
    ],
  ])('%s', (_name, limits, body) => {
    expect(within(limits, body)).not.toHaveProperty('code');
  });
});

describe('an amend', () => {
  const resting: ChangeableOrder = {
    orderNumber: 7,
    userNumber: 1,
    market: 'BTC-USD',
    side: 'buy',
    type: 'limit',
    timeInForce: 'GTC',
    status: 'open',
    priceTicks: 3_000_000,
    quantityLots: 10_000,
    remainingLots: 10_000,
    makerFeePpm: 1000,
    takerFeePpm: 2000,
    isPair: false,
    pegTo: null,
    amendPending: false,
    displayLots: null,
  };
  const amend = (
    body: { price?: string; quantity?: string },
    status: MarketStatus,
    limits: Partial<MarketConfig> = {},
  ) => decideAmend(resting, body, termsWith({ status, config: { ...CONFIG, ...limits } }));

  const REDUCING: readonly MarketStatus[] = ['cancel_only', 'closing'];
  const CLOSED: readonly MarketStatus[] = ['halted', 'delisted'];

  it.each(MARKET_STATUSES)('in %s may do what the status lets it', (status) => {
    const reduced = !CLOSED.includes(status);
    const raised = reduced && !REDUCING.includes(status);
    expect('code' in amend({ quantity: '0.5' }, status)).toBe(!reduced);
    expect('code' in amend({ quantity: '1.5' }, status)).toBe(!raised);
    expect('code' in amend({ price: '29000' }, status)).toBe(!raised);
  });

  it('is held against limits only where it goes further than the order that rests', () => {
    const band = { priceBand: { staticPrice: '10000', staticBps: 100 } };
    expect(amend({ quantity: '2' }, 'trading', band)).not.toHaveProperty('code');
    const code = 'ORDER_PRICE_OUT_OF_STATIC_BAND';
    expect(amend({ price: '29000' }, 'trading', band)).toMatchObject({ code });
    const small = { maxNotional: '100' };
    expect(amend({ quantity: '0.5' }, 'trading', small)).not.toHaveProperty('code');
    for (const more of [{ quantity: '1.1' }, { price: '29000' }]) {
      expect(amend(more, 'trading', small)).toMatchObject({ code: 'ORDER_NOTIONAL_TOO_LARGE' });
    }
  });
});
