// The long comparison: batches of random commands, each with a seed of its own, are given to
// workers until there are enough or one finds a difference.
import { Coverage, DOCUMENTED } from './coverage.ts';
import { checkRandomRuns } from './random-runs.ts';
import type { Subject } from './twin.ts';

/** About 8,000 commands: seconds, and no more to repeat when a batch fails. */
const RUNS_PER_BATCH = 25;

export interface Task {
  readonly seed: number;
  /** Every outcome was met already: nobody needs to look for them any more. */
  readonly isComplete: boolean;
}

export interface Batch {
  readonly seed: number;
  readonly commands: number;
  readonly events: number;
  readonly restores: number;
  /** Documented outcomes that this worker has not met yet. */
  readonly missing: readonly string[];
  /** What differs, with the shortest list of commands that shows it. Null: nothing does. */
  readonly difference: string | null;
}

/** Does one batch at a time. */
export interface Worker {
  do(task: Task): Promise<Batch>;
}

export interface Progress {
  readonly batches: number;
  readonly commands: number;
  readonly events: number;
  readonly restores: number;
  /** Documented outcomes that were not met by anyone yet. */
  readonly missing: readonly string[];
}

export interface Comparison extends Progress {
  /** The batch that failed. */
  readonly failed: Batch | null;
}

/** Does batches in this process. Coverage goes on from batch to batch. */
export class BatchRunner {
  readonly #coverage = new Coverage();
  readonly #makeSubject: () => Subject;
  readonly #runs: number;

  constructor(makeSubject: () => Subject, runs = RUNS_PER_BATCH) {
    this.#makeSubject = makeSubject;
    this.#runs = runs;
  }

  do({ seed, isComplete }: Task): Batch {
    const coverage = this.#coverage;
    coverage.isComplete ||= isComplete;
    const { commands, events, restores } = coverage;
    const [runs, makeSubject] = [this.#runs, this.#makeSubject];
    let difference: string | null = null;
    try {
      checkRandomRuns({ seed, runs, makeSubject, coverage });
    } catch (error) {
      difference = error instanceof Error ? error.message : String(error);
    }
    return {
      seed,
      commands: coverage.commands - commands,
      events: coverage.events - events,
      restores: coverage.restores - restores,
      missing: coverage.missing(),
      difference,
    };
  }
}

/**
 * Gives each worker a batch as soon as it is free. Ends when at least so many commands were
 * compared, or at the first difference, without waiting for the other workers then.
 */
export async function compare(
  options: { readonly commands: number; readonly seed: number },
  workers: readonly Worker[],
  tell: (progress: Progress) => void,
): Promise<Comparison> {
  let progress: Progress = {
    batches: 0,
    commands: 0,
    events: 0,
    restores: 0,
    missing: DOCUMENTED,
  };
  let { seed } = options;
  let failed: Batch | null = null;
  const keepBusy = async (worker: Worker): Promise<void> => {
    while (failed === null && progress.commands < options.commands) {
      const task = { seed, isComplete: progress.missing.length === 0 };
      seed += 1;
      const batch = await worker.do(task);
      if (batch.difference !== null) failed ??= batch;
      progress = sumOf(progress, batch);
      tell(progress);
    }
  };
  const busy = workers.map((worker) => keepBusy(worker));
  // The first that stops because of a difference ends it for all.
  const stopped = busy.map(async (each) => {
    await each;
    if (failed === null) await Promise.all(busy);
  });
  await Promise.race(stopped);
  return { ...progress, failed };
}

function sumOf(progress: Progress, batch: Batch): Progress {
  const missing = new Set(batch.missing);
  return {
    batches: progress.batches + 1,
    commands: progress.commands + batch.commands,
    events: progress.events + batch.events,
    restores: progress.restores + batch.restores,
    missing: progress.missing.filter((outcome) => missing.has(outcome)),
  };
}
