// `npm run accounts`: what an operator does to accounts, until there are routes for staff.
import { userInfo } from 'node:os';
import { openBus } from '../bus/open-bus.ts';
import { Outbox } from '../bus/outbox.ts';
import { findVariable, getVariable } from '../config/environment.ts';
import { createPool } from '../db/pool.ts';
import { createLogger } from '../telemetry/logger.ts';
import { HELP, parseAccountOptions, UsageError, type AccountOptions } from './options.ts';
import { runAccounts } from './run.ts';

/** Wrong usage, and what could not be done. */
const EXIT_USAGE = 2;
const EXIT_NOT_DONE = 1;

try {
  const options = parseAccountOptions(process.argv.slice(2), userInfo().username);
  if (options.command === 'help') console.log(HELP);
  else await run(options);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = error instanceof UsageError ? EXIT_USAGE : EXIT_NOT_DONE;
}

async function run(asked: Exclude<AccountOptions, { command: 'help' }>): Promise<void> {
  const url = getVariable('DATABASE_URL');
  const log = createLogger({ service: 'accounts', level: 'warn' });
  const pool = createPool({ url, applicationName: 'bourse-accounts', connectionsMax: 2 });
  const bus = openBus({ url: findVariable('BUS_URL') ?? url, applicationName: 'accounts', log });
  const outbox = new Outbox({ pool, schema: 'orders', bus, log });
  try {
    await runAccounts({ pool, outbox, tell: (line) => console.log(line) }, asked);
  } finally {
    await outbox.stop();
    await bus.close();
    await pool.end();
  }
}
