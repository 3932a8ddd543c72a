// Orders as objects of one shape, whatever they have and wherever they come from: their fields
// stand in the same places, and reading one needs no search for it.
import type { ListOrder, PlaceCommand } from './commands.ts';

/** What a list says once for all of its orders. */
export interface OrderHead extends Pick<PlaceCommand, 'timeMs' | 'userNumber'> {
  readonly replaces?: PlaceCommand['replaces'];
}

/** No field may be missing here, or it would be lost on the way to the core. */
type EveryField = { [Field in keyof Required<PlaceCommand>]: PlaceCommand[Field] };

/** A new object; what the order does not have is undefined. */
export function uniformOrder(order: ListOrder, head: OrderHead): EveryField {
  return {
    kind: 'place',
    number: order.number,
    timeMs: head.timeMs,
    userNumber: head.userNumber,
    side: order.side,
    type: order.type,
    timeInForce: order.timeInForce,
    postOnly: order.postOnly,
    selfTradePrevention: order.selfTradePrevention,
    priceTicks: order.priceTicks,
    quantityLots: order.quantityLots,
    quoteBudgetMinor: order.quoteBudgetMinor,
    expiresAtMs: order.expiresAtMs,
    makerFeePpm: order.makerFeePpm,
    takerFeePpm: order.takerFeePpm,
    holdMinor: order.holdMinor,
    trigger: order.trigger,
    displayLots: order.displayLots,
    tradeGroup: order.tradeGroup,
    replaces: head.replaces,
    peg: order.peg,
  };
}
