// Virtual time and the one loop that everything happens in: the next event runs, then all promises
// that it settled, and only then the event after it. So one seed gives one order of everything.
import { createHash } from 'node:crypto';
import { EventQueue } from './event-queue.ts';
import type { SimulatedProcess } from './process.ts';
import { Random } from './random.ts';

/** True time at the start, noon; every clock of the world shows a skewed copy of it. */
const START_MS = 1_772_366_400_000;
const NOON_TO_MIDNIGHT_MS = 43_200_000;
/** Share of the worlds that begin so shortly before midnight that a day ends in them. */
const NIGHT_WORLDS = 0.15;
const BEFORE_MIDNIGHT_MS_MAX = 4_000;

interface WorldEvent {
  /** Null: it happens in the world outside the processes, such as in the database server. */
  readonly process: SimulatedProcess | null;
  readonly label: string;
  readonly run: () => void;
}

/** Something the simulation rests on is not so: a bug in it, or a violation of an invariant. */
export class SimulationError extends Error {
  override readonly name = 'SimulationError';
}

export class World {
  readonly random: Random;
  /** Milliseconds since the start. */
  nowMs = 0;
  /** Whose code is running: timers and I/O belong to it. */
  current: SimulatedProcess | null = null;
  isRunning = false;
  eventCount = 0;
  /** Called after each event; throws what it finds wrong. */
  afterEvent: () => void = () => undefined;
  /** Gets each line of the trace, for a person who looks for a cause. */
  onNote: ((line: string) => void) | null = null;
  readonly #startMs: number;
  readonly #events = new EventQueue<WorldEvent>();
  readonly #trace = createHash('sha256');
  #lines: string[] = [];
  #failure: { readonly error: unknown } | null = null;

  constructor(seed: number) {
    this.random = new Random(seed);
    const isNight = this.random.chance(NIGHT_WORLDS);
    const beforeMs = this.random.between(0, BEFORE_MIDNIGHT_MS_MAX);
    this.#startMs = isNight ? START_MS + NOON_TO_MIDNIGHT_MS - beforeMs : START_MS;
  }

  /** The true time, in milliseconds since 1970. */
  get wallMs(): number {
    return this.#startMs + Math.floor(this.nowMs);
  }

  schedule(
    delayMs: number,
    process: SimulatedProcess | null,
    label: string,
    run: () => void,
  ): void {
    this.#events.add(this.nowMs + Math.max(0, delayMs), { process, label, run });
  }

  /** Resolves in the process after that long; never, when the process is killed before. */
  wait(delayMs: number, process: SimulatedProcess, label: string): Promise<void> {
    return new Promise((resolve) => this.schedule(delayMs, process, label, resolve));
  }

  /** Writes into the trace, with the microsecond, what must be the same for the same seed. */
  note(line: string): void {
    const noted = `${Math.round(this.nowMs * 1_000)} ${line}`;
    this.#lines.push(noted);
    this.onNote?.(noted);
    if (this.#lines.length >= 256) this.#flush();
  }

  fail(error: unknown): void {
    this.#failure ??= { error };
  }

  traceHash(): string {
    this.#flush();
    return this.#trace.copy().digest('hex');
  }

  /** Runs until `isDone`, or until no event is left, or until `untilMs`. */
  async run(untilMs: number, isDone: () => boolean): Promise<void> {
    this.isRunning = true;
    try {
      while (!isDone()) {
        const next = this.#events.take();
        if (next === undefined || next.atMs > untilMs) break;
        await this.#happen(next.atMs, next.item);
        if (this.#failure !== null) throw this.#failure.error;
        this.afterEvent();
      }
    } finally {
      this.current = null;
      this.isRunning = false;
    }
  }

  async #happen(atMs: number, event: WorldEvent): Promise<void> {
    this.nowMs = Math.max(this.nowMs, atMs);
    const { process, label } = event;
    if (process !== null) {
      if (!process.isAlive) return;
      if (process.stoppedUntilMs > this.nowMs) {
        this.#events.add(process.stoppedUntilMs, event);
        return;
      }
    }
    this.eventCount += 1;
    this.note(`${process?.name ?? '-'} ${label}`);
    this.current = process;
    event.run();
    await settled();
    this.current = null;
  }

  #flush(): void {
    this.#trace.update(`${this.#lines.join('\n')}\n`);
    this.#lines = [];
  }
}

/**
 * Resolves when every promise that can go on has done so: Node.js looks at its next-tick queue when
 * the queue of promise jobs is empty, and we are called from a promise job.
 */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    process.nextTick(resolve);
  });
}
