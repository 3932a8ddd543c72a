// From the body of a request to the wish to place an order, the same for one and for many.
import { createHash } from 'node:crypto';
import type { Asker } from '../decide/caller-limits.ts';
import type { PlaceIntent, Replacement } from '../decide/intent.ts';
import type { PlaceOrderBody } from '../schema.ts';

/** What an order can be refused for, wherever it is placed. */
export const PLACE_REFUSALS = [
  'BODY_INVALID',
  'MARKET_NOT_ALLOWED',
  'ACCOUNT_BLOCKED',
  'ACCOUNT_FROZEN',
  'ACCOUNT_TRADING_DISABLED',
  'RISK_ORDER_QUANTITY_TOO_LARGE',
  'RISK_ORDER_NOTIONAL_TOO_LARGE',
  'RISK_OPEN_NOTIONAL_EXCEEDED',
  'RISK_POSITION_EXCEEDED',
  'RISK_TURNOVER_EXCEEDED',
  'RISK_WAITING_ORDERS_TOO_MANY',
  'RISK_ORDER_RATE_EXCEEDED',
  'MARKET_NOT_FOUND',
  'MARKET_HALTED',
  'MARKET_CANCEL_ONLY',
  'MARKET_POST_ONLY',
  'MARKET_LIMIT_ONLY',
  'MARKET_AUCTION',
  'MARKET_CLOSING',
  'MARKET_DELISTED',
  'MARKET_MOVING',
  'ORDER_PRICE_OFF_TICK',
  'ORDER_PRICE_OUT_OF_BAND',
  'ORDER_PRICE_OUT_OF_STATIC_BAND',
  'ORDER_TRIGGER_PRICE_OFF_TICK',
  'ORDER_TRIGGER_NOT_ALLOWED',
  'ORDER_TRIGGER_REFERENCE_NONE',
  'ORDER_PRICE_REQUIRED',
  'ORDER_PRICE_NOT_ALLOWED',
  'ORDER_PEG_NOT_ALLOWED',
  'ORDER_QUANTITY_OFF_LOT',
  'ORDER_QUANTITY_TOO_SMALL',
  'ORDER_QUANTITY_TOO_LARGE',
  'ORDER_QUANTITY_REQUIRED',
  'ORDER_DISPLAY_QUANTITY_OFF_LOT',
  'ORDER_DISPLAY_QUANTITY_TOO_SMALL',
  'ORDER_DISPLAY_QUANTITY_TOO_LARGE',
  'ORDER_DISPLAY_QUANTITY_NOT_ALLOWED',
  'ORDER_QUOTE_AMOUNT_NOT_ALLOWED',
  'ORDER_QUOTE_AMOUNT_INVALID',
  'ORDER_NOTIONAL_TOO_SMALL',
  'ORDER_NOTIONAL_TOO_LARGE',
  'ORDER_TIME_IN_FORCE_NOT_ALLOWED',
  'ORDER_EXPIRY_REQUIRED',
  'ORDER_EXPIRY_NOT_ALLOWED',
  'ORDER_EXPIRY_IN_PAST',
  'ORDER_POST_ONLY_NOT_ALLOWED',
  'ORDER_SELF_TRADE_MODE_NOT_ALLOWED',
  'ORDER_LIQUIDITY_NONE',
  'ORDER_FUNDS_INSUFFICIENT',
  'ORDERS_OPEN_TOO_MANY',
] as const;

/** What a request with a name of its own can be refused for. */
export const KEY_REFUSALS = [
  'ORDER_CLIENT_ID_REUSED',
  'IDEMPOTENCY_KEY_INVALID',
  'IDEMPOTENCY_KEY_REUSED',
] as const;

export function placeIntent(
  asker: Asker,
  body: PlaceOrderBody,
  headerKey: string | null,
  replaces?: Replacement,
): PlaceIntent {
  const { clientOrderId } = body;
  return {
    kind: 'place',
    ...asker,
    body,
    keys: [
      ...(clientOrderId === undefined ? [] : [{ kind: 'client' as const, key: clientOrderId }]),
      ...(headerKey === null ? [] : [{ kind: 'header' as const, key: headerKey }]),
    ],
    requestHash: requestHash(replaces === undefined ? body : { ...body, replaces }),
    ...(replaces === undefined ? {} : { replaces }),
  };
}

/** SHA-256 in hex of a request, the same in whatever order its fields come. */
export function requestHash(request: object): string {
  // The list of names holds at every depth: without those of an inner object it would be empty.
  const canonical = JSON.stringify(request, namesIn(request).sort());
  return createHash('sha256').update(canonical).digest('hex');
}

function namesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap(namesIn);
  return Object.entries(value).flatMap(([name, inner]) => [name, ...namesIn(inner)]);
}
