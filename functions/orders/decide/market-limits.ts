// What a market takes in its present status and within its limits, as far as it can be seen here;
// the engine checks all of it again. Left to the engine alone is what hangs on the last trade and
// the book at the very moment: the dynamic band, a stale reference, whether a post-only order would
// take, and how many orders rest or wait.
import {
  formatSteps,
  notionalMinor,
  type MarketConfig,
  type MarketScale,
  type MarketStatus,
} from '../../../shared/domain/market.ts';
import { reject, type Rejection } from '../../../shared/domain/rejection.ts';
import { formatDecimal } from '../../../shared/money/decimal.ts';
import type { PlaceOrderBody } from '../schema.ts';

interface Limits {
  readonly config: MarketConfig;
  readonly scale: MarketScale;
}

/** The engine's own order of checks, so that both refuse with the same code. */
export function checkStatus(
  status: MarketStatus,
  body: PlaceOrderBody,
  waits: boolean,
): Rejection | null {
  switch (status) {
    case 'halted':
      return reject('MARKET_HALTED');
    case 'cancel_only':
      return reject('MARKET_CANCEL_ONLY');
    case 'post_only':
      return body.postOnly === true ? null : reject('MARKET_POST_ONLY');
    case 'limit_only':
      return body.type === 'limit' ? null : reject('MARKET_LIMIT_ONLY');
    case 'closing':
      return reject('MARKET_CLOSING');
    case 'delisted':
      return reject('MARKET_DELISTED');
    case 'pre_open':
    case 'auction':
      return waits ? null : checkCollected(status, body);
    case 'trading':
      return null;
  }
}

/** An amend that only takes quantity away is a reduction. */
export function checkAmendStatus(status: MarketStatus, isReduction: boolean): Rejection | null {
  if (status === 'halted') return reject('MARKET_HALTED');
  if (status === 'delisted') return reject('MARKET_DELISTED');
  if (status === 'closing' && !isReduction) return reject('MARKET_CLOSING');
  if (status === 'cancel_only' && !isReduction) return reject('MARKET_CANCEL_ONLY');
  return null;
}

/** What waits takes no part in a collection, and may be anything: it is not asked about. */
function checkCollected(status: MarketStatus, body: PlaceOrderBody): Rejection | null {
  const { timeInForce = body.type === 'limit' ? 'GTC' : 'IOC' } = body;
  const asked =
    body.type === 'market'
      ? 'a market order'
      : body.postOnly === true
        ? 'a post-only order'
        : timeInForce === 'IOC' || timeInForce === 'FOK'
          ? `time in force ${timeInForce}`
          : null;
  if (asked === null) return null;
  return reject(
    'MARKET_AUCTION',
    `in status ${status} only limit orders that can rest are taken, not ${asked}`,
  );
}

export function checkSelfTrade(body: PlaceOrderBody, { config }: Limits): Rejection | null {
  const mode = body.selfTradePrevention ?? 'cancel_taker';
  if (mode === 'none') {
    if (config.selfTradeAllowed) return null;
    return reject('ORDER_SELF_TRADE_MODE_NOT_ALLOWED', 'selfTradeAllowed is false, asked none');
  }
  const { selfTradeModes } = config;
  if (selfTradeModes === undefined || selfTradeModes.includes(mode)) return null;
  return reject(
    'ORDER_SELF_TRADE_MODE_NOT_ALLOWED',
    `selfTradeModes are ${selfTradeModes.join(', ')}, asked ${mode}`,
  );
}

/** Exact: both sides of the comparison are whole numbers of ticks x 10,000. */
export function checkStaticBand(priceTicks: number, { config, scale }: Limits): Rejection | null {
  const { staticPrice, staticBps } = config.priceBand ?? {};
  if (scale.staticTicks === null || staticPrice === undefined || staticBps === undefined) {
    return null;
  }
  const price = BigInt(priceTicks) * 10_000n;
  const lowest = BigInt(scale.staticTicks) * BigInt(10_000 - staticBps);
  const highest = BigInt(scale.staticTicks) * BigInt(10_000 + staticBps);
  if (price >= lowest && price <= highest) return null;
  return reject(
    'ORDER_PRICE_OUT_OF_STATIC_BAND',
    `the static band is ${staticBps} bps round ${staticPrice}, asked ` +
      formatSteps(priceTicks, config.tickSize),
  );
}

export function checkNotionalMin(notional: bigint, { config, scale }: Limits): Rejection | null {
  if (notional >= scale.minNotionalMinor) return null;
  return reject(
    'ORDER_NOTIONAL_TOO_SMALL',
    `minNotional is ${config.minNotional} ${config.quote}, asked ${quoteText(notional, config)}`,
  );
}

/** Against fat fingers. */
export function checkNotionalMax(notional: bigint, { config, scale }: Limits): Rejection | null {
  const { maxNotional } = config;
  if (scale.maxNotionalMinor === null || maxNotional === undefined) return null;
  if (notional <= scale.maxNotionalMinor) return null;
  return reject(
    'ORDER_NOTIONAL_TOO_LARGE',
    `maxNotional is ${maxNotional} ${config.quote}, asked ${quoteText(notional, config)}`,
  );
}

/** Only what an amend changes is looked at: an order may rest outside of limits that came later. */
export function checkAmendLimits(
  before: { readonly priceTicks: number; readonly quantityLots: number },
  next: { readonly priceTicks: number; readonly quantityLots: number },
  limits: Limits,
): Rejection | null {
  const movesPrice = next.priceTicks !== before.priceTicks;
  const band = movesPrice ? checkStaticBand(next.priceTicks, limits) : null;
  if (band !== null) return band;
  const notional = notionalMinor(limits.scale, next.priceTicks, next.quantityLots);
  const grows = movesPrice || next.quantityLots > before.quantityLots;
  return checkNotionalMin(notional, limits) ?? (grows ? checkNotionalMax(notional, limits) : null);
}

function quoteText(minor: bigint, config: MarketConfig): string {
  return formatDecimal(minor, config.quoteDecimals);
}
