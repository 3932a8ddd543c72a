// `npm run fees`: what an operator does about rates, and the daily run of the tiers.
import { getVariable } from '../../../shared/config/environment.ts';
import { createPool } from '../../../shared/db/pool.ts';
import { runOperatorTool } from '../../../shared/operator/operator.ts';
import { readCommand, USAGE } from './options.ts';
import { MEANINGS, runCommand } from './run.ts';

/** A recompute reads the volumes of all users. */
const STATEMENT_TIMEOUT_MS = 600_000;

async function main(args: readonly string[], account: string): Promise<void> {
  const command = readCommand(args, account);
  if (command === null) {
    console.log(USAGE);
    return;
  }
  const pool = createPool({
    url: getVariable('DATABASE_URL'),
    applicationName: 'bourse-fees',
    connectionsMax: 2,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
    idleTransactionTimeoutMs: STATEMENT_TIMEOUT_MS,
  });
  try {
    for (const line of await runCommand(pool, command)) console.log(line);
  } finally {
    await pool.end();
  }
}

await runOperatorTool(main, MEANINGS, (line) => console.error(line));
