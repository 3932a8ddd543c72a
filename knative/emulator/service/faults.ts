// Faults put in on purpose: for a function (every request to it) or for a source (its deliveries).
import { z } from 'zod';

export const faultSchema = z.strictObject({
  /** Name of a function or of a KafkaSource. */
  target: z.string(),
  /** `crash` kills the function after its answer, before the source has counted it. */
  kind: z.enum(['delay', 'error', 'timeout', 'duplicate', 'crash']),
  /** Of `delay`. */
  delayMs: z.int().min(0).max(600_000).default(1_000),
  /** Of `error`. */
  status: z.int().min(400).max(599).default(503),
  /** How many times; without it until cleared. */
  count: z.int().min(1).max(1_000_000).optional(),
  /** Share of the requests, 0..1. */
  share: z.number().min(0).max(1).default(1),
});

export type Fault = z.output<typeof faultSchema>;
export type FaultInput = z.input<typeof faultSchema>;

interface Armed {
  readonly fault: Fault;
  left: number;
}

export class FaultPlan {
  #armed: Armed[] = [];

  add(fault: Fault): void {
    this.#armed.push({ fault, left: fault.count ?? Infinity });
  }

  clear(): void {
    this.#armed = [];
  }

  list(): { fault: Fault; left: number | null }[] {
    return this.#armed.map(({ fault, left }) => ({
      fault,
      left: Number.isFinite(left) ? left : null,
    }));
  }

  /** Takes the first fault of these kinds that is due for the target, and counts it. */
  take(target: string, kinds: readonly Fault['kind'][]): Fault | null {
    if (this.#armed.length === 0) return null;
    for (const armed of this.#armed) {
      const { fault } = armed;
      if (fault.target !== target || !kinds.includes(fault.kind)) continue;
      if (fault.share < 1 && Math.random() >= fault.share) continue;
      armed.left -= 1;
      if (armed.left <= 0) this.#armed = this.#armed.filter((each) => each !== armed);
      return fault;
    }
    return null;
  }
}
