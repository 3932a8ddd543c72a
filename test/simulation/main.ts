// `npm run sim`: runs seeds, tells what they did, and how to run a failed one again.
import { parseOptions, USAGE, type SimulationOptions } from './options.ts';
import { replayCommand, Session, shrink } from './session.ts';
import type { RunResult } from './run-seed.ts';

const EXIT_VIOLATED = 1;
const EXIT_NOT_COVERING = 2;
const SEEDS_PER_PROGRESS = 100;

async function run(options: SimulationOptions): Promise<number> {
  const session = new Session();
  const { from, seeds, requestsMax, without, json, trace } = options;
  for (let seed = from; seed < from + seeds; seed += 1) {
    const result = await session.run({
      seed,
      without,
      ...(requestsMax === null ? {} : { requestsMax }),
      ...(trace ? { onNote: (line: string) => console.log(line) } : {}),
    });
    if (json) console.log(jsonLine(result));
    else if (seeds === 1) console.log(oneRun(result));
    else if (session.totals.seeds % SEEDS_PER_PROGRESS === 0) {
      console.log(`${session.totals.seeds} of ${seeds} seeds, ${session.failures.length} failed`);
    }
    if (result.violation !== null) await tellFailure(result, options);
    if (session.failures.length >= options.failuresMax) break;
  }
  return conclude(session, json);
}

async function tellFailure(result: RunResult, options: SimulationOptions): Promise<void> {
  if (options.json) return;
  console.log(`\nseed ${result.seed}: ${result.violation ?? ''}`);
  console.log(`again:   ${replayCommand({ seed: result.seed, without: options.without })}`);
  if (!options.isShrinking || options.seeds === 1) return;
  console.log(`smaller: ${replayCommand(await shrink(result))}\n`);
}

function conclude(session: Session, json: boolean): number {
  const { totals, failures } = session;
  const missing = session.missing();
  const coverage = Object.fromEntries([...session.coverage.counts].sort());
  if (json) {
    console.log(JSON.stringify({ totals, failed: failures.length, missing, coverage }));
  } else if (totals.seeds > 1) {
    for (const [name, count] of Object.entries(coverage)) console.log(`${count}`.padStart(9), name);
    console.log(JSON.stringify(totals));
    for (const name of missing) console.log(`NOT COVERED: ${name}`);
    console.log(`${totals.seeds} seeds, ${failures.length} failed`);
  }
  if (failures.length > 0) return EXIT_VIOLATED;
  return missing.length > 0 ? EXIT_NOT_COVERING : 0;
}

function jsonLine({ seed, traceHash, violation, counts }: RunResult): string {
  return JSON.stringify({ seed, traceHash, violation, counts });
}

function oneRun({ seed, traceHash, counts, coverage }: RunResult): string {
  const faults = [...coverage.counts].filter(([name]) => name.startsWith('fault: '));
  const lines = faults.map(([name, count]) => `${String(count).padStart(9)} ${name}`);
  return [...lines, `seed ${seed} trace ${traceHash} ${JSON.stringify(counts)}`].join('\n');
}

const options = parseOptions(process.argv.slice(2));
if (options === 'help') {
  console.log(USAGE);
} else if ('fault' in options) {
  console.error(`${options.fault}\n\n${USAGE}`);
  process.exitCode = EXIT_VIOLATED;
} else {
  process.exitCode = await run(options);
}
