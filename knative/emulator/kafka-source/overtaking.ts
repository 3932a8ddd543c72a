// Holds records back until a later one of their partition has been delivered: the order in which an
// unordered source may deliver, made to happen.
import type { Clock } from './clock.ts';

interface Held {
  readonly offset: number;
  readonly letGo: () => void;
}

export class Overtaking {
  readonly #clock: Clock;
  readonly #held = new Map<string, Set<Held>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves when a later record was delivered, the time is over, or the source ends. */
  async holdBack(key: string, offset: number, ms: number, signal: AbortSignal): Promise<void> {
    let letGo: () => void = () => undefined;
    const overtaken = new Promise<void>((done) => (letGo = done));
    const held = { offset, letGo };
    const partition = this.#held.get(key) ?? new Set();
    this.#held.set(key, partition);
    partition.add(held);
    const cancel = this.#clock.after(ms, letGo);
    signal.addEventListener('abort', letGo, { once: true });
    await overtaken;
    signal.removeEventListener('abort', letGo);
    cancel();
    partition.delete(held);
  }

  noteDelivered(key: string, offset: number): void {
    for (const held of this.#held.get(key) ?? []) {
      if (held.offset < offset) held.letGo();
    }
  }
}
