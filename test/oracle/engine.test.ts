// The engine against its naive twin: more than a million random commands a run, compared event by
// event and state by state. BOURSE_SEED=<n> repeats a run; a failure prints seed and path. For more
// commands than these there is `npm run compare`.
import { expect, test } from 'vitest';
import { findVariable } from '../../shared/config/environment.ts';
import { DOCUMENTED } from './coverage.ts';
import { EngineSubject } from './engine-subject.ts';
import { checkRandomRuns } from './random-runs.ts';

/** Half of 640 commands each on average: about 1,060,000. */
const RUNS = 3_300;
const COMMANDS_MIN = 1_000_000;
/** One snapshot restore in a hundred commands. */
const RESTORE_SHARE_MIN = 0.01;
const TIMEOUT_MS = 900_000;

test(
  'the engine does what docs/engine.md says, as the naive book reads it',
  { timeout: TIMEOUT_MS },
  () => {
    const seed = Number(findVariable('BOURSE_SEED') ?? Math.floor(Math.random() * 2 ** 31));
    process.stdout.write(`engine against oracle: BOURSE_SEED=${seed}\n`);
    const makeSubject = (): EngineSubject => new EngineSubject();
    const coverage = checkRandomRuns({ seed, runs: RUNS, makeSubject });
    const { commands, events, restores } = coverage;
    const kinds = `${DOCUMENTED.length} documented outcomes`;
    process.stdout.write(
      `${commands} commands, ${events} events, ${restores} restores, ${kinds}\n`,
    );
    expect(coverage.missing(), 'outcomes that never happened: not covering').toEqual([]);
    expect(commands).toBeGreaterThanOrEqual(COMMANDS_MIN);
    expect(restores / commands).toBeGreaterThanOrEqual(RESTORE_SHARE_MIN);
  },
);
