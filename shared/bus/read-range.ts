// Reads some records of one partition and stops: for tools, not for consumers.
import type { Bus, IncomingRecord } from './bus.ts';

/** Kafka's last offsets may hold no record; when nothing more comes for this long, that is all. */
const QUIET_MS = 3_000;
const BATCH_MAX = 500;

export interface ReadRange {
  readonly topic: string;
  readonly partition: number;
  /** Offsets below the first that is kept are left out without a word. */
  readonly from: number;
  readonly countMax: number;
}

/** What is there now, from an offset on, at most so many records. */
export async function readRange(bus: Bus, range: ReadRange): Promise<IncomingRecord[]> {
  const { topic, partition, countMax } = range;
  const { first, next } = await bus.offsets(topic, partition);
  const from = Math.max(range.from, first);
  if (from >= next || countMax <= 0) return [];
  const found: IncomingRecord[] = [];
  let resolve: () => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const read = new Promise<void>((done, fail) => {
    resolve = done;
    reject = fail;
  });
  let quiet = setTimeout(() => resolve(), QUIET_MS);
  const reader = await bus.tail({
    topic,
    partition,
    from,
    batchMax: Math.min(countMax, BATCH_MAX),
    onBatch: (records) => {
      clearTimeout(quiet);
      quiet = setTimeout(() => resolve(), QUIET_MS);
      for (const record of records) {
        if (record.offset < next && found.length < countMax) found.push(record);
      }
      const last = records.at(-1)?.offset ?? -1;
      if (found.length >= countMax || last >= next - 1) resolve();
      return Promise.resolve();
    },
    onError: (error) => reject(error),
  });
  try {
    await read;
  } finally {
    clearTimeout(quiet);
    await reader.stop();
  }
  return found;
}
