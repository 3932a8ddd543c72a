// An order that waits: what is kept of its command, and which way its trigger is reached.
import type { PlaceCommand } from '../../shared/events/commands.ts';
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
  const isMarket = command.type === 'market';
  const quoteBudgetMinor = isMarket ? command.quoteBudgetMinor : null;
  const displayLots = displayLotsOf(command);
  const isFok = command.timeInForce === 'FOK' && quoteBudgetMinor === null;
  const { tradeGroup, peg, trigger } = command;
  const order: WaitingOrder = {
    kind: 'place',
    number: command.number,
    timeMs: command.timeMs,
    userNumber: command.userNumber,
    side: command.side,
    type: command.type,
    timeInForce: isMarket ? (isFok ? 'FOK' : 'IOC') : command.timeInForce,
    postOnly: !isMarket && command.postOnly,
    selfTradePrevention: command.selfTradePrevention,
    priceTicks: command.priceTicks,
    quantityLots: command.quantityLots,
    quoteBudgetMinor,
    expiresAtMs: isMarket ? null : command.expiresAtMs,
    makerFeePpm: command.makerFeePpm,
    takerFeePpm: command.takerFeePpm,
    holdMinor: command.holdMinor,
  };
  // Set one by one: a spread for each of them took longer than all the rest.
  if (trigger !== undefined) order.trigger = trigger;
  if (displayLots !== 0) order.displayLots = displayLots;
  if (tradeGroup !== undefined) order.tradeGroup = tradeGroup;
  if (peg !== undefined && !isMarket) order.peg = peg;
  return order;
}
