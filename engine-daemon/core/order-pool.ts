// The resting orders of a market as 64-byte records in one buffer: a random cancel then touches one
// or two cache lines instead of one per field. Slot 0 is never used and means "no order".
import { assert } from '../../shared/domain/failure.ts';
import { Icebergs } from './icebergs.ts';

/** Record size in doubles and in 32-bit words; both views lie over the same buffer. */
export const ORDER_DOUBLES = 8;
export const ORDER_WORDS = 16;

/** Offsets of a record's doubles. What an iceberg hides is not in REMAINING: see `leftOf`. */
export const NUMBER = 0;
export const REMAINING = 1;
export const ORIGINAL = 2;

/** Offsets of a record's words; the first six words are the three doubles. */
export const LEVEL = 6;
export const NEXT = 7;
export const PREV = 8;
export const OWNER = 9;
export const OWNER_NEXT = 10;
export const OWNER_PREV = 11;
export const TERMS = 12;
export const CHAIN = 13;
/** Trade group, 0 for none. */
export const GROUP = 14;
/** Place in the table of icebergs, 0 for an order that is none. */
export const ICEBERG = 15;

const CAPACITY_MIN = 1_024;
/** Every slot number stays a small integer and a word index stays below 2^31. */
const CAPACITY_MAX = 128_000_000;

export class OrderPool {
  doubles: Float64Array;
  words: Int32Array;
  readonly icebergs = new Icebergs();
  /** Orders in use. */
  count = 0;
  private capacity = CAPACITY_MIN;
  private firstFree = 0;
  private firstUnused = 1;

  constructor() {
    const buffer = new ArrayBuffer(this.capacity * ORDER_DOUBLES * 8);
    this.doubles = new Float64Array(buffer);
    this.words = new Int32Array(buffer);
  }

  /** A slot whose links are zero. May move the buffer: views taken before are stale afterwards. */
  allocate(): number {
    this.count += 1;
    const slot = this.firstFree;
    if (slot !== 0) {
      this.firstFree = this.words[slot * ORDER_WORDS + NEXT] as number;
      this.words[slot * ORDER_WORDS + NEXT] = 0;
      return slot;
    }
    if (this.firstUnused === this.capacity) this.grow();
    this.firstUnused += 1;
    return this.firstUnused - 1;
  }

  free(slot: number): void {
    const doubles = this.doubles;
    const words = this.words;
    const wordsAt = slot * ORDER_WORDS;
    const iceberg = words[wordsAt + ICEBERG] as number;
    if (iceberg !== 0) {
      this.icebergs.remove(iceberg);
      words[wordsAt + ICEBERG] = 0;
    }
    doubles[slot * ORDER_DOUBLES + NUMBER] = 0;
    words[wordsAt + LEVEL] = 0;
    words[wordsAt + NEXT] = this.firstFree;
    words[wordsAt + PREV] = 0;
    this.firstFree = slot;
    this.count -= 1;
  }

  numberOf(slot: number): number {
    return this.doubles[slot * ORDER_DOUBLES + NUMBER] as number;
  }

  /** What the order shows on the book, in lots. */
  shownOf(slot: number): number {
    return this.doubles[slot * ORDER_DOUBLES + REMAINING] as number;
  }

  /** All that remains of the order, in lots. */
  leftOf(slot: number): number {
    const shown = this.doubles[slot * ORDER_DOUBLES + REMAINING] as number;
    const iceberg = this.words[slot * ORDER_WORDS + ICEBERG] as number;
    return iceberg === 0 ? shown : shown + this.icebergs.hiddenOf(iceberg);
  }

  /**
   * Writes what remains of an order; an iceberg shows so much of it. Answers what it shows more
   * than before.
   */
  setLeft(slot: number, lots: number, shownMax: number): number {
    const at = slot * ORDER_DOUBLES + REMAINING;
    const before = this.doubles[at] as number;
    const iceberg = this.words[slot * ORDER_WORDS + ICEBERG] as number;
    const shown = iceberg === 0 ? lots : Math.min(lots, shownMax);
    if (iceberg !== 0) this.icebergs.setHidden(iceberg, lots - shown);
    this.doubles[at] = shown;
    return shown - before;
  }

  /** Display quantity of an iceberg; 0 for any other order. */
  displayOf(slot: number): number {
    const iceberg = this.words[slot * ORDER_WORDS + ICEBERG] as number;
    return iceberg === 0 ? 0 : this.icebergs.displayOf(iceberg);
  }

  originalOf(slot: number): number {
    return this.doubles[slot * ORDER_DOUBLES + ORIGINAL] as number;
  }

  wordOf(slot: number, offset: number): number {
    return this.words[slot * ORDER_WORDS + offset] as number;
  }

  /** Every slot in use is below this. */
  get slots(): number {
    return this.capacity;
  }

  /** Makes room for so many orders at once: growing on the way copies the pool many times. */
  reserve(orders: number): void {
    if (orders < this.capacity) return;
    this.resize(orders + 1);
  }

  bytes(): number {
    return this.doubles.byteLength + this.icebergs.bytes();
  }

  /** By a quarter, not by doubling: a book wastes at most a fifth of the buffer. */
  private grow(): void {
    this.resize(this.capacity + (this.capacity >>> 2));
  }

  private resize(capacity: number): void {
    assert(capacity <= CAPACITY_MAX, `a market holds at most ${CAPACITY_MAX} resting orders`);
    const doubles = new Float64Array(capacity * ORDER_DOUBLES);
    doubles.set(this.doubles);
    this.doubles = doubles;
    this.words = new Int32Array(doubles.buffer);
    this.capacity = capacity;
  }
}
