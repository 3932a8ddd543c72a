// Prefixed, sortable identifiers. The number inside is what the engine and the tables work with.

/** Digits in an id's number: enough for every safe integer, zero-padded so that text sorts. */
const ID_DIGITS = 16;

export type UserId = `usr_${string}` & { readonly __brand: 'UserId' };
export type OrderId = `ord_${string}` & { readonly __brand: 'OrderId' };
/** An order list, and the hold that a pair of its orders shares. */
export type ListId = `lst_${string}` & { readonly __brand: 'ListId' };
/** A sign-in that lasts: what its access tokens name as `sid`. */
export type SessionId = `ses_${string}` & { readonly __brand: 'SessionId' };
/** What a user has let an OAuth client do; its access tokens name it as `sid`. */
export type GrantId = `grt_${string}` & { readonly __brand: 'GrantId' };
/** An API key, by its public name. */
export type KeyId = `key_${string}` & { readonly __brand: 'KeyId' };
/** An OAuth client, by its public name. */
export type ClientId = `cli_${string}` & { readonly __brand: 'ClientId' };
/** What a user proves themselves with beyond a password. */
export type FactorId = `fct_${string}` & { readonly __brand: 'FactorId' };
/** One of the staff. */
export type StaffId = `stf_${string}` & { readonly __brand: 'StaffId' };
/** What one of the staff has asked for, and another approves. */
export type ApprovalId = `apr_${string}` & { readonly __brand: 'ApprovalId' };
/** A move between the accounts of one person. */
export type TransferId = `tfr_${string}` & { readonly __brand: 'TransferId' };
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

export function sessionId(sessionNumber: number): SessionId {
  return `ses_${padNumber(sessionNumber)}` as SessionId;
}

export function grantId(grantNumber: number): GrantId {
  return `grt_${padNumber(grantNumber)}` as GrantId;
}

export function keyId(keyNumber: number): KeyId {
  return `key_${padNumber(keyNumber)}` as KeyId;
}

export function clientId(clientNumber: number): ClientId {
  return `cli_${padNumber(clientNumber)}` as ClientId;
}

export function factorId(factorNumber: number): FactorId {
  return `fct_${padNumber(factorNumber)}` as FactorId;
}

export function staffId(staffNumber: number): StaffId {
  return `stf_${padNumber(staffNumber)}` as StaffId;
}

export function approvalId(requestNumber: number): ApprovalId {
  return `apr_${padNumber(requestNumber)}` as ApprovalId;
}

export function transferId(transferNumber: number): TransferId {
  return `tfr_${padNumber(transferNumber)}` as TransferId;
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

/** The number inside a session id, or null when the text is none. */
export function parseSessionId(text: unknown): number | null {
  return parsePrefixed(text, 'ses_');
}

/** The number inside a grant id, or null when the text is none. */
export function parseGrantId(text: unknown): number | null {
  return parsePrefixed(text, 'grt_');
}

/** The number inside a key id, or null when the text is none. */
export function parseKeyId(text: unknown): number | null {
  return parsePrefixed(text, 'key_');
}

/** The number inside the id of an OAuth client, or null when the text is none. */
export function parseClientId(text: unknown): number | null {
  return parsePrefixed(text, 'cli_');
}

/** The number inside a factor id, or null when the text is none. */
export function parseFactorId(text: unknown): number | null {
  return parsePrefixed(text, 'fct_');
}

/** The number inside a staff id, or null when the text is none. */
export function parseStaffId(text: unknown): number | null {
  return parsePrefixed(text, 'stf_');
}

/** The number inside an approval id, or null when the text is none. */
export function parseApprovalId(text: unknown): number | null {
  return parsePrefixed(text, 'apr_');
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
