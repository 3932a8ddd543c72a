// Which command may be sent while others are unanswered. The exchange accepts what is in flight in
// any order, so everything in flight must commute: any order of it gives the same book, the same
// queues and the same trades. The next command of the recording waits until it commutes with all.
import type { Side } from '../../../shared/domain/order.ts';
import type { FlowStep, PlaceStep } from '../flow.ts';
import { isWithin, opposite, type ModelBook } from './model-book.ts';

export interface StepOutcome {
  readonly accepted: boolean;
  /** True when an attempt was lost, so that a refusal may speak of our own earlier attempt. */
  readonly repeated: boolean;
}

interface InFlight {
  readonly step: FlowStep;
  readonly kind: 'alone' | 'resting' | 'leaving' | 'idle';
  /** Where a leaving order rested. */
  readonly from: { readonly side: Side; readonly priceTicks: number } | null;
}

/**
 * - An order that would trade is sent alone: what it meets depends on everything before it.
 * - Orders that rest commute unless they queue at one price: there the first in the file is first.
 * - Taking an order out (or down) commutes with orders that rest, but not with one that would have
 *   met it: that one waits for the answer.
 */
export class OrderWindow {
  readonly #book: ModelBook;
  readonly #ordered: boolean;
  readonly #inFlight = new Map<string, InFlight>();
  readonly #quantities = new Map<string, number>();
  #alone = false;
  #surprises = 0;

  /** Not `ordered`: only commands for the same order wait for one another. */
  constructor(book: ModelBook, ordered: boolean) {
    this.#book = book;
    this.#ordered = ordered;
  }

  get size(): number {
    return this.#inFlight.size;
  }

  /**
   * Answers that the model did not foresee, such as somebody else's order in the market. From the
   * first on everything is sent alone: slower, and still in the order of the recording.
   */
  get surprises(): number {
    return this.#surprises;
  }

  /** Tells the total quantity of an order that rests already. */
  know(name: string, quantityLots: number): void {
    this.#quantities.set(name, quantityLots);
  }

  mayStart(step: FlowStep): boolean {
    if (this.#inFlight.size === 0) return true;
    if (this.#inFlight.has(step.name)) return false;
    if (!this.#ordered) return true;
    if (this.#alone || this.#surprises > 0) return false;
    if (step.kind !== 'place') return true;
    return !this.#mustBeAlone(step) && !this.#meetsInFlight(step);
  }

  start(step: FlowStep): void {
    this.#inFlight.set(step.name, this.#ordered ? this.#enter(step) : idle(step));
  }

  finish(step: FlowStep, outcome: StepOutcome): void {
    const entry = this.#inFlight.get(step.name);
    this.#inFlight.delete(step.name);
    if (entry === undefined || !this.#ordered) return;
    if (entry.kind === 'alone') {
      this.#alone = false;
      if (outcome.accepted && step.kind === 'place') this.#apply(step);
    } else if (entry.kind === 'resting' && !outcome.accepted) {
      // Whatever could have met it has waited: taking it out again leaves no trace.
      this.#book.cancel(step.name);
    } else if (entry.kind === 'leaving' && !outcome.accepted && !outcome.repeated) {
      this.#surprises += 1;
    }
  }

  #enter(step: FlowStep): InFlight {
    if (step.kind === 'place') {
      this.#quantities.set(step.name, step.quantityLots);
      if (this.#mustBeAlone(step)) {
        this.#alone = true;
        return { step, kind: 'alone', from: null };
      }
      this.#apply(step);
      return { step, kind: 'resting', from: null };
    }
    const resting = this.#book.find(step.name);
    if (resting === null) return idle(step);
    const from = { side: resting.side, priceTicks: resting.priceTicks };
    if (step.kind === 'cancel') this.#book.cancel(step.name);
    else if (!this.#reduce(step.name, step.quantityLots)) return idle(step);
    return { step, kind: 'leaving', from };
  }

  /** False when more of it is gone already: the exchange will refuse, too. */
  #reduce(name: string, quantityLots: number): boolean {
    const before = this.#quantities.get(name) ?? quantityLots;
    if (!this.#book.reduce(name, before - quantityLots)) return false;
    this.#quantities.set(name, quantityLots);
    return true;
  }

  #apply(step: PlaceStep): void {
    const { name, side, priceTicks, quantityLots } = step;
    this.#book.place(name, side, priceTicks, quantityLots, step.timeInForce === 'IOC');
  }

  /** The model knows what is in flight, so an order that crosses any of it is among these. */
  #mustBeAlone(step: PlaceStep): boolean {
    return step.timeInForce === 'IOC' || this.#book.crosses(step.side, step.priceTicks);
  }

  #meetsInFlight(step: PlaceStep): boolean {
    for (const { step: other, kind, from } of this.#inFlight.values()) {
      const queues =
        kind === 'resting' &&
        other.kind === 'place' &&
        other.side === step.side &&
        other.priceTicks === step.priceTicks;
      if (queues) return true;
      if (from?.side !== opposite(step.side)) continue;
      if (isWithin(step.side, step.priceTicks, from.priceTicks)) return true;
    }
    return false;
  }
}

function idle(step: FlowStep): InFlight {
  return { step, kind: 'idle', from: null };
}
