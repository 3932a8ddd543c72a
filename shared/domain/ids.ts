// Prefixed, sortable identifiers. The number inside is what the engine and the tables work with.

/** Digits in an id's number: enough for every safe integer, zero-padded so that text sorts. */
const ID_DIGITS = 16;

export type UserId = `usr_${string}` & { readonly __brand: 'UserId' };
export type OrderId = `ord_${string}` & { readonly __brand: 'OrderId' };
/** An order list, and the hold that a pair of its orders shares. */
export type ListId = `lst_${string}` & { readonly __brand: 'ListId' };
export type TradeId = `trd_${string}` & { readonly __brand: 'TradeId' };

/** Market in the form BASE-QUOTE, such as BTC-USD. */
export type MarketId = `${string}-${string}`;
/** Asset code, such as BTC. */
export type AssetId = string;

export function userId(userNumber: number): UserId {
  return `usr_${padNumber(userNumber)}` as UserId;
}

export function orderId(orderNumber: number): OrderId {
  return `ord_${padNumber(orderNumber)}` as OrderId;
}

export function listId(listNumber: number): ListId {
  return `lst_${padNumber(listNumber)}` as ListId;
}

/**
 * A trade is named by its market and the market's sequence: unique, sortable, the same on replay.
 */
export function tradeId(market: MarketId, sequence: number): TradeId {
  return `trd_${market}_${padNumber(sequence)}` as TradeId;
}

/** The number inside a user id, or null when the text is no user id. */
export function parseUserId(text: unknown): number | null {
  return parsePrefixed(text, 'usr_');
}

/** The number inside an order id, or null when the text is no order id. */
export function parseOrderId(text: unknown): number | null {
  return parsePrefixed(text, 'ord_');
}

/** The number inside a list id, or null when the text is no list id. */
export function parseListId(text: unknown): number | null {
  return parsePrefixed(text, 'lst_');
}

function padNumber(value: number): string {
  if (!Number.isSafeInteger(value) || value <= 0) {
    throw new RangeError(`id number must be a positive safe integer, got ${value}`);
  }
  return value.toString().padStart(ID_DIGITS, '0');
}

function parsePrefixed(text: unknown, prefix: string): number | null {
  if (typeof text !== 'string' || !text.startsWith(prefix)) return null;
  const digits = text.slice(prefix.length);
  if (!/^[0-9]{16}$/.test(digits)) return null;
  const value = Number(digits);
  return Number.isSafeInteger(value) && value > 0 ? value : null;
}
