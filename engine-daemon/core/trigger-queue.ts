// Orders whose trigger price was reached, first reached first served. They stand here across
// commands while a market is not continuous.
import { assert } from '../../shared/domain/failure.ts';
import type { WaitingOrder } from './waiting-order.ts';

export interface Reached {
  readonly order: WaitingOrder;
  /** The trade that reached it. */
  readonly tradeSequence: number;
}

export class TriggerQueue {
  private items: Reached[] = [];
  /** Items before this are served: taking them off the front would move all others. */
  private served = 0;

  get size(): number {
    return this.items.length - this.served;
  }

  push(reached: Reached): void {
    this.items.push(reached);
  }

  shift(): Reached | null {
    const next = this.items[this.served];
    if (next === undefined) return null;
    this.served += 1;
    if (this.served === this.items.length) {
      this.items = [];
      this.served = 0;
    }
    return next;
  }

  has(order: WaitingOrder): boolean {
    return this.all().some((item) => item.order === order);
  }

  remove(order: WaitingOrder): void {
    assert(this.has(order), 'an order waits for nothing and is not in the queue');
    this.items = this.all().filter((item) => item.order !== order);
    this.served = 0;
  }

  /** In their order. */
  all(): Reached[] {
    return this.items.slice(this.served);
  }
}
