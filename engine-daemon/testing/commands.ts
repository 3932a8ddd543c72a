// Commands for the tests and the benchmark of the daemon: one market with round numbers, in which a
// tick x a lot is one cent.
import type { MarketId } from '../../shared/domain/ids.ts';
import type { MarketStatus } from '../../shared/domain/market.ts';
import type { Side } from '../../shared/domain/order.ts';
import type {
  CancelCommand,
  ConfigureMarketCommand,
  PlaceCommand,
} from '../../shared/events/commands.ts';

export const BTC_USD: MarketId = 'BTC-USD';
export const ETH_USD: MarketId = 'ETH-USD';

/** Quote units of one tick x one lot in `marketConfig`. */
const TICK_LOT_MINOR = 1;
const BASE_LOT_MINOR = 100_000;

export function marketConfig(options: {
  readonly number: number;
  readonly market?: MarketId;
  readonly timeMs?: number;
  readonly version?: number;
  readonly status?: MarketStatus;
}): ConfigureMarketCommand {
  const market = options.market ?? BTC_USD;
  const [base = '', quote = ''] = market.split('-');
  return {
    kind: 'configure_market',
    number: options.number,
    timeMs: options.timeMs ?? 1_000,
    status: options.status ?? 'trading',
    config: {
      market,
      base,
      quote,
      baseDecimals: 8,
      quoteDecimals: 5,
      tickSize: '0.01',
      lotSize: '0.001',
      minQuantity: '0.001',
      maxQuantity: '1000000',
      minNotional: '0',
      minPrice: '0.01',
      maxPrice: '40000000',
      protectionBps: 500,
      feePolicy: 'received',
      selfTradeAllowed: true,
      version: options.version ?? 1,
    },
  };
}

export function limitOrder(options: {
  readonly number: number;
  readonly userNumber: number;
  readonly side: Side;
  readonly priceTicks: number;
  readonly lots: number;
  readonly timeMs?: number;
  readonly expiresAtMs?: number;
}): PlaceCommand {
  const { number, userNumber, side, priceTicks, lots } = options;
  const hold = side === 'buy' ? priceTicks * lots * TICK_LOT_MINOR : lots * BASE_LOT_MINOR;
  return {
    kind: 'place',
    number,
    timeMs: options.timeMs ?? 1_000 + number,
    userNumber,
    side,
    type: 'limit',
    timeInForce: options.expiresAtMs === undefined ? 'GTC' : 'GTD',
    postOnly: false,
    selfTradePrevention: 'cancel_taker',
    priceTicks,
    quantityLots: lots,
    quoteBudgetMinor: null,
    expiresAtMs: options.expiresAtMs ?? null,
    makerFeePpm: 1_000,
    takerFeePpm: 2_000,
    holdMinor: String(hold),
  };
}

export function cancelOrder(options: {
  readonly number: number;
  readonly userNumber: number;
  readonly orderNumber: number;
  readonly timeMs?: number;
}): CancelCommand {
  const { number, userNumber, orderNumber } = options;
  return {
    kind: 'cancel',
    number,
    timeMs: options.timeMs ?? 1_000 + number,
    userNumber,
    orderNumber,
  };
}
