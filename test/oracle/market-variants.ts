// The configurations that random runs switch between: limits that may change while orders rest,
// and assets, steps and fee policy that may not.
import type { Market, MarketConfig } from './naive-types.ts';

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
  minNotional: '0.0001',
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

export function variantOf(market: Market, variant: number, version: number): MarketConfig {
  const config = market === 'ETH-EUR' ? FINE : { ...COARSE, market, base: market.slice(0, 3) };
  const change = CHANGES[variant % CHANGES.length];
  return { ...config, ...change?.(config), version };
}
