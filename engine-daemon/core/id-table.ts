// Finds a resting order by its number. Chained through the records, so that adding probes nothing
// and removing moves nothing; one bucket an order keeps the chains at one or two.
import { assert } from '../../shared/domain/failure.ts';
import { CHAIN, NUMBER, ORDER_DOUBLES, ORDER_WORDS, type OrderPool } from './order-pool.ts';

const BUCKETS_MIN = 1_024;

export class IdTable {
  private readonly orders: OrderPool;
  private buckets = new Int32Array(BUCKETS_MIN);
  private count = 0;

  constructor(orders: OrderPool) {
    this.orders = orders;
  }

  /** Makes room for so many orders at once; only while none is here. */
  reserve(orders: number): void {
    assert(this.count === 0, 'the id table has orders already');
    let buckets = this.buckets.length;
    while (buckets < orders) buckets *= 2;
    this.buckets = new Int32Array(buckets);
  }

  /** The slot of the resting order with this number, or 0. */
  find(orderNumber: number): number {
    const doubles = this.orders.doubles;
    const words = this.orders.words;
    let slot = this.buckets[this.bucketOf(orderNumber)] as number;
    while (slot !== 0 && doubles[slot * ORDER_DOUBLES + NUMBER] !== orderNumber) {
      slot = words[slot * ORDER_WORDS + CHAIN] as number;
    }
    return slot;
  }

  /** The record at `slot` must hold its number already. */
  add(slot: number): void {
    if (this.count === this.buckets.length) this.grow();
    this.link(slot);
    this.count += 1;
  }

  remove(slot: number): void {
    const doubles = this.orders.doubles;
    const words = this.orders.words;
    const bucket = this.bucketOf(doubles[slot * ORDER_DOUBLES + NUMBER] as number);
    const next = words[slot * ORDER_WORDS + CHAIN] as number;
    let at = this.buckets[bucket] as number;
    if (at === slot) {
      this.buckets[bucket] = next;
    } else {
      while ((words[at * ORDER_WORDS + CHAIN] as number) !== slot) {
        at = words[at * ORDER_WORDS + CHAIN] as number;
      }
      words[at * ORDER_WORDS + CHAIN] = next;
    }
    words[slot * ORDER_WORDS + CHAIN] = 0;
    this.count -= 1;
  }

  get size(): number {
    return this.count;
  }

  bytes(): number {
    return this.buckets.byteLength;
  }

  /**
   * The low bits as they are: numbers come from one sequence, so neighbours in time are neighbours
   * in the table, and no caller can choose them to collide.
   */
  private bucketOf(orderNumber: number): number {
    return orderNumber & (this.buckets.length - 1);
  }

  private link(slot: number): void {
    const bucket = this.bucketOf(this.orders.numberOf(slot));
    this.orders.words[slot * ORDER_WORDS + CHAIN] = this.buckets[bucket] as number;
    this.buckets[bucket] = slot;
  }

  private grow(): void {
    const old = this.buckets;
    const words = this.orders.words;
    this.buckets = new Int32Array(old.length * 2);
    for (const first of old) {
      let slot = first;
      while (slot !== 0) {
        const next = words[slot * ORDER_WORDS + CHAIN] as number;
        this.link(slot);
        slot = next;
      }
    }
  }
}
