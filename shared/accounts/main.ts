// `npm run accounts`: what an operator does to accounts, until there are routes for staff.
import { userInfo } from 'node:os';
import { openBus } from '../bus/open-bus.ts';
import { Outbox } from '../bus/outbox.ts';
import { findVariable, getVariable } from '../config/environment.ts';
import { createPool } from '../db/pool.ts';
import { createLogger } from '../telemetry/logger.ts';
import { HELP, parseAccountOptions, UsageError, type AccountOptions } from './options.ts';
import { runAccounts } from './run.ts';

const options = readOptions();
if (options !== null) {
  if (options.command === 'help') console.log(HELP);
  else await run(options);
}

function readOptions(): AccountOptions | null {
  try {
    return parseAccountOptions(process.argv.slice(2), userInfo().username);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(error.message);
    process.exitCode = 2;
    return null;
  }
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
