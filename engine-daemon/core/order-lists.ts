// The order lists of a market: which orders decide about which others. The rules: docs/engine.md,
// "Lists". What follows for them is in list-steps.ts.
import { assert } from '../../shared/domain/failure.ts';
import type { PlaceCommand } from '../../shared/events/commands.ts';

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
    this.legs = legs;
  }

  get isPair(): boolean {
    return this.legs.length === 2;
  }

  hasLeg(orderNumber: number): boolean {
    return this.legs.some(({ number }) => number === orderNumber);
  }

  /** The other one of a pair. */
  otherOf(orderNumber: number): Leg {
    const other = this.legs.find(({ number }) => number !== orderNumber);
    assert(other !== undefined, `list ${this.number} is no pair`);
    return other;
  }

  /** What the pair's hold has beyond that of the order's partner, as digits. */
  surplusAt(orderNumber: number): string {
    const holds = this.legs.map(({ holdMinor }) => BigInt(holdMinor));
    const most = holds.reduce((a, b) => (a > b ? a : b));
    return (most - BigInt(this.otherOf(orderNumber).holdMinor)).toString();
  }
}

export class OrderLists {
  private readonly byOrder = new Map<number, OrderList>();
  /** Orders of the list that is being placed which were not placed yet. */
  private readonly unplaced = new Map<number, PlaceCommand>();

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

  /** The order belongs to the list that is being placed, and its turn is still to come. */
  await(order: PlaceCommand): void {
    this.unplaced.set(order.number, order);
  }

  /** Null when the order was placed, or will not be. */
  takeUnplaced(orderNumber: number): PlaceCommand | null {
    const order = this.unplaced.get(orderNumber) ?? null;
    this.unplaced.delete(orderNumber);
    return order;
  }

  /** True while a list is being placed. */
  get hasUnplaced(): boolean {
    return this.unplaced.size > 0;
  }

  /** By rising number. */
  all(): OrderList[] {
    return [...new Set(this.byOrder.values())].sort((a, b) => a.number - b.number);
  }
}
