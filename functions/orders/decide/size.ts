// From a request to integers: which ticks, lots and hold an order means, or why it is refused.
// Knows nothing of balances: what an order locks follows from the request and the market alone.
import {
  feeReservePpm,
  holdMinor,
  spendableMinor,
  type HoldTerms,
} from '../../../shared/domain/hold.ts';
import {
  notionalMinor,
  type MarketConfig,
  type MarketScale,
  type MarketStatus,
} from '../../../shared/domain/market.ts';
import type { TimeInForce } from '../../../shared/domain/order.ts';
import { isRejection, reject, type Rejection } from '../../../shared/domain/rejection.ts';
import { parseDecimal } from '../../../shared/money/decimal.ts';
import { divRoundUp } from '../../../shared/money/rounding.ts';
import type { PlaceOrderBody } from '../schema.ts';
import { checkShape, readExpiry, timeInForceOf } from './check-shape.ts';
import {
  checkNotionalMax,
  checkNotionalMin,
  checkSelfTrade,
  checkStaticBand,
  checkStatus,
} from './market-limits.ts';
import { readDisplayQuantity, readPrice, readQuantity } from './read-steps.ts';
import { protectedTicks, readTrigger, startTicks, worstTicks, type Trigger } from './trigger.ts';

/** A market as one user meets it. */
export interface MarketTerms {
  readonly config: MarketConfig;
  readonly scale: MarketScale;
  /** As the engine will find it, as far as is known: see `statusNow`. */
  readonly status: MarketStatus;
  /** Partition of the command log. */
  readonly shard: number;
  /** On its way to another shard: nothing is accepted meanwhile, not even cancels. */
  readonly isMoving: boolean;
  readonly makerFeePpm: number;
  readonly takerFeePpm: number;
  /** Best prices as last projected: a hint for what a market order must lock, never a promise. */
  readonly bestBidTicks: number | null;
  readonly bestAskTicks: number | null;
}

/** An order in integers. */
export interface SizedOrder {
  /** As the engine is told. */
  readonly timeInForce: TimeInForce;
  readonly priceTicks: number;
  readonly quantityLots: number;
  /** Null unless it is an iceberg. */
  readonly displayLots: number | null;
  readonly quoteAmountMinor: bigint | null;
  readonly quoteBudgetMinor: bigint | null;
  readonly expiresAtMs: number | null;
  /** Null for an order that takes part at once. */
  readonly trigger: Trigger | null;
  readonly hold: { readonly asset: string; readonly amountMinor: bigint };
}

/** No balance holds more: numeric(38,0). */
const MINOR_MAX = 10n ** 38n - 1n;

/** `isPending`: it waits for the working order of its list, whatever else it waits for. */
export function sizeOrder(
  body: PlaceOrderBody,
  terms: MarketTerms,
  nowMs: number,
  isPending = false,
): SizedOrder | Rejection {
  const waits = isPending || body.trigger !== undefined;
  const refusal =
    checkMoving(terms) ??
    checkStatus(terms.status, body, waits) ??
    checkShape(body) ??
    checkSelfTrade(body, terms);
  if (refusal !== null) return refusal;
  const expiresAtMs = readExpiry(body, nowMs);
  if (isRejection(expiresAtMs)) return expiresAtMs;
  const trigger = readTrigger(body.trigger, terms);
  if (isRejection(trigger)) return trigger;
  const size =
    body.type === 'limit'
      ? sizeLimit(body, terms)
      : body.quoteAmount === undefined
        ? sizeMarketByQuantity(body, trigger, terms, waits)
        : sizeMarketByQuote(body, terms);
  if (isRejection(size)) return size;
  if (size.hold.amountMinor > MINOR_MAX) return reject('ORDER_NOTIONAL_TOO_LARGE');
  return { ...size, timeInForce: timeInForceOf(body), expiresAtMs, trigger };
}

/** Sized by what the book shows: a market order, unless it waits for a fixed price. */
export function needsBestPrices(body: Pick<PlaceOrderBody, 'type' | 'trigger'>): boolean {
  const { type, trigger } = body;
  return type === 'market' && (trigger === undefined || trigger.type === 'trailing_stop');
}

/** A market is closed by a move for about as long as a recovery of its engine takes. */
const MOVING_RETRY_AFTER_SECONDS = 1;

/** The row that the terms come from is locked against a move until the commit. */
export function checkMoving(terms: Pick<MarketTerms, 'isMoving'>): Rejection | null {
  if (!terms.isMoving) return null;
  return reject('MARKET_MOVING', undefined, { retryAfterSeconds: MOVING_RETRY_AFTER_SECONDS });
}

type Size = Omit<SizedOrder, 'timeInForce' | 'expiresAtMs' | 'trigger'>;

/** Terms of the hold of an order that is not sized by quote amount. */
export function holdTerms(
  terms: MarketTerms,
  side: PlaceOrderBody['side'],
  limitPriceTicks: number,
): HoldTerms {
  return {
    side,
    limitPriceTicks,
    feeReservePpm: reservePpm(terms, side),
  };
}

export function reservePpm(terms: MarketTerms, side: PlaceOrderBody['side']): number {
  return feeReservePpm(terms.config.feePolicy, side, terms.makerFeePpm, terms.takerFeePpm);
}

export function holdAsset(
  terms: Pick<MarketTerms, 'config'>,
  side: PlaceOrderBody['side'],
): string {
  return side === 'buy' ? terms.config.quote : terms.config.base;
}

function sizeLimit(body: PlaceOrderBody, terms: MarketTerms): Size | Rejection {
  const priceTicks = readPrice(body.price ?? '', terms);
  if (isRejection(priceTicks)) return priceTicks;
  const quantityLots = readQuantity(body.quantity ?? '', terms);
  if (isRejection(quantityLots)) return quantityLots;
  const notional = notionalMinor(terms.scale, priceTicks, quantityLots);
  const refusal =
    checkStaticBand(priceTicks, terms) ??
    checkNotionalMin(notional, terms) ??
    checkNotionalMax(notional, terms);
  if (refusal !== null) return refusal;
  const displayLots = readDisplayQuantity(body.displayQuantity, quantityLots, terms);
  if (isRejection(displayLots)) return displayLots;
  return {
    priceTicks,
    quantityLots,
    displayLots,
    quoteAmountMinor: null,
    quoteBudgetMinor: null,
    hold: {
      asset: holdAsset(terms, body.side),
      amountMinor: holdMinor(terms.scale, holdTerms(terms, body.side, priceTicks), quantityLots),
    },
  };
}

function sizeMarketByQuantity(
  body: PlaceOrderBody,
  trigger: Trigger | null,
  terms: MarketTerms,
  waits: boolean,
): Size | Rejection {
  const quantityLots = readQuantity(body.quantity ?? '', terms);
  if (isRejection(quantityLots)) return quantityLots;
  const start = startTicks(body.side, trigger, terms);
  const priceTicks = worstTicks(body.side, trigger, terms);
  if (isRejection(priceTicks)) return priceTicks;
  if (start !== null) {
    const notional = notionalMinor(terms.scale, start, quantityLots);
    // What one that waits will be worth, the engine sees when it is triggered.
    const refusal =
      checkNotionalMin(notional, terms) ?? (waits ? null : checkNotionalMax(notional, terms));
    if (refusal !== null) return refusal;
  }
  return {
    priceTicks,
    quantityLots,
    displayLots: null,
    quoteAmountMinor: null,
    quoteBudgetMinor: null,
    hold: {
      asset: holdAsset(terms, body.side),
      amountMinor: holdMinor(terms.scale, holdTerms(terms, body.side, priceTicks), quantityLots),
    },
  };
}

function sizeMarketByQuote(body: PlaceOrderBody, terms: MarketTerms): Size | Rejection {
  const amount = parseDecimal(body.quoteAmount, terms.config.quoteDecimals);
  if (typeof amount === 'string') return reject('ORDER_QUOTE_AMOUNT_INVALID');
  const budget = body.side === 'buy' ? spendableMinor(amount, reservePpm(terms, 'buy')) : amount;
  const refusal = checkNotionalMin(amount, terms) ?? checkNotionalMax(budget, terms);
  if (refusal !== null) return refusal;
  const size = { displayLots: null, quoteAmountMinor: amount };
  if (body.side === 'buy') {
    return {
      ...size,
      priceTicks: terms.scale.maxPriceTicks,
      quantityLots: terms.scale.maxQuantityLots,
      quoteBudgetMinor: budget,
      hold: { asset: terms.config.quote, amountMinor: amount },
    };
  }
  if (terms.bestBidTicks === null) return reject('ORDER_LIQUIDITY_NONE');
  const priceTicks = protectedTicks('sell', terms.bestBidTicks, terms);
  const lots = divRoundUp(amount, BigInt(priceTicks) * terms.scale.tickLotMinor);
  if (lots > BigInt(terms.scale.maxQuantityLots)) return reject('ORDER_QUANTITY_TOO_LARGE');
  const quantityLots = Number(lots);
  return {
    ...size,
    priceTicks,
    quantityLots,
    quoteBudgetMinor: amount,
    hold: {
      asset: terms.config.base,
      amountMinor: holdMinor(terms.scale, holdTerms(terms, 'sell', priceTicks), quantityLots),
    },
  };
}
