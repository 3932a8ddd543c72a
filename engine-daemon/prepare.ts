// All that must be known before the first command is applied: the state to begin from, how far the
// replay goes, what it will be compared with, and which epochs there were.
import type { IncomingRecord } from '../shared/bus/bus.ts';
import { TOPICS } from '../shared/events/catalog.ts';
import { LogReader, readRecord } from './log-reader.ts';
import { RecordedOutputs } from './recorded-outputs.ts';
import { findStartingPoint, recordSha256 } from './recover.ts';
import type { RecoverOptions, StartingPoint } from './recover.ts';

const INPUT = TOPICS['orders.accepted'].name;
const OUTPUT = TOPICS['engine.executions'].name;

export interface Prepared {
  readonly start: StartingPoint;
  /** Highest epoch in the snapshot and the latest output, 0 for none. */
  readonly epochSeen: number;
  /** The replay is done when everything below this input offset is applied. */
  readonly replayUntil: number;
  /** Outputs of commands after the starting point are not below this offset. */
  readonly outputOffset: number;
  readonly recorded: RecordedOutputs;
}

/** `followed` is the state of a standby; it is used when it is of this very log. */
export async function prepareStart(
  options: RecoverOptions,
  followed: StartingPoint | null,
): Promise<Prepared> {
  const { bus, shardNumber, log } = options;
  // The outputs' end is read before the input's: then every output below it comes from a command
  // that the replay will reach, and one that does not is a fault.
  const outputs = await bus.offsets(OUTPUT, shardNumber);
  const replayUntil = (await bus.offsets(INPUT, shardNumber)).next;
  const isUsable = followed !== null && (await isOfThisLog(options, followed, outputs.next));
  const start = isUsable ? followed : await findStartingPoint(options);
  const from = Math.max(start.outputOffset, outputs.first);
  const range = { topic: OUTPUT, partition: shardNumber, from, end: outputs.next };
  const last = await readRecord(bus, OUTPUT, shardNumber, outputs.next - 1);
  return {
    start,
    epochSeen: Math.max(start.header?.epoch ?? 0, last === null ? 0 : epochOf(last)),
    replayUntil,
    outputOffset: from,
    recorded: new RecordedOutputs({
      reader: await LogReader.open(bus, range),
      isTrimmed: from > start.outputOffset,
      sequences: sequencesOf(start),
      log,
    }),
  };
}

async function isOfThisLog(
  { bus, shardNumber, log }: RecoverOptions,
  { inputOffset, lastRecord, outputOffset }: StartingPoint,
  outputsEnd: number,
): Promise<boolean> {
  if (lastRecord === null) return false;
  const record = await readRecord(bus, INPUT, shardNumber, inputOffset);
  const isSame = record !== null && recordSha256(record) === recordSha256(lastRecord);
  if (isSame && outputOffset <= outputsEnd) {
    log.info({ inputOffset, outputOffset }, 'starting from what the standby followed');
    return true;
  }
  log.warn({ inputOffset, outputOffset }, 'what the standby followed is not in this log');
  return false;
}

/** How far each market is. All that one ever did here which has left is in the log for long. */
function sequencesOf({ shard }: StartingPoint): Map<string, number> {
  const left = shard.moves().filter(({ market }) => shard.findTombstone(market) !== null);
  return new Map([
    ...left.map(({ market }): [string, number] => [market, Number.POSITIVE_INFINITY]),
    ...Array.from(shard.markets(), ({ market, sequence }): [string, number] => [market, sequence]),
  ]);
}

/** The epoch in an output, or 0 when it has none that can be read. */
function epochOf(record: IncomingRecord): number {
  const epoch = /"epoch":([1-9][0-9]{0,14})[,}]/.exec(record.value.toString('utf8'))?.[1];
  return epoch === undefined ? 0 : Number(epoch);
}
