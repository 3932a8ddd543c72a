// `npm run markets`: what an operator does to markets, alone; staff do it in pairs.
import { userInfo } from 'node:os';
import { openBus } from '../bus/open-bus.ts';
import { Outbox } from '../bus/outbox.ts';
import { findVariable, getVariable } from '../config/environment.ts';
import { createPool } from '../db/pool.ts';
import { createLogger } from '../telemetry/logger.ts';
import { readOptions, UsageError, type Options } from './tool/options.ts';
import { runCommand } from './tool/run.ts';
import { USAGE } from './tool/usage.ts';

const EXIT_REFUSED = 1;

async function run(options: Options): Promise<void> {
  const url = getVariable('DATABASE_URL');
  const log = createLogger({ service: 'markets', level: 'warn' });
  const pool = createPool({ url, applicationName: 'bourse-markets', connectionsMax: 2 });
  const bus = openBus({ url: findVariable('BUS_URL') ?? url, applicationName: 'markets', log });
  const outbox = new Outbox({ pool, schema: 'reference', bus, log });
  const tell = (line: string): void => {
    console.log(line);
  };
  try {
    await runCommand({ pool, outbox, bus, nowMs: Date.now(), tell }, options);
  } finally {
    await outbox.stop();
    await bus.close();
    await pool.end();
  }
}

try {
  const options = readOptions(process.argv.slice(2), userInfo().username);
  if (options === null) console.log(USAGE);
  else await run(options);
} catch (error) {
  const reason = error instanceof Error ? error.message : String(error);
  const hint = error instanceof UsageError ? ' (--help lists commands and options)' : '';
  console.error(`${reason}${hint}`);
  process.exitCode = EXIT_REFUSED;
}
