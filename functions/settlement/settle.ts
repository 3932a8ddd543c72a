// Settles a batch of engine records in one transaction, whatever order they come in and however
// often: an event counts once, by (market, sequence).
import { hash as digest } from 'node:crypto';
import { crashPoint } from '../../shared/config/crash-point.ts';
import { isRetryableDatabaseError, findViolatedConstraint } from '../../shared/db/failure.ts';
import { sendTogether, withOpenedTransaction } from '../../shared/db/pool.ts';
import { withWritingTransaction, type Pool } from '../../shared/db/pool.ts';
import { RetryableError, TerminalError } from '../../shared/domain/failure.ts';
import { reject } from '../../shared/domain/rejection.ts';
import type { HoldTake, JournalEntry } from '../../shared/domain/journal.ts';
import type { ExecutionEvent, Executions } from '../../shared/events/executions.ts';
import { settleTrades } from '../../shared/ledger/settle-trades.ts';
import { eventContent, releasesOf, settleTrade, volumesOf, type Volume } from './decide.ts';
import * as store from './store.ts';

/** Two engines disagree about one event: the market is stopped, a person must look. */
export class EventConflictError extends RetryableError {
  readonly market: string;
  readonly sequence: number;
  readonly settledHash: string;
  readonly refusedHash: string;

  constructor(settled: store.KnownEvent, refusedHash: string) {
    const detail = `${settled.market} ${settled.sequence} was settled with other content`;
    super(detail, { cause: reject('EVENT_CONFLICT', detail) });
    this.market = settled.market;
    this.sequence = settled.sequence;
    this.settledHash = settled.hash;
    this.refusedHash = refusedHash;
  }
}

/** The market was stopped by an earlier conflict. */
export class MarketStoppedError extends RetryableError {
  readonly market: string;

  constructor(market: string) {
    const detail = `the settlement of ${market} is stopped`;
    super(detail, { cause: reject('EVENT_CONFLICT', detail) });
    this.market = market;
  }
}

interface PlannedEvent {
  readonly record: Executions;
  readonly event: ExecutionEvent;
  readonly row: store.EventRow;
}

/**
 * Settles the records, all or nothing. Throws EventConflictError when an event differs from what
 * was settled under its name, MarketStoppedError when a market of the batch is stopped,
 * RetryableError for a passing fault of the database, and TerminalError for records that the ledger
 * refuses.
 */
export async function settleRecords(pool: Pool, records: readonly Executions[]): Promise<void> {
  const events = [...planEvents(records).values()];
  const markets = [...new Set(records.map((record) => record.market))];
  try {
    if (!(await settleFresh(pool, markets, events))) await settleSome(pool, markets, events);
    crashPoint('settlement.after-commit');
  } catch (error) {
    throw toFailure(error);
  }
}

/**
 * Takes all events for new, as nearly all are: then nothing must be asked, and the transaction is
 * one message. Answers false when one has been recorded before; then nothing has changed.
 */
async function settleFresh(
  pool: Pool,
  markets: readonly string[],
  events: readonly PlannedEvent[],
): Promise<boolean> {
  const { trades, releases, volumes } = decideAll(events);
  crashPoint('settlement.before-commit');
  try {
    await withWritingTransaction(pool, (tx) => [
      store.refuseStopped(tx, markets),
      store.recordFreshEvents(tx, rowsOf(events)),
      settleTrades(tx, trades, releases),
      store.addVolumes(tx, volumes),
    ]);
    return true;
  } catch (error) {
    if (findViolatedConstraint(error) === store.RECORDED_ONCE) return false;
    throw error;
  }
}

/** Looks which of the events are new, and holds the others against what they were then. */
async function settleSome(
  pool: Pool,
  markets: readonly string[],
  events: readonly PlannedEvent[],
): Promise<void> {
  await withOpenedTransaction(
    pool,
    (tx) => store.refuseStopped(tx, markets),
    async (tx) => {
      const fresh = await store.recordEvents(tx, rowsOf(events));
      const repeats = rowsOf(events).filter((row) => !fresh.has(eventName(row)));
      if (repeats.length > 0) checkRepeats(repeats, await store.findEvents(tx, repeats));
      const { trades, releases, volumes } = decideAll(
        events.filter(({ row }) => fresh.has(eventName(row))),
      );
      await sendTogether(tx, (together) => [
        settleTrades(together, trades, releases),
        store.addVolumes(together, volumes),
      ]);
    },
  );
}

function rowsOf(events: readonly PlannedEvent[]): store.EventRow[] {
  return events.map(({ row }) => row);
}

interface Settlement {
  readonly trades: readonly JournalEntry[];
  readonly releases: readonly HoldTake[];
  readonly volumes: readonly Volume[];
}

function decideAll(events: readonly PlannedEvent[]): Settlement {
  const trades: JournalEntry[] = [];
  const releases: HoldTake[] = [];
  const volumes: Volume[] = [];
  for (const { record, event } of events) {
    if (event.kind === 'trade') {
      trades.push(settleTrade(record, event));
      volumes.push(...volumesOf(record, event));
    } else {
      releases.push(...releasesOf(event));
    }
  }
  return { trades, releases, volumes };
}

/** Each event of the records once. Two records of one batch may already disagree. */
function planEvents(records: readonly Executions[]): Map<string, PlannedEvent> {
  const planned = new Map<string, PlannedEvent>();
  for (const record of records) {
    for (const event of record.events) {
      const hash = digest('sha256', eventContent(record, event));
      const row = { market: record.market, sequence: event.sequence, kind: event.kind, hash };
      const known = planned.get(eventName(row));
      if (known === undefined) planned.set(eventName(row), { record, event, row });
      else checkRepeats([row], [known.row]);
    }
  }
  return planned;
}

function checkRepeats(
  repeats: readonly store.EventRow[],
  known: readonly store.KnownEvent[],
): void {
  const settled = new Map(known.map((event) => [eventName(event), event]));
  for (const repeat of repeats) {
    const before = settled.get(eventName(repeat));
    if (before !== undefined && before.hash !== repeat.hash) {
      throw new EventConflictError(before, repeat.hash);
    }
  }
}

function eventName(event: { readonly market: string; readonly sequence: number }): string {
  return `${event.market} ${event.sequence}`;
}

function toFailure(error: unknown): unknown {
  if (isRetryableDatabaseError(error)) {
    return new RetryableError('the database cannot settle now', { cause: error });
  }
  const constraint = findViolatedConstraint(error);
  if (constraint === null) return error;
  const stopped = store.findStoppedMarket(error);
  if (stopped !== null) return new MarketStoppedError(stopped);
  return new TerminalError(`the ledger refuses the record: ${constraint}`, { cause: error });
}
