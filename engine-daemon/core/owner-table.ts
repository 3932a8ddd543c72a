// The users that have resting orders in a market, each with a list of them: self-trades are found
// by comparing small integers, and cancel-all visits only the owner's orders. Owner 0 means "none".
import { OWNER, OWNER_NEXT, OWNER_PREV, ORDER_WORDS, type OrderPool } from './order-pool.ts';

const CAPACITY_MIN = 256;

export class OwnerTable {
  /** User number of each owner. */
  users = new Float64Array(CAPACITY_MIN);
  private readonly orders: OrderPool;
  private firstOrders = new Int32Array(CAPACITY_MIN);
  /** Resting orders of each owner. */
  private counts = new Int32Array(CAPACITY_MIN);
  /** Next owner in the bucket, or next free owner. */
  private chains = new Int32Array(CAPACITY_MIN);
  private buckets = new Int32Array(CAPACITY_MIN);
  private firstFree = 0;
  private firstUnused = 1;
  private count = 0;

  constructor(orders: OrderPool) {
    this.orders = orders;
  }

  /** The owner of this user number, or 0 when the user has no resting order. */
  find(userNumber: number): number {
    let owner = this.buckets[this.bucketOf(userNumber)] as number;
    while (owner !== 0 && this.users[owner] !== userNumber) {
      owner = this.chains[owner] as number;
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
    return this.firstOrders[owner] as number;
  }

  /** How many orders a user has here. */
  countOf(userNumber: number): number {
    const owner = this.find(userNumber);
    return owner === 0 ? 0 : (this.counts[owner] as number);
  }

  userOf(owner: number): number {
    return this.users[owner] as number;
  }

  get size(): number {
    return this.count;
  }

  /** Owners with resting orders. */
  *all(): Generator<number> {
    for (const first of this.buckets) {
      for (let owner = first; owner !== 0; owner = this.chains[owner] as number) yield owner;
    }
  }

  /** Puts the order on the list of its user and writes its OWNER. */
  add(slot: number, userNumber: number): void {
    let owner = this.find(userNumber);
    if (owner === 0) owner = this.open(userNumber);
    const words = this.orders.words;
    const at = slot * ORDER_WORDS;
    const first = this.firstOrders[owner] as number;
    words[at + OWNER] = owner;
    words[at + OWNER_PREV] = 0;
    words[at + OWNER_NEXT] = first;
    if (first !== 0) words[first * ORDER_WORDS + OWNER_PREV] = slot;
    this.firstOrders[owner] = slot;
    this.counts[owner] = (this.counts[owner] as number) + 1;
  }

  remove(slot: number): void {
    const words = this.orders.words;
    const at = slot * ORDER_WORDS;
    const owner = words[at + OWNER] as number;
    const next = words[at + OWNER_NEXT] as number;
    const prev = words[at + OWNER_PREV] as number;
    this.counts[owner] = (this.counts[owner] as number) - 1;
    if (next !== 0) words[next * ORDER_WORDS + OWNER_PREV] = prev;
    if (prev !== 0) {
      words[prev * ORDER_WORDS + OWNER_NEXT] = next;
    } else {
      this.firstOrders[owner] = next;
      if (next === 0) this.close(owner);
    }
  }

  bytes(): number {
    return (
      this.users.byteLength +
      this.firstOrders.byteLength +
      this.counts.byteLength +
      this.chains.byteLength +
      this.buckets.byteLength
    );
  }

  private open(userNumber: number): number {
    let owner = this.firstFree;
    if (owner !== 0) {
      this.firstFree = this.chains[owner] as number;
    } else {
      if (this.firstUnused === this.users.length) this.grow();
      owner = this.firstUnused;
      this.firstUnused += 1;
    }
    this.users[owner] = userNumber;
    this.firstOrders[owner] = 0;
    this.link(owner);
    this.count += 1;
    return owner;
  }

  private close(owner: number): void {
    const bucket = this.bucketOf(this.users[owner] as number);
    const next = this.chains[owner] as number;
    let at = this.buckets[bucket] as number;
    if (at === owner) {
      this.buckets[bucket] = next;
    } else {
      while ((this.chains[at] as number) !== owner) at = this.chains[at] as number;
      this.chains[at] = next;
    }
    this.users[owner] = 0;
    this.chains[owner] = this.firstFree;
    this.firstFree = owner;
    this.count -= 1;
  }

  private bucketOf(userNumber: number): number {
    return userNumber & (this.buckets.length - 1);
  }

  private link(owner: number): void {
    const bucket = this.bucketOf(this.users[owner] as number);
    this.chains[owner] = this.buckets[bucket] as number;
    this.buckets[bucket] = owner;
  }

  /** Only called when every owner is in use, so all of them belong in a bucket. */
  private grow(): void {
    const capacity = this.users.length * 2;
    const users = new Float64Array(capacity);
    const firstOrders = new Int32Array(capacity);
    const counts = new Int32Array(capacity);
    users.set(this.users);
    firstOrders.set(this.firstOrders);
    counts.set(this.counts);
    this.users = users;
    this.firstOrders = firstOrders;
    this.counts = counts;
    this.chains = new Int32Array(capacity);
    this.buckets = new Int32Array(capacity);
    for (let owner = 1; owner < this.firstUnused; owner += 1) this.link(owner);
  }
}
