// `npm run admin`: the first of the staff, and who may act no more.
import { getVariable } from '../../../shared/config/environment.ts';
import { createPool } from '../../../shared/db/pool.ts';
import { runOperatorTool } from '../../../shared/operator/operator.ts';
import { readCommand, USAGE } from './options.ts';
import { MEANINGS, runCommand } from './run.ts';

async function main(args: readonly string[], account: string): Promise<void> {
  const command = readCommand(args, account);
  if (command === null) {
    console.log(USAGE);
    return;
  }
  const url = getVariable('DATABASE_URL');
  const pool = createPool({ url, applicationName: 'bourse-admin', connectionsMax: 2 });
  try {
    for (const line of await runCommand(pool, command)) console.log(line);
  } finally {
    await pool.end();
  }
}

await runOperatorTool(main, MEANINGS, (line) => console.error(line));
