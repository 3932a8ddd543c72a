// Orders by a key, least first, as those that expire by their time: a binary heap over (key, order
// number) that knows where each order stands, so that a cancelled one is taken out at once. Markets
// without any pay nothing.
import { ORDER_DOUBLES, type OrderPool } from './order-pool.ts';

const CAPACITY_MIN = 256;

export class OrderHeap {
  size = 0;
  private readonly orders: OrderPool;
  /** Place 1 is the top; place 0 is not used and means "not in the heap". */
  private keys = new Float64Array(0);
  private slots = new Int32Array(0);
  /** Place in the heap by order slot. */
  private places = new Int32Array(0);

  constructor(orders: OrderPool) {
    this.orders = orders;
  }

  /** The order with the least key, or 0. */
  first(): number {
    return this.size === 0 ? 0 : (this.slots[1] as number);
  }

  firstKey(): number {
    return this.size === 0 ? Number.POSITIVE_INFINITY : (this.keys[1] as number);
  }

  keyOf(slot: number): number {
    return this.keys[this.placeOf(slot)] as number;
  }

  /** 0 when the order is not in the heap. */
  placeOf(slot: number): number {
    return this.places[slot] ?? 0;
  }

  /** Slots in the heap, in no order that means anything. */
  all(): Int32Array {
    return this.slots.subarray(1, this.size + 1);
  }

  /** True when no order right above this one in the heap has a greater key. */
  isInOrder(slot: number): boolean {
    const place = this.placeOf(slot);
    return place === 1 || !this.isBefore(place, place >>> 1);
  }

  add(slot: number, key: number): void {
    this.reserve(slot);
    this.size += 1;
    this.keys[this.size] = key;
    this.slots[this.size] = slot;
    this.places[slot] = this.size;
    this.rise(this.size);
  }

  remove(slot: number): void {
    const place = this.placeOf(slot);
    const last = this.size;
    this.size -= 1;
    if (place !== last) {
      this.move(last, place);
      this.rise(place);
      this.sink(place);
    }
    this.places[slot] = 0;
  }

  private isBefore(place: number, other: number): boolean {
    const key = this.keys[place] as number;
    const otherKey = this.keys[other] as number;
    if (key !== otherKey) return key < otherKey;
    const doubles = this.orders.doubles;
    const slot = this.slots[place] as number;
    const otherSlot = this.slots[other] as number;
    const number = doubles[slot * ORDER_DOUBLES] as number;
    return number < (doubles[otherSlot * ORDER_DOUBLES] as number);
  }

  private rise(from: number): void {
    let place = from;
    while (place > 1 && this.isBefore(place, place >>> 1)) {
      this.swap(place, place >>> 1);
      place >>>= 1;
    }
  }

  private sink(from: number): void {
    let place = from;
    for (;;) {
      let least = place;
      const left = place * 2;
      if (left <= this.size && this.isBefore(left, least)) least = left;
      if (left + 1 <= this.size && this.isBefore(left + 1, least)) least = left + 1;
      if (least === place) return;
      this.swap(place, least);
      place = least;
    }
  }

  private swap(place: number, other: number): void {
    const key = this.keys[place] as number;
    const slot = this.slots[place] as number;
    this.move(other, place);
    this.keys[other] = key;
    this.slots[other] = slot;
    this.places[slot] = other;
  }

  private move(from: number, to: number): void {
    const slot = this.slots[from] as number;
    this.keys[to] = this.keys[from] as number;
    this.slots[to] = slot;
    this.places[slot] = to;
  }

  private reserve(slot: number): void {
    if (slot >= this.places.length) {
      const places = new Int32Array(Math.max(CAPACITY_MIN, 2 * slot));
      places.set(this.places);
      this.places = places;
    }
    if (this.size + 1 >= this.keys.length) {
      const capacity = Math.max(CAPACITY_MIN, 2 * this.keys.length);
      const keys = new Float64Array(capacity);
      const slots = new Int32Array(capacity);
      keys.set(this.keys);
      slots.set(this.slots);
      this.keys = keys;
      this.slots = slots;
    }
  }
}
