// Sends a flow: one lane a market, each in the order of the recording, sharing one bound on
// requests in flight and one pace.
import type { FlowStep } from '../flow.ts';
import type { OrderWindow, StepOutcome } from './order-window.ts';

export interface DriveOptions {
  /** Most requests in flight over all markets. */
  readonly inFlightMax: number;
  /** Steps due per second, in the order of the recording; null sends as fast as answers come. */
  readonly ratePerSecond: number | null;
  /** Not null while nothing may be sent; must not reject. */
  readonly holding?: () => Promise<void> | null;
  readonly windowOf: (market: string) => OrderWindow;
  /** Sends one step; `dueMs` is when it should have been sent, on the clock of performance.now. */
  readonly send: (step: FlowStep, dueMs: number) => Promise<StepOutcome>;
  /** Called after each step. */
  readonly onStep: () => void;
}

/**
 * Resolves when every step was answered; rejects with the first failure, when none is in flight.
 */
export async function driveFlow(steps: readonly FlowStep[], options: DriveOptions): Promise<void> {
  const lanes = new Map<string, { step: FlowStep; at: number }[]>();
  steps.forEach((step, at) => {
    const lane = lanes.get(step.market) ?? [];
    lanes.set(step.market, lane);
    lane.push({ step, at });
  });
  const drive = new Drive(options);
  await Promise.all([...lanes].map(([market, lane]) => drive.runLane(market, lane)));
  drive.throwFailure();
}

class Drive {
  readonly #options: DriveOptions;
  readonly #startMs = performance.now();
  #inFlight = 0;
  #failure: { readonly error: unknown } | null = null;
  #waiting: (() => void)[] = [];

  constructor(options: DriveOptions) {
    this.#options = options;
  }

  async runLane(market: string, lane: readonly { step: FlowStep; at: number }[]): Promise<void> {
    const window = this.#options.windowOf(market);
    for (const { step, at } of lane) {
      const dueMs = await this.#waitUntilDue(at);
      await this.#waitUntilFree(window, step);
      if (this.#failure !== null) break;
      // Nothing may come between the question and the start: both are in this turn.
      window.start(step);
      this.#inFlight += 1;
      void this.#perform(window, step, dueMs ?? performance.now());
    }
    while (window.size > 0) await this.#nextChange();
  }

  throwFailure(): void {
    if (this.#failure !== null) throw this.#failure.error;
  }

  async #waitUntilFree(window: OrderWindow, step: FlowStep): Promise<void> {
    while (this.#failure === null) {
      const holding = this.#options.holding?.() ?? null;
      if (holding !== null) await holding;
      else if (this.#isFree(window, step)) return;
      else await this.#nextChange();
    }
  }

  #isFree(window: OrderWindow, step: FlowStep): boolean {
    return this.#inFlight < this.#options.inFlightMax && window.mayStart(step);
  }

  async #perform(window: OrderWindow, step: FlowStep, dueMs: number): Promise<void> {
    let outcome: StepOutcome = { accepted: false, repeated: true };
    try {
      outcome = await this.#options.send(step, dueMs);
    } catch (error) {
      this.#failure ??= { error };
    }
    this.#inFlight -= 1;
    window.finish(step, outcome);
    this.#options.onStep();
    for (const wake of this.#waiting.splice(0)) wake();
  }

  #nextChange(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  async #waitUntilDue(at: number): Promise<number | null> {
    const { ratePerSecond } = this.#options;
    if (ratePerSecond === null) return null;
    const dueMs = this.#startMs + (at * 1_000) / ratePerSecond;
    const waitMs = dueMs - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    return dueMs;
  }
}
