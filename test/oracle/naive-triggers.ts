// When a trade's price reaches an order with a trigger, how a trailing stop follows the market, and in
// which order those reached go on: "Triggers" in docs/engine.md.
import { orderIdOf, userIdOf } from './naive-amounts.ts';
import type { NaiveBook } from './naive-book.ts';
import type { Trade } from './naive-events.ts';
import type { Order, Waiting } from './naive-orders.ts';
import { place } from './naive-placing.ts';
import type { Place, Side, Trigger, TriggerKind } from './naive-types.ts';

const PRICE_TICKS_MAX = 4_294_967_295;

/** An order on its way from waiting to the book. */
interface Reached {
  readonly waiting: Waiting;
  readonly tradeSequence: number;
}

/** Reached from below: the order waits for a higher price. */
export function isRising(side: Side, kind: TriggerKind): boolean {
  return side === 'buy' ? kind !== 'take_profit' : kind === 'take_profit';
}

/** An order that begins to wait in a market that has traded last at this price. */
export function makeWaiting(
  order: Order,
  command: Place,
  trigger: Trigger,
  lastTicks: number | null,
): Waiting {
  const isActive = lastTicks !== null && activates(order.side, trigger, lastTicks);
  return { order, command, trigger, extreme: isActive ? lastTicks : null };
}

/** True for a price at which a trailing stop becomes active. */
export function activates(side: Side, trigger: Trigger, priceTicks: number): boolean {
  if (trigger.kind !== 'trailing_stop') return false;
  const { activationPriceTicks } = trigger;
  if (activationPriceTicks === undefined) return true;
  return side === 'sell' ? priceTicks >= activationPriceTicks : priceTicks <= activationPriceTicks;
}

/** The price that the order waits for now; null for a trailing stop that is not active. */
export function triggerTicksOf({ order, trigger, extreme }: Waiting): number | null {
  if (trigger.kind !== 'trailing_stop') return trigger.priceTicks;
  if (extreme === null) return null;
  const [best, trail] = [BigInt(extreme), BigInt(trigger.trailBps)];
  if (order.side === 'sell') {
    return Math.max(1, Number((best * (10_000n - trail)) / 10_000n));
  }
  return Math.min(PRICE_TICKS_MAX, Number((best * (10_000n + trail) + 9_999n) / 10_000n));
}

export function hasReached(
  side: Side,
  kind: TriggerKind,
  triggerTicks: number | null,
  priceTicks: number,
): boolean {
  if (triggerTicks === null) return false;
  return isRising(side, kind) ? priceTicks >= triggerTicks : priceTicks <= triggerTicks;
}

/** Lets a trailing stop follow a trade; true when the trade made it active or is its extreme. */
function follow(waiting: Waiting, priceTicks: number): boolean {
  const { order, trigger, extreme } = waiting;
  if (trigger.kind !== 'trailing_stop') return false;
  const isFollowed =
    extreme === null
      ? activates(order.side, trigger, priceTicks)
      : order.side === 'sell'
        ? priceTicks > extreme
        : priceTicks < extreme;
  if (isFollowed) waiting.extreme = priceTicks;
  return isFollowed;
}

/** Sorts orders that one trade reaches: rising before falling, the nearest trigger price first. */
function queueOrder(a: Waiting, b: Waiting): number {
  const [isRisingA, isRisingB] = [a, b].map(({ order, trigger }) =>
    isRising(order.side, trigger.kind),
  );
  if (isRisingA !== isRisingB) return isRisingA ? -1 : 1;
  const higher = (triggerTicksOf(a) ?? 0) - (triggerTicksOf(b) ?? 0);
  return (isRisingA ? higher : -higher) || a.order.number - b.order.number;
}

/** Takes the orders that a trade reaches out of the waiting ones, first to be queued first. */
function takeReached(book: NaiveBook, { priceTicks, sequence }: Trade): Reached[] {
  const isReached = (waiting: Waiting): boolean => {
    if (follow(waiting, priceTicks)) return false;
    const { order, trigger } = waiting;
    return hasReached(order.side, trigger.kind, triggerTicksOf(waiting), priceTicks);
  };
  const reached = book.waiting.filter(isReached).sort(queueOrder);
  for (const waiting of reached) book.stopWaiting(waiting);
  return reached.map((waiting) => ({ waiting, tradeSequence: sequence }));
}

/** Places the orders that the command's trades have reached, and those that theirs reach. */
export function runTriggers(book: NaiveBook): void {
  const queue: Reached[] = [];
  let read = 0;
  const readTrades = (): void => {
    const trades = book.events.slice(read).filter((event) => event.kind === 'trade');
    for (const trade of trades) queue.push(...takeReached(book, trade));
    read = book.events.length;
  };
  readTrades();
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const { order, command } = next.waiting;
    book.emit({
      kind: 'triggered',
      orderId: orderIdOf(order.number),
      userId: userIdOf(order.user),
      tradeSequence: next.tradeSequence,
    });
    place(book, command, { isTriggered: true });
    readTrades();
  }
}
