// Faults put in on purpose: for a function (every request to it) or for a source (its deliveries).
import { z } from 'zod';

const DELAY_MS_MAX = 600_000;
const COUNT_MAX = 1_000_000;
const FAULTS_MAX = 1_000;

const always = {
  /** Name of a function or of a KafkaSource. */
  target: z.string(),
  /** How many times; without it until cleared. */
  count: z.int().min(1).max(COUNT_MAX).optional(),
  /** Share of the requests, 0..1. */
  share: z.number().min(0).max(1).default(1),
};
const delayMs = z.int().min(0).max(DELAY_MS_MAX).default(1_000);

/** Each kind takes its own settings and no others. */
export const faultSchema = z.discriminatedUnion('kind', [
  /** The request waits before the function gets it. */
  z.strictObject({ ...always, kind: z.literal('delay'), delayMs }),
  /** Answered at once, without the function. */
  z.strictObject({
    ...always,
    kind: z.literal('error'),
    status: z.int().min(400).max(599).default(503),
  }),
  /** No answer until somebody's time is over. */
  z.strictObject({ ...always, kind: z.literal('timeout') }),
  /** The connection breaks, before the function gets the request or after it has done its work. */
  z.strictObject({
    ...always,
    kind: z.literal('drop'),
    when: z.enum(['before', 'after']).default('after'),
  }),
  /** Kills the function when its work is done and its answer is not yet out. */
  z.strictObject({ ...always, kind: z.literal('crash') }),
  /** Sources only: the record is delivered twice. */
  z.strictObject({ ...always, kind: z.literal('duplicate') }),
  /**
   * Unordered sources only: the record is held back until a later one of its partition has been
   * delivered, for `delayMs` at most.
   */
  z.strictObject({ ...always, kind: z.literal('reorder'), delayMs }),
]);

export type Fault = z.output<typeof faultSchema>;
export type FaultInput = z.input<typeof faultSchema>;
export type FaultKind = Fault['kind'];
type FaultOf<Kind extends FaultKind> = Extract<Fault, { kind: Kind }>;

/** What can befall a request to a function. */
export const REQUEST_FAULTS = ['delay', 'error', 'timeout', 'drop', 'crash'] as const;

interface Armed {
  readonly id: string;
  readonly fault: Fault;
  left: number;
}

export interface ListedFault {
  readonly id: string;
  readonly fault: Fault;
  /** Null: until cleared. */
  readonly left: number | null;
}

export class FaultPlan {
  #armed: Armed[] = [];
  #made = 0;

  /** Null when there are too many already. */
  add(fault: Fault): ListedFault | null {
    if (this.#armed.length >= FAULTS_MAX) return null;
    this.#made += 1;
    const armed = { id: String(this.#made), fault, left: fault.count ?? Infinity };
    this.#armed.push(armed);
    return listed(armed);
  }

  /** False when there is no such fault, or it is used up. */
  remove(id: string): boolean {
    const before = this.#armed.length;
    this.#armed = this.#armed.filter((each) => each.id !== id);
    return this.#armed.length < before;
  }

  clear(): void {
    this.#armed = [];
  }

  list(): ListedFault[] {
    return this.#armed.map(listed);
  }

  /** Takes the first fault of these kinds that is due for the target, and counts it. */
  take<Kind extends FaultKind>(target: string, kinds: readonly Kind[]): FaultOf<Kind> | null {
    if (this.#armed.length === 0) return null;
    for (const armed of this.#armed) {
      const { fault } = armed;
      if (fault.target !== target || !isOneOf(fault, kinds)) continue;
      if (fault.share < 1 && Math.random() >= fault.share) continue;
      armed.left -= 1;
      if (armed.left <= 0) this.#armed = this.#armed.filter((each) => each !== armed);
      return fault;
    }
    return null;
  }
}

function isOneOf<Kind extends FaultKind>(
  fault: Fault,
  kinds: readonly Kind[],
): fault is FaultOf<Kind> {
  return kinds.some((kind) => kind === fault.kind);
}

function listed({ id, fault, left }: Armed): ListedFault {
  return { id, fault, left: Number.isFinite(left) ? left : null };
}

export interface FaultTargets {
  readonly functions: readonly string[];
  readonly sources: readonly { readonly name: string; readonly ordering: string }[];
}

/** Why this fault cannot be put in; null when it can. */
export function whyNotPutIn(fault: Fault, { functions, sources }: FaultTargets): string | null {
  const { target, kind } = fault;
  const isFunction = functions.includes(target);
  const source = sources.find((each) => each.name === target);
  if (!isFunction && source === undefined) {
    const known = [...new Set([...functions, ...sources.map((each) => each.name)])];
    return `no target ${target}: one of ${known.join(', ')}`;
  }
  if (kind !== 'duplicate' && kind !== 'reorder') return null;
  if (source === undefined) return `${kind} is for sources, and ${target} is a function`;
  if (kind === 'reorder' && source.ordering === 'ordered') {
    return `${target} is an ordered source: it has no order to lose but its own`;
  }
  return null;
}
