// Which fields of an order go together: what can be said before any number is read.
import type { TimeInForce } from '../../../shared/domain/order.ts';
import { reject, type Rejection } from '../../../shared/domain/rejection.ts';
import type { PlaceOrderBody } from '../schema.ts';

const DAY_MS = 86_400_000;

export function checkShape(body: PlaceOrderBody): Rejection | null {
  const refusal = body.type === 'limit' ? checkLimit(body) : checkMarket(body);
  if (refusal !== null) return refusal;
  const waits = body.trigger !== undefined;
  if (waits && body.quoteAmount !== undefined) return reject('ORDER_QUOTE_AMOUNT_NOT_ALLOWED');
  if (body.postOnly === true && (!canRest(body) || waits)) {
    return reject('ORDER_POST_ONLY_NOT_ALLOWED');
  }
  if (body.displayQuantity !== undefined && !canRest(body)) {
    return reject('ORDER_DISPLAY_QUANTITY_NOT_ALLOWED');
  }
  if (body.timeInForce === 'GTD' && body.expiresAt === undefined) {
    return reject('ORDER_EXPIRY_REQUIRED');
  }
  if (body.timeInForce !== 'GTD' && body.expiresAt !== undefined) {
    return reject('ORDER_EXPIRY_NOT_ALLOWED');
  }
  return null;
}

function checkLimit(body: PlaceOrderBody): Rejection | null {
  if (body.price === undefined) return reject('ORDER_PRICE_REQUIRED');
  if (body.quoteAmount !== undefined) return reject('ORDER_QUOTE_AMOUNT_NOT_ALLOWED');
  if (body.quantity === undefined) return reject('ORDER_QUANTITY_REQUIRED');
  // Its limit would be fixed, while the price that it waits for moves.
  if (body.trigger?.type === 'trailing_stop') return reject('ORDER_TRIGGER_NOT_ALLOWED');
  return null;
}

function checkMarket(body: PlaceOrderBody): Rejection | null {
  if (body.price !== undefined) return reject('ORDER_PRICE_NOT_ALLOWED');
  if (body.peg !== undefined) return reject('ORDER_PEG_NOT_ALLOWED');
  if ((body.quantity === undefined) === (body.quoteAmount === undefined)) {
    return reject('ORDER_QUANTITY_REQUIRED');
  }
  const { timeInForce = 'IOC' } = body;
  if (timeInForce === 'IOC') return null;
  const wholeByQuantity = timeInForce === 'FOK' && body.quoteAmount === undefined;
  return wholeByQuantity ? null : reject('ORDER_TIME_IN_FORCE_NOT_ALLOWED');
}

function canRest(body: PlaceOrderBody): boolean {
  const { timeInForce = 'GTC' } = body;
  return body.type === 'limit' && timeInForce !== 'IOC' && timeInForce !== 'FOK';
}

/** What the engine is told. A market order cannot rest; a day order is good till midnight. */
export function timeInForceOf(body: PlaceOrderBody): TimeInForce {
  const { timeInForce = body.type === 'market' ? 'IOC' : 'GTC' } = body;
  return timeInForce === 'DAY' ? 'GTD' : timeInForce;
}

/** Null for an order that does not expire. */
export function readExpiry(body: PlaceOrderBody, nowMs: number): number | null | Rejection {
  if (body.timeInForce === 'DAY') return nextMidnightMs(nowMs);
  if (body.expiresAt === undefined) return null;
  const expiresAtMs = Date.parse(body.expiresAt);
  return expiresAtMs > nowMs ? expiresAtMs : reject('ORDER_EXPIRY_IN_PAST');
}

/**
 * The first 00:00:00.000 UTC after `nowMs`, never `nowMs` itself: an order of the last millisecond
 * of a day lives for that millisecond, and one accepted at midnight sharp for the whole new day.
 */
export function nextMidnightMs(nowMs: number): number {
  return (Math.floor(nowMs / DAY_MS) + 1) * DAY_MS;
}
