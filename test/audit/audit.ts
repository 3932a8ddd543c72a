// The audit from beginning to end: replay the log, then judge everything that followed from it.
import type pg from 'pg';
import { ExecutionCheck } from './check-executions.ts';
import { checkHolds } from './check-holds.ts';
import { checkLedger } from './check-ledger.ts';
import { checkLists } from './check-lists.ts';
import { checkMarkets } from './check-markets.ts';
import { checkOrders, type OrderCounts } from './check-orders.ts';
import { checkTrades, readSettled, type Settled } from './check-settlement.ts';
import { Findings } from './findings.ts';
import { readCausally } from './read-causally.ts';
import {
  COMMAND_LOG,
  EXECUTION_LOG,
  embeddedLog,
  readOutboxes,
  type EventLog,
  type PartitionBounds,
} from './read-log.ts';
import { Replay } from './replay.ts';
import { SnapshotCheck, type SnapshotClaim } from './snapshots.ts';
import { readCommandRecord, type LogRecord } from './wire.ts';

/** Records between two lines of progress. */
const RECORDS_PER_PROGRESS = 20_000;

export interface AuditRequest {
  /** Inside a repeatable-read transaction: everything is read from its snapshot. */
  readonly client: pg.Client;
  /** Null: the embedded log of this database. Else one whose end agrees with the snapshot. */
  readonly log: EventLog | null;
  readonly claims: readonly SnapshotClaim[];
  readonly isFinal: boolean;
  /** Says what was read, for a person. */
  readonly tell: (line: string) => void;
}

export async function runAudit(request: AuditRequest): Promise<Findings> {
  const { client, tell } = request;
  const findings = new Findings();
  const replay = new Replay(findings);
  await replayLog(request, replay, findings);
  const executions = await checkExecutions(request, replay, findings);
  await checkLedger(client, findings);
  const settled = await readSettled(client, replay, executions, findings);
  const entries = await checkTrades(client, replay, settled, findings);
  tell(`settled: ${settled.size} events, ${settled.trades} trades; ${entries} trade entries`);
  const holds = await checkHolds(client, replay, settled, findings);
  const orders = await checkOrders(client, replay, executions, findings);
  const lists = await checkLists(client, replay, findings);
  tell(`orders: ${orders.orders}, fills: ${orders.fills}, holds: ${holds}, lists: ${lists}`);
  if (request.isFinal) {
    await checkMarkets(client, replay, findings);
    checkLag(replay, executions, settled, orders, findings);
  }
  return findings;
}

async function replayLog(
  { client, claims, tell, ...request }: AuditRequest,
  replay: Replay,
  findings: Findings,
): Promise<void> {
  const log = request.log ?? embeddedLog(client);
  const bounds = await log.readBounds(COMMAND_LOG);
  const offsets = new OffsetCheck(bounds, findings);
  const snapshots = new SnapshotCheck(claims, findings);
  const total = bounds.reduce((sum, each) => sum + each.nextOffset - each.firstOffset, 0);
  const canApply = (record: LogRecord): boolean => replay.canApply(record);
  for await (const record of readCausally(log, COMMAND_LOG, bounds, canApply)) {
    offsets.passed(record);
    replay.apply(record);
    snapshots.passed(record, replay);
    const { records } = replay.counts;
    if (records % RECORDS_PER_PROGRESS === 0) tell(`replayed ${records} of ${total} records`);
  }
  offsets.finish();
  snapshots.finish();
  for await (const record of readOutboxes(client, COMMAND_LOG)) {
    const read = readCommandRecord(record);
    if (read.kind === 'commands') replay.accept(read);
  }
  replay.finish();
  const { records, commands, repeats, poison, pending } = replay.counts;
  tell(
    `command log: ${records} records, ${commands} commands, ${repeats} repeats, ` +
      `${poison} unreadable; ${pending} commands on their way; ` +
      `${replay.moves.counts.moves} moves of markets; ${claims.length} snapshots`,
  );
}

async function checkExecutions(
  { client, tell, ...request }: AuditRequest,
  replay: Replay,
  findings: Findings,
): Promise<ExecutionCheck> {
  const log = request.log ?? embeddedLog(client);
  const bounds = await log.readBounds(EXECUTION_LOG);
  const isTrimmed = bounds.some(({ firstOffset }) => firstOffset > 0);
  const check = new ExecutionCheck(replay, findings, isTrimmed);
  const canCheck = (record: LogRecord): boolean => check.isNext(record);
  for await (const record of readCausally(log, EXECUTION_LOG, bounds, canCheck)) {
    check.check(record);
  }
  check.finish();
  const { records, events, repeats } = check.counts;
  tell(`executions: ${records} records, ${events} events, ${repeats} repeats`);
  return check;
}

/** The command log is kept for ever: each partition begins at 0 and misses nothing. */
class OffsetCheck {
  readonly #next = new Map<number, number>();
  readonly #bounds: readonly PartitionBounds[];
  readonly #findings: Findings;

  constructor(bounds: readonly PartitionBounds[], findings: Findings) {
    this.#bounds = bounds;
    this.#findings = findings;
  }

  passed({ partition, offset }: { readonly partition: number; readonly offset: number }): void {
    const expected = this.#next.get(partition) ?? 0;
    if (offset !== expected) {
      const problem = 'records are missing from the command log';
      this.#findings.violate('M1', problem, { partition, offset, expected });
    }
    this.#next.set(partition, offset + 1);
  }

  finish(): void {
    for (const { partition, nextOffset } of this.#bounds) {
      const expected = this.#next.get(partition) ?? 0;
      if (expected === nextOffset) continue;
      const problem = 'records are missing at the end of the command log';
      this.#findings.violate('M1', problem, { partition, nextOffset, expected });
    }
  }
}

/** A5: after the work has come to rest, nothing may be left to do. */
function checkLag(
  replay: Replay,
  executions: ExecutionCheck,
  settled: Settled,
  orders: OrderCounts,
  findings: Findings,
): void {
  const { pending } = replay.counts;
  if (pending > 0) findings.violate('A5', 'commands are still to be published', { pending });
  for (const market of replay.moves.inTransit) {
    findings.violate('A5', 'a market has left its shard and has not come to another', { market });
  }
  for (const { market, events } of replay.markets.values()) {
    const recorded = executions.recorded(market);
    if (recorded < events.length) {
      const row = { market, recorded, replayed: events.length };
      findings.violate('A5', 'the engine has not done all commands', row);
    }
    const waiting = events.find(({ sequence }) => !settled.has(market, sequence));
    if (waiting !== undefined) {
      const { sequence } = waiting;
      findings.violate('A5', 'an event is not settled', { market, sequence });
    }
  }
  const { behind } = orders;
  if (behind > 0) findings.violate('A5', 'orders are behind what happened to them', { behind });
}
