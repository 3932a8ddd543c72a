// Walks the order lists of a market and checks that they fit its orders: that every list is one
// that a market could have come to, and that nothing is remembered of one that is over. For tests
// and for what came out of a snapshot. The rules: docs/engine.md, "Lists".
import { assert } from '../../shared/domain/failure.ts';
import { findPairFault } from '../../shared/events/order-lists.ts';
import type { BookState } from './book-state.ts';
import { sideCode, type SideCode } from './codes.ts';
import type { Leg, OrderList } from './order-lists.ts';
import { TERMS } from './order-pool.ts';
import { isPostOnly } from './order-terms.ts';
import { hasTrigger, type WaitingOrder } from './waiting-order.ts';

/** Throws AssertionError naming what does not hold. */
export function checkLists(state: BookState): void {
  const { lists, waiting, events } = state;
  assert(!lists.hasUnplaced, 'a list was placed in part');
  let lastNumber = 0;
  let known = 0;
  let sharing = 0;
  let pending = 0;
  for (const list of lists.all()) {
    assert(list.number > lastNumber, 'two lists have one number');
    lastNumber = list.number;
    checkNumbers(list);
    const open = list.legs.filter(({ number }) => isOpen(state, list, number));
    assert(list.surplusOf === 0, 'what is left of a hold was not released');
    if (list.working === 0) {
      assert(list.isPair, 'a list is over');
      assert(open.length === (list.isDecided ? 1 : 2), 'a pair is not as decided');
    } else {
      checkBehind(state, list, open);
      pending += open.length;
    }
    checkOwners(state, list, open);
    if (list.isPair) checkPair(state, list, open);
    known += open.length + (list.working === 0 ? 0 : 1);
    sharing += list.isPair ? open.length : 0;
  }
  assert(lists.size === known, 'a list does not know its order');
  assert(events.sharedHolds.openCount === sharing, 'an order shares a hold that it does not have');
  assert(waiting.pendingCount === pending, 'a pending order waits for nothing');
}

function checkNumbers({ number, working, legs }: OrderList): void {
  const numbers = [working, ...legs.map((leg) => leg.number), number];
  const isRising = numbers.every((each, at) => at === 0 || each > (numbers[at - 1] ?? 0));
  assert(isRising, 'the numbers of a list do not rise');
}

/** True for an order that is there, of which the list must be the one that is known. */
function isOpen(state: BookState, list: OrderList, orderNumber: number): boolean {
  const isThere = state.isOpen(orderNumber);
  const known = state.lists.find(orderNumber);
  assert(isThere === (known === list), 'an order of a list is gone, or the list of an order');
  return isThere;
}

/** The working order rests, and the others do not take part. */
function checkBehind(state: BookState, list: OrderList, open: readonly Leg[]): void {
  const { ids, lists, waiting } = state;
  const isResting = ids.find(list.working) !== 0 && lists.find(list.working) === list;
  assert(isResting, 'a working order does not rest');
  assert(open.length === list.legs.length && !list.isDecided, 'a pending order is gone');
  for (const { number } of open) {
    const order = waiting.find(number);
    const isPending = order !== null && waiting.isPending(order) && !waiting.isQueued(order);
    assert(isPending, 'a pending order takes part');
  }
}

function checkOwners(state: BookState, { working }: OrderList, open: readonly Leg[]): void {
  const numbers = open.map(({ number }) => number);
  if (working !== 0) numbers.push(working);
  const users = new Set(numbers.map((number) => userOf(state, number)));
  assert(users.size === 1, 'a list is of two users');
}

/** `open` are the orders of the pair that rest or wait. */
function checkPair(state: BookState, list: OrderList, open: readonly Leg[]): void {
  const { ids, orders, waiting, events } = state;
  const waits: WaitingOrder[] = [];
  const resting: number[] = [];
  for (const { number, holdMinor } of open) {
    assert(events.sharedHolds.listOf(number) === list.number, 'an order does not share its hold');
    const order = waiting.find(number);
    if (order === null) {
      resting.push(ids.find(number));
    } else {
      assert(order.holdMinor === holdMinor, 'an order would hold something else');
      waits.push(order);
    }
  }
  if (list.isDecided) {
    assert(waits.length === 0, 'an order takes part and waits');
    return;
  }
  const [one, two] = waits;
  assert(one !== undefined, 'a pair does not wait for anything');
  if (two !== undefined) {
    assert(findPairFault(one, two) === null, 'two orders are no pair');
    return;
  }
  assert(hasTrigger(one) && one.peg === undefined, 'an order of a pair has no trigger');
  for (const slot of resting) {
    assert(orders.leftOf(slot) === orders.originalOf(slot), 'an undecided order takes part');
    const isMaker = isPostOnly(orders.wordOf(slot, TERMS));
    const side: SideCode = sideCode(one.side);
    const isLike = state.sideOf(slot) === side && orders.originalOf(slot) === one.quantityLots;
    assert(isMaker && isLike, 'two orders are no pair');
  }
}

function userOf(state: BookState, orderNumber: number): number {
  return state.waiting.find(orderNumber)?.userNumber ?? state.userOf(state.ids.find(orderNumber));
}
