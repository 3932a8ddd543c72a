// `npm run auth`: what an operator does about signing keys, OAuth clients and what is over.
import { getVariable } from '../../../shared/config/environment.ts';
import { createPool, type Pool } from '../../../shared/db/pool.ts';
import { runOperatorTool } from '../../../shared/operator/operator.ts';
import { readKeyRing, SEALING_DIR_VARIABLE } from '../../../shared/secrets/key-ring.ts';
import {
  CLIENTS_MEANINGS,
  CLIENTS_USAGE,
  readClientsCommand,
  runClientsCommand,
} from './clients.ts';
import { readCommand, USAGE } from './options.ts';
import { runCommand } from './run.ts';
import { readSweepCommand, runSweep, SWEEP_USAGE } from './sweep.ts';

async function main(args: readonly string[], account: string): Promise<void> {
  const [first, ...rest] = args;
  if (first === 'clients') return clients(rest, account);
  return first === 'sweep' ? sweep(rest) : keys(args, account);
}

async function sweep(args: readonly string[]): Promise<void> {
  if (readSweepCommand(args)) await withPool((pool) => runSweep(pool));
  else console.log(SWEEP_USAGE);
}

async function clients(args: readonly string[], account: string): Promise<void> {
  const command = readClientsCommand(args, account);
  if (command === null) {
    console.log(CLIENTS_USAGE);
    return;
  }
  await withPool(async (pool) => runClientsCommand(pool, command, Date.now()));
}

async function keys(args: readonly string[], account: string): Promise<void> {
  const command = readCommand(args, account);
  if (command === null) {
    console.log([USAGE, CLIENTS_USAGE, SWEEP_USAGE].join('\n\n'));
    return;
  }
  const sealing = () => readKeyRing(getVariable(SEALING_DIR_VARIABLE), 'auth');
  await withPool((pool) => runCommand({ pool, sealing, now: Date.now }, command));
}

async function withPool(run: (pool: Pool) => Promise<readonly string[]>): Promise<void> {
  const url = getVariable('DATABASE_URL');
  const pool = createPool({ url, applicationName: 'bourse-auth', connectionsMax: 2 });
  try {
    for (const line of await run(pool)) console.log(line);
  } finally {
    await pool.end();
  }
}

await runOperatorTool(main, CLIENTS_MEANINGS, (line) => console.error(line));
