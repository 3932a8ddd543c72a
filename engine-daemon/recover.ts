// Where a start begins: the newest snapshot that is whole, belongs to this very log and holds the
// state it says it holds; without one, the beginning of the log.
import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import type { Bus, IncomingRecord } from '../shared/bus/bus.ts';
import { AssertionError, TerminalError } from '../shared/domain/failure.ts';
import { TOPICS } from '../shared/events/catalog.ts';
import { decodeSnapshot } from './core/snapshot.ts';
import { Shard } from './core/shard.ts';
import { readRecord } from './log-reader.ts';
import type { MarketMoves } from './market-moves.ts';
import { isSnapshotFault, type SnapshotFault, type SnapshotHeader } from './snapshot/format.ts';
import { digestMarkets } from './snapshot/state-digest.ts';
import type { SnapshotStore, StoredSnapshot } from './snapshot/store.ts';

const INPUT = TOPICS['orders.accepted'].name;
const OUTPUT = TOPICS['engine.executions'].name;

export interface StartingPoint {
  readonly shard: Shard;
  /** Of a standby that followed the log: pieces of a market may have arrived. */
  readonly moves: MarketMoves | null;
  /** Last record that is in the state; -1 when the replay begins at the start of the log. */
  readonly inputOffset: number;
  /** That record, where it is at hand. */
  readonly lastRecord: IncomingRecord | null;
  /** Outputs of later commands are not below this offset. */
  readonly outputOffset: number;
  /** The snapshot that the state was read from. */
  readonly header: SnapshotHeader | null;
}

export interface RecoverOptions {
  readonly bus: Bus;
  readonly store: SnapshotStore;
  readonly shardNumber: number;
  readonly log: Logger;
}

/**
 * Finds the starting point. Every snapshot that is passed over is named in a warning. Throws
 * TerminalError when the log no longer reaches back far enough to replay what is missing.
 */
export async function findStartingPoint(options: RecoverOptions): Promise<StartingPoint> {
  const { bus, store, shardNumber, log } = options;
  const input = await bus.offsets(INPUT, shardNumber);
  const output = await bus.offsets(OUTPUT, shardNumber);
  for (const stored of await store.list()) {
    const found = await tryLoad(options, stored, { input: input.next, output: output.next });
    if (!isFault(found)) {
      assertReachable(input.first, found.header.inputOffset + 1);
      log.info({ file: stored.file, ...summary(found.header) }, 'starting from a snapshot');
      const { inputOffset, outputOffset } = found.header;
      return { ...found, moves: null, inputOffset, lastRecord: null, outputOffset };
    }
    log.warn({ file: stored.file, fault: found.fault }, 'a snapshot is passed over');
  }
  assertReachable(input.first, 0);
  log.info({ commands: input.next }, 'starting from the beginning of the log');
  return {
    shard: new Shard(),
    moves: null,
    inputOffset: -1,
    lastRecord: null,
    outputOffset: 0,
    header: null,
  };
}

export function recordSha256(record: IncomingRecord): string {
  return createHash('sha256').update(record.value).digest('hex');
}

type Loaded = { readonly shard: Shard; readonly header: SnapshotHeader };

async function tryLoad(
  options: RecoverOptions,
  stored: StoredSnapshot,
  ends: { readonly input: number; readonly output: number },
): Promise<Loaded | SnapshotFault> {
  const read = await options.store.read(stored);
  if (isSnapshotFault(read)) return read;
  const { header, payload } = read;
  if (header.shard !== options.shardNumber) return { fault: `it is of shard ${header.shard}` };
  if (header.inputOffset >= ends.input) {
    return { fault: `it is at input ${header.inputOffset}, but the log ends at ${ends.input}` };
  }
  if (header.outputOffset > ends.output) {
    return { fault: `it is at output ${header.outputOffset}, but the log ends at ${ends.output}` };
  }
  const record = await readRecord(options.bus, INPUT, options.shardNumber, header.inputOffset);
  if (record === null || recordSha256(record) !== header.inputRecordSha256) {
    return { fault: `it was made from another log: offset ${header.inputOffset} differs` };
  }
  const shard = tryDecode(payload);
  if (isFault(shard)) return shard;
  const fault = await findStateFault(shard, header);
  return fault === null ? { shard, header } : { fault };
}

/** The checksum was right, so a payload that the core refuses comes from another build of it. */
function tryDecode(payload: Uint8Array): Shard | SnapshotFault {
  try {
    return decodeSnapshot(payload);
  } catch (error) {
    if (error instanceof AssertionError || error instanceof RangeError) {
      return { fault: `the core cannot read it: ${error.message}` };
    }
    throw error;
  }
}

/** The pair of what the writer asserted: the state read back has the hash that was written. */
async function findStateFault(shard: Shard, header: SnapshotHeader): Promise<string | null> {
  const digests = new Map((await digestMarkets(shard)).map((each) => [each.market, each]));
  if (digests.size !== header.markets.length) return 'it holds other markets than it names';
  for (const written of header.markets) {
    const read = digests.get(written.market);
    if (read?.stateHash !== written.stateHash || read.sequence !== written.sequence) {
      return `the state of ${written.market} is not the one that was written`;
    }
  }
  return null;
}

function assertReachable(first: number, from: number): void {
  if (first <= from) return;
  throw new TerminalError(
    `${INPUT} begins at offset ${first}, but the replay needs it from ${from}: ` +
      'give the engine a snapshot of a later time',
  );
}

function isFault(value: object): value is SnapshotFault {
  return 'fault' in value;
}

function summary(header: SnapshotHeader): Record<string, unknown> {
  const { inputOffset, outputOffset, epoch, createdAtMs, markets } = header;
  const openOrders = markets.reduce((sum, each) => sum + each.openOrders, 0);
  return { inputOffset, outputOffset, epoch, createdAtMs, markets: markets.length, openOrders };
}
