// The command `place_list` as the orders that it places, and what no such command may be.
import type { ListOrder, PlaceCommand, PlaceListCommand } from './commands.ts';
import { uniformOrder } from './uniform-order.ts';

/** The orders of a list in the order of their numbers, as commands of their own. */
export function listOrders(list: PlaceListCommand): PlaceCommand[] {
  const { working, orders } = list;
  const all = working === undefined ? orders : [working, ...orders];
  return all.map((order) => uniformOrder(order, list));
}

/** What the command's maker has broken of docs/engine.md, "place_list"; null when nothing. */
export function findListFault(command: PlaceListCommand): string | null {
  const { number, working, orders } = command;
  const numbers = [...listOrders(command).map((order) => order.number), number];
  const isRising = numbers.every((each, at) => each > (numbers[at - 1] ?? 0));
  if (!isRising) return `the numbers of list ${number} do not rise`;
  if (listOrders(command).some(({ quoteBudgetMinor }) => quoteBudgetMinor !== null)) {
    return `an order of list ${number} is sized by quote`;
  }
  if (working !== undefined && (working.type !== 'limit' || working.trigger !== undefined)) {
    return `the working order of list ${number} is no plain limit order`;
  }
  const [first, second] = orders;
  if (first === undefined || second === undefined) {
    return working === undefined ? `list ${number} has one order` : null;
  }
  const fault = findPairFault(first, second);
  return fault === null ? null : `${fault} in list ${number}`;
}

/** What keeps two orders from being a pair; null when nothing does. */
export function findPairFault(first: ListOrder, second: ListOrder): string | null {
  if (first.side !== second.side || first.quantityLots !== second.quantityLots) {
    return 'a pair differs in side or quantity';
  }
  const pair = [first, second];
  if (pair.every(({ trigger }) => trigger === undefined)) return 'a pair has no trigger';
  if (pair.some(({ peg }) => peg !== undefined)) return 'an order of a pair is pegged';
  if (pair.every((order) => order.trigger !== undefined || isMaker(order))) return null;
  return 'an order of a pair without a trigger is not post-only';
}

/** A limit order that never takes and can rest. */
function isMaker({ type, postOnly, timeInForce }: ListOrder): boolean {
  return type === 'limit' && postOnly && (timeInForce === 'GTC' || timeInForce === 'GTD');
}
