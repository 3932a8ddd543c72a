// For tests of pure decisions: the terms of BTC-USD and an order that rests there, as the database
// would give them.
import { marketScale, type MarketConfig } from '../../shared/domain/market.ts';
import { BTC_USD } from '../../shared/markets/testing/btc-usd.ts';
import type { LockedOrder } from './decide/order-row.ts';
import type { MarketTerms } from './decide/size.ts';

export const CONFIG: MarketConfig = { ...BTC_USD, baseDecimals: 8, quoteDecimals: 6, version: 1 };

export function termsWith(change: Partial<MarketTerms> = {}): MarketTerms {
  const config = change.config ?? CONFIG;
  return {
    config,
    scale: marketScale(config),
    status: 'trading',
    shard: 0,
    isMoving: false,
    makerFeePpm: 1000,
    takerFeePpm: 2000,
    bestBidTicks: 2_990_000,
    bestAskTicks: 3_000_000,
    ...change,
  };
}

/** 0.5 at 30,000, of user 1. */
export const RESTING: LockedOrder = {
  orderNumber: 7,
  userNumber: 1,
  clientOrderId: null,
  market: 'BTC-USD',
  side: 'buy',
  type: 'limit',
  timeInForce: 'GTC',
  postOnly: false,
  selfTradePrevention: 'cancel_taker',
  priceTicks: 3_000_000,
  quantityLots: 5_000,
  quoteAmountMinor: null,
  expiresAtMs: null,
  triggerKind: null,
  triggerPriceTicks: null,
  trailBps: null,
  activationPriceTicks: null,
  displayLots: null,
  isDay: false,
  replacesNumber: null,
  replacedBy: null,
  makerFeePpm: 0,
  takerFeePpm: 0,
  acceptedAtMs: 0,
  updatedAtMs: 0,
  status: 'open',
  reason: null,
  lastSequence: 1,
  remainingLots: 5_000,
  filledLots: 0,
  filledQuoteMinor: '0',
  isPair: false,
  pegTo: null,
  pegOffsetLevels: null,
  pegLimitTicks: null,
  listNumber: null,
  amendPending: false,
  unpublishedId: null,
};
