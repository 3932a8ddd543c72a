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
  parseSteps,
  PRICE_TICKS_MAX,
  QUANTITY_LOTS_MAX,
  type MarketConfig,
  type MarketScale,
  type MarketStatus,
} from '../../../shared/domain/market.ts';
import type { TimeInForce, TriggerKind } from '../../../shared/domain/order.ts';
import {
  isRejection,
  reject,
  type ErrorCode,
  type Rejection,
} from '../../../shared/domain/rejection.ts';
import { parseDecimal } from '../../../shared/money/decimal.ts';
import { divRoundUp } from '../../../shared/money/rounding.ts';
import type { PlaceOrderBody } from '../schema.ts';

/** A market as one user meets it. */
export interface MarketTerms {
  readonly config: MarketConfig;
  readonly scale: MarketScale;
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

/** What an order waits for before it takes part. */
export interface Trigger {
  readonly kind: TriggerKind;
  readonly priceTicks: number;
}

/** An order in integers. */
export interface SizedOrder {
  readonly timeInForce: TimeInForce;
  readonly priceTicks: number;
  readonly quantityLots: number;
  readonly quoteAmountMinor: bigint | null;
  readonly quoteBudgetMinor: bigint | null;
  readonly expiresAtMs: number | null;
  /** Null for an order that takes part at once. */
  readonly trigger: Trigger | null;
  readonly hold: { readonly asset: string; readonly amountMinor: bigint };
}

/** No balance holds more: numeric(38,0). */
const MINOR_MAX = 10n ** 38n - 1n;

export function sizeOrder(
  body: PlaceOrderBody,
  terms: MarketTerms,
  nowMs: number,
): SizedOrder | Rejection {
  const refusal =
    checkMoving(terms) ??
    checkStatus(terms.status, body) ??
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
        ? sizeMarketByQuantity(body, trigger, terms)
        : sizeMarketByQuote(body, terms);
  if (isRejection(size)) return size;
  if (size.hold.amountMinor > MINOR_MAX) return reject('ORDER_NOTIONAL_TOO_LARGE');
  return { ...size, expiresAtMs, trigger };
}

/** Only a market order that takes part at once is sized by what the book shows. */
export function needsBestPrices(body: Pick<PlaceOrderBody, 'type' | 'trigger'>): boolean {
  return body.type === 'market' && body.trigger === undefined;
}

/**
 * The price from which on a market order is expected to trade: the best opposite one, or for an
 * order that waits the one it waits for. Null when nobody knows.
 */
export function startTicks(
  side: PlaceOrderBody['side'],
  trigger: Trigger | null,
  terms: MarketTerms,
): number | null {
  if (trigger !== null) return trigger.priceTicks;
  return side === 'buy' ? terms.bestAskTicks : terms.bestBidTicks;
}

/** A market is closed by a move for about as long as a recovery of its engine takes. */
const MOVING_RETRY_AFTER_SECONDS = 1;

/** The row that the terms come from is locked against a move until the commit. */
export function checkMoving(terms: Pick<MarketTerms, 'isMoving'>): Rejection | null {
  if (!terms.isMoving) return null;
  return reject('MARKET_MOVING', undefined, { retryAfterSeconds: MOVING_RETRY_AFTER_SECONDS });
}

type Size = Omit<SizedOrder, 'expiresAtMs' | 'trigger'>;

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

export function readPrice(text: string, terms: MarketTerms): number | Rejection {
  return readTicks(text, terms, { name: 'price', offTick: 'ORDER_PRICE_OFF_TICK' });
}

function readTrigger(
  trigger: PlaceOrderBody['trigger'],
  terms: MarketTerms,
): Trigger | null | Rejection {
  if (trigger === undefined) return null;
  const field = { name: 'trigger.price', offTick: 'ORDER_TRIGGER_PRICE_OFF_TICK' } as const;
  const priceTicks = readTicks(trigger.price, terms, field);
  return isRejection(priceTicks) ? priceTicks : { kind: trigger.type, priceTicks };
}

function readTicks(
  text: string,
  terms: MarketTerms,
  field: { readonly name: string; readonly offTick: ErrorCode },
): number | Rejection {
  const ticks = parseSteps(text, terms.config.tickSize, PRICE_TICKS_MAX);
  if (ticks === 'malformed') return reject('BODY_INVALID');
  if (ticks === 'off_step') {
    return reject(field.offTick, `${field.name} is not a multiple of ${terms.config.tickSize}`);
  }
  if (
    ticks === 'too_large' ||
    ticks < terms.scale.minPriceTicks ||
    ticks > terms.scale.maxPriceTicks
  ) {
    return reject(
      'ORDER_PRICE_OUT_OF_BAND',
      `${field.name} must be ${terms.config.minPrice} to ${terms.config.maxPrice}`,
    );
  }
  return ticks;
}

export function readQuantity(text: string, terms: MarketTerms): number | Rejection {
  const lots = parseSteps(text, terms.config.lotSize, QUANTITY_LOTS_MAX);
  if (lots === 'malformed') return reject('BODY_INVALID');
  if (lots === 'off_step') {
    return reject(
      'ORDER_QUANTITY_OFF_LOT',
      `quantity is not a multiple of ${terms.config.lotSize}`,
    );
  }
  if (lots === 'too_large' || lots > terms.scale.maxQuantityLots) {
    return reject('ORDER_QUANTITY_TOO_LARGE', `quantity is above ${terms.config.maxQuantity}`);
  }
  if (lots < terms.scale.minQuantityLots) {
    return reject('ORDER_QUANTITY_TOO_SMALL', `quantity is below ${terms.config.minQuantity}`);
  }
  return lots;
}

export function checkNotional(notional: bigint, terms: MarketTerms): Rejection | null {
  if (notional >= terms.scale.minNotionalMinor) return null;
  return reject(
    'ORDER_NOTIONAL_TOO_SMALL',
    `price x quantity is below ${terms.config.minNotional} ${terms.config.quote}`,
  );
}

function checkStatus(status: MarketStatus, body: PlaceOrderBody): Rejection | null {
  switch (status) {
    case 'halted':
      return reject('MARKET_HALTED');
    case 'cancel_only':
      return reject('MARKET_CANCEL_ONLY');
    case 'post_only':
      return body.postOnly === true ? null : reject('MARKET_POST_ONLY');
    case 'limit_only':
      return body.type === 'limit' ? null : reject('MARKET_LIMIT_ONLY');
    case 'trading':
      return null;
  }
}

function checkShape(body: PlaceOrderBody): Rejection | null {
  const timeInForce = body.timeInForce ?? defaultTimeInForce(body.type);
  if (body.type === 'limit') {
    if (body.price === undefined) return reject('ORDER_PRICE_REQUIRED');
    if (body.quoteAmount !== undefined) return reject('ORDER_QUOTE_AMOUNT_NOT_ALLOWED');
    if (body.quantity === undefined) return reject('ORDER_QUANTITY_REQUIRED');
  } else {
    if (body.price !== undefined) return reject('ORDER_PRICE_NOT_ALLOWED');
    if ((body.quantity === undefined) === (body.quoteAmount === undefined)) {
      return reject('ORDER_QUANTITY_REQUIRED');
    }
    const fokByQuote = timeInForce === 'FOK' && body.quoteAmount !== undefined;
    if (timeInForce === 'GTC' || timeInForce === 'GTD' || fokByQuote) {
      return reject('ORDER_TIME_IN_FORCE_NOT_ALLOWED');
    }
  }
  const waits = body.trigger !== undefined;
  if (waits && body.quoteAmount !== undefined) return reject('ORDER_QUOTE_AMOUNT_NOT_ALLOWED');
  const canRest = body.type === 'limit' && (timeInForce === 'GTC' || timeInForce === 'GTD');
  if (body.postOnly === true && (!canRest || waits)) return reject('ORDER_POST_ONLY_NOT_ALLOWED');
  if (timeInForce === 'GTD' && body.expiresAt === undefined) return reject('ORDER_EXPIRY_REQUIRED');
  if (timeInForce !== 'GTD' && body.expiresAt !== undefined) {
    return reject('ORDER_EXPIRY_NOT_ALLOWED');
  }
  return null;
}

function checkSelfTrade(body: PlaceOrderBody, terms: MarketTerms): Rejection | null {
  if (body.selfTradePrevention !== 'none' || terms.config.selfTradeAllowed) return null;
  return reject('ORDER_SELF_TRADE_MODE_NOT_ALLOWED');
}

function readExpiry(body: PlaceOrderBody, nowMs: number): number | null | Rejection {
  if (body.expiresAt === undefined) return null;
  const expiresAtMs = Date.parse(body.expiresAt);
  return expiresAtMs > nowMs ? expiresAtMs : reject('ORDER_EXPIRY_IN_PAST');
}

/** A market order cannot rest, so its default is IOC; everything else is good till cancelled. */
export function defaultTimeInForce(type: PlaceOrderBody['type']): TimeInForce {
  return type === 'market' ? 'IOC' : 'GTC';
}

function sizeLimit(body: PlaceOrderBody, terms: MarketTerms): Size | Rejection {
  const priceTicks = readPrice(body.price ?? '', terms);
  if (isRejection(priceTicks)) return priceTicks;
  const quantityLots = readQuantity(body.quantity ?? '', terms);
  if (isRejection(quantityLots)) return quantityLots;
  const refusal = checkNotional(notionalMinor(terms.scale, priceTicks, quantityLots), terms);
  if (refusal !== null) return refusal;
  return {
    timeInForce: body.timeInForce ?? 'GTC',
    priceTicks,
    quantityLots,
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
): Size | Rejection {
  const quantityLots = readQuantity(body.quantity ?? '', terms);
  if (isRejection(quantityLots)) return quantityLots;
  const start = startTicks(body.side, trigger, terms);
  // A sell locks base whatever its price; only a buy needs to know what it may cost. One that waits
  // may find a market far from its trigger price, so it is kept near it.
  const isFree = body.side === 'sell' && trigger === null;
  const priceTicks = isFree ? terms.scale.minPriceTicks : protectedTicks(body.side, start, terms);
  if (priceTicks === null) return reject('ORDER_LIQUIDITY_NONE');
  if (start !== null) {
    const refusal = checkNotional(notionalMinor(terms.scale, start, quantityLots), terms);
    if (refusal !== null) return refusal;
  }
  return {
    timeInForce: body.timeInForce ?? 'IOC',
    priceTicks,
    quantityLots,
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
  const refusal = checkNotional(amount, terms);
  if (refusal !== null) return refusal;
  const size = { timeInForce: 'IOC' as const, quoteAmountMinor: amount };
  if (body.side === 'buy') {
    return {
      ...size,
      priceTicks: terms.scale.maxPriceTicks,
      quantityLots: terms.scale.maxQuantityLots,
      quoteBudgetMinor: spendableMinor(amount, reservePpm(terms, 'buy')),
      hold: { asset: terms.config.quote, amountMinor: amount },
    };
  }
  const priceTicks = protectedTicks('sell', terms.bestBidTicks, terms);
  if (priceTicks === null) return reject('ORDER_LIQUIDITY_NONE');
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

/** The worst price for an order that trades from `start` on, within the price band. */
function protectedTicks(
  side: PlaceOrderBody['side'],
  start: number | null,
  terms: MarketTerms,
): number | null {
  if (start === null) return null;
  const { protectionBps } = terms.config;
  if (side === 'buy') {
    const ticks = Math.floor((start * (10_000 + protectionBps)) / 10_000);
    return Math.min(ticks, terms.scale.maxPriceTicks);
  }
  const ticks = Math.ceil((start * (10_000 - protectionBps)) / 10_000);
  return Math.max(ticks, terms.scale.minPriceTicks);
}
