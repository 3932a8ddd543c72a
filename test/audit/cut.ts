// Makes sure that database and log are read as of one moment. The embedded log is in the snapshot
// of the database anyway; a log in Kafka goes on while it is taken.
import type pg from 'pg';
import { readAll, type AuditedDatabase } from './database.ts';
import { COMMAND_LOG, EXECUTION_LOG, type EventLog } from './read-log.ts';

/** Each attempt takes a few milliseconds; between two commands there is often more. */
const ATTEMPTS_MAX = 2_000;

/** The database and the log do not belong together, or cannot be read together. */
export class CutError extends Error {
  override readonly name = 'CutError';
}

/**
 * Takes snapshots until one falls between two records of the command log, and answers the log as it
 * was then: it holds just the commands that the snapshot says were published, all that was settled
 * of them, and nothing that the engine did later.
 */
export async function agreeWithLog(database: AuditedDatabase, log: EventLog): Promise<EventLog> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const before = await log.readBounds(COMMAND_LOG);
    await database.renewSnapshot();
    // After the snapshot, so that nothing is settled that is not here; before the commands are
    // looked at again, so that nothing is here that they did not lead to.
    const executions = await log.readBounds(EXECUTION_LOG);
    const after = await log.readBounds(COMMAND_LOG);
    if (JSON.stringify(before) !== JSON.stringify(after)) continue;
    const bounds = new Map([
      [COMMAND_LOG, before],
      [EXECUTION_LOG, executions],
    ]);
    return {
      readBounds: (topic) => Promise.resolve(bounds.get(topic) ?? []),
      readRecords: (topic, within) => log.readRecords(topic, within),
    };
  }
  throw new CutError('the command log never stands still long enough: audit at a quieter moment');
}

/** Throws CutError when the exchange has markets, but its log is elsewhere. */
export async function assertLogIsHere(client: pg.Client): Promise<void> {
  const [found] = await readAll<{ elsewhere: boolean }>(
    client,
    `SELECT EXISTS (SELECT FROM reference.markets)
       AND NOT EXISTS (SELECT FROM log.topics) AS elsewhere`,
  );
  if (found?.elsewhere !== true) return;
  throw new CutError('the event log of this exchange is not in its database: give --kafka');
}
