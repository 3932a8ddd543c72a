// `npm run auth`: what an operator does about signing keys.
import { getVariable } from '../../../shared/config/environment.ts';
import { createPool } from '../../../shared/db/pool.ts';
import { runOperatorTool } from '../../../shared/operator/operator.ts';
import { readKeyRing, SEALING_DIR_VARIABLE } from '../../../shared/secrets/key-ring.ts';
import { readCommand, USAGE } from './options.ts';
import { runCommand } from './run.ts';

async function main(args: readonly string[], account: string): Promise<void> {
  const command = readCommand(args, account);
  if (command === null) {
    console.log(USAGE);
    return;
  }
  const url = getVariable('DATABASE_URL');
  const sealing = () => readKeyRing(getVariable(SEALING_DIR_VARIABLE), 'auth');
  const pool = createPool({ url, applicationName: 'bourse-auth', connectionsMax: 2 });
  try {
    const deps = { pool, sealing, now: Date.now };
    for (const line of await runCommand(deps, command)) console.log(line);
  } finally {
    await pool.end();
  }
}

await runOperatorTool(main, {}, (line) => console.error(line));
