// A market's configuration as the engine works with it: the wire form and the integers from it.
import { marketScale, type MarketConfig, type MarketScale } from '../../shared/domain/market.ts';
import type { MarketStatus } from '../../shared/domain/market.ts';

export interface MarketRules {
  readonly config: MarketConfig;
  readonly status: MarketStatus;
  readonly scale: MarketScale;
  /** Limits of the notional in ticks x lots, for products that a double holds exactly. */
  readonly minNotionalUnits: number;
  readonly maxNotionalUnits: number;
  /** False when the configuration has no limit beyond those of the scale: most have none. */
  readonly hasLimits: boolean;
}

/** Answers null for a configuration that no market can have; `marketScale` says which. */
export function findRules(config: MarketConfig, status: MarketStatus): MarketRules | null {
  try {
    const scale = marketScale(config);
    const { minNotionalMinor, maxNotionalMinor, tickLotMinor } = scale;
    return {
      config,
      status,
      scale,
      // The least whole number of units that is enough: rounded up.
      minNotionalUnits: Number((minNotionalMinor + tickLotMinor - 1n) / tickLotMinor),
      maxNotionalUnits:
        maxNotionalMinor === null ? Infinity : Number(maxNotionalMinor / tickLotMinor),
      hasLimits: hasLimits(config),
    };
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

function hasLimits(config: MarketConfig): boolean {
  return [
    config.priceBand,
    config.maxNotional,
    config.maxOpenOrders,
    config.maxWaitingOrders,
    config.referenceMaxAgeMs,
    config.selfTradeModes,
  ].some((limit) => limit !== undefined);
}
