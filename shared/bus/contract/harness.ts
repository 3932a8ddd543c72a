// What a bus must offer to be held to the contract, and the small tools of the contract's tests.
import { randomUUID } from 'node:crypto';
import { vi } from 'vitest';
import type { Bus, Consumer, IncomingRecord, OutgoingRecord } from '../bus.ts';

export interface BusHarness {
  /** For `openBus`: a process of its own reaches the same log through it. */
  readonly url: string;
  /** A bus as one process would open it; the test closes it, or the harness at the end. */
  open(): Bus;
  /** Cuts every connection of the buses opened here, as a network fault would. */
  breakConnections(): Promise<void>;
  close(): Promise<void>;
}

/** Buses are slow to notice faults; a condition that does not come true by then never does. */
const CONDITION_TIMEOUT_MS = 40_000;
export const CONTRACT_TEST_TIMEOUT_MS = 60_000;

export async function eventually(condition: () => void | Promise<void>): Promise<void> {
  await vi.waitFor(condition, { timeout: CONDITION_TIMEOUT_MS, interval: 10 });
}

/** A topic nobody else uses. */
export async function freshTopic(bus: Bus, partitions = 1): Promise<string> {
  const name = `contract.${randomUUID()}`;
  await bus.provision([{ name, partitions, retentionMs: -1 }]);
  return name;
}

export function freshGroup(): string {
  return `contract-${randomUUID()}`;
}

export function textRecord(
  topic: string,
  text: string,
  rest: Partial<OutgoingRecord> = {},
): OutgoingRecord {
  return { topic, partition: 0, key: null, headers: {}, value: Buffer.from(text), ...rest };
}

export function numberedRecords(
  topic: string,
  count: number,
  rest: Partial<OutgoingRecord> = {},
): OutgoingRecord[] {
  return Array.from({ length: count }, (_, n) => textRecord(topic, String(n), rest));
}

export function texts(records: readonly IncomingRecord[]): string[] {
  return records.map((record) => record.value.toString('utf8'));
}

/** The texts '0', '1', ... below `count`. */
export function numbers(count: number): string[] {
  return Array.from({ length: count }, (_, n) => String(n));
}

export interface Collector extends Consumer {
  readonly records: IncomingRecord[];
  readonly batchSizes: number[];
  readonly errors: unknown[];
}

/** Tails one partition into an array. */
export async function collectTail(
  bus: Bus,
  topic: string,
  from: number | 'end' = 0,
  { partition = 0, batchMax = 500 } = {},
): Promise<Collector> {
  const records: IncomingRecord[] = [];
  const batchSizes: number[] = [];
  const errors: unknown[] = [];
  const consumer = await bus.tail({
    topic,
    partition,
    from,
    batchMax,
    onBatch: (batch) => {
      records.push(...batch);
      batchSizes.push(batch.length);
      return Promise.resolve();
    },
    onError: (error) => errors.push(error),
  });
  return { records, batchSizes, errors, stop: () => consumer.stop() };
}

/** A promise and the way to resolve it from outside. */
export function gate(): { readonly opened: Promise<void>; open: () => void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((done) => {
    open = done;
  });
  return { opened, open };
}
