// What will happen, by time; at the same time in the order in which it was planned.

export interface Planned<Item> {
  readonly atMs: number;
  readonly order: number;
  readonly item: Item;
}

/** A binary heap. */
export class EventQueue<Item> {
  readonly #heap: Planned<Item>[] = [];
  #orders = 0;

  get size(): number {
    return this.#heap.length;
  }

  add(atMs: number, item: Item): void {
    const planned = { atMs, order: this.#orders++, item };
    const heap = this.#heap;
    let at = heap.push(planned) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] as Planned<Item>;
      if (!isEarlier(planned, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = planned;
  }

  take(): Planned<Item> | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      const right = heap[child + 1];
      if (right !== undefined && isEarlier(right, heap[child] as Planned<Item>)) child += 1;
      const below = heap[child] as Planned<Item>;
      if (!isEarlier(below, last)) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function isEarlier<Item>(left: Planned<Item>, right: Planned<Item>): boolean {
  return left.atMs < right.atMs || (left.atMs === right.atMs && left.order < right.order);
}
