// Which orders share a hold with the other one of their pair: their events name it.
import { NumberMap } from './number-map.ts';

export class SharedHolds {
  /** The number of the list, by order. */
  private readonly lists = new NumberMap<number>();
  private ended: number[] = [];

  get size(): number {
    return this.lists.size;
  }

  /** Those that have not ended. */
  get openCount(): number {
    return this.lists.size - this.ended.length;
  }

  share(orderNumber: number, listNumber: number): void {
    this.lists.set(orderNumber, listNumber);
  }

  /** Number of the list whose hold the order shares; 0 for an order with a hold of its own. */
  listOf(orderNumber: number): number {
    return this.lists.get(orderNumber) ?? 0;
  }

  /** The order has ended. Its events are not written out yet and will ask for the hold. */
  end(orderNumber: number): void {
    this.ended.push(orderNumber);
  }

  clearEnded(): void {
    if (this.ended.length === 0) return;
    for (const orderNumber of this.ended) this.lists.delete(orderNumber);
    this.ended = [];
  }
}
