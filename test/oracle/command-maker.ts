// Turns abstract specs into concrete commands, as the orders function would write them, with the
// naive books as the knowledge of what rests and what an order must hold.
import { holdOf, partsPerMillionUp, reservePpm } from './naive-amounts.ts';
import type { NaiveBook } from './naive-book.ts';
import type { NaiveShard } from './naive-shard.ts';
import { isRising } from './naive-triggers.ts';
import type {
  Amend,
  Bare,
  Market,
  MarketCommand,
  Order,
  Place,
  Side,
  Trigger,
} from './naive-types.ts';
import {
  MARKETS,
  PRICE_MAX,
  type AmendSpec,
  type PlaceSpec,
  type Spec,
  type TargetSpec,
  type TriggerSpec,
} from './command-specs.ts';
import { variantOf } from './market-variants.ts';

const COMMAND_WINDOW = 1_048_576;
const USER_FIRST = 11;

export type Step =
  | { readonly kind: 'command'; readonly market: Market; readonly command: MarketCommand }
  | { readonly kind: 'tick'; readonly timeMs: number }
  | { readonly kind: 'restore' };

type Numbered = Extract<Spec, { readonly market: number }>;

export class CommandMaker {
  readonly #shard: NaiveShard;
  readonly #sent: Step[] = [];
  /** Numbers that were left out and may still come, per market. */
  readonly #skipped = new Map<string, number[]>();
  /** The prelude of a run takes the first two numbers. */
  #last = 2;
  #nowMs = 1_000;

  constructor(shard: NaiveShard) {
    this.#shard = shard;
  }

  make(spec: Spec): Step {
    if (spec.kind === 'restore') return spec;
    if (spec.kind === 'repeat') {
      return this.#sent[this.#sent.length - 1 - spec.back] ?? { kind: 'restore' };
    }
    this.#nowMs += Math.max(0, spec.forwardMs);
    if (spec.kind === 'tick') return { kind: 'tick', timeMs: this.#nowMs };
    const market = MARKETS[spec.market % MARKETS.length] ?? MARKETS[0];
    const step: Step = { kind: 'command', market, command: this.#command(spec, market) };
    this.#sent.push(step);
    return step;
  }

  #command(spec: Numbered, market: Market): MarketCommand {
    const book = this.#shard.book(market);
    const number = this.#number(spec, book);
    const head = { number, timeMs: this.#nowMs + Math.min(0, spec.forwardMs) };
    switch (spec.kind) {
      case 'place':
        return { ...head, ...placeOf(spec, book, head.timeMs) };
      case 'cancel':
        return {
          kind: 'cancel',
          ...head,
          ...targetOf(spec, book),
          ...(spec.onlyIf === null ? {} : { onlyIf: spec.onlyIf }),
        };
      case 'amend':
        return { ...head, ...amendOf(spec, book) };
      case 'cancel_all':
        return {
          kind: 'cancel_all',
          ...head,
          userNumber: USER_FIRST + spec.user,
          ...(spec.side === null ? {} : { side: spec.side }),
        };
      case 'configure': {
        const present = book.config?.version ?? 0;
        const version = Math.max(1, spec.isNewer ? present + 1 : present);
        const config = variantOf(market, spec.variant, version);
        return { kind: 'configure_market', ...head, config, status: spec.status };
      }
    }
  }

  #number(spec: Numbered, book: NaiveBook): number {
    const skipped = this.#skipped.get(book.market) ?? [];
    this.#skipped.set(book.market, skipped);
    const edge = book.highest - COMMAND_WINDOW;
    switch (spec.numbering) {
      case 'late': {
        const late = skipped.shift();
        if (late !== undefined) return late;
        break;
      }
      case 'skip':
        skipped.push(this.#last + 1);
        this.#last += 1;
        break;
      case 'jump':
        this.#last += COMMAND_WINDOW - 3;
        break;
      case 'window_edge':
        if (edge > 0) return edge + 1;
        break;
      case 'too_old':
        if (edge > 0) return edge;
        break;
      case 'next':
        break;
    }
    this.#last += 1;
    return this.#last;
  }
}

/** Near the middle the sides overlap only in part, so that books grow deep and still cross. */
function priceOf(price: number, side: Side): number {
  return side === 'buy' && price >= 96 && price <= 106 ? price - 4 : price;
}

/** Orders with a trigger reach across the gap, so that what they trade triggers more. */
function placePriceOf({ price, side, trigger }: PlaceSpec): number {
  if (trigger === null || price < 96 || price > 106) return priceOf(price, side);
  return side === 'buy' ? price + 6 : price - 6;
}

function placeOf(spec: PlaceSpec, book: NaiveBook, timeMs: number): Bare<Place> {
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
    kind: 'place',
    userNumber: USER_FIRST + spec.user,
    type: isMarket ? 'market' : 'limit',
    timeInForce,
    postOnly: isPostOnly && (!isMarket || isOdd),
    selfTradePrevention: spec.mode,
    priceTicks: placePriceOf(spec),
    quantityLots: spec.lots,
    expiresAtMs: timeInForce === 'GTD' ? expiresAtMs : null,
    ...terms,
    ...amounts,
    ...(spec.trigger === null ? {} : { trigger: triggerOf(spec.trigger, spec.side, book) }),
  };
}

/** Near the last trade, so that a trade reaches several and what they trade reaches more. */
function triggerOf(spec: TriggerSpec, side: Side, book: NaiveBook): Trigger {
  const { kind, away } = spec;
  const last = spec.isFixed ? null : book.lastTicks;
  if (last === null) return { kind, priceTicks: spec.price };
  const near = last + (isRising(side, kind) ? away : -away);
  return { kind, priceTicks: Math.min(Math.max(1, near), PRICE_MAX) };
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
  const hold = holdOf(book.rules, spec, BigInt(placePriceOf(spec)), BigInt(spec.lots));
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

/** An order that rests or, now and then, waits. */
function presentOf(spec: TargetSpec, book: NaiveBook): Order | null {
  const waiting = book.waiting.map(({ order }) => order);
  const resting = spec.target === 'waiting' ? [] : [...book.buys, ...book.sells];
  const present = [...resting, ...waiting];
  return present[spec.pick % Math.max(1, present.length)] ?? null;
}

function targetOf(
  spec: TargetSpec,
  book: NaiveBook,
): { readonly userNumber: number; readonly orderNumber: number } {
  const order = presentOf(spec, book);
  if (order === null || spec.target === 'ended') {
    return { userNumber: USER_FIRST, orderNumber: Math.max(1, book.highest - spec.pick) };
  }
  const isForeign = spec.target === 'foreign';
  return { userNumber: order.user + (isForeign ? 1 : 0), orderNumber: order.number };
}

function amendOf(spec: AmendSpec, book: NaiveBook): Bare<Amend> {
  const target = targetOf(spec, book);
  const order = book.find(target.orderNumber);
  if (order === null) {
    const priceTicks = spec.price === 'same' ? 100 : spec.price;
    const holdIncreaseMinor = spec.hold === 'extra' ? '17' : '0';
    return { kind: 'amend', ...target, priceTicks, quantityLots: spec.step, holdIncreaseMinor };
  }
  const priceTicks = spec.price === 'same' ? Number(order.limit) : priceOf(spec.price, order.side);
  const quantityLots = amendedLots(spec, Number(order.original), order);
  const gone = order.original - order.remaining;
  const remaining = BigInt(quantityLots) - gone;
  const growth = holdOf(book.rules, order, BigInt(priceTicks), remaining) - book.holdLeft(order);
  const needed = growth > 0n && spec.hold !== 'short' ? growth : 0n;
  const increase = needed + (spec.hold === 'extra' ? 17n : 0n);
  return {
    kind: 'amend',
    ...target,
    priceTicks,
    quantityLots,
    holdIncreaseMinor: String(increase),
  };
}

function amendedLots(spec: AmendSpec, original: number, order: Order): number {
  switch (spec.lots) {
    case 'same':
      return original;
    case 'less':
      return Math.max(1, original - spec.step);
    case 'more':
      return original + spec.step;
    case 'not_above_gone':
      return Math.max(1, original - Number(order.remaining));
    case 'too_large':
      return Number.MAX_SAFE_INTEGER;
  }
}
