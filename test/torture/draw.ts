// Seeded choices: what a torture does depends on its seed alone, never on the clock.
import { makeRandom, type Random } from '../bench/engine/random.ts';

export class Draw {
  readonly #random: Random;

  constructor(seed: number) {
    this.#random = makeRandom(seed);
  }

  /** From 0 up to, not including, 1. */
  share(): number {
    return this.#random();
  }

  /** A whole number of the two bounds or between them. */
  whole(least: number, most: number): number {
    return least + Math.floor(this.#random() * (most - least + 1));
  }

  chance(probability: number): boolean {
    return this.#random() < probability;
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[Math.floor(this.#random() * items.length)];
    if (item === undefined) throw new Error('nothing to pick from');
    return item;
  }

  /** `count` different ones, in random order. */
  some<Item>(items: readonly Item[], count: number): Item[] {
    return this.shuffle(items).slice(0, count);
  }

  shuffle<Item>(items: readonly Item[]): Item[] {
    const shuffled = [...items];
    for (let at = shuffled.length - 1; at > 0; at -= 1) {
      const other = Math.floor(this.#random() * (at + 1));
      [shuffled[at], shuffled[other]] = [shuffled[other] as Item, shuffled[at] as Item];
    }
    return shuffled;
  }
}
