// An order that waits: what is kept of its command, and which way its trigger is reached.
import type { PlaceCommand } from '../../shared/events/commands.ts';
import { uniformOrder } from '../../shared/events/uniform-order.ts';
import { displayLotsOf } from './order-kind.ts';

/**
 * An order that waits, as `waitingOrder` keeps it. Only a pending one, which waits for the working
 * order of its list, may have no trigger.
 */
export type WaitingOrder = PlaceCommand;

/** One that waits for its trigger price. */
export interface TriggerOrder extends PlaceCommand {
  readonly trigger: NonNullable<PlaceCommand['trigger']>;
}

/** What a trigger that follows the market is made of. */
export type TrailingTrigger = Extract<TriggerOrder['trigger'], { kind: 'trailing_stop' }>;

/** True when a trade at the trigger price or above reaches the order; else at it or below. */
export function isRising({ side, trigger }: TriggerOrder): boolean {
  return (trigger.kind === 'take_profit') === (side === 'sell');
}

/** True when a trade at `priceTicks` reaches a trigger at `triggerTicks`. */
export function isReached(rising: boolean, triggerTicks: number, priceTicks: number): boolean {
  return rising ? priceTicks >= triggerTicks : priceTicks <= triggerTicks;
}

export function hasTrigger(order: WaitingOrder): order is TriggerOrder {
  return order.trigger !== undefined;
}

/**
 * The order as it waits, in fields of its own: what a market order cannot be is gone, and so is a
 * limit order's budget (docs/engine.md, "After matching").
 */
export function waitingOrder(command: PlaceCommand): WaitingOrder {
  const order = uniformOrder(command, command);
  const displayLots = displayLotsOf(command);
  order.replaces = undefined;
  order.displayLots = displayLots === 0 ? undefined : displayLots;
  if (command.type === 'limit') {
    order.quoteBudgetMinor = null;
    return order;
  }
  const isFok = command.timeInForce === 'FOK' && command.quoteBudgetMinor === null;
  order.timeInForce = isFok ? 'FOK' : 'IOC';
  order.postOnly = false;
  order.expiresAtMs = null;
  order.peg = undefined;
  return order;
}
