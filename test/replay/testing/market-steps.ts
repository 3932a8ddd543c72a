// A market to read recordings for.
import type { MarketSteps } from '../flow.ts';

export const STEPS: MarketSteps = {
  market: 'BTC-USD',
  base: 'BTC',
  quote: 'USD',
  tickSize: '0.01',
  lotSize: '0.00000001',
  minQuantity: '0.00001',
  minNotional: '1',
};
