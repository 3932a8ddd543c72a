// `npm run auth`: what an operator does about OAuth clients.
import { getVariable } from '../../../shared/config/environment.ts';
import { createPool } from '../../../shared/db/pool.ts';
import { runOperatorTool, UsageError } from '../../../shared/operator/operator.ts';
import {
  CLIENTS_MEANINGS,
  CLIENTS_USAGE,
  readClientsCommand,
  runClientsCommand,
} from './clients.ts';

async function main(args: readonly string[], account: string): Promise<void> {
  const [first, ...rest] = args;
  if (first === 'clients') return clients(rest, account);
  if (first !== undefined && first !== '--help') throw new UsageError(`no command ${first}`);
  console.log(CLIENTS_USAGE);
}

async function clients(args: readonly string[], account: string): Promise<void> {
  const command = readClientsCommand(args, account);
  if (command === null) {
    console.log(CLIENTS_USAGE);
    return;
  }
  const url = getVariable('DATABASE_URL');
  const pool = createPool({ url, applicationName: 'bourse-auth', connectionsMax: 2 });
  try {
    for (const line of await runClientsCommand(pool, command, Date.now())) console.log(line);
  } finally {
    await pool.end();
  }
}

await runOperatorTool(main, CLIENTS_MEANINGS, (line) => console.error(line));
