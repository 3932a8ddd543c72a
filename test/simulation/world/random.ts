// One seed draws everything: sfc32, small and fast, the same numbers on every machine.

export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number) {
    this.#a = seed >>> 0;
    this.#b = Math.floor(seed / 2 ** 32) >>> 0;
    this.#c = 0x9e3779b9;
    // The first numbers of close seeds are alike.
    for (let round = 0; round < 16; round += 1) this.next();
  }

  /** An unsigned integer of 32 bits. */
  next(): number {
    const mixed = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + mixed;
    return mixed >>> 0;
  }

  /** From 0 up to 1, without 1. */
  fraction(): number {
    return this.next() / 2 ** 32;
  }

  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  /** A whole number, both ends included. */
  between(lowest: number, highest: number): number {
    return lowest + Math.floor(this.fraction() * (highest - lowest + 1));
  }

  pick<Item>(items: readonly [Item, ...Item[]]): Item;
  pick<Item>(items: readonly Item[]): Item | undefined;
  pick<Item>(items: readonly Item[]): Item | undefined {
    return items[Math.floor(this.fraction() * items.length)];
  }

  /** Picks by weight: `weighted([[3, 'a'], [1, 'b']])`. */
  weighted<Item>(
    choices: readonly [readonly [number, Item], ...(readonly [number, Item])[]],
  ): Item {
    let left = this.fraction() * choices.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, item] of choices) {
      left -= weight;
      if (left < 0) return item;
    }
    return choices[0][1];
  }

  /** Waits between events that come independently of each other. */
  exponential(mean: number): number {
    return -Math.log(1 - this.fraction()) * mean;
  }
}
