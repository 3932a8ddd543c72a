// Dead-man deadlines of users: docs/engine.md, "cancel_all_after".

/** A user's deadline in milliseconds since 1970. */
export type Deadline = readonly [userNumber: number, deadlineMs: number];

export class Deadmen {
  private readonly deadlines = new Map<number, number>();
  /**
   * Never after the first deadline; it may be before it, since a user who moves a deadline on
   * would else make us look at all others.
   */
  private nextMs = Infinity;

  get size(): number {
    return this.deadlines.size;
  }

  /** No deadline is before this; Infinity when there is none. */
  get earliestMs(): number {
    return this.nextMs;
  }

  set(userNumber: number, deadlineMs: number): void {
    this.deadlines.set(userNumber, deadlineMs);
    this.nextMs = Math.min(this.nextMs, deadlineMs);
  }

  remove(userNumber: number): void {
    this.deadlines.delete(userNumber);
    if (this.deadlines.size === 0) this.nextMs = Infinity;
  }

  /** Takes out the deadlines that have passed, by (deadline, user number). */
  takeDue(nowMs: number): Deadline[] {
    if (this.nextMs > nowMs) return [];
    const due = [...this.deadlines].filter(([, deadlineMs]) => deadlineMs <= nowMs);
    for (const [userNumber] of due) this.deadlines.delete(userNumber);
    this.nextMs = [...this.deadlines.values()].reduce((a, b) => Math.min(a, b), Infinity);
    return due.sort(([userA, a], [userB, b]) => a - b || userA - userB);
  }

  /** By rising user number. */
  all(): Deadline[] {
    return [...this.deadlines].sort(([a], [b]) => a - b);
  }
}
