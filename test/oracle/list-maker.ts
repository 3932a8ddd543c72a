// Turns the abstract spec of an order list into a concrete command that no rule of its maker
// forbids: "place_list" in docs/engine.md.
import type { ListSpec, PlaceSpec } from './command-specs.ts';
import type { NaiveBook } from './naive-book.ts';
import type { ListOrder, PlaceList } from './naive-types.ts';
import { acrossOf, orderOf, USER_FIRST } from './place-maker.ts';

/** How many orders the list has. */
export function ordersIn({ shape }: ListSpec): number {
  return shape === 'pending pair' ? 3 : 2;
}

/** The orders have the numbers before the list's. */
export function listOf(
  spec: ListSpec,
  book: NaiveBook,
  head: { readonly number: number; readonly timeMs: number },
): PlaceList {
  const { shape, user } = spec;
  const hasWorking = shape !== 'pair';
  const parts = [
    ...(hasWorking ? [workingOf(spec)] : []),
    ...(shape === 'pending' ? [pendingOf(spec)] : pairOf(spec)),
  ];
  const listed = parts.map((part, at): ListOrder => {
    const number = head.number - parts.length + at;
    return { number, ...orderOf(part, book, head.timeMs) };
  });
  const [first] = listed;
  return {
    kind: 'place_list',
    ...head,
    userNumber: USER_FIRST + user,
    ...(hasWorking && first !== undefined ? { working: first } : {}),
    orders: hasWorking ? listed.slice(1) : listed,
  };
}

function workingOf({ working, isTaking }: ListSpec): PlaceSpec {
  const { price, side, lots, expiryMs } = working;
  // At times it must be filled at once or not at all, while as many rest as may.
  const timeInForce = isTaking && expiryMs === 3 ? 'IOC' : working.timeInForce;
  const order = plain({ ...working, sizing: 'limit', timeInForce, trigger: null });
  // So that it is filled as it should be: small, and often across.
  const few = lots > 50 ? lots : Math.max(2, lots % 4);
  return { ...order, lots: few, price: isTaking ? acrossOf(price, side) : price };
}

/** On the other side than the working order, mostly, as one that gets out again. */
function pendingOf({ working, orders: [order], maker, trigger }: ListSpec): PlaceSpec {
  const side = order.expiryMs === 60 ? order.side : working.side === 'buy' ? 'sell' : 'buy';
  return plain({ ...order, side, trigger: maker === 'none' ? trigger : order.trigger });
}

function pairOf({ shape, working, orders, maker, trigger }: ListSpec): PlaceSpec[] {
  const [first] = orders;
  const isOut = shape === 'pending pair' && first.expiryMs !== 60;
  const side = isOut ? (working.side === 'buy' ? 'sell' : 'buy') : first.side;
  return orders.map((order, at) => {
    const common = { ...order, side, lots: first.lots, peg: null };
    return maker === (['first', 'second'] as const)[at]
      ? makerOf(common)
      : plain({ ...common, trigger: order.trigger ?? trigger });
  });
}

/** A limit order that never takes and can rest. */
function makerOf(order: PlaceSpec): PlaceSpec {
  const timeInForce = order.timeInForce === 'GTD' ? 'GTD' : 'GTC';
  return plain({ ...order, sizing: 'limit', timeInForce, postOnly: true, trigger: null });
}

/** Nothing that an order of a list has not: a budget, or one that it replaces. */
function plain(order: PlaceSpec): PlaceSpec {
  const sizing = order.sizing === 'quote' ? 'market' : order.sizing;
  return { ...order, sizing, budgetExtra: 0, replaces: null };
}
