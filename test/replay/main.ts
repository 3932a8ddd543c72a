// `npm run replay`: exit 0 when the flow was sent to its end, 1 when it could not be, 2 on bad
// flags.
import { UnexpectedAnswerError } from './client/exchange-api.ts';
import { OutcomeUnknownError } from './client/retry.ts';
import { RowError } from './flow.ts';
import { HELP, OptionError, parseOptions } from './options.ts';
import { formatSummary } from './report/summary.ts';
import { runReplay } from './run.ts';

try {
  const options = parseOptions(process.argv.slice(2));
  if (options === null) {
    console.log(HELP);
  } else {
    const summary = await runReplay(options, process.stderr);
    console.log(options.json ? JSON.stringify(summary, null, 2) : formatSummary(summary));
  }
} catch (error) {
  if (error instanceof OptionError) {
    console.error(`${error.message}\nSee npm run replay -- --help`);
    process.exitCode = 2;
  } else if (
    error instanceof RowError ||
    error instanceof UnexpectedAnswerError ||
    error instanceof OutcomeUnknownError
  ) {
    console.error(error.message);
    process.exitCode = 1;
  } else {
    throw error;
  }
}
