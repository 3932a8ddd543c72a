// Why a place is refused, check by check: the table of "place" in docs/engine.md.
import type { NaiveBook } from './naive-book.ts';
import { isFillable } from './naive-fillable.ts';
import {
  findOutOfBand,
  isInLimits,
  isReferenceStale,
  isTooLarge,
  notionalOf,
} from './naive-limits.ts';
import { takingLimit, wouldTake } from './naive-matching.ts';
import type { Order } from './naive-orders.ts';
import { hasReached } from './naive-triggers.ts';
import type { EndStatus, Place, Trigger } from './naive-types.ts';

/** An iceberg has at most so many parts of its display quantity. */
const ICEBERG_PARTS_MAX = 100n;

export interface Refusal {
  readonly status: EndStatus;
  readonly reason: string;
}

export interface Placing {
  readonly command: Place;
  readonly taker: Order;
  /** Null for an order that takes part now. */
  readonly trigger: Trigger | null;
  readonly isTriggered: boolean;
  /** Whether the price of the command is one that the book has given. */
  readonly peg: 'none' | 'has its price' | 'no such level';
}

export function rejected(reason: string): Refusal {
  return { status: 'rejected', reason };
}

export function findRefusal(book: NaiveBook, placing: Placing): Refusal | null {
  const { command, taker, trigger } = placing;
  const reason =
    findStatusRefusal(book, placing) ??
    findSizeRefusal(book, placing) ??
    findCountRefusal(book, placing) ??
    findModeRefusal(book, taker);
  if (reason !== null) return rejected(reason);
  if (taker.timeInForce === 'GTD' && (taker.expiresAtMs ?? Infinity) <= book.nowMs) {
    return { status: 'expired', reason: 'ORDER_EXPIRED' };
  }
  if (trigger !== null) {
    const unfit = findTriggerRefusal(book, taker, trigger);
    return unfit === null ? null : rejected(unfit);
  }
  if (taker.postOnly && wouldTake(book, taker.side, taker.limit)) {
    return rejected('ORDER_POST_ONLY_WOULD_TAKE');
  }
  if (taker.timeInForce === 'FOK' && !isFillable(book, taker, takingLimit(book, command))) {
    return { status: 'expired', reason: 'ORDER_FOK_NOT_FILLABLE' };
  }
  return null;
}

function findStatusRefusal(book: NaiveBook, { command, taker, trigger }: Placing): string | null {
  const isMarket = command.type === 'market';
  if (book.blocked.has(taker.user)) return 'ACCOUNT_BLOCKED';
  switch (book.status) {
    case 'halted':
      return 'MARKET_HALTED';
    case 'cancel_only':
      return 'MARKET_CANCEL_ONLY';
    case 'post_only':
      return taker.postOnly ? null : 'MARKET_POST_ONLY';
    case 'limit_only':
      return isMarket ? 'MARKET_LIMIT_ONLY' : null;
    case 'closing':
      return 'MARKET_CLOSING';
    case 'delisted':
      return 'MARKET_DELISTED';
    case 'pre_open':
    case 'auction': {
      const canRest = taker.timeInForce === 'GTC' || taker.timeInForce === 'GTD';
      const canCollect = !isMarket && canRest && !taker.postOnly;
      return trigger !== null || canCollect ? null : 'MARKET_AUCTION';
    }
    default:
      return null;
  }
}

function findSizeRefusal(
  book: NaiveBook,
  { command, taker, trigger, peg }: Placing,
): string | null {
  const { scale } = book.rules;
  const lots = taker.original;
  if (lots > scale.maxLots) return 'ORDER_QUANTITY_TOO_LARGE';
  if (lots < scale.minLots && taker.byQuote === null) return 'ORDER_QUANTITY_TOO_SMALL';
  if (taker.iceberg !== null) {
    const { displayLots } = taker.iceberg;
    const isTooSmall = displayLots < scale.minLots || lots > ICEBERG_PARTS_MAX * displayLots;
    if (isTooSmall) return 'ORDER_DISPLAY_QUANTITY_TOO_SMALL';
  }
  if (peg === 'no such level') return 'ORDER_PEG_REFERENCE_NONE';
  const outOfBand = command.type === 'limit' ? findOutOfBand(book, taker.limit) : null;
  if (outOfBand !== null) return outOfBand;
  const notional = notionalOf(book, command, trigger !== null);
  if (notional === null) return null;
  if (command.type === 'limit' && notional < scale.minNotional) return 'ORDER_NOTIONAL_TOO_SMALL';
  return isTooLarge(book, notional) ? 'ORDER_NOTIONAL_TOO_LARGE' : null;
}

function findCountRefusal(
  book: NaiveBook,
  { command, taker, trigger, isTriggered }: Placing,
): string | null {
  const { maxOpenOrders = Infinity } = book.rules.config;
  if (trigger !== null) return isWaitingFull(book, taker) ? 'ORDERS_WAITING_TOO_MANY' : null;
  if (isTriggered) return null;
  if (command.type === 'market') {
    return isReferenceStale(book) ? 'MARKET_REFERENCE_STALE' : null;
  }
  const canRest = taker.timeInForce === 'GTC' || taker.timeInForce === 'GTD';
  const resting = [...book.buys, ...book.sells].filter((order) => order.user === taker.user);
  return canRest && resting.length >= maxOpenOrders ? 'ORDERS_OPEN_TOO_MANY' : null;
}

/** Whether no more orders of the user may wait. */
export function isWaitingFull(book: NaiveBook, { user }: Order): boolean {
  const { maxWaitingOrders = Infinity } = book.rules.config;
  return book.waiting.filter(({ order }) => order.user === user).length >= maxWaitingOrders;
}

function findModeRefusal(book: NaiveBook, { mode }: Order): string | null {
  const { selfTradeAllowed, selfTradeModes } = book.rules.config;
  const isAllowed = mode === 'none' ? selfTradeAllowed : (selfTradeModes?.includes(mode) ?? true);
  return isAllowed ? null : 'ORDER_SELF_TRADE_MODE_NOT_ALLOWED';
}

/** What is checked of an order that would wait. */
function findTriggerRefusal(book: NaiveBook, taker: Order, trigger: Trigger): string | null {
  const isTrailing = trigger.kind === 'trailing_stop';
  const ticks = isTrailing ? trigger.activationPriceTicks : trigger.priceTicks;
  if (ticks !== undefined && !isInLimits(book, BigInt(ticks))) return 'ORDER_PRICE_OUT_OF_BAND';
  if (book.lastTicks === null) return 'ORDER_TRIGGER_REFERENCE_NONE';
  if (isReferenceStale(book)) return 'ORDER_TRIGGER_REFERENCE_STALE';
  const isReached =
    !isTrailing && hasReached(taker.side, trigger.kind, trigger.priceTicks, book.lastTicks);
  return isReached ? 'ORDER_TRIGGER_PRICE_REACHED' : null;
}
