// What the naive book keeps of order lists, who ends for them, and the hold that the two orders of
// a pair share: "Lists" in docs/engine.md.
import { listIdOf } from './naive-amounts.ts';
import type { NaiveBook } from './naive-book.ts';
import type { Ended, Execution, PairHold } from './naive-events.ts';
import { orderOf, type Order } from './naive-orders.ts';
import type { Place, PlaceList } from './naive-types.ts';

/** An order of a list, as it is known before and while it is in the market. */
export interface Listed {
  readonly number: number;
  readonly command: Place;
  hasEnded: boolean;
}

/** How a pair was decided. */
interface Decision {
  readonly by: Listed;
  readonly sequence: number;
  readonly isByEnd: boolean;
}

export interface OrderList {
  readonly number: number;
  readonly working: Listed | null;
  /** One, or the two of a pair. */
  readonly orders: readonly Listed[];
  /** Of a pair; null as long as it is undecided. */
  decision: Decision | null;
}

export interface Pair {
  readonly list: OrderList;
  readonly own: Listed;
  readonly other: Listed;
}

/** The commands of a list's orders by rising number. */
export function commandsOf({ working, orders, userNumber, timeMs }: PlaceList): Place[] {
  const all = working === undefined ? orders : [working, ...orders];
  return all.map((order) => ({ ...order, kind: 'place', userNumber, timeMs }));
}

/** Lets the book know a list from now on. */
export function keepList(book: NaiveBook, command: PlaceList): OrderList {
  const listed = commandsOf(command).map((place) => {
    return { number: place.number, command: place, hasEnded: false };
  });
  const working = command.working === undefined ? null : (listed.shift() ?? null);
  const list = { number: command.number, working, orders: listed, decision: null };
  book.lists.set(list.number, list);
  return list;
}

function membersOf({ working, orders }: OrderList): Listed[] {
  return working === null ? [...orders] : [working, ...orders];
}

function listOf(book: NaiveBook, number: number): OrderList | null {
  const isIn = (list: OrderList): boolean => membersOf(list).some((each) => each.number === number);
  return [...book.lists.values()].find(isIn) ?? null;
}

/** The pair that an order belongs to. */
export function pairOf(book: NaiveBook, number: number): Pair | null {
  const list = listOf(book, number);
  const [first, second] = list?.orders ?? [];
  if (list === null || first === undefined || second === undefined) return null;
  if (number === first.number) return { list, own: first, other: second };
  return number === second.number ? { list, own: second, other: first } : null;
}

/** True from when the working order has ended, and where there is none. */
export function isWorkingOver({ working }: OrderList): boolean {
  return working === null || working.hasEnded;
}

/** How an event names the hold that it takes out of, if that is not the order's own. */
export function pairHoldOf(book: NaiveBook, { number }: Order): PairHold {
  const pair = pairOf(book, number);
  return pair === null ? {} : { holdId: listIdOf(pair.list.number) };
}

function holdOfPair({ own, other }: Pair): bigint {
  const [a, b] = [BigInt(own.command.holdMinor), BigInt(other.command.holdMinor)];
  return a > b ? a : b;
}

/** What an end releases, when it would release so much were the order's hold its own. */
export function endReleaseOf(book: NaiveBook, { number }: Order, release: bigint): bigint {
  const pair = pairOf(book, number);
  if (pair === null) return release;
  const { decision } = pair.list;
  const isLeftAlone = decision !== null && (decision.isByEnd || decision.by === pair.own);
  return isLeftAlone ? release : holdOfPair(pair) - BigInt(pair.other.command.holdMinor);
}

/** Notes what an event has decided: at once, for the ends behind it are told by that. */
export function noteDecision(book: NaiveBook, event: Execution): void {
  for (const number of changedBy(event)) {
    const pair = pairOf(book, number);
    if (pair !== null) decide(pair, event.sequence, event.kind === 'ended');
    if (event.kind !== 'ended') continue;
    const list = listOf(book, number);
    const ended = list === null ? [] : membersOf(list).filter((each) => each.number === number);
    for (const each of ended) each.hasEnded = true;
  }
}

function decide({ list, own }: Pair, sequence: number, isByEnd: boolean): void {
  list.decision ??= { by: own, sequence, isByEnd };
}

/** The orders that traded, were reduced or ended. */
function changedBy(event: Execution): number[] {
  if (event.kind === 'trade') return [event.taker, event.maker].map(numberIn);
  return event.kind === 'reduced' || event.kind === 'ended' ? [numberIn(event)] : [];
}

function numberIn({ orderId }: { readonly orderId: string }): number {
  return Number(orderId.slice(orderId.indexOf('_') + 1));
}

/** One of an undecided pair is triggered by its own trigger: the other one ends at once. */
export function decideByTrigger(book: NaiveBook, number: number): void {
  const pair = pairOf(book, number);
  if (pair === null || pair.list.decision !== null) return;
  decide(pair, book.sequence, false);
  endForList(book, [pair.other]);
}

/** Does what lists ask for after an event. */
export function followInLists(book: NaiveBook, event: Execution): void {
  const ending = changedBy(event).flatMap((number) => {
    const pair = pairOf(book, number);
    const isDecided = pair?.list.decision?.sequence === event.sequence;
    const others = pair !== null && isDecided ? [pair.other] : [];
    return event.kind === 'ended' ? [...others, ...endingAfter(book, event)] : others;
  });
  endForList(book, ending);
}

/** Who ends after the end of a working order, or of one that waits for it. */
function endingAfter(book: NaiveBook, event: Ended): readonly Listed[] {
  const number = numberIn(event);
  const list = listOf(book, number);
  if (list === null) return [];
  if (list.working?.number !== number) return isWorkingOver(list) ? [] : membersOf(list);
  if (event.status !== 'filled') return list.orders;
  for (const each of list.orders) {
    const waiting = book.findWaiting(each.number);
    if (waiting === null) continue;
    waiting.reachedBy = book.lastTradeOf(number);
    book.queue.push(waiting);
  }
  return [];
}

/** Ends orders where they are, by rising number; those that have ended are left alone. */
function endForList(book: NaiveBook, ending: readonly Listed[]): void {
  const reason = 'ORDER_CANCELLED_BY_LIST';
  const rising = [...new Set(ending)].sort((a, b) => a.number - b.number);
  for (const { number, command, hasEnded } of rising) {
    if (hasEnded) continue;
    const order = book.find(number) ?? book.findWaiting(number)?.order ?? null;
    if (order === null) {
      book.emitEnd(orderOf(command), 'cancelled', reason, BigInt(command.holdMinor));
    } else {
      book.end(order, 'cancelled', reason);
    }
  }
}

/** Lists that are over are known no longer. */
export function dropOverLists(book: NaiveBook): void {
  for (const list of [...book.lists.values()]) {
    const isPair = list.orders.length === 2;
    const isOver = isPair ? list.orders.every((each) => each.hasEnded) : isWorkingOver(list);
    if (isOver) book.lists.delete(list.number);
  }
}
