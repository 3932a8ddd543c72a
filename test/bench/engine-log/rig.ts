// Engines on one log, each measurement on a shard of its own.
import { pino } from 'pino';
import { EngineDaemon } from '../../../engine-daemon/daemon.ts';
import { Lease } from '../../../engine-daemon/lease/lease.ts';
import type { Bus, OutgoingRecord } from '../../../shared/bus/bus.ts';
import { openBus } from '../../../shared/bus/open-bus.ts';
import type { MarketId } from '../../../shared/domain/ids.ts';
import { TOPICS } from '../../../shared/events/catalog.ts';
import type { MarketCommand } from '../../../shared/events/commands.ts';
import { encodeEvent } from '../../../shared/events/envelope.ts';
import { MetricsRegistry } from '../../../shared/telemetry/metrics/registry.ts';

const SHARDS = 16;
const NEVER = 1_000_000_000;
const LEASE_MS = 60_000;

export interface RunningEngine {
  readonly daemon: EngineDaemon;
  readonly metrics: MetricsRegistry;
  /** Graceful: ends with a snapshot. */
  stop(): Promise<void>;
  /** Without a snapshot. */
  crash(): Promise<void>;
}

export interface Rig {
  readonly busUrl: string;
  readonly databaseUrl: string;
  readonly bus: Bus;
  readonly snapshotDir: string;
  takeShard(): number;
  launch(shard: number): Promise<RunningEngine>;
  close(): Promise<void>;
}

export async function openRig(
  urls: { readonly busUrl: string; readonly databaseUrl: string },
  snapshotDir: string,
): Promise<Rig> {
  const { busUrl, databaseUrl } = urls;
  const log = pino({ level: 'silent' });
  const bus = openBus({ url: busUrl, applicationName: 'bench', log });
  const topics = [TOPICS['orders.accepted'], TOPICS['engine.executions']];
  await bus.provision([
    ...topics.map(({ name }) => ({ name, partitions: SHARDS, retentionMs: -1 })),
    { name: TOPICS['dead-letters'].name, partitions: 1, retentionMs: -1 },
  ]);
  let shards = 0;
  return {
    busUrl,
    databaseUrl,
    bus,
    snapshotDir,
    takeShard: () => shards++,
    launch: async (shard) => {
      const engineBus = openBus({ url: busUrl, applicationName: 'bench-engine', log });
      const metrics = new MetricsRegistry();
      const lease = await Lease.acquire({
        url: databaseUrl,
        shard,
        holder: 'bench',
        leaseMs: LEASE_MS,
        log,
        onLost: (error) => {
          throw error;
        },
      });
      const daemon = await EngineDaemon.start({
        bus: engineBus,
        lease,
        shard,
        snapshotDir,
        snapshotEveryCommands: NEVER,
        snapshotEveryMs: NEVER,
        snapshotsKept: 3,
        tickMs: NEVER,
        metrics,
        log,
        onFailure: (error) => {
          throw error;
        },
      });
      return {
        daemon,
        metrics,
        stop: async () => {
          await daemon.stop();
          await lease.release();
          await engineBus.close();
        },
        crash: async () => {
          await lease.abandon();
          await engineBus.close();
        },
      };
    },
    close: () => bus.close(),
  };
}

/** Commands as accept batches would pack them. */
export function packCommands(
  shard: number,
  market: MarketId,
  commands: readonly MarketCommand[],
  commandsPerRecord: number,
): OutgoingRecord[] {
  const records: OutgoingRecord[] = [];
  for (let at = 0; at < commands.length; at += commandsPerRecord) {
    const encoded = encodeEvent(
      'commandsAccepted',
      market,
      { market, commands: commands.slice(at, at + commandsPerRecord) },
      { id: `bench-${at}`, source: '/bench', timeMs: 0 },
    );
    records.push({
      topic: encoded.topic,
      partition: shard,
      key: encoded.key,
      headers: encoded.headers,
      value: Buffer.from(encoded.data),
    });
  }
  return records;
}

/** Resolves when the engine has applied and published everything below `next`. */
export async function whenApplied(engine: RunningEngine, next: number): Promise<void> {
  while (engine.daemon.figures().inputOffset + 1 < next || !engine.daemon.isIdle) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
