// When a trade's price reaches an order with a trigger, how a trailing stop follows the market, and
// in which order those reached go on: "Triggers" in docs/engine.md.
import type { Order, Waiting } from './naive-orders.ts';
import type { ArmedKind, Place, Side, Trigger } from './naive-types.ts';

const PRICE_TICKS_MAX = 4_294_967_295;

/** Reached from below: the order waits for a higher price. */
export function isRising(side: Side, kind: ArmedKind): boolean {
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
  const extreme = isActive ? lastTicks : null;
  return { order, command, trigger, extreme, reachedBy: null };
}

/** True for a price at which a trailing stop becomes active. */
export function activates(side: Side, trigger: Trigger, priceTicks: number): boolean {
  if (trigger.kind !== 'trailing_stop') return false;
  const { activationPriceTicks } = trigger;
  if (activationPriceTicks === undefined) return true;
  return side === 'sell' ? priceTicks >= activationPriceTicks : priceTicks <= activationPriceTicks;
}

/** An order of a list that waits for its working order. */
export function makePending(order: Order, command: Place): Waiting {
  const trigger = { kind: 'working_order' } as const;
  return { order, command, trigger, extreme: null, reachedBy: null };
}

/**
 * The price that the order waits for now; null for a trailing stop that is not active, and for a
 * pending order.
 */
export function triggerTicksOf({ order, trigger, extreme }: Waiting): number | null {
  if (trigger.kind === 'working_order') return null;
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
  kind: ArmedKind,
  triggerTicks: number | null,
  priceTicks: number,
): boolean {
  if (triggerTicks === null) return false;
  return isRising(side, kind) ? priceTicks >= triggerTicks : priceTicks <= triggerTicks;
}

/** Lets a trailing stop follow a trade; true when the trade made it active or is its extreme. */
export function follow(waiting: Waiting, priceTicks: number): boolean {
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
export function queueOrder(a: Waiting, b: Waiting): number {
  const [isRisingA, isRisingB] = [a, b].map(({ order, trigger }) =>
    isRising(order.side, trigger.kind),
  );
  if (isRisingA !== isRisingB) return isRisingA ? -1 : 1;
  const higher = (triggerTicksOf(a) ?? 0) - (triggerTicksOf(b) ?? 0);
  return (isRisingA ? higher : -higher) || a.order.number - b.order.number;
}
