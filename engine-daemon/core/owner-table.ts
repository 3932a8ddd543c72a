// The users that have resting orders in a market, each with a list of them: self-trades are found
// by comparing small integers, and cancel-all visits only the owner's orders. Owner 0 means "none".
import { OWNER, OWNER_NEXT, OWNER_PREV, ORDER_WORDS, type OrderPool } from './order-pool.ts';

/** An owner's record: the user number as a double, then three words. */
const RECORD_DOUBLES = 4;
const RECORD_WORDS = 8;
const FIRST_ORDER = 2;
/** Next owner in the bucket, or next free owner. */
const CHAIN = 3;
/** Resting orders of the owner. */
const COUNT = 4;

const CAPACITY_MIN = 256;

export class OwnerTable {
  private readonly orders: OrderPool;
  /** All of an owner in one place: an order that comes or goes touches most of it. */
  private doubles = new Float64Array(CAPACITY_MIN * RECORD_DOUBLES);
  private words = new Int32Array(this.doubles.buffer);
  private buckets = new Int32Array(CAPACITY_MIN);
  private capacity = CAPACITY_MIN;
  private firstFree = 0;
  private firstUnused = 1;
  private count = 0;

  constructor(orders: OrderPool) {
    this.orders = orders;
  }

  /** The owner of this user number, or 0 when the user has no resting order. */
  find(userNumber: number): number {
    let owner = this.buckets[this.bucketOf(userNumber)] as number;
    while (owner !== 0 && this.doubles[owner * RECORD_DOUBLES] !== userNumber) {
      owner = this.words[owner * RECORD_WORDS + CHAIN] as number;
    }
    return owner;
  }

  /** Slots of a user's orders, in no order that means anything. */
  slotsOf(userNumber: number): number[] {
    const slots: number[] = [];
    const owner = this.find(userNumber);
    let slot = owner === 0 ? 0 : this.firstOrderOf(owner);
    while (slot !== 0) {
      slots.push(slot);
      slot = this.orders.wordOf(slot, OWNER_NEXT);
    }
    return slots;
  }

  /** First of the owner's resting orders; follow OWNER_NEXT. Their order means nothing. */
  firstOrderOf(owner: number): number {
    return this.words[owner * RECORD_WORDS + FIRST_ORDER] as number;
  }

  /** How many orders a user has here. */
  countOf(userNumber: number): number {
    const owner = this.find(userNumber);
    return owner === 0 ? 0 : (this.words[owner * RECORD_WORDS + COUNT] as number);
  }

  userOf(owner: number): number {
    return this.doubles[owner * RECORD_DOUBLES] as number;
  }

  get size(): number {
    return this.count;
  }

  /** Owners with resting orders. */
  *all(): Generator<number> {
    for (const first of this.buckets) {
      for (let owner = first; owner !== 0; owner = this.chainOf(owner)) yield owner;
    }
  }

  /** Puts the order on the list of its user and writes its OWNER. */
  add(slot: number, userNumber: number): void {
    let owner = this.find(userNumber);
    if (owner === 0) owner = this.open(userNumber);
    const words = this.orders.words;
    const at = slot * ORDER_WORDS;
    const ownerAt = owner * RECORD_WORDS;
    const first = this.words[ownerAt + FIRST_ORDER] as number;
    words[at + OWNER] = owner;
    words[at + OWNER_PREV] = 0;
    words[at + OWNER_NEXT] = first;
    if (first !== 0) words[first * ORDER_WORDS + OWNER_PREV] = slot;
    this.words[ownerAt + FIRST_ORDER] = slot;
    this.words[ownerAt + COUNT] = (this.words[ownerAt + COUNT] as number) + 1;
  }

  remove(slot: number): void {
    const words = this.orders.words;
    const at = slot * ORDER_WORDS;
    const owner = words[at + OWNER] as number;
    const next = words[at + OWNER_NEXT] as number;
    const prev = words[at + OWNER_PREV] as number;
    const ownerAt = owner * RECORD_WORDS;
    this.words[ownerAt + COUNT] = (this.words[ownerAt + COUNT] as number) - 1;
    if (next !== 0) words[next * ORDER_WORDS + OWNER_PREV] = prev;
    if (prev !== 0) {
      words[prev * ORDER_WORDS + OWNER_NEXT] = next;
    } else {
      this.words[ownerAt + FIRST_ORDER] = next;
      if (next === 0) this.close(owner);
    }
  }

  bytes(): number {
    return this.doubles.byteLength + this.buckets.byteLength;
  }

  private chainOf(owner: number): number {
    return this.words[owner * RECORD_WORDS + CHAIN] as number;
  }

  private open(userNumber: number): number {
    let owner = this.firstFree;
    if (owner !== 0) {
      this.firstFree = this.chainOf(owner);
    } else {
      if (this.firstUnused === this.capacity) this.grow();
      owner = this.firstUnused;
      this.firstUnused += 1;
    }
    this.doubles[owner * RECORD_DOUBLES] = userNumber;
    this.words[owner * RECORD_WORDS + FIRST_ORDER] = 0;
    this.link(owner);
    this.count += 1;
    return owner;
  }

  private close(owner: number): void {
    const bucket = this.bucketOf(this.userOf(owner));
    const next = this.chainOf(owner);
    let at = this.buckets[bucket] as number;
    if (at === owner) {
      this.buckets[bucket] = next;
    } else {
      while (this.chainOf(at) !== owner) at = this.chainOf(at);
      this.words[at * RECORD_WORDS + CHAIN] = next;
    }
    this.doubles[owner * RECORD_DOUBLES] = 0;
    this.words[owner * RECORD_WORDS + CHAIN] = this.firstFree;
    this.firstFree = owner;
    this.count -= 1;
  }

  private bucketOf(userNumber: number): number {
    return userNumber & (this.buckets.length - 1);
  }

  private link(owner: number): void {
    const bucket = this.bucketOf(this.userOf(owner));
    this.words[owner * RECORD_WORDS + CHAIN] = this.buckets[bucket] as number;
    this.buckets[bucket] = owner;
  }

  /** Only called when every owner is in use, so all of them belong in a bucket. */
  private grow(): void {
    this.capacity *= 2;
    const doubles = new Float64Array(this.capacity * RECORD_DOUBLES);
    doubles.set(this.doubles);
    this.doubles = doubles;
    this.words = new Int32Array(doubles.buffer);
    this.buckets = new Int32Array(this.capacity);
    for (let owner = 1; owner < this.firstUnused; owner += 1) this.link(owner);
  }
}
