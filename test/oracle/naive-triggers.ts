// When a trade's price reaches an order with a trigger, and in which order those reached go on.
import type { Side, Trigger, TriggerKind, Waiting } from './naive-types.ts';

/** An order on its way from waiting to the book. */
export interface Reached {
  readonly waiting: Waiting;
  readonly tradeSequence: number;
}

/** Reached from below: the order waits for a higher price. */
export function isRising(side: Side, kind: TriggerKind): boolean {
  return side === 'buy' ? kind === 'stop_loss' : kind === 'take_profit';
}

export function hasReached(side: Side, trigger: Trigger, priceTicks: number): boolean {
  return isRising(side, trigger.kind)
    ? priceTicks >= trigger.priceTicks
    : priceTicks <= trigger.priceTicks;
}

/** Sorts orders that one trade reaches: rising before falling, the nearest trigger price first. */
export function queueOrder(a: Waiting, b: Waiting): number {
  const [isRisingA, isRisingB] = [a, b].map(({ order, trigger }) =>
    isRising(order.side, trigger.kind),
  );
  if (isRisingA !== isRisingB) return isRisingA ? -1 : 1;
  const higher = a.trigger.priceTicks - b.trigger.priceTicks;
  return (isRisingA ? higher : -higher) || a.order.number - b.order.number;
}
