// npm run compare: compares the engine with the naive book over as many random commands as asked
// for, in several processes.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { compare, type Batch, type Progress, type Task, type Worker } from './compare.ts';
import { parseOptions, USAGE, type CompareOptions } from './compare-options.ts';
import { DOCUMENTED } from './coverage.ts';

const EXIT_DIFFERENT = 1;
const EXIT_NOT_DONE = 2;
const TELL_EVERY_MS = 10_000;
const WORKER = fileURLToPath(new URL('compare-worker.ts', import.meta.url));

class WorkerProcess implements Worker {
  readonly #child: ChildProcess = fork(WORKER, { execArgv: ['--import', 'tsx'] });
  readonly #ended = once(this.#child, 'exit').then(() => {
    throw new Error('a process of the comparison has ended');
  });

  async do(task: Task): Promise<Batch> {
    const answered = once(this.#child, 'message');
    this.#child.send(task);
    const [batch] = (await Promise.race([answered, this.#ended])) as [Batch];
    return batch;
  }

  stop(): void {
    this.#child.kill();
  }
}

/** Tells at most every ten seconds. */
function makeTeller(startedMs: number): (progress: Progress) => void {
  let toldMs = startedMs;
  return (progress) => {
    const nowMs = performance.now();
    if (nowMs - toldMs < TELL_EVERY_MS) return;
    toldMs = nowMs;
    const { commands, events, restores, missing } = progress;
    const rate = Math.round((commands * 1_000) / (nowMs - startedMs));
    const met = `${DOCUMENTED.length - missing.length} of ${DOCUMENTED.length} outcomes met`;
    const done = `${commands} commands, ${events} events, ${restores} restores`;
    console.error(`${done}, ${rate} commands a second, ${met}`);
  };
}

async function run(options: CompareOptions): Promise<number> {
  const { seed, jobs } = options;
  console.error(`engine against oracle: --seed ${seed} --jobs ${jobs}`);
  const startedMs = performance.now();
  const workers = Array.from({ length: jobs }, () => new WorkerProcess());
  try {
    const { failed, ...counts } = await compare(options, workers, makeTeller(startedMs));
    if (failed !== null) {
      console.error(`${failed.difference ?? ''}\nrepeat: --seed ${failed.seed} --commands 1`);
    }
    const seconds = Math.round((performance.now() - startedMs) / 1_000);
    const outcomes = DOCUMENTED.length - counts.missing.length;
    const failedSeed = failed?.seed ?? null;
    console.log(JSON.stringify({ seed, jobs, seconds, ...counts, outcomes, failedSeed }));
    return failed === null ? 0 : EXIT_DIFFERENT;
  } finally {
    for (const worker of workers) worker.stop();
  }
}

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  if (options === 'help') {
    console.log(USAGE);
    return 0;
  }
  if ('fault' in options) {
    console.error(`${options.fault}\n\n${USAGE}`);
    return EXIT_NOT_DONE;
  }
  try {
    return await run(options);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return EXIT_NOT_DONE;
  }
}

process.exitCode = await main();
