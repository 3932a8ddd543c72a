// For tests: the market that most of them trade in.
import type { MarketDescription } from '../market-store.ts';

export const BTC_USD: MarketDescription = {
  market: 'BTC-USD',
  base: 'BTC',
  quote: 'USD',
  tickSize: '0.01',
  lotSize: '0.0001',
  minQuantity: '0.0001',
  maxQuantity: '1000',
  minNotional: '1',
  minPrice: '0.01',
  maxPrice: '1000000',
  protectionBps: 500,
  feePolicy: 'received',
  selfTradeAllowed: false,
};
