// A real event log and engines on it, for the tests of the daemon. Each test takes a shard of its
// own, so that tests share one database without seeing each other.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino, type Logger } from 'pino';
import { expect, vi } from 'vitest';
import type { Bus, IncomingRecord } from '../../shared/bus/bus.ts';
import { trimPartition } from '../../shared/bus/embedded/group-store.ts';
import { openBus } from '../../shared/bus/open-bus.ts';
import { withTransaction } from '../../shared/db/pool.ts';
import type { MarketId } from '../../shared/domain/ids.ts';
import { TOPICS } from '../../shared/events/catalog.ts';
import type { MarketCommand } from '../../shared/events/commands.ts';
import { encodeEvent, isDecodeFailure, decodeEvent } from '../../shared/events/envelope.ts';
import type { Executions } from '../../shared/events/executions.ts';
import { MetricsRegistry } from '../../shared/telemetry/metrics/registry.ts';
import { createTestDatabase } from '../../shared/testing/database.ts';
import { EngineDaemon, type EngineDaemonOptions } from '../daemon.ts';
import { hashState } from '../hash.ts';
import { Lease, type EngineLease } from '../lease/lease.ts';
import { LogReader } from '../log-reader.ts';

export const INPUT = TOPICS['orders.accepted'].name;
export const OUTPUT = TOPICS['engine.executions'].name;
export const DEAD_LETTERS = TOPICS['dead-letters'].name;

const SHARDS = 64;
const CONDITION_TIMEOUT_MS = 20_000;
/** Long: no busy machine may cost a test its lease. */
const LEASE_MS = 60_000;

export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** An engine with what a test wants to see of it. */
export interface TestEngine {
  readonly daemon: EngineDaemon;
  readonly lines: readonly LogLine[];
  readonly failures: readonly unknown[];
  readonly metrics: MetricsRegistry;
  /** As a crash: the engine's connections are closed, nothing is flushed, no snapshot written. */
  crash(): Promise<void>;
  stop(): Promise<void>;
}

export type EngineOverrides = Partial<
  Omit<EngineDaemonOptions, 'bus' | 'shard' | 'log' | 'metrics' | 'onFailure'>
> & { readonly wrapBus?: (bus: Bus) => Bus };

/** Of an engine that nothing keeps from writing, whoever else does: what safety must not need. */
export class UnguardedLease implements EngineLease {
  readonly isHeld = true;
  epoch: number;

  constructor(epoch: number) {
    this.epoch = epoch;
  }

  whenHeld(): Promise<void> {
    return Promise.resolve();
  }

  raiseAbove(epoch: number): Promise<void> {
    this.epoch = Math.max(this.epoch, epoch + 1);
    return Promise.resolve();
  }
}

export interface EngineLab {
  readonly bus: Bus;
  readonly engineUrl: string;
  nextShard(): Promise<TestShard>;
  /** As a network fault would. */
  cutEngineConnections(): Promise<void>;
  /** As when the database was restored from an older day. */
  forgetLeases(): Promise<void>;
  /** Deletes the oldest records of a shard's outputs, as retention would. */
  trimOutputs(shard: TestShard, records: number): Promise<void>;
  close(): Promise<void>;
}

export async function openEngineLab(): Promise<EngineLab> {
  const database = await createTestDatabase();
  const log = pino({ level: 'silent' });
  const bus = openBus({ url: database.urlFor('bourse_bus'), applicationName: 'lab', log });
  await bus.provision([
    { name: INPUT, partitions: SHARDS, retentionMs: -1 },
    { name: OUTPUT, partitions: SHARDS, retentionMs: -1 },
    { name: DEAD_LETTERS, partitions: 1, retentionMs: -1 },
  ]);
  const engineUrl = database.urlFor('bourse_engine');
  const shards: TestShard[] = [];
  return {
    bus,
    engineUrl,
    nextShard: async () => {
      const dir = await mkdtemp(join(tmpdir(), 'bourse-engine-'));
      const shard = new TestShard(bus, engineUrl, shards.length, dir);
      shards.push(shard);
      return shard;
    },
    cutEngineConnections: async () => {
      await database.pool.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND usename = 'bourse_engine'`,
      );
    },
    forgetLeases: async () => {
      await database.pool.query('DELETE FROM engine.leases');
    },
    trimOutputs: async (shard, records) => {
      const found = await database.pool.query<{ topic_id: number }>(
        'SELECT topic_id FROM log.topics WHERE name = $1',
        [OUTPUT],
      );
      const topicId = found.rows[0]?.topic_id ?? 0;
      await withTransaction(database.pool, (tx) =>
        trimPartition(tx, topicId, shard.number, 0, records),
      );
    },
    close: async () => {
      for (const shard of shards) await shard.close();
      await bus.close();
      await database.drop();
    },
  };
}

export class TestShard {
  readonly bus: Bus;
  readonly number: number;
  readonly dir: string;
  readonly #engineUrl: string;
  readonly #engines: TestEngine[] = [];

  constructor(bus: Bus, engineUrl: string, number: number, dir: string) {
    this.bus = bus;
    this.#engineUrl = engineUrl;
    this.number = number;
    this.dir = dir;
  }

  /** One record of the command log per call. */
  async send(market: MarketId, commands: readonly MarketCommand[]): Promise<void> {
    const head = { id: 'test', source: '/test', timeMs: 0 };
    const encoded = encodeEvent(
      'commandsAccepted',
      market,
      { market, commands: [...commands] },
      head,
    );
    const { topic, key, headers, data } = encoded;
    await this.bus.publish([
      { topic, partition: this.number, key, headers, value: Buffer.from(data) },
    ]);
  }

  /** Waits until the engine has caught up with what was in the log when it started. */
  async start(overrides: EngineOverrides = {}): Promise<TestEngine> {
    const engine = await this.launch(overrides);
    await engine.daemon.ready;
    return engine;
  }

  async launch(overrides: EngineOverrides = {}): Promise<TestEngine> {
    const lines: LogLine[] = [];
    const failures: unknown[] = [];
    const metrics = new MetricsRegistry();
    const log = collectingLogger(lines);
    const bus = openBus({ url: this.#engineUrl, applicationName: 'engine', log });
    const { wrapBus, ...rest } = overrides;
    const daemon = await EngineDaemon.start({
      bus: wrapBus?.(bus) ?? bus,
      lease: new UnguardedLease(1 + this.#engines.length),
      shard: this.number,
      snapshotDir: this.dir,
      snapshotEveryCommands: 1_000_000,
      snapshotEveryMs: 3_600_000,
      snapshotsKept: 3,
      tickMs: 3_600_000,
      log,
      metrics,
      onFailure: (error) => failures.push(error),
      flushTimeoutMs: 1,
      ...rest,
    }).catch(async (error: unknown) => {
      await bus.close();
      throw error;
    });
    const engine: TestEngine = {
      daemon,
      lines,
      failures,
      metrics,
      crash: async () => {
        await bus.close();
      },
      stop: async () => {
        await daemon.stop();
        await bus.close();
      },
    };
    this.#engines.push(engine);
    return engine;
  }

  takeLease(): Promise<Lease> {
    return Lease.acquire({
      url: this.#engineUrl,
      shard: this.number,
      holder: 'engine',
      leaseMs: LEASE_MS,
      log: pino({ level: 'silent' }),
      onLost: (error) => {
        throw error;
      },
    });
  }

  /** Waits until the engine has applied everything that is in the log now. */
  async catchUp(engine: TestEngine): Promise<void> {
    const { next } = await this.bus.offsets(INPUT, this.number);
    await eventually(() => {
      expect(engine.failures).toEqual([]);
      expect(engine.daemon.figures().inputOffset).toBe(next - 1);
      expect(engine.daemon.isIdle).toBe(true);
    });
  }

  async records(topic: string): Promise<IncomingRecord[]> {
    const partition = topic === DEAD_LETTERS ? 0 : this.number;
    const { first, next } = await this.bus.offsets(topic, partition);
    const reader = await LogReader.open(this.bus, { topic, partition, from: first, end: next });
    const records: IncomingRecord[] = [];
    while (!reader.isDone) records.push(...(await reader.read()));
    await reader.close();
    return records;
  }

  /** Everything in `engine.executions`, checked against its schema. */
  async outputs(): Promise<Executions[]> {
    const records = await this.records(OUTPUT);
    return records.flatMap((record) => {
      const type = record.headers['ce_type'];
      const executed = decodeEvent('executions', type, record.value.toString('utf8'));
      if (isDecodeFailure(executed)) throw new Error(executed.failed);
      return executed.outputs;
    });
  }

  async close(): Promise<void> {
    for (const engine of this.#engines) await engine.crash();
    await rm(this.dir, { recursive: true, force: true });
  }
}

/** Waits for a condition on a machine that may be busy. */
export async function eventually(condition: () => void | Promise<void>): Promise<void> {
  await vi.waitFor(condition, { timeout: CONDITION_TIMEOUT_MS, interval: 5 });
}

/** State hash of every market of an engine. */
export function hashes(engine: TestEngine): Record<string, string> {
  const books = [...engine.daemon.markets.markets()];
  return Object.fromEntries(books.map((book) => [book.market, hashState(book)]));
}

/** The events of one market, in the order of the log; throws unless each is there exactly once. */
export function eventsOf(outputs: readonly Executions[], market: MarketId): Executions['events'] {
  const events = outputs
    .filter((output) => output.market === market)
    .flatMap((output) => output.events);
  expect(events.map((event) => event.sequence)).toEqual(events.map((_, at) => at + 1));
  return events;
}

export function warnings(engine: TestEngine): LogLine[] {
  return engine.lines.filter((line) => line.level === pino.levels.values['warn']);
}

function collectingLogger(lines: LogLine[]): Logger {
  return pino(
    { level: 'debug', serializers: { err: (error: unknown) => String(error) } },
    { write: (text: string) => lines.push(JSON.parse(text) as LogLine) },
  );
}

/** The same bus, for a test to replace a method of. */
export function passThrough(bus: Bus): Bus {
  return {
    publish: (records) => bus.publish(records),
    tail: (options) => bus.tail(options),
    joinGroup: (options) => bus.joinGroup(options),
    provision: (topics) => bus.provision(topics),
    offsets: (topic, partition) => bus.offsets(topic, partition),
    committed: (group, topic) => bus.committed(group, topic),
    partitions: (topic) => bus.partitions(topic),
    close: () => bus.close(),
  };
}
