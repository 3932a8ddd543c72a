// Commands of the benchmark flow. One object of each kind is filled anew for every operation: what
// is measured is the engine, on decoded input.
import type {
  CancelCommand,
  ConfigureMarketCommand,
  ListOrder,
  PlaceCommand,
} from '../../../shared/events/commands.ts';
import { uniformOrder } from '../../../shared/events/uniform-order.ts';

export function configureCommand(): ConfigureMarketCommand {
  return {
    kind: 'configure_market',
    number: 1,
    timeMs: 1,
    config: {
      market: 'BTC-USD',
      base: 'BTC',
      quote: 'USD',
      baseDecimals: 8,
      quoteDecimals: 10,
      tickSize: '0.01',
      lotSize: '0.00000001',
      minQuantity: '0.00000001',
      maxQuantity: '1000',
      minNotional: '0',
      minPrice: '0.01',
      maxPrice: '9000000',
      protectionBps: 1_000,
      feePolicy: 'received',
      selfTradeAllowed: false,
      version: 1,
    },
    status: 'trading',
  };
}

export function makePlace(): PlaceCommand {
  const order: ListOrder = {
    number: 0,
    side: 'buy',
    type: 'limit',
    timeInForce: 'GTC',
    postOnly: false,
    selfTradePrevention: 'cancel_taker',
    priceTicks: 0,
    quantityLots: 0,
    quoteBudgetMinor: null,
    expiresAtMs: null,
    makerFeePpm: 1_000,
    takerFeePpm: 2_000,
    holdMinor: '0',
  };
  return uniformOrder(order, { timeMs: 1, userNumber: 0 });
}

export function makeCancel(): CancelCommand {
  return { kind: 'cancel', number: 0, timeMs: 1, userNumber: 0, orderNumber: 0 };
}
