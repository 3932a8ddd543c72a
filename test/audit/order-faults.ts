// What no command may be that places an order or a list of them, though it fits its shape: "place"
// and "place_list" in docs/engine.md. A record with such a one is poison.
import { commandsOf } from '../oracle/naive-lists.ts';
import type { ListOrder, Place, PlaceList } from '../oracle/naive-types.ts';

export function findOrderFault(order: ListOrder): string | null {
  if (order.timeInForce === 'GTD' && order.expiresAtMs === null) return 'GTD without expiry';
  const isByQuote = order.quoteBudgetMinor !== null;
  return order.type === 'limit' && isByQuote ? 'limit with budget' : null;
}

export function findListFault(command: PlaceList): string | null {
  const { working, orders, number } = command;
  const all: readonly Place[] = commandsOf(command);
  const fault = all.map(findOrderFault).find((each) => each !== null);
  if (fault !== undefined) return fault;
  const numbers = [...all.map((order) => order.number), number];
  const rising = [...new Set(numbers)].sort((a, b) => a - b);
  if (numbers.join() !== rising.join()) return 'numbers of a list that do not rise';
  if (all.some(({ quoteBudgetMinor }) => quoteBudgetMinor !== null)) return 'a list with a budget';
  if (working !== undefined && (working.type === 'market' || working.trigger !== undefined)) {
    return 'a working order that cannot work at once';
  }
  if (orders.length === 2) return findPairFault(orders);
  return working === undefined ? 'a list with one order' : null;
}

function findPairFault(pair: readonly ListOrder[]): string | null {
  const isSame = (of: (order: ListOrder) => unknown): boolean => new Set(pair.map(of)).size === 1;
  if (!isSame(({ side }) => side)) return 'a pair of two sides';
  if (!isSame(({ quantityLots }) => quantityLots)) return 'a pair of two quantities';
  const makers = pair.filter(({ trigger }) => trigger === undefined);
  if (makers.length === 2) return 'a pair without a trigger';
  if (pair.some(({ peg }) => peg !== undefined)) return 'a pair with a peg';
  const canTake = ({ type, postOnly, timeInForce }: ListOrder): boolean =>
    type === 'market' || !postOnly || timeInForce === 'IOC' || timeInForce === 'FOK';
  return makers.some(canTake) ? 'a pair with an order that could take' : null;
}
