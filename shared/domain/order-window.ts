// The window in which orders and amends of an account in a market are counted. Windows begin at
// multiples of their length since 1970, by the database's clock.

export const ORDER_WINDOW_MS = 10_000;

/** As it is stored of an account and market. */
export interface OrderWindow {
  readonly startMs: number;
  /** Orders and amends accepted in it, without orders that have a fill. */
  readonly orders: number;
}

/**
 * The window in which an order of now is counted: the stored one, or a new one once that is over.
 * The next one is the order's, too: an instance that read the clock later has written first. One
 * further ahead is of a clock that has been set back. The statement that counts (insert-orders.ts)
 * goes by the same rule.
 */
export function orderWindowAt(nowMs: number, stored: OrderWindow | null): OrderWindow {
  const startMs = nowMs - (nowMs % ORDER_WINDOW_MS);
  const isOfNow =
    stored !== null && stored.startMs >= startMs && stored.startMs <= startMs + ORDER_WINDOW_MS;
  return isOfNow ? stored : { startMs, orders: 0 };
}
