// Dead-man deadlines of users: docs/engine.md, "cancel_all_after". A binary heap, least first: any
// user may move a deadline with every command, and that must not make us look at all others.

/** A user's deadline in milliseconds since 1970. */
export type Deadline = readonly [userNumber: number, deadlineMs: number];

/** Deadlines in the heap that hold no longer are swept out above so many, and above half of it. */
const STALE_MIN = 64;

export class Deadmen {
  private readonly deadlines = new Map<number, number>();
  /** One that was moved or taken away stays here until it comes up or is swept out. */
  private heap: Deadline[] = [];

  get size(): number {
    return this.deadlines.size;
  }

  /** No deadline is before this; Infinity when there is none. */
  get earliestMs(): number {
    return this.heap[0]?.[1] ?? Infinity;
  }

  set(userNumber: number, deadlineMs: number): void {
    if (this.deadlines.get(userNumber) === deadlineMs) return;
    this.deadlines.set(userNumber, deadlineMs);
    this.heap.push([userNumber, deadlineMs]);
    this.rise(this.heap.length - 1);
    this.sweep();
  }

  remove(userNumber: number): void {
    this.deadlines.delete(userNumber);
    this.sweep();
  }

  /** Takes out the deadlines that have passed, by (deadline, user number). */
  takeDue(nowMs: number): Deadline[] {
    const due: Deadline[] = [];
    for (let first = this.heap[0]; first !== undefined; first = this.heap[0]) {
      const [userNumber, deadlineMs] = first;
      if (deadlineMs > nowMs) break;
      this.takeFirst();
      if (this.deadlines.get(userNumber) !== deadlineMs) continue;
      this.deadlines.delete(userNumber);
      due.push(first);
    }
    if (due.length > 0) this.sweep();
    return due;
  }

  /** By rising user number. */
  all(): Deadline[] {
    return [...this.deadlines].sort(([a], [b]) => a - b);
  }

  /** An array in order is a heap. */
  private sweep(): void {
    const { size } = this.deadlines;
    if (size > 0 && this.heap.length <= 2 * size + STALE_MIN) return;
    this.heap = [...this.deadlines].sort(compare);
  }

  private takeFirst(): void {
    const last = this.heap.pop();
    if (last === undefined || this.heap.length === 0) return;
    this.heap[0] = last;
    this.sink(0);
  }

  private rise(from: number): void {
    let place = from;
    while (place > 0) {
      const above = (place - 1) >>> 1;
      if (!this.swapIfBefore(place, above)) return;
      place = above;
    }
  }

  private sink(from: number): void {
    let place = from;
    for (;;) {
      const left = 2 * place + 1;
      const least = this.isBefore(left + 1, left) ? left + 1 : left;
      if (!this.swapIfBefore(least, place)) return;
      place = least;
    }
  }

  private swapIfBefore(place: number, other: number): boolean {
    const [one, two] = [this.heap[place], this.heap[other]];
    if (one === undefined || two === undefined || compare(one, two) >= 0) return false;
    this.heap[place] = two;
    this.heap[other] = one;
    return true;
  }

  private isBefore(place: number, other: number): boolean {
    const [one, two] = [this.heap[place], this.heap[other]];
    return one !== undefined && two !== undefined && compare(one, two) < 0;
  }
}

function compare([userA, a]: Deadline, [userB, b]: Deadline): number {
  return a - b || userA - userB;
}
