// The price levels of one side of a market: at each price a queue of orders in priority order and
// their total. Each side has its own index: while a market collects, both may rest at one price.
import { assert } from '../../shared/domain/failure.ts';
import { BUY, type SideCode } from './codes.ts';
import {
  LEVEL,
  NEXT,
  ORDER_DOUBLES,
  ORDER_WORDS,
  PREV,
  REMAINING,
  type OrderPool,
} from './order-pool.ts';
import { PAGE_PRICES, PriceIndex } from './price-index.ts';

/** A level's record: its total as a double, then the first and the last order of the queue. */
const LEVEL_DOUBLES = 2;
const LEVEL_WORDS = 4;
const HEAD = 2;
const TAIL = 3;

const TOUCHED_MIN = 256;
/** One more than the greatest safe integer: what one carry of a total is worth. */
const CARRY_LOTS = 2 ** 53;

export class PriceLevels {
  readonly index = new PriceIndex();
  readonly side: SideCode;
  /** Level of the highest buy or of the lowest sell; 0 when the side is empty. */
  best = 0;
  private readonly orders: OrderPool;
  private doubles: Float64Array;
  private words: Int32Array;
  private capacity = 0;
  /** A total beyond 2^53 - 1 keeps its multiples of 2^53 here, so that it stays exact. */
  private readonly carries = new Map<number, number>();
  /** 1 while the level stands in `touched`. */
  private isTouched = new Uint8Array(0);
  private touched = new Int32Array(TOUCHED_MIN);
  private touchedCount = 0;

  constructor(orders: OrderPool, side: SideCode) {
    this.orders = orders;
    this.side = side;
    this.doubles = new Float64Array(0);
    this.words = new Int32Array(0);
    this.reserve();
  }

  priceOf(level: number): number {
    return this.index.priceOf(level);
  }

  firstOrder(level: number): number {
    return this.words[level * LEVEL_WORDS + HEAD] as number;
  }

  /** The next level away from the middle, or 0. */
  next(level: number): number {
    const price = this.index.priceOf(level);
    return this.side === BUY ? this.index.below(price) : this.index.above(price);
  }

  /** Total open lots at a level; 2^53 - 1 stands for anything above it. */
  totalOf(level: number): number {
    if (this.carries.size > 0 && this.carries.has(level)) return Number.MAX_SAFE_INTEGER;
    return this.doubles[level * LEVEL_DOUBLES] as number;
  }

  /** Puts an order behind all others at its price. Its REMAINING must be written already. */
  add(slot: number, price: number): void {
    const level = this.index.obtain(price);
    if (level >= this.capacity) this.reserve();
    const orderWords = this.orders.words;
    const words = this.words;
    const at = slot * ORDER_WORDS;
    const tail = words[level * LEVEL_WORDS + TAIL] as number;
    orderWords[at + LEVEL] = level;
    orderWords[at + NEXT] = 0;
    orderWords[at + PREV] = tail;
    words[level * LEVEL_WORDS + TAIL] = slot;
    if (tail !== 0) {
      orderWords[tail * ORDER_WORDS + NEXT] = slot;
    } else {
      words[level * LEVEL_WORDS + HEAD] = slot;
      this.index.mark(level);
      this.improveBest(level, price);
    }
    this.addLots(level, this.orders.doubles[slot * ORDER_DOUBLES + REMAINING] as number);
  }

  /** Takes an order out of its queue, wherever it stands. */
  remove(slot: number): void {
    const orderWords = this.orders.words;
    const words = this.words;
    const at = slot * ORDER_WORDS;
    const level = orderWords[at + LEVEL] as number;
    const next = orderWords[at + NEXT] as number;
    const prev = orderWords[at + PREV] as number;
    if (next !== 0) {
      orderWords[next * ORDER_WORDS + PREV] = prev;
    } else {
      words[level * LEVEL_WORDS + TAIL] = prev;
    }
    if (prev !== 0) {
      orderWords[prev * ORDER_WORDS + NEXT] = next;
    } else {
      words[level * LEVEL_WORDS + HEAD] = next;
    }
    this.takeLots(level, this.orders.doubles[slot * ORDER_DOUBLES + REMAINING] as number);
    if ((next | prev) === 0) this.close(level);
  }

  /** Some of an order at this level is gone, by a trade or otherwise. */
  takeLots(level: number, lots: number): void {
    const at = level * LEVEL_DOUBLES;
    const total = this.doubles[at] as number;
    this.doubles[at] = lots <= total ? total - lots : this.borrow(level, total, lots);
    this.touch(level);
  }

  /** An order at this level shows more than before. */
  addLots(level: number, lots: number): void {
    const at = level * LEVEL_DOUBLES;
    const total = this.doubles[at] as number;
    if (total + lots <= Number.MAX_SAFE_INTEGER) {
      this.doubles[at] = total + lots;
    } else {
      this.doubles[at] = total - (CARRY_LOTS - lots);
      this.carries.set(level, (this.carries.get(level) ?? 0) + 1);
    }
    this.touch(level);
  }

  /** Levels that changed since the last `clearTouched`, unsorted. */
  touchedLevels(): Int32Array {
    return this.touched.subarray(0, this.touchedCount);
  }

  clearTouched(): void {
    for (let at = 0; at < this.touchedCount; at += 1) {
      this.isTouched[this.touched[at] as number] = 0;
    }
    this.touchedCount = 0;
    this.index.recycle();
  }

  bytes(): number {
    return (
      this.doubles.byteLength +
      this.isTouched.byteLength +
      this.touched.byteLength +
      this.index.bytes()
    );
  }

  private improveBest(level: number, price: number): void {
    if (this.best !== 0) {
      const best = this.priceOf(this.best);
      if (this.side === BUY ? price <= best : price >= best) return;
    }
    this.best = level;
  }

  private close(level: number): void {
    this.index.unmark(level);
    if (level === this.best) this.best = this.next(level);
  }

  private borrow(level: number, total: number, lots: number): number {
    const carry = this.carries.get(level) ?? 0;
    assert(carry > 0, 'more lots leave a level than it holds');
    if (carry === 1) this.carries.delete(level);
    else this.carries.set(level, carry - 1);
    return total + (CARRY_LOTS - lots);
  }

  private touch(level: number): void {
    if (this.isTouched[level] !== 0) return;
    this.isTouched[level] = 1;
    if (this.touchedCount === this.touched.length) {
      const touched = new Int32Array(2 * this.touchedCount);
      touched.set(this.touched);
      this.touched = touched;
    }
    this.touched[this.touchedCount] = level;
    this.touchedCount += 1;
  }

  /** Follows the growth of the index. */
  private reserve(): void {
    this.capacity = this.index.pageCapacity * PAGE_PRICES;
    const doubles = new Float64Array(this.capacity * LEVEL_DOUBLES);
    const isTouched = new Uint8Array(this.capacity);
    doubles.set(this.doubles);
    isTouched.set(this.isTouched);
    this.doubles = doubles;
    this.words = new Int32Array(doubles.buffer);
    this.isTouched = isTouched;
  }
}
