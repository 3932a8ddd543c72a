// LOBSTER messages. Orders that rested before the file begins, or beyond the ten recorded levels,
// have ids we never see: one order a level stands for them. An execution is an order from the other
// side.
import type { Side } from '../../../shared/domain/order.ts';
import { parseSteps, QUANTITY_LOTS_MAX } from '../../../shared/domain/market.ts';
import { formatDecimal } from '../../../shared/money/decimal.ts';
import { RowError, type FlowStep, type MarketSteps, type Recording } from '../flow.ts';
import { splitRow, ticksOf, wholeNumber } from './row-fields.ts';

const PRICE_DECIMALS = 4;
const COLUMNS = 6;
const KINDS = {
  placed: 1,
  reduced: 2,
  cancelled: 3,
  executed: 4,
  hidden: 5,
  halted: 7,
} as const;
/** LOBSTER writes these prices where a level is empty. */
const EMPTY_LEVEL = /^-?9999999999$/;

interface Message {
  readonly kind: number;
  readonly id: string;
  readonly size: number;
  readonly price: number;
  readonly side: Side;
}

interface Resting {
  readonly name: string;
  readonly side: Side;
  readonly price: number;
  /** Stands for orders whose ids we have not seen. */
  readonly standIn: boolean;
  /** What was ordered in all, less what was cancelled of it. */
  totalSize: number;
  leftSize: number;
}

/**
 * `bookRows` are the recorded books after each message, or empty when there are none; `sizeUnit` is
 * how much of the market's base one share stands for.
 */
export function readLobster(
  rows: readonly string[],
  bookRows: readonly string[],
  steps: MarketSteps,
  sizeUnit: string,
  firstRow: number,
): Recording {
  const messages = rows.map((text, at) => parseMessage(text, firstRow + at));
  const reader = new LobsterReader(steps, sizeUnit);
  const [first] = messages;
  const [firstBook] = bookRows;
  if (firstBook !== undefined && first !== undefined) {
    reader.startFrom(parseBook(firstBook, firstRow), first);
  }
  const stepsAfterRow = messages.map((message, at) => {
    const row = firstRow + at;
    reader.take(message, row);
    const book = bookRows[at];
    if (book !== undefined) reader.reveal(parseBook(book, row), row);
    return reader.flow.length;
  });
  const { flow, skipped, filledLots } = reader;
  return { steps: flow, rows: rows.length, stepsAfterRow, skipped, filledLots };
}

class LobsterReader {
  readonly flow: FlowStep[] = [];
  readonly filledLots = new Map<string, number>();
  readonly skipped = { unknown: 0, outcomes: 0, unfit: 0 };
  readonly #steps: MarketSteps;
  readonly #unitLots: number;
  readonly #orders = new Map<string, Resting>();
  /** What rests at a side and price, oldest first. */
  readonly #levels = new Map<string, Resting[]>();

  constructor(steps: MarketSteps, sizeUnit: string) {
    const unitLots = parseSteps(sizeUnit, steps.lotSize, QUANTITY_LOTS_MAX);
    if (typeof unitLots === 'string' || unitLots === 0) {
      throw new RangeError(`size unit ${sizeUnit} is no multiple of the lot ${steps.lotSize}`);
    }
    this.#steps = steps;
    this.#unitLots = unitLots;
  }

  /** The book before the first message: what is recorded after it, with the message undone. */
  startFrom(book: readonly BookLevel[], first: Message): void {
    for (const { side, price, size } of book) {
      let before = size;
      if (first.side === side && first.price === price) {
        before += first.kind === KINDS.placed ? -first.size : shrinkOf(first);
      }
      if (before > 0) this.#rest(`${side}${price}`, side, price, before, true);
    }
  }

  take(message: Message, row: number): void {
    const { kind, id, side, price, size } = message;
    if (kind === KINDS.hidden || kind === KINDS.halted) {
      this.skipped.outcomes += 1;
      return;
    }
    if (kind === KINDS.placed) {
      if (!this.#rest(id, side, price, size, false)) this.skipped.unfit += 1;
      return;
    }
    const resting = this.#orders.get(id) ?? this.#standInFor(message);
    if (resting === undefined || resting.leftSize < size) {
      this.skipped.unknown += 1;
      return;
    }
    if (kind === KINDS.executed) this.#execute(resting, message, row);
    else this.#shrink(resting, size);
  }

  /**
   * Levels come into the ten recorded ones with orders that were placed, or without orders that
   * were taken back, while nobody could see them: the recorded sizes tell.
   */
  reveal(book: readonly BookLevel[], row: number): void {
    for (const { side, price, size } of book) {
      const level = this.#levels.get(levelKey(side, price)) ?? [];
      const known = level.reduce((sum, resting) => sum + resting.leftSize, 0);
      if (known < size) this.#rest(`${side}${price}-${row}`, side, price, size - known, true);
      let surplus = known - size;
      for (const resting of level.toReversed()) {
        const gone = Math.min(surplus, resting.leftSize);
        if (gone <= 0) continue;
        this.#shrink(resting, gone);
        surplus -= gone;
      }
    }
  }

  #standInFor({ side, price, size }: Message): Resting | undefined {
    const level = this.#levels.get(levelKey(side, price)) ?? [];
    return level.find((resting) => resting.standIn && resting.leftSize >= size);
  }

  #execute(resting: Resting, message: Message, row: number): void {
    const taker = `x${row}`;
    const takerSide = message.side === 'buy' ? 'sell' : 'buy';
    this.#place(taker, takerSide, message.price, message.size, 'IOC');
    this.#takeOff(resting, message.size);
    const lots = message.size * this.#unitLots;
    this.filledLots.set(taker, lots);
    this.filledLots.set(resting.name, (this.filledLots.get(resting.name) ?? 0) + lots);
  }

  #shrink(resting: Resting, size: number): void {
    const { market } = this.#steps;
    const { name } = resting;
    resting.totalSize -= size;
    this.#takeOff(resting, size);
    if (resting.leftSize === 0) this.flow.push({ kind: 'cancel', market, name });
    else {
      const quantityLots = resting.totalSize * this.#unitLots;
      this.flow.push({ kind: 'reduce', market, name, quantityLots });
    }
  }

  #takeOff(resting: Resting, size: number): void {
    resting.leftSize -= size;
    if (resting.leftSize > 0) return;
    const key = levelKey(resting.side, resting.price);
    const level = this.#levels.get(key) ?? [];
    this.#levels.set(
      key,
      level.filter((other) => other !== resting),
    );
  }

  #rest(name: string, side: Side, price: number, size: number, standIn: boolean): boolean {
    if (!this.#place(name, side, price, size, 'GTC')) return false;
    const resting = { name, side, price, standIn, totalSize: size, leftSize: size };
    const key = levelKey(side, price);
    const level = this.#levels.get(key);
    if (level === undefined) this.#levels.set(key, [resting]);
    else level.push(resting);
    if (!standIn) this.#orders.set(name, resting);
    return true;
  }

  #place(name: string, side: Side, price: number, size: number, tif: 'GTC' | 'IOC'): boolean {
    const priceTicks = ticksOf(this.#steps, formatDecimal(BigInt(price), PRICE_DECIMALS));
    if (priceTicks === null) return false;
    const quantityLots = size * this.#unitLots;
    const { market } = this.#steps;
    const terms = { side, priceTicks, quantityLots, timeInForce: tif };
    this.flow.push({ kind: 'place', market, name, ...terms });
    return true;
  }
}

interface BookLevel {
  readonly side: Side;
  readonly price: number;
  readonly size: number;
}

function parseBook(text: string, row: number): BookLevel[] {
  const fields = text.split(',');
  const levels: BookLevel[] = [];
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [price, size] = [fields[at] ?? '', fields[at + 1]];
    if (EMPTY_LEVEL.test(price)) continue;
    levels.push({
      side: at % 4 === 0 ? 'sell' : 'buy',
      price: wholeNumber(price, row, 'the price of a level'),
      size: wholeNumber(size, row, 'the size of a level'),
    });
  }
  return levels;
}

/** How much the message took off its level. */
function shrinkOf(message: Message): number {
  const shrinks = [KINDS.reduced, KINDS.cancelled, KINDS.executed] as const;
  return shrinks.some((kind) => kind === message.kind) ? message.size : 0;
}

function levelKey(side: Side, price: number): string {
  return `${side} ${price}`;
}

function parseMessage(text: string, row: number): Message {
  const [time, kindText, id, size, price, direction] = splitRow(text, row, COLUMNS);
  if (time === undefined || !/^[0-9]+(\.[0-9]+)?$/.test(time)) {
    throw new RowError(row, 'the time is no number of seconds');
  }
  const kind = wholeNumber(kindText, row, 'the kind');
  if (!Object.values<number>(KINDS).includes(kind)) {
    throw new RowError(row, `the kind is unknown: ${kind}`);
  }
  if (direction !== '1' && direction !== '-1') {
    throw new RowError(row, `the direction is unknown: ${direction ?? ''}`);
  }
  // A halt carries -1, 0 or 1 for a price; nothing else of it is read.
  if (kind === KINDS.halted) return { kind, id: '', size: 0, price: 0, side: 'buy' };
  if (id === undefined || !/^[0-9]{1,20}$/.test(id)) throw new RowError(row, 'the id is no number');
  return {
    kind,
    id,
    size: wholeNumber(size, row, 'the size'),
    price: wholeNumber(price, row, 'the price'),
    side: direction === '1' ? 'buy' : 'sell',
  };
}
