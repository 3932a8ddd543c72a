// The event log: records appended per second by batch size, and the time from publish to tail. On
// the embedded log with everything durable (fsync on), beside Kafka when BUS_KAFKA_BROKERS is set.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bus, OutgoingRecord } from '../../shared/bus/bus.ts';
import { openBus } from '../../shared/bus/open-bus.ts';
import { findVariable } from '../../shared/config/environment.ts';
import { migrate, readMigrations } from '../../shared/db/migrate.ts';
import { createPool } from '../../shared/db/pool.ts';
import { startEmbeddedPostgres } from '../../shared/testing/embedded-postgres.ts';

const BATCHES = [1, 10, 100, 500];
const VALUE_BYTES = 400;
const APPEND_MS = 3_000;
const LATENCY_RECORDS = 1_500;
const LATENCY_PERIOD_MS = 4;
const WARM_UP_RECORDS = 300;
const ignore = (): void => undefined;
const log = { debug: ignore, info: ignore, warn: ignore, error: ignore };

export async function run(): Promise<unknown> {
  const brokers = findVariable('BUS_KAFKA_BROKERS');
  const ours = await measureEmbedded();
  if (brokers === undefined) return { ours, peer: 'set BUS_KAFKA_BROKERS to measure Kafka too' };
  return { ours, peer: { name: 'Kafka by KafkaJS', ...(await measure(`kafka://${brokers}`)) } };
}

async function measureEmbedded(): Promise<unknown> {
  const dir = mkdtempSync(join(tmpdir(), 'bourse-bench-bus-'));
  chmodSync(dir, 0o755);
  const postgres = await startEmbeddedPostgres({ dir });
  try {
    const pool = createPool({ url: postgres.url, applicationName: 'bench', connectionsMax: 2 });
    await migrate(pool, await readMigrations());
    await pool.end();
    return await measure(postgres.url);
  } finally {
    await postgres.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function measure(url: string): Promise<Record<string, unknown>> {
  const bus = openBus({ url, applicationName: 'bench', log });
  const reader = openBus({ url, applicationName: 'bench-reader', log });
  const topic = `bench.${process.pid}.${Date.now()}`;
  await bus.provision([{ name: topic, partitions: 1, retentionMs: -1 }]);
  try {
    const latency = await measureLatency(bus, reader, topic);
    const appends = [];
    for (const batch of BATCHES) appends.push(await measureAppends(bus, topic, batch));
    const readPerSecond = await measureReading(reader, topic);
    return { valueBytes: VALUE_BYTES, appends, readRecordsPerSecond: readPerSecond, ...latency };
  } finally {
    await Promise.all([bus.close(), reader.close()]);
  }
}

function makeBatch(topic: string, count: number): OutgoingRecord[] {
  return Array.from({ length: count }, () => ({
    topic,
    partition: 0,
    key: 'BTC-USD',
    headers: { ce_type: 'bench', ce_id: '0', 'content-type': 'application/json' },
    value: Buffer.alloc(VALUE_BYTES, '{"price":"1"}'),
  }));
}

/** One publish after the other, each awaited: what one serial writer gets. */
async function measureAppends(bus: Bus, topic: string, batch: number): Promise<object> {
  const records = makeBatch(topic, batch);
  const timesMs: number[] = [];
  const startedMs = performance.now();
  while (performance.now() - startedMs < APPEND_MS) {
    const beganMs = performance.now();
    await bus.publish(records);
    timesMs.push(performance.now() - beganMs);
  }
  const seconds = (performance.now() - startedMs) / 1_000;
  return {
    batch,
    recordsPerSecond: Math.round((timesMs.length * batch) / seconds),
    publishP50Ms: percentile(timesMs, 0.5),
    publishP99Ms: percentile(timesMs, 0.99),
  };
}

/** Open loop at a fixed rate, each record stamped when it was due. */
async function measureLatency(bus: Bus, reader: Bus, topic: string): Promise<object> {
  const latenciesMs: number[] = [];
  let received = 0;
  const tail = await reader.tail({
    topic,
    partition: 0,
    from: 'end',
    batchMax: 500,
    onBatch: (records) => {
      for (const record of records) {
        received += 1;
        if (received <= WARM_UP_RECORDS) continue;
        latenciesMs.push(performance.now() - Number(record.headers['due']));
      }
      return Promise.resolve();
    },
    onError: (error) => {
      throw error;
    },
  });
  const total = WARM_UP_RECORDS + LATENCY_RECORDS;
  const startMs = performance.now();
  const sent: Promise<void>[] = [];
  for (let n = 0; n < total; n++) {
    const dueMs = startMs + n * LATENCY_PERIOD_MS;
    await new Promise((done) => setTimeout(done, Math.max(0, dueMs - performance.now())));
    const [record] = makeBatch(topic, 1);
    if (record !== undefined) {
      sent.push(bus.publish([{ ...record, headers: { due: String(dueMs) } }]));
    }
  }
  await Promise.all(sent);
  while (received < total) await new Promise((done) => setTimeout(done, 5));
  await tail.stop();
  return {
    latencyRatePerSecond: 1_000 / LATENCY_PERIOD_MS,
    publishToTailP50Ms: percentile(latenciesMs, 0.5),
    publishToTailP99Ms: percentile(latenciesMs, 0.99),
  };
}

async function measureReading(bus: Bus, topic: string): Promise<number> {
  const { first, next } = await bus.offsets(topic, 0);
  const startedMs = performance.now();
  await new Promise<void>((done, fail) => {
    bus
      .tail({
        topic,
        partition: 0,
        from: first,
        batchMax: 500,
        onBatch: (records) => {
          if ((records.at(-1)?.offset ?? 0) + 1 >= next) done();
          return Promise.resolve();
        },
        onError: fail,
      })
      .catch(fail);
  });
  return Math.round((next - first) / ((performance.now() - startedMs) / 1_000));
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = Math.min(sorted.length - 1, Math.floor(sorted.length * share));
  return Math.round((sorted[at] ?? 0) * 100) / 100;
}
