// `npm run audit:anchor`: one pass of anchoring. In a cluster a CronJob runs it every minute.
import { openBus } from '../bus/open-bus.ts';
import { findVariable, getVariable } from '../config/environment.ts';
import { createPool } from '../db/pool.ts';
import { runOperatorTool, UsageError } from '../operator/operator.ts';
import { createLogger } from '../telemetry/logger.ts';
import { readAnchorKey } from './anchor.ts';
import { takeAnchor } from './take-anchor.ts';

const USAGE = `npm run audit:anchor

Signs where each stream of the audit log ends now, and writes it to the topic audit.anchors and to a
folder, which belongs on a volume that the database's keepers cannot write to.

DATABASE_URL           the database, as bourse_audit_anchor
BUS_URL                the event log; the database itself unless given
AUDIT_ANCHOR_KEY_FILE  the key, Ed25519 in PEM: openssl genpkey -algorithm ed25519
AUDIT_ANCHOR_DIR       the folder`;

async function main(args: readonly string[]): Promise<void> {
  if (args[0] === '--help' || args[0] === '-h') {
    console.log(USAGE);
    return;
  }
  if (args.length > 0) throw new UsageError('audit:anchor takes no options');
  const url = getVariable('DATABASE_URL');
  const key = readAnchorKey(getVariable('AUDIT_ANCHOR_KEY_FILE'));
  const directory = getVariable('AUDIT_ANCHOR_DIR');
  const log = createLogger({ service: 'audit', level: 'warn' });
  const pool = createPool({ url, applicationName: 'bourse-audit-anchor', connectionsMax: 2 });
  const bus = openBus({ url: findVariable('BUS_URL') ?? url, applicationName: 'audit', log });
  try {
    const anchor = await takeAnchor({ pool, bus, directory, key, nowMs: Date.now() });
    const records = anchor.heads.reduce((sum, { sequence }) => sum + sequence, 0);
    console.log(`anchored ${records} records in ${anchor.heads.length} streams`);
  } finally {
    await bus.close();
    await pool.end();
  }
}

await runOperatorTool(main, {}, (line) => console.error(line));
