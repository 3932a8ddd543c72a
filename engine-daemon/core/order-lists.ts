// The order lists of a market: which orders decide about which others. The rules: docs/engine.md,
// "Lists". What follows for them is in list-steps.ts.
import { assert } from '../../shared/domain/failure.ts';
import type { PlaceCommand } from '../../shared/events/commands.ts';
import { NumberMap } from './number-map.ts';

/** One of the orders that are placed at once or when the working order is filled. */
export interface Leg {
  readonly number: number;
  /** What its hold would be if it were alone, as digits. */
  readonly holdMinor: string;
}

export class OrderList {
  readonly number: number;
  /** One, or the two of a pair. */
  readonly legs: readonly Leg[];
  /** 0 when there is none or it has ended. */
  working: number;
  /** Of a pair: whether it is known which of the two goes on. */
  isDecided = false;
  /** The order whose end releases what the other does not need of the hold; 0 for none. */
  surplusOf = 0;

  constructor(number: number, working: number, legs: readonly Leg[]) {
    this.number = number;
    this.working = working;
    // In fields of its own: a command is its caller's, and much larger.
    this.legs = legs.map(({ number, holdMinor }) => ({ number, holdMinor }));
  }

  get isPair(): boolean {
    return this.legs.length === 2;
  }

  hasLeg(orderNumber: number): boolean {
    return this.legs[0]?.number === orderNumber || this.legs[1]?.number === orderNumber;
  }

  /** The other one of a pair. */
  otherOf(orderNumber: number): Leg {
    const [first, second] = this.legs;
    assert(first !== undefined && second !== undefined, `list ${this.number} is no pair`);
    return first.number === orderNumber ? second : first;
  }

  /** What the pair's hold, the greater of both, has beyond that of the order's partner: digits. */
  surplusAt(orderNumber: number): string {
    const other = this.otherOf(orderNumber);
    const own = this.otherOf(other.number);
    // As a rule they are equal, and no big integers are made.
    if (own.holdMinor === other.holdMinor) return '0';
    const surplus = BigInt(own.holdMinor) - BigInt(other.holdMinor);
    return surplus > 0n ? surplus.toString() : '0';
  }
}

export class OrderLists {
  private readonly byOrder = new NumberMap<OrderList>();
  /** Orders of the list that is being placed which were not placed yet: at most three. */
  private readonly unplaced: PlaceCommand[] = [];
  private unplacedCount = 0;

  /** Orders that are in some list. */
  get size(): number {
    return this.byOrder.size;
  }

  add(list: OrderList): void {
    for (const { number } of list.legs) this.byOrder.set(number, list);
    if (list.working !== 0) this.byOrder.set(list.working, list);
  }

  /** Null for an order that is in no list, or in none any more. */
  find(orderNumber: number): OrderList | null {
    return this.byOrder.get(orderNumber) ?? null;
  }

  forget(orderNumber: number): void {
    this.byOrder.delete(orderNumber);
  }

  /** The orders of the list that is being placed: their turns are still to come. */
  await(orders: readonly PlaceCommand[]): void {
    for (const order of orders) {
      this.unplaced[this.unplacedCount] = order;
      this.unplacedCount += 1;
    }
  }

  /** Null when the order was placed, or will not be. */
  takeUnplaced(orderNumber: number): PlaceCommand | null {
    const { unplaced } = this;
    for (let at = 0; at < this.unplacedCount; at += 1) {
      const order = unplaced[at];
      if (order?.number !== orderNumber) continue;
      this.unplacedCount -= 1;
      unplaced[at] = unplaced[this.unplacedCount] as PlaceCommand;
      return order;
    }
    return null;
  }

  /** True while a list is being placed. */
  get hasUnplaced(): boolean {
    return this.unplacedCount > 0;
  }

  /** By rising number. */
  all(): OrderList[] {
    return [...new Set(this.byOrder.values())].sort((a, b) => a.number - b.number);
  }
}
