// A market in the plainest words: orders in a list, in the order they arrived. What the model and
// the window are held against.
import type { FlowStep } from '../flow.ts';

interface Order {
  readonly name: string;
  readonly side: 'buy' | 'sell';
  readonly priceTicks: number;
  totalLots: number;
  leftLots: number;
}

export class NaiveExchange {
  readonly #refusedNames: ReadonlySet<string>;
  #orders: Order[] = [];
  readonly #filledLots = new Map<string, number>();

  constructor(refusedNames: ReadonlySet<string> = new Set()) {
    this.#refusedNames = refusedNames;
  }

  /** Answers whether the step had an effect. */
  accept(step: FlowStep): boolean {
    if (step.kind === 'place') return this.#place(step);
    const order = this.#orders.find(({ name }) => name === step.name);
    if (order === undefined) return false;
    if (step.kind === 'cancel') {
      this.#orders = this.#orders.filter((other) => other !== order);
      return true;
    }
    const gone = order.totalLots - order.leftLots;
    if (step.quantityLots <= gone) return false;
    order.totalLots = step.quantityLots;
    order.leftLots = step.quantityLots - gone;
    return true;
  }

  #place(step: FlowStep & { kind: 'place' }): boolean {
    const { name, side, priceTicks, quantityLots } = step;
    if (this.#refusedNames.has(name)) return false;
    const sign = side === 'buy' ? 1 : -1;
    const within = this.#orders.filter(
      (other) => other.side !== side && sign * (priceTicks - other.priceTicks) >= 0,
    );
    // Sorting keeps arrival order among equals.
    within.sort((a, b) => sign * (a.priceTicks - b.priceTicks));
    let left = quantityLots;
    for (const maker of within) {
      const lots = Math.min(left, maker.leftLots);
      if (lots === 0) break;
      left -= lots;
      maker.leftLots -= lots;
      for (const party of [maker.name, name]) {
        this.#filledLots.set(party, (this.#filledLots.get(party) ?? 0) + lots);
      }
    }
    this.#orders = this.#orders.filter((order) => order.leftLots > 0);
    if (left > 0 && step.timeInForce === 'GTC') {
      this.#orders.push({ name, side, priceTicks, totalLots: quantityLots, leftLots: left });
    }
    return true;
  }

  /** Every queue in its order, and every fill. */
  state(): unknown {
    const queues: Record<string, [string, number][]> = {};
    for (const { side, priceTicks, name, leftLots } of this.#orders) {
      (queues[`${side} ${priceTicks}`] ??= []).push([name, leftLots]);
    }
    const sorted = Object.entries(queues).sort(([a], [b]) => (a < b ? -1 : 1));
    return { queues: sorted, filled: this.fills() };
  }

  fills(): [string, number][] {
    return [...this.#filledLots].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  levels(side: 'buy' | 'sell'): [number, number][] {
    const totals = new Map<number, number>();
    for (const order of this.#orders) {
      if (order.side !== side) continue;
      totals.set(order.priceTicks, (totals.get(order.priceTicks) ?? 0) + order.leftLots);
    }
    return [...totals].sort(([a], [b]) => (side === 'buy' ? b - a : a - b));
  }
}
