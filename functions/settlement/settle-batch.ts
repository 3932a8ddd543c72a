// Shares a batch of records out over transactions, and keeps a stopped market's records from
// failing the others.
import type { Logger } from 'pino';
import type { Pool } from '../../shared/db/pool.ts';
import type { Executions } from '../../shared/events/executions.ts';
import { EventConflictError, MarketStoppedError, settleRecords } from './settle.ts';
import { stopMarket } from './store.ts';

/** Most events of one transaction, unless a single record has more. */
const TRANSACTION_EVENTS_MAX = 2_000;

export type Settled = 'settled' | Error;

/**
 * Answers one result a record, in order: an Error for records of a market that is stopped, or that
 * this batch made stop. Throws what `settleRecords` throws for any other cause; what was settled by
 * then stays settled, and settling it again changes nothing.
 */
export async function settleBatch(
  pool: Pool,
  log: Logger,
  records: readonly Executions[],
): Promise<Settled[]> {
  const stopped = new Map<string, Error>();
  for (const group of groupRecords(records)) {
    let open = group.filter((record) => !stopped.has(record.market));
    while (open.length > 0) {
      const failure = await settleUnlessStopped(pool, open);
      if (failure === null) break;
      if (failure instanceof EventConflictError) await alarm(pool, log, failure);
      stopped.set(failure.market, failure);
      open = open.filter((record) => record.market !== failure.market);
    }
  }
  return records.map((record) => stopped.get(record.market) ?? 'settled');
}

async function settleUnlessStopped(
  pool: Pool,
  records: readonly Executions[],
): Promise<EventConflictError | MarketStoppedError | null> {
  try {
    await settleRecords(pool, records);
    return null;
  } catch (error) {
    if (error instanceof EventConflictError || error instanceof MarketStoppedError) return error;
    throw error;
  }
}

/** The stop is written on its own: the transaction that met the conflict has been rolled back. */
async function alarm(pool: Pool, log: Logger, conflict: EventConflictError): Promise<void> {
  const { market, sequence, settledHash, refusedHash } = conflict;
  await stopMarket(pool, { market, sequence, settledHash, refusedHash });
  log.error(
    { code: 'EVENT_CONFLICT', market, sequence, settledHash, refusedHash },
    'two engines disagree: the settlement of this market is stopped',
  );
}

function groupRecords(records: readonly Executions[]): Executions[][] {
  const groups: Executions[][] = [];
  let events = Infinity;
  for (const record of records) {
    events += record.events.length;
    if (events > TRANSACTION_EVENTS_MAX) {
      groups.push([]);
      events = record.events.length;
    }
    groups.at(-1)?.push(record);
  }
  return groups;
}
