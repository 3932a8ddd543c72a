// Reads all partitions of a topic so that nothing comes before what it follows from in another one:
// a market that has moved goes on in its new partition where it stopped in the old.
import type { EventLog, PartitionBounds } from './read-log.ts';
import type { LogRecord } from './wire.ts';

interface Reader {
  readonly records: AsyncGenerator<LogRecord>;
  head: LogRecord | null;
}

/**
 * Records of one partition come in offset order. `canCome` is asked before each record; what cannot
 * come yet waits until the other partitions have given what can. When all of them wait, one comes
 * all the same: who reads sees that something is missing before it.
 */
export async function* readCausally(
  log: EventLog,
  topic: string,
  bounds: readonly PartitionBounds[],
  canCome: (record: LogRecord) => boolean,
): AsyncGenerator<LogRecord> {
  const readers: Reader[] = [];
  try {
    for (const each of bounds) {
      const records = log.readRecords(topic, [each]);
      readers.push({ records, head: await next(records) });
    }
    for (let waiting = false; readers.some(({ head }) => head !== null);) {
      let hasCome = false;
      for (const reader of readers) {
        while (reader.head !== null && (waiting || canCome(reader.head))) {
          const { head } = reader;
          [hasCome, waiting] = [true, false];
          reader.head = await next(reader.records);
          yield head;
        }
      }
      waiting = !hasCome;
    }
  } finally {
    for (const { records } of readers) await records.return(undefined);
  }
}

async function next(records: AsyncGenerator<LogRecord>): Promise<LogRecord | null> {
  const result = await records.next();
  return result.done === true ? null : result.value;
}
