// The markets of a new exchange. Tick x lot is whole in the quote's smallest units, so that
// a notional is always exact: USD has ten decimals for that, 0.01 x 0.00000001.
import type { Asset, MarketDescription } from '../../../shared/markets/market-store.ts';

export const SEEDED_ASSETS: readonly Asset[] = [
  { asset: 'USD', name: 'US dollar', decimals: 10 },
  { asset: 'BTC', name: 'Bitcoin', decimals: 8 },
  { asset: 'ETH', name: 'Ether', decimals: 18 },
  { asset: 'SOL', name: 'Solana', decimals: 9 },
];

const RULES = {
  protectionBps: 1_000,
  feePolicy: 'received',
  selfTradeAllowed: false,
} as const;

export const SEEDED_MARKETS: readonly MarketDescription[] = [
  {
    ...RULES,
    market: 'BTC-USD',
    base: 'BTC',
    quote: 'USD',
    tickSize: '0.01',
    lotSize: '0.00000001',
    minQuantity: '0.00000001',
    maxQuantity: '10000',
    minNotional: '0.01',
    minPrice: '0.01',
    maxPrice: '9000000',
  },
  {
    ...RULES,
    market: 'ETH-USD',
    base: 'ETH',
    quote: 'USD',
    tickSize: '0.01',
    lotSize: '0.000001',
    minQuantity: '0.0001',
    maxQuantity: '100000',
    minNotional: '1',
    minPrice: '0.01',
    maxPrice: '1000000',
  },
  {
    ...RULES,
    market: 'ETH-BTC',
    base: 'ETH',
    quote: 'BTC',
    tickSize: '0.00001',
    lotSize: '0.001',
    minQuantity: '0.001',
    maxQuantity: '100000',
    minNotional: '0.0001',
    minPrice: '0.00001',
    maxPrice: '100',
  },
  {
    ...RULES,
    market: 'SOL-USD',
    base: 'SOL',
    quote: 'USD',
    tickSize: '0.001',
    lotSize: '0.0001',
    minQuantity: '0.001',
    maxQuantity: '1000000',
    minNotional: '1',
    minPrice: '0.001',
    maxPrice: '1000000',
  },
];
