// `npm run dead-letters`: what an operator does about events that a consumer could not take.
import { userInfo } from 'node:os';
import { connect } from './connect.ts';
import { readOptions, USAGE, UsageError } from './options.ts';
import { EXIT_DONE, EXIT_NOT_DONE, runCommand } from './run.ts';

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2), Date.now(), userInfo().username);
  if (options === null) {
    console.log(USAGE);
    return EXIT_DONE;
  }
  const exchange = await connect(options);
  try {
    const { lines, json, exitCode } = await runCommand(exchange, options);
    if (options.json) console.log(JSON.stringify(json));
    else for (const line of lines) console.log(line);
    return exitCode;
  } finally {
    await exchange.close();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  const reason = error instanceof Error ? error.message : String(error);
  const hint = error instanceof UsageError ? ' (--help lists commands and options)' : '';
  console.error(`${reason}${hint}`);
  process.exitCode = EXIT_NOT_DONE;
}
