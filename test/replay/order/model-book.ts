// What the market's book must be when all that was sent is accepted in order: limit orders by
// price, then by arrival. It tells which commands can meet, and at the end whether the exchange
// agrees.
import type { Side } from '../../../shared/domain/order.ts';
import { assert } from '../../../shared/domain/failure.ts';

interface Resting {
  readonly name: string;
  readonly side: Side;
  readonly priceTicks: number;
  leftLots: number;
}

/** Price and total lots. */
export type ModelLevel = readonly [number, number];

export class ModelBook {
  readonly #levels: Readonly<Record<Side, Map<number, Map<string, Resting>>>> = {
    buy: new Map(),
    sell: new Map(),
  };
  /** Prices with a level, rising. */
  readonly #prices: Readonly<Record<Side, number[]>> = { buy: [], sell: [] };
  readonly #orders = new Map<string, Resting>();
  readonly #filledLots = new Map<string, number>();

  /** Lots filled so far, by order; orders without a fill are left out. */
  get filledLots(): ReadonlyMap<string, number> {
    return this.#filledLots;
  }

  find(name: string): Readonly<Resting> | null {
    return this.#orders.get(name) ?? null;
  }

  /** True when an order at this price would meet a resting one. */
  crosses(side: Side, priceTicks: number): boolean {
    const best = this.#best(opposite(side));
    return best !== null && isWithin(side, priceTicks, best);
  }

  /** Trades what can trade and, unless immediate, rests the remainder behind its price. */
  place(name: string, side: Side, priceTicks: number, lots: number, immediate: boolean): void {
    assert(!this.#orders.has(name), `order ${name} rests already`);
    let left = lots;
    for (;;) {
      const best = this.#best(opposite(side));
      if (left === 0 || best === null || !isWithin(side, priceTicks, best)) break;
      left -= this.#tradeAt(name, opposite(side), best, left);
    }
    if (left > 0 && !immediate) this.#rest({ name, side, priceTicks, leftLots: left });
  }

  /** Answers false when no such order rests. */
  cancel(name: string): boolean {
    const order = this.#orders.get(name);
    if (order === undefined) return false;
    this.#remove(order);
    return true;
  }

  /** Takes lots off a resting order, which keeps its place. Answers false when it cannot. */
  reduce(name: string, byLots: number): boolean {
    const order = this.#orders.get(name);
    if (order === undefined || order.leftLots <= byLots) return false;
    order.leftLots -= byLots;
    return true;
  }

  /** Levels best first. */
  levels(side: Side, depthMax: number): ModelLevel[] {
    const rising = this.#prices[side];
    const best = side === 'sell' ? rising.slice(0, depthMax) : rising.slice(-depthMax).reverse();
    return best.map((priceTicks) => {
      let total = 0;
      for (const order of this.#levels[side].get(priceTicks)?.values() ?? []) {
        total += order.leftLots;
      }
      return [priceTicks, total];
    });
  }

  #best(side: Side): number | null {
    const rising = this.#prices[side];
    return (side === 'sell' ? rising[0] : rising.at(-1)) ?? null;
  }

  #tradeAt(taker: string, makerSide: Side, priceTicks: number, lots: number): number {
    const [maker] = this.#levels[makerSide].get(priceTicks)?.values() ?? [];
    assert(maker !== undefined, 'a level without orders');
    const traded = Math.min(lots, maker.leftLots);
    maker.leftLots -= traded;
    this.#fill(maker.name, traded);
    this.#fill(taker, traded);
    if (maker.leftLots === 0) this.#remove(maker);
    return traded;
  }

  #fill(name: string, lots: number): void {
    this.#filledLots.set(name, (this.#filledLots.get(name) ?? 0) + lots);
  }

  #rest(order: Resting): void {
    const levels = this.#levels[order.side];
    let level = levels.get(order.priceTicks);
    if (level === undefined) {
      level = new Map();
      levels.set(order.priceTicks, level);
      const prices = this.#prices[order.side];
      prices.splice(rankOf(prices, order.priceTicks), 0, order.priceTicks);
    }
    level.set(order.name, order);
    this.#orders.set(order.name, order);
  }

  #remove(order: Resting): void {
    this.#orders.delete(order.name);
    const levels = this.#levels[order.side];
    const level = levels.get(order.priceTicks);
    level?.delete(order.name);
    if (level?.size !== 0) return;
    levels.delete(order.priceTicks);
    const prices = this.#prices[order.side];
    prices.splice(rankOf(prices, order.priceTicks), 1);
  }
}

export function opposite(side: Side): Side {
  return side === 'buy' ? 'sell' : 'buy';
}

/** True when an order of `side` at `limitTicks` may trade at `priceTicks`. */
export function isWithin(side: Side, limitTicks: number, priceTicks: number): boolean {
  return side === 'buy' ? priceTicks <= limitTicks : priceTicks >= limitTicks;
}

/** Index of the first price that is not below `priceTicks`. */
function rankOf(rising: readonly number[], priceTicks: number): number {
  let low = 0;
  let high = rising.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((rising[middle] ?? Infinity) < priceTicks) low = middle + 1;
    else high = middle;
  }
  return low;
}
