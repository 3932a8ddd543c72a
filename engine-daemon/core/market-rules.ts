// A market's configuration as the engine works with it: the wire form and the integers from it.
import { marketScale, type MarketConfig, type MarketScale } from '../../shared/domain/market.ts';
import type { MarketStatus } from '../../shared/domain/market.ts';

export interface MarketRules {
  readonly config: MarketConfig;
  readonly status: MarketStatus;
  readonly scale: MarketScale;
}

/** Answers null for a configuration that no market can have; `marketScale` says which. */
export function findRules(config: MarketConfig, status: MarketStatus): MarketRules | null {
  try {
    return { config, status, scale: marketScale(config) };
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** True when amounts and prices mean the same under both: what may change while orders rest. */
export function hasSameUnits(config: MarketConfig, other: MarketConfig): boolean {
  return (
    config.base === other.base &&
    config.quote === other.quote &&
    config.baseDecimals === other.baseDecimals &&
    config.quoteDecimals === other.quoteDecimals &&
    config.tickSize === other.tickSize &&
    config.lotSize === other.lotSize &&
    config.feePolicy === other.feePolicy
  );
}
