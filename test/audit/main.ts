// npm run audit: judges an exchange, running or stopped, from its database and its own rules alone.
import { join } from 'node:path';
import { findVariable } from '../../shared/config/environment.ts';
import { runAudit } from './audit.ts';
import { openDatabase } from './database.ts';
import { agreeWithLog, assertLogIsHere } from './cut.ts';
import { reportJson, reportLines } from './findings.ts';
import { openKafkaLog, type KafkaLog } from './kafka-log.ts';
import { readOptions, USAGE, type AuditOptions } from './options.ts';
import { readClaims } from './snapshots.ts';

const EXIT_VIOLATED = 1;
const EXIT_NOT_DONE = 2;

async function audit(options: AuditOptions): Promise<number> {
  const snapshotsDir = options.snapshotsDir ?? join(options.dataDir, 'snapshots');
  // A database that is given by URL need not belong to the default data folder.
  const isOwn = options.url === null || options.snapshotsDir !== null;
  const claims = isOwn ? readClaims(snapshotsDir) : [];
  const database = await openDatabase(options);
  const tell = (line: string): void => console.error(line);
  tell(`auditing ${database.source}`);
  let kafka: KafkaLog | null = null;
  try {
    const { isFinal } = options;
    kafka = options.kafka === null ? null : await openKafkaLog(options.kafka);
    if (kafka === null) await assertLogIsHere(database.client);
    const log = kafka === null ? null : await agreeWithLog(database, kafka);
    const findings = await runAudit({ client: database.client, log, claims, isFinal, tell });
    if (options.json) console.log(reportJson(findings, isFinal));
    else for (const line of reportLines(findings, isFinal)) console.log(line);
    return findings.isClean ? 0 : EXIT_VIOLATED;
  } finally {
    await kafka?.close();
    await database.close();
  }
}

async function main(): Promise<number> {
  try {
    const options = readOptions(process.argv.slice(2), findVariable('BOURSE_DATABASE_URL'));
    if (options !== null) return await audit(options);
    console.log(USAGE);
    return 0;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return EXIT_NOT_DONE;
  }
}

process.exitCode = await main();
