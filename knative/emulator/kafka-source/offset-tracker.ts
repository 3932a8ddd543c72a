// Which offset of one partition may be committed: the lowest one that is not finished yet.

export class OffsetTracker {
  /** Offsets taken and not yet committable, in rising order. */
  #open: number[] = [];
  readonly #done = new Set<number>();
  #next: number | null = null;
  #committed: number | null = null;

  /** Takes a record; offsets rise but need not be dense. */
  take(offset: number): void {
    this.#open.push(offset);
  }

  finish(offset: number): void {
    this.#done.add(offset);
    let finished = 0;
    for (const open of this.#open) {
      if (!this.#done.delete(open)) break;
      this.#next = open + 1;
      finished += 1;
    }
    if (finished > 0) this.#open = this.#open.slice(finished);
  }

  /** Offset to commit, or null when nothing is new since the last `markCommitted`. */
  committable(): number | null {
    return this.#next === this.#committed ? null : this.#next;
  }

  markCommitted(nextOffset: number): void {
    this.#committed = nextOffset;
  }

  /** Records taken and not finished. */
  get inFlight(): number {
    return this.#open.length - this.#done.size;
  }
}
