// The engine's process: configuration, lease, signals, health, and an end that the supervisor
// understands. 0 after a graceful stop, 1 after a failure: the next start recovers from log and
// snapshots.
import { openBus } from '../shared/bus/open-bus.ts';
import { openCache } from '../shared/cache/open-cache.ts';
import { findCacheConfig } from '../shared/config/cache-config.ts';
import { crashPoint } from '../shared/config/crash-point.ts';
import { readEngineConfig } from '../shared/config/engine-config.ts';
import { createLogger } from '../shared/telemetry/logger.ts';
import { registerProcessMetrics } from '../shared/telemetry/metrics/process-metrics.ts';
import { MetricsRegistry } from '../shared/telemetry/metrics/registry.ts';
import { EngineDaemon } from './daemon.ts';
import { MarketFeed } from './feed/market-feed.ts';
import { startHttpServer } from './http-server.ts';
import { Lease } from './lease/lease.ts';
import { registerLeaseMetrics } from './metrics.ts';
import { Follower } from './standby/follower.ts';

/** Longer than the daemon waits for its outputs and a snapshot takes; Kubernetes gives 60 s. */
const STOP_TIMEOUT_MS = 30_000;

const config = readEngineConfig();
const log = createLogger({ service: 'engine-daemon', level: config.logLevel });
let isStopping = false;

function fail(error: unknown, message: string): void {
  // What breaks while everything is being closed is no news; the stop has a timeout of its own.
  if (isStopping) return;
  log.fatal({ err: error }, message);
  process.exit(1);
}

async function run(): Promise<void> {
  const bus = openBus({
    url: config.busUrl,
    applicationName: `bourse-engine-${config.shard}`,
    log,
  });
  const metrics = new MetricsRegistry();
  registerProcessMetrics(metrics);
  let lease: Lease | null = null;
  const cacheConfig = findCacheConfig();
  const applicationName = `bourse-engine-${config.shard}`;
  const cache = cacheConfig === null ? null : openCache({ ...cacheConfig, applicationName, log });
  let daemon: EngineDaemon | null = null;
  registerLeaseMetrics(metrics, () => lease);
  const health = {
    isReady: () => daemon?.isReady === true,
    isWaiting: () => lease === null && !isStopping,
    renderMetrics: async () => {
      await daemon?.measureLag().catch((error: unknown) => {
        log.warn({ err: error }, 'the lag could not be measured');
      });
      return metrics.render();
    },
  };
  const server = await startHttpServer(config.port, health, config.bindAddress);

  const standby = new AbortController();
  const { shard, snapshotDir } = config;
  const follower = new Follower({ bus, shard, snapshotDir, log });
  const stop = async (signal: string): Promise<void> => {
    isStopping = true;
    log.info({ signal }, 'stopping');
    setTimeout(() => {
      log.error('the stop took too long');
      process.exit(1);
    }, STOP_TIMEOUT_MS);
    standby.abort();
    await follower.stop();
    await daemon?.stop();
    await cache?.close();
    // Last of all: the next engine may start while this one closes what it does not write with.
    await lease?.release();
    await server.close();
    await bus.close();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      stop(signal).catch((error: unknown) => {
        log.error({ err: error }, 'stopping failed');
        process.exit(1);
      });
    });
  }

  crashPoint('engine.lease.before');
  lease = await Lease.acquire({
    url: config.databaseUrl,
    shard: config.shard,
    holder: config.name,
    leaseMs: config.leaseMs,
    log,
    onLost: (error) => fail(error, 'the lease is lost'),
    signal: standby.signal,
    onStandby: (holder) => follower.follow(holder),
  });
  crashPoint('engine.lease.taken');
  const followed = await follower.stop();
  daemon = await EngineDaemon.start({
    ...config,
    followed,
    bus,
    lease,
    metrics,
    log,
    feed: cache === null ? null : new MarketFeed({ cache, shard: config.shard, metrics, log }),
    onFailure: (error) => fail(error, 'the engine cannot go on'),
  });
  const engine = daemon;
  lease.findProgress = () => engine.progress();
  await daemon.ready;
  log.info({ port: server.port, shard: config.shard, epoch: daemon.epoch }, 'listening');
  process.send?.({ kind: 'ready', port: server.port });
}

process.on('uncaughtException', (error) => fail(error, 'uncaught exception'));
process.on('unhandledRejection', (error) => fail(error, 'unhandled rejection'));
// The parent is gone, perhaps killed: an engine that nobody watches must not go on.
process.on('disconnect', () => process.exit(1));
run().catch((error: unknown) => fail(error, 'the engine could not start'));
