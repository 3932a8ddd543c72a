// Walks the whole state of a market and checks that its parts agree. For tests and for what came
// out of a snapshot; far too slow for every command.
import { assert } from '../../shared/domain/failure.ts';
import { isContinuous } from '../../shared/domain/market.ts';
import type { BookState } from './book-state.ts';
import { BUY, type SideCode } from './codes.ts';
import { checkLists } from './list-invariants.ts';
import type { MarketBook } from './market-book.ts';
import { LEVEL, NEXT, OWNER, OWNER_NEXT, OWNER_PREV, PREV, TERMS } from './order-pool.ts';
import { expires, sideOf } from './order-terms.ts';
import type { PriceLevels } from './price-levels.ts';

/** Throws AssertionError naming what does not hold. */
export function checkInvariants(book: MarketBook): void {
  const { state } = book;
  const buys = checkSide(state, state.buys);
  const sells = checkSide(state, state.sells);
  const { rules } = state;
  // Orders that were collected stay crossed when the market is halted before it is uncrossed.
  const mayBeCrossed = rules !== null && !isContinuous(rules.status);
  assert(mayBeCrossed || !state.isCrossed(), 'the book is crossed');
  const { orders, ids } = state;
  assert(orders.count === buys + sells, 'the pool counts other orders than the levels hold');
  assert(ids.size === orders.count, 'the id table counts other orders than the pool');
  checkOwners(state);
  checkExpiry(state);
  state.waiting.check(state.lastTicks);
  checkLists(state);
  checkPhases(state);
  checkUsers(state);
}

/** Answers how many orders rest on the side. */
function checkSide(state: BookState, levels: PriceLevels): number {
  const { orders } = state;
  const { side, index } = levels;
  let count = 0;
  let lastPrice = side === BUY ? Number.POSITIVE_INFINITY : 0;
  for (let level = levels.best; level !== 0; level = levels.next(level)) {
    const price = levels.priceOf(level);
    assert(side === BUY ? price < lastPrice : price > lastPrice, 'levels are out of order');
    assert(index.isMarked(level), 'a level is linked but not marked');
    assert(index.find(price) === level, 'a price finds another level');
    lastPrice = price;
    let total = 0;
    let prev = 0;
    for (let slot = levels.firstOrder(level); slot !== 0; slot = orders.wordOf(slot, NEXT)) {
      assert(orders.wordOf(slot, PREV) === prev, 'a queue has a broken link');
      assert(orders.wordOf(slot, LEVEL) === level, 'an order names another level');
      checkOrder(state, slot, side);
      // As the levels do it: exact up to 2^53 - 1, and held there.
      total = Math.min(total + orders.shownOf(slot), Number.MAX_SAFE_INTEGER);
      prev = slot;
      count += 1;
    }
    assert(prev !== 0, 'a level is empty');
    assert(total === levels.totalOf(level), 'a level has another total than its orders');
  }
  const extreme = side === BUY ? highestOf(levels) : index.lowest();
  assert(extreme === levels.best, 'a best is lost');
  return count;
}

function checkOrder(state: BookState, slot: number, side: SideCode): void {
  const { orders } = state;
  const remaining = orders.leftOf(slot);
  const original = orders.originalOf(slot);
  assert(Number.isSafeInteger(remaining) && remaining > 0, 'an order has nothing left');
  const shown = orders.shownOf(slot);
  const display = orders.displayOf(slot);
  assert(shown > 0 && shown <= remaining, 'an order shows nothing, or more than it has');
  assert(display === 0 ? shown === remaining : shown <= display, 'an order shows too much');
  assert(Number.isSafeInteger(original) && original >= remaining, 'an order has grown');
  assert(sideOf(orders.wordOf(slot, TERMS)) === side, 'an order rests on the other side');
  assert(state.ids.find(orders.numberOf(slot)) === slot, 'an order number finds another order');
  const hasPlace = state.expiry.placeOf(slot) !== 0;
  assert(hasPlace === expires(orders.wordOf(slot, TERMS)), 'an expiry is lost or left behind');
  const user = state.owners.userOf(orders.wordOf(slot, OWNER));
  assert(state.owners.find(user) === orders.wordOf(slot, OWNER), 'an order names no owner');
}

/** The highest marked level of a side, or 0; found by its neighbours. */
function highestOf(levels: PriceLevels): number {
  let level = levels.index.lowest();
  while (level !== 0) {
    const above = levels.index.above(levels.priceOf(level));
    if (above === 0) break;
    level = above;
  }
  return level;
}

/** Every order is on exactly the list of its owner. */
function checkOwners(state: BookState): void {
  const { orders, owners } = state;
  const isSeen = new Uint8Array(orders.slots);
  let seen = 0;
  for (const owner of owners.all()) {
    let prev = 0;
    let slot = owners.firstOrderOf(owner);
    assert(slot !== 0, 'an owner has no order');
    for (; slot !== 0; slot = orders.wordOf(slot, OWNER_NEXT)) {
      assert(isSeen[slot] === 0, 'an order is on two lists');
      assert(orders.wordOf(slot, OWNER) === owner, 'an order is on the list of another owner');
      assert(orders.wordOf(slot, OWNER_PREV) === prev, 'a list of an owner has a broken link');
      isSeen[slot] = 1;
      seen += 1;
      prev = slot;
    }
  }
  for (const owner of owners.all()) {
    const user = owners.userOf(owner);
    assert(owners.countOf(user) === owners.slotsOf(user).length, 'an owner is miscounted');
  }
  assert(seen === orders.count, 'an order is on no list of an owner');
}

function checkExpiry(state: BookState): void {
  for (const slot of state.expiry.all()) {
    assert(expires(state.orders.wordOf(slot, TERMS)), 'an order without expiry is in the heap');
    assert(state.expiry.isInOrder(slot), 'the expiry heap is out of order');
  }
}

/** What a market does by itself later must be what it could have come to. */
function checkPhases(state: BookState): void {
  const { rules, schedule, interrupted, indicated, range } = state;
  const status = rules?.status;
  assert(rules !== null || schedule.length === 0, 'a market has a schedule and no status');
  schedule.forEach(({ atMs }, at) => {
    assert(at === 0 || atMs > (schedule[at - 1]?.atMs ?? 0), 'a schedule is out of order');
  });
  if (interrupted !== null) {
    assert(range !== null, 'a market without interruptions is interrupted');
    assert(status === 'halted' || status === 'auction', 'an interrupted market goes on');
    assert(isContinuous(interrupted.before), 'what was interrupted did not move');
    assert(interrupted.untilMs > state.nowMs, 'an interruption should be over');
  }
  if (indicated !== null) {
    assert(status === 'auction', 'an auction is told of that is none');
    assert(indicated.second * 1_000 <= state.nowMs, 'an auction was looked at later than now');
    const { priceTicks, lots } = indicated;
    assert((priceTicks === 0) === (lots === 0), 'an auction has a price without lots');
  }
  checkTrades(state);
}

function checkTrades({ range, lastTicks, lastTradeMs, hasReference, nowMs }: BookState): void {
  assert(lastTradeMs <= nowMs, 'a trade is later than now');
  assert(lastTicks > 0 || (lastTradeMs === 0 && !hasReference), 'a trade has no price');
  if (range === null) return;
  range.check();
  assert(range.lowest === 0 || hasReference, 'there is a range without a reference');
}

/** A market that was never configured or is delisted has nothing; a blocked user has no order. */
function checkUsers(state: BookState): void {
  const { rules, owners, waiting, deadmen, blocked } = state;
  const isOpen = rules !== null && rules.status !== 'delisted';
  assert(isOpen || state.openOrders === 0, 'a market has orders that it cannot have');
  const users = deadmen.size + blocked.size;
  assert(rules !== null || users === 0, 'a market knows users before it is configured');
  for (const user of blocked) {
    assert(owners.countOf(user) + waiting.countOf(user) === 0, 'a blocked user has orders');
  }
  for (const [, deadlineMs] of deadmen.all()) {
    assert(deadlineMs > state.nowMs, 'a dead-man deadline has passed');
  }
}
