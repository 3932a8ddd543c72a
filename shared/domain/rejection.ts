// A refusal is a value with a stable code (design decision 14). The table is the one place where a
// code, its HTTP status and its meaning are written; docs/errors.md is generated from it.

interface CodeFacts {
  readonly status: number;
  readonly meaning: string;
}

function code(status: number, meaning: string): CodeFacts {
  return { status, meaning };
}

export const ERROR_CODES = {
  BODY_INVALID: code(400, 'The body is not JSON or does not fit the schema of the route.'),
  BODY_TOO_LARGE: code(413, 'The body exceeds the limit of the route.'),
  BODY_TYPE_NOT_SUPPORTED: code(415, 'The body must be application/json in UTF-8.'),
  QUERY_INVALID: code(400, 'A query parameter is unknown, repeated or malformed.'),
  PATH_INVALID: code(400, 'A part of the path is malformed.'),
  HEADER_INVALID: code(400, 'A header that the route reads is malformed.'),
  ROUTE_NOT_FOUND: code(404, 'No such route.'),
  METHOD_NOT_ALLOWED: code(405, 'The route exists, but not for this method.'),
  TOKEN_MISSING: code(401, 'The route needs a bearer token.'),
  TOKEN_INVALID: code(401, 'The bearer token is malformed, expired or not signed by the issuer.'),
  CALLER_NOT_ALLOWED: code(403, 'The route is for another kind of caller, such as a session.'),
  SCOPE_MISSING: code(403, 'The credential does not have the scope that the route needs.'),
  SIGNATURE_INVALID: code(401, 'The signature does not fit the request, or the key is not known.'),
  SIGNATURE_EXPIRED: code(401, 'The time of the signed request is ahead, or its window is over.'),
  SIGNATURE_REPLAYED: code(409, 'This signed request was taken before: sign each one anew.'),
  ADDRESS_NOT_ALLOWED: code(403, 'Neither the key nor the admin host may be used from here.'),
  MARKET_NOT_ALLOWED: code(403, 'The key is for other markets.'),
  API_KEY_NOT_FOUND: code(404, 'No such API key, or not yours.'),
  API_KEYS_TOO_MANY: code(422, 'There are as many API keys as may be; delete one first.'),
  API_KEY_USER_NOT_FOUND: code(422, 'The key is for neither you nor a sub-account of yours.'),
  API_KEY_PUBLIC_KEY_INVALID: code(422, 'The publicKey is no Ed25519 public key, or a weak one.'),
  API_KEY_PUBLIC_KEY_REUSED: code(409, 'Another of your keys has this publicKey.'),
  API_KEY_PUBLIC_KEY_MISPLACED: code(422, 'An ed25519 key has a publicKey, an hmac key has none.'),
  API_KEY_ADDRESSES_REQUIRED: code(422, 'A key that may withdraw needs addresses.'),
  API_KEY_EXPIRY_INVALID: code(422, 'Past, or beyond 90 days for a key without addresses.'),
  // The edge.
  RATE_LIMITED: code(429, 'The allowance of the caller or address is used up; see Retry-After.'),
  ADDRESS_BANNED: code(418, 'Kept out for a while for going on after RATE_LIMITED.'),
  ACCESS_DENIED: code(403, 'The caller is known, but may not do this.'),
  STEP_UP_REQUIRED: code(403, 'The route needs the header Step-Up, for this very request.'),
  STEP_UP_INVALID: code(403, 'The step-up is unknown, used, too old or for another request.'),
  FACTOR_INVALID: code(401, 'The code, passkey or recovery code does not complete the sign-in.'),
  FACTOR_REFUSED: code(403, 'The code, passkey or password does not prove that it is the user.'),
  FACTOR_LOCKED: code(429, 'Too many wrong tries in a row: the factor waits; see Retry-After.'),
  FACTOR_REQUIRED: code(403, 'The user has a factor: a password alone is not enough.'),
  FACTOR_NOT_FOUND: code(404, 'No such factor, or not yours.'),
  FACTOR_EXISTS: code(409, 'There is a factor of this kind already: remove it first.'),
  FACTOR_NOT_OFFERED: code(409, 'Nothing to confirm: begin again, it was too long ago.'),
  PASSKEY_INVALID: code(422, 'What the authenticator made is not for this challenge or site.'),
  PASSKEYS_TOO_MANY: code(422, 'The limit of passkeys is reached: remove one first.'),
  PENDING_SIGN_IN_INVALID: code(401, 'The sign-in is unknown, done, too old or tried too often.'),
  IDEMPOTENCY_KEY_INVALID: code(400, 'The Idempotency-Key is not 1..64 visible ASCII characters.'),
  IDEMPOTENCY_KEY_REUSED: code(422, 'The Idempotency-Key was used with another request.'),
  IDEMPOTENCY_KEY_BUSY: code(409, 'A request with this Idempotency-Key is still running.'),
  SIGN_IN_FAILED: code(401, 'There is no such account, or not with this password.'),
  SIGN_IN_THROTTLED: code(429, 'Too many sign-ins have failed: wait as long as Retry-After says.'),
  SESSION_INVALID: code(401, 'There is no such session, or it has ended: sign in again.'),
  SESSION_NOT_FOUND: code(404, 'No such session, or not yours, or it has ended.'),
  ACCOUNT_SUSPENDED: code(403, 'The account is suspended.'),
  SERVICE_BUSY: code(503, 'A named limit of work in flight is reached; try again later.'),
  SERVICE_UNAVAILABLE: code(503, 'A part that this request needs is down; try again later.'),
  INTERNAL_ERROR: code(500, 'Something broke on our side; the request id finds it in the log.'),
  MARKET_NOT_FOUND: code(404, 'No such market.'),
  MARKET_HALTED: code(422, 'The market is halted: only cancels are taken.'),
  MARKET_MOVING: code(503, 'The market is moving to another shard; try again in a moment.'),
  MARKET_CANCEL_ONLY: code(422, 'The market takes only cancels and reducing amends.'),
  MARKET_POST_ONLY: code(422, 'The market takes only post-only orders, and nothing that trades.'),
  MARKET_LIMIT_ONLY: code(422, 'The market takes no market orders.'),
  MARKET_AUCTION: code(422, 'The market collects: only limit orders that can rest are taken.'),
  MARKET_CLOSING: code(422, 'The market is closing: only cancels and reducing amends are taken.'),
  MARKET_DELISTED: code(422, 'The market is closed for good.'),
  MARKET_INTERRUPTED: code(
    200,
    'End reason: the price moved too fast, the market was interrupted.',
  ),
  MARKET_REFERENCE_STALE: code(422, 'The last trade is too old: no market orders are taken.'),
  ACCOUNT_BLOCKED: code(403, 'The account is blocked: none of its orders or transfers is taken.'),
  ORDER_NOT_FOUND: code(404, 'No such order, or not yours.'),
  ORDER_ALREADY_DONE: code(409, 'The order has ended.'),
  ORDER_CANCEL_CONDITION_UNMET: code(409, 'The order is not as the cancel asks for (onlyIf).'),
  ORDER_AMEND_PENDING: code(409, 'An earlier amend of this order is not decided yet.'),
  ORDER_AMEND_NOT_ALLOWED: code(422, 'Only a resting limit order can be amended.'),
  ORDER_AMEND_EMPTY: code(422, 'An amend names a new price or a new quantity.'),
  ORDER_QUANTITY_BELOW_FILLED: code(422, 'The new quantity is not above what is already gone.'),
  ORDER_PRICE_OFF_TICK: code(422, 'The price is not a multiple of the tick size.'),
  ORDER_PRICE_OUT_OF_BAND: code(422, 'The price is outside the price band of the market.'),
  ORDER_PRICE_OUT_OF_STATIC_BAND: code(422, 'Too far from the price the operator has set.'),
  ORDER_PRICE_OUT_OF_DYNAMIC_BAND: code(422, 'The price is too far from the last trade.'),
  ORDER_PRICE_REQUIRED: code(422, 'A limit order needs a price.'),
  ORDER_PRICE_NOT_ALLOWED: code(422, 'A market order has no price.'),
  ORDER_QUANTITY_OFF_LOT: code(422, 'The quantity is not a multiple of the lot size.'),
  ORDER_QUANTITY_TOO_SMALL: code(422, 'The quantity is below the minimum of the market.'),
  ORDER_QUANTITY_TOO_LARGE: code(422, 'The quantity is above the maximum of the market.'),
  ORDER_QUANTITY_REQUIRED: code(422, 'Give exactly one of quantity and quoteAmount.'),
  ORDER_DISPLAY_QUANTITY_OFF_LOT: code(422, 'displayQuantity is not a multiple of the lot size.'),
  ORDER_DISPLAY_QUANTITY_TOO_SMALL: code(422, 'Below the minimum, or in more than 100 parts.'),
  ORDER_DISPLAY_QUANTITY_TOO_LARGE: code(422, 'displayQuantity is above the quantity.'),
  ORDER_DISPLAY_QUANTITY_NOT_ALLOWED: code(422, 'displayQuantity is for orders that can rest.'),
  ORDER_QUOTE_AMOUNT_NOT_ALLOWED: code(422, 'quoteAmount is for market orders without trigger.'),
  ORDER_QUOTE_AMOUNT_INVALID: code(422, 'The quoteAmount is finer than the quote asset allows.'),
  ORDER_NOTIONAL_TOO_SMALL: code(422, 'Price x quantity is below the minimum of the market.'),
  ORDER_NOTIONAL_TOO_LARGE: code(422, 'Price x quantity is above the maximum of the market.'),
  ORDER_TIME_IN_FORCE_NOT_ALLOWED: code(422, 'This order type does not take this time in force.'),
  ORDER_EXPIRY_REQUIRED: code(422, 'GTD needs expiresAt.'),
  ORDER_EXPIRY_NOT_ALLOWED: code(422, 'Only GTD takes expiresAt.'),
  ORDER_EXPIRY_IN_PAST: code(422, 'expiresAt is not in the future.'),
  ORDER_POST_ONLY_NOT_ALLOWED: code(422, 'For limit orders that can rest and have no trigger.'),
  ORDER_POST_ONLY_WOULD_TAKE: code(422, 'A post-only order would have taken liquidity.'),
  ORDER_SELF_TRADE_MODE_NOT_ALLOWED: code(422, 'The market does not allow this mode.'),
  ORDER_SELF_TRADE_PREVENTED: code(422, 'Ended or reduced so as not to trade with its owner.'),
  ORDER_TRIGGER_NOT_ALLOWED: code(422, 'A trailing stop is for market orders.'),
  ORDER_TRIGGER_PRICE_OFF_TICK: code(422, 'The trigger price is not a multiple of the tick.'),
  ORDER_TRIGGER_PRICE_REACHED: code(422, 'The last trade has reached the trigger price already.'),
  ORDER_PEG_NOT_ALLOWED: code(422, 'A pegged order is a limit order.'),
  ORDER_PEG_REFERENCE_NONE: code(422, 'The book has no level to take the price from.'),
  ORDER_TRIGGER_REFERENCE_NONE: code(422, 'The market has not traded: no price to compare with.'),
  ORDER_REPLACE_MARKET_DIFFERS: code(422, 'An order is replaced by one of its own market.'),
  ORDER_REPLACE_CANCEL_FAILED: code(409, 'The order to be replaced could not be cancelled.'),
  ORDER_TRIGGER_REFERENCE_STALE: code(422, 'The last trade is too old to compare with.'),
  ORDER_FUNDS_INSUFFICIENT: code(422, 'The available balance does not cover the hold.'),
  ORDER_CLIENT_ID_REUSED: code(422, 'The clientOrderId was used with another order.'),
  ORDERS_WAITING_TOO_MANY: code(422, 'The limit of orders that wait for a trigger is reached.'),
  ORDER_LIST_INVALID: code(422, 'The orders do not make a list of this type.'),
  ORDER_LIST_NOT_FOUND: code(404, 'No such order list, or not yours.'),
  ORDER_LIST_ALREADY_DONE: code(409, 'Every order of the list has ended.'),
  ORDER_LIST_CLIENT_ID_REUSED: code(422, 'The clientListId was used with another list.'),
  ORDER_BATCH_REFUSED: code(422, 'Of a batch that is all or none, one order is refused.'),
  ORDERS_OPEN_TOO_MANY: code(422, 'The limit of open orders is reached.'),
  ACCOUNT_FROZEN: code(403, 'The account is frozen: only cancels are taken.'),
  ACCOUNT_TRADING_DISABLED: code(403, 'The account may not trade: only cancels are taken.'),
  RISK_ORDER_QUANTITY_TOO_LARGE: code(422, 'The quantity is above the limit of the account.'),
  RISK_ORDER_NOTIONAL_TOO_LARGE: code(422, 'Price x quantity is above the limit of the account.'),
  RISK_OPEN_NOTIONAL_EXCEEDED: code(422, 'The limit of what may be open in the market is reached.'),
  RISK_POSITION_EXCEEDED: code(422, 'The limit of what may be had of the asset is reached.'),
  RISK_TURNOVER_EXCEEDED: code(422, 'The limit of what may be ordered in a UTC day is reached.'),
  RISK_ORDER_RATE_EXCEEDED: code(429, 'The limit of orders and amends in ten seconds is reached.'),
  RISK_WAITING_ORDERS_TOO_MANY: code(422, 'The limit of orders with a trigger is reached.'),
  ORDER_CANCELLED_BY_USER: code(200, 'End reason: cancelled on request.'),
  ORDER_CANCELLED_BY_LIST: code(200, 'End reason: another order of its list has decided that.'),
  ORDER_CANCELLED_BY_DEADMAN: code(200, 'End reason: the dead-man deadline has passed.'),
  ORDER_CANCELLED_BY_OPERATOR: code(200, 'End reason: the operator has blocked the account.'),
  ORDER_REPLACED: code(200, 'End reason: another order took its place.'),
  DEADMAN_MARKETS_TOO_MANY: code(422, 'There are too many markets for one request: name one.'),
  DEADMAN_DEADLINE_PAST: code(422, 'The dead-man deadline has passed already.'),
  ORDER_EXPIRED: code(200, 'End reason: expiresAt has passed.'),
  ORDER_IOC_REMAINDER: code(200, 'End reason: what an IOC order could not fill at once.'),
  ORDER_FOK_NOT_FILLABLE: code(200, 'End reason: a FOK order could not fill whole.'),
  ORDER_LIQUIDITY_NONE: code(422, 'The other side of the book is empty.'),
  ORDER_PRICE_PROTECTED: code(200, 'End reason: the next price was beyond the protection.'),
  ORDER_QUOTE_AMOUNT_REACHED: code(200, 'End reason: less than one lot of the amount is left.'),
  // users
  PASSWORD_BREACHED: code(422, 'The password is on a list of breached passwords.'),
  PASSWORD_PREDICTABLE: code(422, 'The password holds the name of the exchange or of the address.'),
  PASSWORD_WRONG: code(422, 'The current password is another.'),
  LINK_INVALID: code(422, 'The link is unknown, used or too old.'),
  EMAIL_UNCHANGED: code(422, 'This is the address already.'),
  ACCOUNT_NOT_EMPTY: code(409, 'The account, or a part of it, still has a balance.'),
  ACCOUNT_CLOSED: code(409, 'The account is closed.'),
  ACCOUNT_PART_NOT_ALLOWED: code(422, 'A sub-account has no address, password or parts.'),
  // sub-accounts and transfers
  SUB_ACCOUNTS_TOO_MANY: code(422, 'There are as many sub-accounts as may be.'),
  SUB_ACCOUNT_LABEL_TAKEN: code(409, 'Another of your sub-accounts has this label.'),
  TRANSFER_ACCOUNT_UNKNOWN: code(422, 'An account of the transfer is not one of yours.'),
  TRANSFER_TO_ITSELF: code(422, 'A transfer is from one account to another.'),
  AMOUNT_INVALID: code(422, 'The amount is zero, or finer than the asset allows.'),
  INSUFFICIENT_FUNDS: code(422, 'Less than the amount is available.'),
  COMMAND_TOO_OLD: code(409, 'The command is older than the window of known commands.'),
  ENTRY_UNBALANCED: code(500, 'A journal entry does not sum to zero; nothing was posted.'),
  LEDGER_KEY_REUSED: code(409, 'The business key was posted before with other amounts.'),
  APPROVAL_NOT_FOUND: code(404, 'There is no such request of staff.'),
  APPROVAL_DONE: code(409, 'The request was carried out or turned down already.'),
  APPROVAL_EXPIRED: code(409, 'Nobody has approved the request within a day: ask again.'),
  APPROVAL_PAYLOAD_DIFFERS: code(409, 'What was approved is not what was asked for.'),
  APPROVAL_OWN: code(403, 'It takes another person, who has not their power from the first.'),
  APPROVAL_MAKER_NOT_ALLOWED: code(409, 'Who asked for it may not ask for it any more.'),
  APPROVAL_SUBJECT_UNFIT: code(422, 'It cannot be done to this user, person, market or balance.'),
  APPROVAL_LAST_HOLDER: code(422, 'Too few would be left who may give and approve roles.'),
  // Staff.
  ENROLMENT_INVALID: code(401, 'The enrolment is unknown, used or too old: ask for another.'),
  STAFF_SIGN_IN_STALE: code(403, 'The passkey was shown too long ago for this: sign in again.'),
  EVENT_INVALID: code(400, 'The event does not fit its schema.'),
  EVENT_TYPE_UNKNOWN: code(400, 'This function does not consume this event type.'),
  EVENT_REFUSED: code(422, 'The event can never be processed; it goes to the dead letters.'),
  EVENT_CONFLICT: code(503, 'Another event with this market and sequence was settled: alarm.'),

  // OAuth: what a signed-in user is told; clients are told RFC 6749's errors
  OAUTH_CLIENT_UNKNOWN: code(422, 'No such OAuth client, or none that a user can let in.'),
  OAUTH_REDIRECT_URI_UNKNOWN: code(422, 'The redirect URI is not one of the OAuth client.'),
  OAUTH_SCOPE_NOT_ALLOWED: code(422, 'The OAuth client may not ask for such a scope.'),
  OAUTH_GRANT_NOT_FOUND: code(404, 'No such OAuth grant, or not yours, or it has ended.'),
} as const satisfies Record<string, CodeFacts>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** One field of a body, query or path that did not fit. */
export interface FieldError {
  readonly path: string;
  readonly code: string;
  readonly detail: string;
}

export interface Rejection {
  readonly rejected: true;
  readonly code: ErrorCode;
  readonly detail: string;
  readonly errors?: readonly FieldError[];
  readonly retryAfterSeconds?: number;
  /** Names of the allowances that are used up. */
  readonly violatedPolicies?: readonly string[];
}

/** Makes a refusal; `detail` is for a person and may change, `code` is stable for ever. */
export function reject(
  errorCode: ErrorCode,
  detail: string = ERROR_CODES[errorCode].meaning,
  more: Partial<Pick<Rejection, 'errors' | 'retryAfterSeconds' | 'violatedPolicies'>> = {},
): Rejection {
  return { rejected: true, code: errorCode, detail, ...more };
}

export function isRejection(value: unknown): value is Rejection {
  return typeof value === 'object' && value !== null && 'rejected' in value;
}
