// What the naive book keeps of an order, and what can be told of one alone.
import type {
  CancelCondition,
  Place,
  SelfTradeMode,
  Side,
  TimeInForce,
  Trigger,
} from './naive-types.ts';

/** A resting, taking or waiting order. */
export interface Order {
  readonly number: number;
  readonly user: number;
  readonly tradeGroup: number | null;
  readonly side: Side;
  readonly timeInForce: TimeInForce;
  readonly postOnly: boolean;
  readonly mode: SelfTradeMode;
  readonly expiresAtMs: number | null;
  readonly makerFeePpm: number;
  readonly takerFeePpm: number;
  limit: bigint;
  original: bigint;
  remaining: bigint;
  /** Null for an order that shows all of itself. */
  readonly iceberg: Iceberg | null;
  /** Only market orders sized by quote amount, which never rest. */
  readonly byQuote: ByQuote | null;
}

export interface Iceberg {
  readonly displayLots: bigint;
  /** What it shows of its remaining quantity; says nothing while it does not rest. */
  shown: bigint;
}

/** What a pending order waits for: no price reaches it. */
export interface WorkingOrder {
  readonly kind: 'working_order';
}

/**
 * An order that waits for its trigger price, or for its working order, with the command that will
 * place it.
 */
export interface Waiting {
  readonly order: Order;
  readonly command: Place;
  readonly trigger: Trigger | WorkingOrder;
  /**
   * Of an active trailing stop: the best price that the market has traded at since. Null for all
   * others.
   */
  extreme: number | null;
  /** The trade that reached it or filled its working order: since then it stands in the queue. */
  reachedBy: number | null;
}

export interface ByQuote {
  readonly hold: bigint;
  budgetLeft: bigint;
  /** Quote units traded so far. */
  spent: bigint;
  /** What a buy has paid out of its hold; says nothing of a sell, which holds base. */
  taken: bigint;
}

/** The order of a command, as it is before it has done anything. */
export function orderOf(command: Place): Order {
  const isMarket = command.type === 'market';
  const budget = isMarket ? command.quoteBudgetMinor : null;
  const isTreatedAsIoc = isMarket && (command.timeInForce !== 'FOK' || budget !== null);
  return {
    number: command.number,
    user: command.userNumber,
    tradeGroup: command.tradeGroup ?? null,
    side: command.side,
    timeInForce: isTreatedAsIoc ? 'IOC' : command.timeInForce,
    postOnly: command.postOnly && !isMarket,
    mode: command.selfTradePrevention,
    expiresAtMs: isTreatedAsIoc ? null : command.expiresAtMs,
    makerFeePpm: command.makerFeePpm,
    takerFeePpm: command.takerFeePpm,
    limit: BigInt(command.priceTicks),
    original: BigInt(command.quantityLots),
    remaining: BigInt(command.quantityLots),
    iceberg: icebergOf(command),
    byQuote:
      budget === null
        ? null
        : {
            hold: BigInt(command.holdMinor),
            budgetLeft: BigInt(budget),
            spent: 0n,
            taken: 0n,
          },
  };
}

function icebergOf({ type, timeInForce, displayLots, quantityLots }: Place): Iceberg | null {
  const canRest = type === 'limit' && (timeInForce === 'GTC' || timeInForce === 'GTD');
  if (!canRest || displayLots === undefined || displayLots >= quantityLots) return null;
  return { displayLots: BigInt(displayLots), shown: 0n };
}

/** What a resting order shows, and lets others trade with before it goes to the back. */
export function openOf(order: Order): bigint {
  return order.iceberg === null ? order.remaining : order.iceberg.shown;
}

export function hasSameOwner(a: Order, b: Order): boolean {
  return a.user === b.user || (a.tradeGroup !== null && a.tradeGroup === b.tradeGroup);
}

/** Which condition of a cancel the order meets. */
export function conditionOf({ original, remaining }: Order): CancelCondition {
  return remaining === original ? 'new' : 'partially_filled';
}
