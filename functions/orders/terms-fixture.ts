// For tests of pure decisions: the terms of BTC-USD, as the database would give them.
import { marketScale, type MarketConfig } from '../../shared/domain/market.ts';
import { BTC_USD } from '../../shared/markets/testing/btc-usd.ts';
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
