// Turns the abstract spec of an order into a concrete command, with what it must hold.
import { PRICE_MAX, type PlaceSpec, type ReplaceSpec, type TriggerSpec } from './command-specs.ts';
import { holdOf, partsPerMillionUp, reservePpm } from './naive-amounts.ts';
import type { NaiveBook } from './naive-book.ts';
import { isCollecting } from './naive-phases.ts';
import { isRising } from './naive-triggers.ts';
import type { Bare, ListOrder, Place, Replaces, Side, Trigger } from './naive-types.ts';

export const USER_FIRST = 11;

/**
 * Near the middle the sides overlap only in part, so that books grow deep and still cross; while
 * the market collects they overlap all the more.
 */
export function priceOf(price: number, side: Side, isCollecting: boolean): number {
  if (isCollecting) return price;
  return side === 'buy' && price >= 96 && price <= 106 ? price - 4 : price;
}

/**
 * Orders with a trigger reach across the gap, so that what they trade triggers more. That of a
 * pegged order is at times better than what the book says, at times not.
 */
function placePriceOf({ price, side, trigger, peg }: PlaceSpec, book: NaiveBook): number {
  if (trigger === null || price < 96 || price > 106) {
    return peg === null ? priceOf(price, side, isCollecting(book.status)) : price;
  }
  return acrossOf(price, side);
}

/** Where an order takes what rests, most of the time. */
export function acrossOf(price: number, side: Side): number {
  return side === 'buy' ? price + 6 : price - 6;
}

export function placeOf(spec: PlaceSpec, book: NaiveBook, timeMs: number): Bare<Place> {
  const { user, replaces } = spec;
  return {
    kind: 'place',
    userNumber: USER_FIRST + user,
    ...orderOf(spec, book, timeMs),
    ...(replaces === null ? {} : { replaces: replacesOf(replaces, user, book) }),
  };
}

/** What an order is in a list or by itself. */
export function orderOf(
  spec: PlaceSpec,
  book: NaiveBook,
  timeMs: number,
): Omit<ListOrder, 'number'> {
  const isMarket = spec.sizing !== 'limit';
  // Where no other order is taken, every second one is post-only: enough rest to be amended.
  const isPostOnly = spec.postOnly || (book.status === 'post_only' && spec.lots % 2 === 1);
  // No client can send a market order with a limit order's words, but the engine has to know it.
  const isOdd = isPostOnly && spec.timeInForce !== 'FOK';
  const isIoc = isMarket && !isOdd && (spec.sizing === 'quote' || spec.timeInForce !== 'FOK');
  const timeInForce = isIoc ? 'IOC' : spec.timeInForce;
  const terms = {
    side: spec.side,
    makerFeePpm: spec.makerFeePpm,
    takerFeePpm: spec.takerFeePpm,
  };
  const amounts = amountsOf(spec, book);
  const expiresAtMs = Math.max(0, Math.max(timeMs, book.nowMs) + spec.expiryMs);
  return {
    type: isMarket ? 'market' : 'limit',
    timeInForce,
    postOnly: isPostOnly && (!isMarket || isOdd),
    selfTradePrevention: spec.mode,
    priceTicks: placePriceOf(spec, book),
    quantityLots: spec.lots,
    expiresAtMs: timeInForce === 'GTD' ? expiresAtMs : null,
    ...terms,
    ...amounts,
    ...(spec.trigger === null ? {} : { trigger: triggerOf(spec.trigger, spec.side, book) }),
    ...(spec.displayLots === null ? {} : { displayLots: spec.displayLots }),
    ...(spec.tradeGroup === null ? {} : { tradeGroup: spec.tradeGroup }),
    ...(spec.peg === null ? {} : { peg: spec.peg }),
  };
}

/** Near the last trade, so that a trade reaches several and what they trade reaches more. */
function triggerOf(spec: TriggerSpec, side: Side, book: NaiveBook): Trigger {
  const { kind, away, trailBps } = spec;
  const last = spec.isFixed ? null : book.lastTicks;
  if (kind === 'trailing_stop') {
    if (!spec.hasPrice) return { kind, trailBps };
    // It is activated by a price to the owner's liking: the other way than it is reached.
    const activation = last === null ? spec.price : last + (side === 'sell' ? away : -away);
    return { kind, trailBps, activationPriceTicks: inRange(activation) };
  }
  if (last === null) return { kind, priceTicks: spec.price };
  return { kind, priceTicks: inRange(last + (isRising(side, kind) ? away : -away)) };
}

function inRange(priceTicks: number): number {
  return Math.min(Math.max(1, priceTicks), PRICE_MAX);
}

/** An order of the same user as far as there is one, but for those that must not be. */
function replacesOf(spec: ReplaceSpec, user: number, book: NaiveBook): Replaces {
  const { pick, target, onFailure, onlyIf } = spec;
  const waiting = book.waiting.map(({ order }) => order);
  const present = target === 'waiting' ? waiting : [...book.buys, ...book.sells];
  const isForeign = target === 'foreign';
  const named = present.filter((order) => (order.user === USER_FIRST + user) !== isForeign);
  const order = target === 'ended' ? undefined : named[pick % Math.max(1, named.length)];
  const orderNumber = order?.number ?? Math.max(1, book.highest - pick);
  return { orderNumber, onFailure, ...(onlyIf === null ? {} : { onlyIf }) };
}

function amountsOf(
  spec: PlaceSpec,
  book: NaiveBook,
): { readonly quoteBudgetMinor: string | null; readonly holdMinor: string } {
  const isByQuote = spec.sizing === 'quote';
  if (book.config === null) {
    return { quoteBudgetMinor: isByQuote ? '77' : null, holdMinor: '12345678901234567890' };
  }
  const { config, scale } = book.rules;
  const hold = holdOf(book.rules, spec, BigInt(placePriceOf(spec, book)), BigInt(spec.lots));
  // A budget on a limit order means nothing; it must not be taken for one.
  const stray = spec.sizing === 'limit' && spec.budgetExtra === 77 ? '5' : null;
  if (!isByQuote) return { quoteBudgetMinor: stray, holdMinor: String(hold) };
  // Enough for a few lots, or not for one where a trigger may fire, and for a part of a lot.
  const lots = BigInt(spec.trigger === null ? Math.min(spec.lots, 40) : spec.lots % 4);
  const perLot = scale.tickLotMinor * 100n;
  const budget = lots * perLot + (BigInt(spec.budgetExtra) * scale.tickLotMinor) / 2n + 1n;
  if (spec.side === 'sell') return { quoteBudgetMinor: String(budget), holdMinor: String(hold) };
  const fee = partsPerMillionUp(budget, reservePpm(config, spec));
  const slack = BigInt(spec.budgetExtra % 3);
  return { quoteBudgetMinor: String(budget), holdMinor: String(budget + fee + slack) };
}
