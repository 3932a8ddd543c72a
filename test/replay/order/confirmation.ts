// An acceptance is durable before it is published, so after a crash it may reach the engine later
// than what is accepted next. When a request is lost, nothing more is sent until the engine has
// been seen to act on what was accepted last: then order holds across crashes.
import type { ExchangeApi, Order, Trader } from '../client/exchange-api.ts';
import type { FlowStep, MarketSteps } from '../flow.ts';
import { formatSteps } from '../../../shared/domain/market.ts';
import { isEndStatus } from '../../../shared/domain/order.ts';
import { OutcomeUnknownError } from '../client/retry.ts';

/** Steps that may be unpublished: those of the last moment, with a wide margin. */
const RECENT_MAX = 512;
const CHECKS_AT_ONCE = 16;
const POLL_MS = 100;
/** How long the exchange may take to act on what it has accepted. */
const PATIENCE_MS = 180_000;

export interface AcceptedStep {
  readonly step: FlowStep;
  readonly steps: MarketSteps;
  readonly orderId: string;
  readonly trader: Trader;
}

export class Confirmation {
  readonly #api: Pick<ExchangeApi, 'getOrder'>;
  readonly #patienceMs: number;
  /** The last accepted step of each order, oldest first. */
  readonly #recent = new Map<string, AcceptedStep>();
  #running: Promise<void> | null = null;

  constructor(api: Pick<ExchangeApi, 'getOrder'>, patienceMs: number = PATIENCE_MS) {
    this.#api = api;
    this.#patienceMs = patienceMs;
  }

  /** Not null while nothing new may be sent; never rejects. */
  get holding(): Promise<void> | null {
    return this.#running === null ? null : this.#running.catch(() => undefined);
  }

  /** Remembers an accepted step. */
  note(accepted: AcceptedStep): void {
    const { name } = accepted.step;
    this.#recent.delete(name);
    this.#recent.set(name, accepted);
    if (this.#recent.size <= RECENT_MAX) return;
    const [oldest] = this.#recent.keys();
    if (oldest !== undefined) this.#recent.delete(oldest);
  }

  /** Resolves when the engine has acted on all that is remembered; throws OutcomeUnknownError. */
  run(): Promise<void> {
    this.#running ??= this.#confirmAll().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async #confirmAll(): Promise<void> {
    const giveUpMs = performance.now() + this.#patienceMs;
    while (this.#recent.size > 0) {
      const some = [...this.#recent.values()].slice(0, CHECKS_AT_ONCE);
      const open = (await Promise.all(some.map((accepted) => this.#check(accepted)))).includes(
        false,
      );
      if (!open) continue;
      if (performance.now() > giveUpMs) {
        throw new OutcomeUnknownError('what was accepted before a crash never reached the engine');
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  async #check(accepted: AcceptedStep): Promise<boolean> {
    const order = await this.#api.getOrder(accepted.trader, accepted.orderId);
    if (!hasActed(accepted, order)) return false;
    // Unless a later step of the order came in meanwhile.
    const { name } = accepted.step;
    if (this.#recent.get(name) === accepted) this.#recent.delete(name);
    return true;
  }
}

/** True when the engine has taken the step in, whatever it made of it. */
function hasActed({ step, steps }: AcceptedStep, order: Order): boolean {
  if (isEndStatus(order.status)) return true;
  if (step.kind === 'place') return order.status !== 'accepted';
  if (step.kind === 'cancel') return false;
  return order.quantity === formatSteps(step.quantityLots, steps.lotSize);
}
