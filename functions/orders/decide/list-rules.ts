// What makes orders a list, as far as it can be seen before any number is read: which orders belong
// together, and which of them decides about the others. Nothing here is about one order alone.
import { reject, type Rejection } from '../../../shared/domain/rejection.ts';
import type { PlaceOrderBody } from '../schema.ts';
import type { ListType } from '../schema/order-lists.ts';

/** How many orders a list has. */
const ORDERS_OF: Readonly<Record<ListType, number>> = { oco: 2, oto: 2, otoco: 3 };

/** What an order is in its list. */
export interface ListRole {
  /** It shares its hold with another order, and one ends the other. */
  readonly isPair: boolean;
  /** It waits until the working order is filled. */
  readonly isPending: boolean;
}

/** `at`: where it stands in the list; the working order is the first, if there is one. */
export function roleOf(type: ListType, at: number): ListRole {
  const isPending = type !== 'oco' && at > 0;
  return { isPending, isPair: type === 'oco' || (type === 'otoco' && isPending) };
}

/** The refusal of a list, with the order that is to blame for it. */
export function blameOrder(refusal: Rejection, at: number, field?: string): Rejection {
  const { code, detail } = refusal;
  const path = field === undefined ? `/orders/${at}` : `/orders/${at}/${field}`;
  return { ...refusal, errors: [{ path, code, detail }] };
}

export function checkList(type: ListType, orders: readonly PlaceOrderBody[]): Rejection | null {
  const wanted = ORDERS_OF[type];
  if (orders.length !== wanted) {
    const detail = `a list of type ${type} has ${wanted} orders`;
    return invalid(detail, [{ path: '/orders', code: 'ORDER_LIST_INVALID', detail }]);
  }
  return checkEach(orders) ?? checkWorking(type, orders) ?? checkPair(type, orders);
}

/** The orders of a pair are of one quantity; known once both are read. */
export function checkPairLots(
  type: ListType,
  lots: readonly { readonly quantityLots: number }[],
): Rejection | null {
  if (type === 'oto') return null;
  const [first, second] = lots.slice(-2);
  if (first?.quantityLots === second?.quantityLots) return null;
  return blame('the orders of a pair have one quantity', lots.length - 1, 'quantity');
}

function checkEach(orders: readonly PlaceOrderBody[]): Rejection | null {
  const names = new Set<string>();
  for (const [at, { quoteAmount, clientOrderId }] of orders.entries()) {
    if (quoteAmount !== undefined) {
      return blame('an order of a list has a quantity, not a quoteAmount', at, 'quoteAmount');
    }
    if (clientOrderId === undefined) continue;
    if (names.has(clientOrderId)) {
      return blame('two orders of the list have one clientOrderId', at, 'clientOrderId');
    }
    names.add(clientOrderId);
  }
  return null;
}

function checkWorking(type: ListType, orders: readonly PlaceOrderBody[]): Rejection | null {
  const [working] = orders;
  if (type === 'oco' || working === undefined) return null;
  if (working.type !== 'limit') return blame('the working order is a limit order', 0, 'type');
  if (working.trigger === undefined) return null;
  return blame('the working order has no trigger', 0, 'trigger');
}

/** Each leg decides about the other by a price; so one is above the market and one below it. */
function checkPair(type: ListType, orders: readonly PlaceOrderBody[]): Rejection | null {
  const from = orders.length - 2;
  const [first, second] = orders.slice(from);
  if (type === 'oto' || first === undefined || second === undefined) return null;
  if (first.side !== second.side) {
    return blame('the orders of a pair are of one side', from + 1, 'side');
  }
  for (const [at, order] of [first, second].entries()) {
    if (order.peg !== undefined) {
      return blame('an order of a pair names its price', from + at, 'peg');
    }
    if (order.trigger === undefined && (order.type !== 'limit' || order.postOnly !== true)) {
      return blame('an order of a pair has a trigger, or is a post-only limit order', from + at);
    }
  }
  if (isAgainst(first) !== isAgainst(second)) return null;
  return blame(
    'a pair has one order for when the price turns against it (stop_loss, trailing_stop), and one ' +
      'for when it does not (take_profit, or a post-only limit order)',
    from + 1,
  );
}

/** It is for when the market goes where its owner does not want it. */
function isAgainst({ trigger }: PlaceOrderBody): boolean {
  return trigger?.type === 'stop_loss' || trigger?.type === 'trailing_stop';
}

function blame(detail: string, at: number, field?: string): Rejection {
  return blameOrder(invalid(detail), at, field);
}

function invalid(detail: string, errors?: Rejection['errors']): Rejection {
  return reject('ORDER_LIST_INVALID', detail, errors === undefined ? {} : { errors });
}
