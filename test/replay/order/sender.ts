// Sends steps as the users they belong to, and counts what came back.
import { orderIdOf, type ExchangeApi, type Trader } from '../client/exchange-api.ts';
import type { Answer } from '../client/exchange-client.ts';
import type { FlowStep, MarketSteps } from '../flow.ts';
import { clientOrderId } from '../market/known-orders.ts';
import type { Traders } from '../market/traders.ts';
import type { Latencies } from '../report/latencies.ts';
import { Confirmation } from './confirmation.ts';
import type { StepOutcome } from './order-window.ts';

export interface StepCounts {
  /** Steps answered, refusals included. */
  sent: number;
  orders: number;
  cancels: number;
  reductions: number;
  /** Cancels and reductions of orders that were refused: nothing to send. */
  withoutOrder: number;
  /** By what was refused and the code, such as `cancel ORDER_ALREADY_DONE`. */
  readonly refused: Record<string, number>;
}

export interface SenderOptions {
  readonly api: ExchangeApi;
  readonly traders: Traders;
  readonly markets: ReadonlyMap<string, MarketSteps>;
  readonly run: string;
  readonly latencies: Latencies;
  /** Whether what is accepted must reach the engine in that order, even across a crash. */
  readonly ordered: boolean;
}

interface Placed {
  readonly orderId: string;
  readonly trader: Trader;
}

export class Sender {
  readonly counts: StepCounts = {
    sent: 0,
    orders: 0,
    cancels: 0,
    reductions: 0,
    withoutOrder: 0,
    refused: {},
  };
  readonly #options: SenderOptions;
  readonly #placed = new Map<string, Placed>();
  readonly #confirmation: Confirmation;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#confirmation = new Confirmation(options.api);
  }

  /** Not null while nothing may be sent, because a request was lost; never rejects. */
  get holding(): Promise<void> | null {
    return this.#confirmation.holding;
  }

  /** Orders that the exchange accepted, by name. */
  get orderNames(): Iterable<string> {
    return this.#placed.keys();
  }

  /** Takes over an order that an earlier part of the run has placed. */
  adopt(name: string, orderId: string, trader: Trader): void {
    this.#placed.set(name, { orderId, trader });
  }

  async send(step: FlowStep, dueMs: number): Promise<StepOutcome> {
    const { api, markets, run, traders, latencies } = this.#options;
    const steps = markets.get(step.market);
    if (steps === undefined) throw new RangeError(`no market ${step.market}`);
    const placed = this.#placed.get(step.name);
    if (step.kind !== 'place' && placed === undefined) {
      this.counts.withoutOrder += 1;
      return { accepted: false, repeated: true };
    }
    const trader = step.kind === 'place' ? traders.ownerOf(step.name, step.side) : placed?.trader;
    if (trader === undefined) throw new RangeError(`nobody owns ${step.name}`);
    const answer = await api.sendStep(step, {
      trader,
      steps,
      clientOrderId: clientOrderId(run, step.name),
      orderId: placed?.orderId ?? '',
      beforeRepeat: () => this.#confirm(),
    });
    latencies.record(performance.now() - dueMs);
    const outcome = this.#count(step, trader, answer);
    const orderId = this.#placed.get(step.name)?.orderId;
    if (outcome.accepted && orderId !== undefined) {
      this.#confirmation.note({ step, steps, orderId, trader });
    }
    // The lost attempt may be the one that was accepted, and wait for a sweeper still.
    if (outcome.repeated) await this.#confirm();
    return outcome;
  }

  #confirm(): Promise<void> {
    return this.#options.ordered ? this.#confirmation.run() : Promise.resolve();
  }

  #count(step: FlowStep, trader: Trader, answer: Answer): StepOutcome {
    const { counts } = this;
    counts.sent += 1;
    if (step.kind === 'place') counts.orders += 1;
    else if (step.kind === 'cancel') counts.cancels += 1;
    else counts.reductions += 1;
    const accepted = answer.status < 400;
    if (!accepted) {
      const key = `${step.kind} ${answer.code ?? String(answer.status)}`;
      counts.refused[key] = (counts.refused[key] ?? 0) + 1;
    } else if (step.kind === 'place') {
      this.#placed.set(step.name, { orderId: orderIdOf(answer), trader });
    }
    return { accepted, repeated: answer.repeated };
  }
}
