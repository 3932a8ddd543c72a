// npm run torture: kills the exchange for as long as asked, and says whether anything was lost.
import { readOptions, USAGE, UsageError, type TortureOptions } from './options.ts';
import { outcomeOf } from './report/report.ts';
import { pageOf } from './report/page.ts';
import { profileOf, torture } from './run.ts';
import { Schedule, scheduleHash } from './schedule/schedule.ts';

const EXIT_CODES = { PASSED: 0, VIOLATED: 1, 'NOT COVERING': 3 } as const;
const EXIT_NOT_DONE = 2;

async function main(): Promise<number> {
  try {
    const options = readOptions(process.argv.slice(2));
    if (options === null) {
      console.log(USAGE);
      return 0;
    }
    return await run(options);
  } catch (error) {
    console.error(error instanceof UsageError ? `${error.message}\n\n${USAGE}` : error);
    return EXIT_NOT_DONE;
  }
}

async function run(options: TortureOptions): Promise<number> {
  const { seed } = options;
  const profile = profileOf(options);
  console.log(`seed ${seed}, schedule ${scheduleHash(seed, profile, options)}`);
  if (options.printsSchedule) {
    console.log(JSON.stringify(new Schedule(seed, profile, options).nextRound(), null, 1));
    return 0;
  }
  const tell = (line: string): void => {
    console.log(`${new Date().toISOString().slice(11, 19)} ${line}`);
  };
  const report = await torture(options, tell, endOnSignals);
  console.log(pageOf(report));
  return EXIT_CODES[outcomeOf(report)];
}

/** What was started is many processes: none of them may outlive an interrupted torture. */
function endOnSignals(end: () => Promise<void>): void {
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => {
      console.error(`${name}: ending everything`);
      void end().finally(() => process.exit(EXIT_NOT_DONE));
    });
  }
}

process.exitCode = await main();
