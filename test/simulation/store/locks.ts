// Row locks: whoever comes later waits, and of those who wait in a circle one is told so.

/** A transaction, as far as locks know it. */
export interface Holder {
  readonly name: string;
}

interface Lock {
  owner: Holder;
  readonly queue: { readonly holder: Holder; readonly granted: () => void }[];
}

export type LockResult = 'granted' | 'waiting' | 'deadlock';

export class Locks {
  readonly #locks = new Map<string, Lock>();
  readonly #held = new Map<Holder, Set<string>>();
  readonly #waitsFor = new Map<Holder, string>();

  /** Calls `granted` later when it answers `waiting`. */
  acquire(holder: Holder, key: string, granted: () => void): LockResult {
    const lock = this.#locks.get(key);
    if (lock === undefined) {
      this.#locks.set(key, { owner: holder, queue: [] });
      this.#keysOf(holder).add(key);
      return 'granted';
    }
    if (lock.owner === holder) return 'granted';
    if (this.#leadsBackTo(lock.owner, holder)) return 'deadlock';
    lock.queue.push({ holder, granted });
    this.#waitsFor.set(holder, key);
    return 'waiting';
  }

  isFree(key: string, holder: Holder): boolean {
    const owner = this.#locks.get(key)?.owner;
    return owner === undefined || owner === holder;
  }

  releaseAll(holder: Holder): void {
    const waiting = this.#waitsFor.get(holder);
    this.#waitsFor.delete(holder);
    if (waiting !== undefined) {
      const queue = this.#locks.get(waiting)?.queue ?? [];
      const at = queue.findIndex((each) => each.holder === holder);
      if (at >= 0) queue.splice(at, 1);
    }
    const keys = this.#held.get(holder);
    this.#held.delete(holder);
    for (const key of keys ?? []) this.#passOn(key);
  }

  #passOn(key: string): void {
    const lock = this.#locks.get(key);
    const next = lock?.queue.shift();
    if (lock === undefined || next === undefined) {
      this.#locks.delete(key);
      return;
    }
    lock.owner = next.holder;
    this.#keysOf(next.holder).add(key);
    this.#waitsFor.delete(next.holder);
    next.granted();
  }

  #leadsBackTo(from: Holder, to: Holder): boolean {
    let at: Holder | undefined = from;
    while (at !== undefined) {
      if (at === to) return true;
      const key = this.#waitsFor.get(at);
      at = key === undefined ? undefined : this.#locks.get(key)?.owner;
    }
    return false;
  }

  #keysOf(holder: Holder): Set<string> {
    const known = this.#held.get(holder);
    if (known !== undefined) return known;
    const made = new Set<string>();
    this.#held.set(holder, made);
    return made;
  }
}
