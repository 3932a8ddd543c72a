// The configurations that random runs switch between: limits that may change while orders rest,
// and assets, steps and fee policy that may not.
import type { InterruptionRule, Market, MarketConfig } from './naive-types.ts';

/** tick x lot is 10,000 quote units here; so fees seldom need rounding. */
const COARSE: MarketConfig = {
  market: 'BTC-USD',
  base: 'BTC',
  quote: 'USD',
  baseDecimals: 8,
  quoteDecimals: 10,
  tickSize: '0.01',
  lotSize: '0.0001',
  minQuantity: '0.0002',
  maxQuantity: '879609302.2208',
  minNotional: '0.000002',
  minPrice: '0.01',
  maxPrice: '42949672.95',
  protectionBps: 300,
  feePolicy: 'received',
  selfTradeAllowed: true,
  version: 1,
};

/** tick x lot is one quote unit here: every fee and every hold has to round. */
const FINE: MarketConfig = {
  ...COARSE,
  market: 'ETH-EUR',
  base: 'ETH',
  quote: 'EUR',
  baseDecimals: 18,
  quoteDecimals: 6,
  feePolicy: 'quote',
};

const CHANGES: readonly ((config: MarketConfig) => Partial<MarketConfig>)[] = [
  () => ({}),
  () => ({ protectionBps: 9_999 }),
  () => ({ protectionBps: 50, minQuantity: '0.0005' }),
  () => ({ selfTradeAllowed: false }),
  () => ({ minPrice: '0.98', maxPrice: '1.04' }),
  () => ({ maxQuantity: '0.0008' }),
  ({ feePolicy }) => ({ feePolicy: feePolicy === 'quote' ? 'received' : 'quote' }),
  () => ({
    tickSize: '0.1',
    lotSize: '0.001',
    minQuantity: '0.001',
    maxQuantity: '8796093022.208',
    minPrice: '0.1',
    maxPrice: '429496729.5',
  }),
];

/** Around the prices and quantities that are drawn, so that each refuses some and not others. */
const LIMITS: readonly Partial<MarketConfig>[] = [
  {},
  { priceBand: { staticPrice: '1.01', staticBps: 300 } },
  { priceBand: { dynamicBps: 300 } },
  { priceBand: { staticPrice: '1', staticBps: 400, dynamicBps: 200 }, referenceMaxAgeMs: 12 },
  { maxNotional: '0.0006', maxOpenOrders: 2 },
  { minNotional: '0.0003', maxWaitingOrders: 1 },
  { maxOpenOrders: 1, maxWaitingOrders: 2 },
  { referenceMaxAgeMs: 5, maxNotional: '0.0007' },
  { selfTradeModes: ['cancel_maker', 'decrement'] },
];
export const LIMIT_SETS = LIMITS.length;

/** Prices drawn are up to five per cent apart; the clock moves about one millisecond a command. */
const RULES: readonly InterruptionRule[] = [
  { moveBps: 300, windowMs: 6_000, haltMs: 4, auctionMs: 8 },
  { moveBps: 200, windowMs: 600, haltMs: 0, auctionMs: 12 },
  { moveBps: 400, windowMs: 60, haltMs: 30, auctionMs: 2_500 },
  { moveBps: 1_000, windowMs: 60_000, haltMs: 6, auctionMs: 6 },
];
export const RULE_COUNT = RULES.length;

export interface Choice {
  readonly variant: number;
  readonly limits?: number;
  /** Null for a market that nothing interrupts. */
  readonly rule?: number | null;
}

export function configOf(market: Market, choice: Choice, version: number): MarketConfig {
  const { variant, limits = 0, rule = null } = choice;
  const interruption = rule === null ? undefined : RULES[rule % RULES.length];
  return {
    ...variantOf(market, variant, version),
    ...LIMITS[limits % LIMITS.length],
    ...(interruption === undefined ? {} : { interruption }),
  };
}

export function variantOf(market: Market, variant: number, version: number): MarketConfig {
  const config = market === 'ETH-EUR' ? FINE : { ...COARSE, market, base: market.slice(0, 3) };
  const change = CHANGES[variant % CHANGES.length];
  return { ...config, ...change?.(config), version };
}
