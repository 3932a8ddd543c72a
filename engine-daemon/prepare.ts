// All that must be known before the first command is applied: the state to begin from, how far the
// replay goes, what it will be compared with, and which epochs there were.
import type { IncomingRecord } from '../shared/bus/bus.ts';
import { TOPICS } from '../shared/events/catalog.ts';
import { LogReader, readRecord } from './log-reader.ts';
import { RecordedOutputs } from './recorded-outputs.ts';
import { findStartingPoint, type RecoverOptions, type StartingPoint } from './recover.ts';

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

export async function prepareStart(options: RecoverOptions): Promise<Prepared> {
  const { bus, shardNumber, log } = options;
  // The outputs' end is read before the input's: then every output below it comes from a command
  // that the replay will reach, and one that does not is a fault.
  const outputs = await bus.offsets(OUTPUT, shardNumber);
  const replayUntil = (await bus.offsets(INPUT, shardNumber)).next;
  const start = await findStartingPoint(options);
  const outputOffset = start.header?.outputOffset ?? 0;
  const from = Math.max(outputOffset, outputs.first);
  const range = { topic: OUTPUT, partition: shardNumber, from, end: outputs.next };
  const last = await readRecord(bus, OUTPUT, shardNumber, outputs.next - 1);
  return {
    start,
    epochSeen: Math.max(start.header?.epoch ?? 0, last === null ? 0 : epochOf(last)),
    replayUntil,
    outputOffset: from,
    recorded: new RecordedOutputs({
      reader: await LogReader.open(bus, range),
      isTrimmed: from > outputOffset,
      sequences: new Map(start.header?.markets.map((each) => [each.market, each.sequence])),
      log,
    }),
  };
}

/** The epoch in an output, or 0 when it has none that can be read. */
function epochOf(record: IncomingRecord): number {
  const epoch = /"epoch":([1-9][0-9]{0,14})[,}]/.exec(record.value.toString('utf8'))?.[1];
  return epoch === undefined ? 0 : Number(epoch);
}
