// Database and log belong together: an exchange on another's log would take new commands for old
// ones, and one whose log is gone would number its trades anew. Neither must begin to trade.
import type { Bus } from '../../../shared/bus/bus.ts';
import type { Pool } from '../../../shared/db/pool.ts';
import { TOPICS } from '../../../shared/events/catalog.ts';

/** Only the right log, another prefix or a reset helps. */
export class LogMismatch extends Error {
  override readonly name = 'LogMismatch';
}

/** Throws LogMismatch when one of the two has a history and the other has none. */
export async function assertLogFits(admin: Pool, bus: Bus): Promise<void> {
  const found = await admin.query<{ traded: boolean; waiting: boolean }>(
    `SELECT EXISTS (SELECT FROM reference.markets) AS traded,
       EXISTS (SELECT FROM reference.outbox) AS waiting`,
  );
  const { traded = false, waiting = false } = found.rows[0] ?? {};
  const isEmpty = await isLogEmpty(bus);
  // Of a first start that was interrupted, the markets are still on their way to the log.
  if (traded && isEmpty && !waiting) {
    throw new LogMismatch(
      'the event log is empty, but the database is not: start with the log that this exchange ' +
        'was run on (--kafka, KAFKA_TOPIC_PREFIX, or neither), or with --reset',
    );
  }
  if (!traded && !isEmpty) {
    throw new LogMismatch(
      'the event log holds the commands of another database: set KAFKA_TOPIC_PREFIX for a log ' +
        'of its own, or throw its topics away with --reset --reset-topics',
    );
  }
}

async function isLogEmpty(bus: Bus): Promise<boolean> {
  const { name } = TOPICS['orders.accepted'];
  const partitions = await bus.partitions(name);
  for (let partition = 0; partition < partitions; partition++) {
    if ((await bus.offsets(name, partition)).next > 0) return false;
  }
  return true;
}
