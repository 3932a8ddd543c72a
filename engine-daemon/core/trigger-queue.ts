// Orders whose trigger price was reached, first reached first served. They stand here across
// commands while a market is not continuous, and may be many: none of this looks at all of them.
import { assert } from '../../shared/domain/failure.ts';
import type { WaitingOrder } from './waiting-order.ts';

export interface Reached {
  readonly order: WaitingOrder;
  /** The trade that reached it. */
  readonly tradeSequence: number;
  /** It waited for its working order, which that trade has filled. */
  readonly wasPending: boolean;
}

export class TriggerQueue {
  /** One that left before its turn is undefined here, so that no other moves. */
  private items: (Reached | undefined)[] = [];
  /** Items before this are served: taking them off the front would move all others. */
  private served = 0;
  private readonly places = new Map<WaitingOrder, number>();

  get size(): number {
    return this.places.size;
  }

  push(reached: Reached): void {
    this.places.set(reached.order, this.items.length);
    this.items.push(reached);
  }

  shift(): Reached | null {
    if (this.places.size === 0) return null;
    let next: Reached | undefined;
    while (next === undefined) {
      next = this.items[this.served];
      this.served += 1;
    }
    this.take(next.order);
    return next;
  }

  has(order: WaitingOrder): boolean {
    return this.places.has(order);
  }

  remove(order: WaitingOrder): void {
    const place = this.places.get(order);
    assert(place !== undefined, 'an order waits for nothing and is not in the queue');
    this.items[place] = undefined;
    this.take(order);
  }

  /** In their order. */
  all(): Reached[] {
    return this.items.slice(this.served).filter((item) => item !== undefined);
  }

  private take(order: WaitingOrder): void {
    this.places.delete(order);
    if (this.places.size > 0) return;
    this.items = [];
    this.served = 0;
  }
}
