// `npm run reseal`: seals anew whatever is not under the current key of its ring.
import { parseArgs } from 'node:util';
import { getVariable } from '../../../../shared/config/environment.ts';
import { flagFault } from '../../../../shared/config/flag-fault.ts';
import { createPool } from '../../../../shared/db/pool.ts';
import { runOperatorTool, UsageError } from '../../../../shared/operator/operator.ts';
import { readKeyRing, SEALING_DIR_VARIABLE } from '../../../../shared/secrets/key-ring.ts';
import { resealAll } from './reseal.ts';

const EXIT_LEFT = 1;

const USAGE = `npm run reseal -- [--dry-run]

Seals anew one-time codes, signing keys, secrets of API keys and e-mail addresses that are not under
the current key of their ring, in batches and while everything runs. It may be stopped and started
again. At the end it says what is left under which key, and ends with 1 when anything is left under
another than the current. To change a key: add it to the ring everywhere, then make it current
everywhere, then run this; a key that nothing is left under can go. The rings users and mail have to
keep theirs for as long as the topic mail.requested keeps its records.

  --dry-run  changes nothing: says only what is under which key
  --help     this text

DATABASE_URL      the database, as bourse_reseal
SEALING_KEYS_DIR  the folder with the rings auth.json, api-keys.json and users.json`;

async function main(args: readonly string[]): Promise<void> {
  const { help = false, 'dry-run': dryRun = false } = readFlags(args);
  if (help) {
    console.log(USAGE);
    return;
  }
  const url = getVariable('DATABASE_URL');
  const directory = getVariable(SEALING_DIR_VARIABLE);
  const pool = createPool({ url, applicationName: 'bourse-reseal', connectionsMax: 1 });
  try {
    const left = await resealAll({
      pool,
      ringOf: (purpose) => readKeyRing(directory, purpose),
      dryRun,
      say: (line) => console.log(line),
    });
    if (left > 0 && !dryRun) process.exitCode = EXIT_LEFT;
  } finally {
    await pool.end();
  }
}

function readFlags(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      strict: true,
      options: { 'dry-run': { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
    }).values;
  } catch (cause) {
    throw new UsageError(flagFault(cause), { cause });
  }
}

await runOperatorTool(main, {}, (line) => console.error(line));
