// What events mean for the lists of their orders. The rules: docs/engine.md, "Lists".
import type { BookState } from './book-state.ts';
import { endNumbered, endUnplaced } from './cancel-orders.ts';
import { CANCELLED, FILLED, reasonCode } from './codes.ts';
import { ENDED, REDUCED, TRADE } from './event-rows.ts';
import type { OrderList } from './order-lists.ts';

const CANCELLED_BY_LIST = reasonCode('ORDER_CANCELLED_BY_LIST');

/** Follows one row of the event buffer; `tradeSequence` is the last trade up to it. */
export function followList(book: BookState, at: number, tradeSequence: number): void {
  const { data } = book.events;
  const kind = data[at] as number;
  if (kind === TRADE) {
    followTrade(book, data[at + 5] as number, data[at + 12] as number);
  } else if (kind === REDUCED) {
    decidePair(book, data[at + 2] as number);
  } else if (kind === ENDED) {
    followEnd(book, at, data[at + 2] as number, data[at + 4] as number, tradeSequence);
  }
}

/** One of an undecided pair takes part: the other one ends. */
export function decidePair(book: BookState, winner: number): void {
  const loser = decideFor(book, winner);
  if (loser !== 0) endForList(book, loser);
}

/** Both may be of pairs: the others of these end by rising order number. */
function followTrade(book: BookState, taker: number, maker: number): void {
  const one = decideFor(book, taker);
  const two = decideFor(book, maker);
  // Most trades of a market with lists are of none of their orders: they cost two look-ups.
  if (one === 0 && two === 0) return;
  for (const loser of one < two ? [one, two] : [two, one]) if (loser !== 0) endForList(book, loser);
}

/** Answers the order that ends because this one takes part; 0 for none. */
function decideFor(book: BookState, winner: number): number {
  const list = book.lists.find(winner);
  if (list?.isPair !== true || list.isDecided || !list.hasLeg(winner)) return 0;
  list.isDecided = true;
  list.surplusOf = list.otherOf(winner).number;
  return list.surplusOf;
}

function followEnd(
  book: BookState,
  at: number,
  number: number,
  status: number,
  tradeSequence: number,
): void {
  const list = book.lists.find(number);
  if (list === null) return;
  book.lists.forget(number);
  if (number === list.working) {
    list.working = 0;
    if (!list.isPair) for (const leg of list.legs) book.lists.forget(leg.number);
    if (status === FILLED) enqueueLegs(book, list, tradeSequence);
    else for (const leg of list.legs) endForList(book, leg.number);
    return;
  }
  const endsOthers = !list.isDecided;
  if (list.isPair) releaseSurplus(book, list, at, number);
  if (!endsOthers) return;
  if (list.working !== 0) endForList(book, list.working);
  for (const leg of list.legs) if (leg.number !== number) endForList(book, leg.number);
}

/** The end of one of a pair leaves what the other one needs of their hold. */
function releaseSurplus(book: BookState, list: OrderList, at: number, number: number): void {
  const { events } = book;
  if (!list.isDecided || list.surplusOf === number) {
    events.setRelease(at, list.surplusAt(number));
    list.surplusOf = 0;
  }
  list.isDecided = true;
  events.sharedHolds.end(number);
}

function enqueueLegs({ waiting }: BookState, list: OrderList, tradeSequence: number): void {
  for (const { number } of list.legs) {
    const order = waiting.find(number);
    if (order !== null) waiting.enqueuePending(order, tradeSequence);
  }
}

/** Ends an order wherever it is; one that has ended already is left alone. */
function endForList(book: BookState, orderNumber: number): void {
  const unplaced = book.lists.takeUnplaced(orderNumber);
  if (unplaced !== null) endUnplaced(book, unplaced, CANCELLED, CANCELLED_BY_LIST);
  else endNumbered(book, orderNumber, CANCELLED_BY_LIST);
}
