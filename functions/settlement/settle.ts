// Settles a batch of engine records in one transaction, whatever order they come in and however
// often: an event counts once, by (market, sequence).
import { hash as digest } from 'node:crypto';
import { crashPoint } from '../../shared/config/crash-point.ts';
import { isRetryableDatabaseError, findViolatedConstraint } from '../../shared/db/failure.ts';
import { sendTogether, withOpenedTransaction, type Pool, type Tx } from '../../shared/db/pool.ts';
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
  const events = planEvents(records);
  try {
    const markets = [...new Set(records.map((record) => record.market))];
    await withOpenedTransaction(
      pool,
      (tx) => store.findStoppedMarkets(tx, markets),
      async (tx, stopped) => {
        for (const market of stopped) throw new MarketStoppedError(market);
        await settleEvents(tx, [...events.values()]);
      },
    );
    crashPoint('settlement.after-commit');
  } catch (error) {
    throw toFailure(error);
  }
}

async function settleEvents(tx: Tx, planned: readonly PlannedEvent[]): Promise<void> {
  const rows = planned.map((each) => each.row);
  const fresh = await store.recordEvents(tx, rows);
  crashPoint('settlement.recorded');
  if (fresh.size < rows.length) {
    const repeats = rows.filter((row) => !fresh.has(eventName(row)));
    checkRepeats(repeats, await store.findEvents(tx, repeats));
  }
  const trades: JournalEntry[] = [];
  const releases: HoldTake[] = [];
  const volumes: Volume[] = [];
  for (const { record, event, row } of planned) {
    if (!fresh.has(eventName(row))) continue;
    if (event.kind === 'trade') {
      trades.push(settleTrade(record, event));
      volumes.push(...volumesOf(record, event));
    } else {
      releases.push(...releasesOf(event));
    }
  }
  await sendTogether(tx, () => [settleTrades(tx, trades, releases), store.addVolumes(tx, volumes)]);
  crashPoint('settlement.before-commit');
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
  return new TerminalError(`the ledger refuses the record: ${constraint}`, { cause: error });
}
