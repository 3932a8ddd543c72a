// What the engine tells Prometheus. Written once a batch, never on the way of a single command.
import type { Counter, Gauge, Histogram } from '../shared/telemetry/metrics/registry.ts';
import type { MetricsRegistry } from '../shared/telemetry/metrics/registry.ts';

const BATCH_BUCKETS: readonly number[] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000];

/** Seconds per command: a match takes about a microsecond, a sweep of a deep book a millisecond. */
const COMMAND_BUCKETS: readonly number[] = [
  0.000_001, 0.000_002, 0.000_005, 0.000_01, 0.000_02, 0.000_05, 0.000_1, 0.000_5, 0.001, 0.01,
];

/** What the gauges read at each scrape. */
export interface EngineFigures {
  readonly inputOffset: number;
  readonly isReady: boolean;
  readonly snapshotAgeMs: number | null;
  readonly markets: readonly {
    readonly market: string;
    readonly sequence: number;
    readonly openOrders: number;
  }[];
}

export interface EngineMetrics {
  readonly records: Counter;
  readonly commands: Counter;
  readonly events: Counter;
  readonly deadLetters: Counter;
  readonly ticks: Counter;
  readonly publishRetries: Counter;
  readonly snapshotFailures: Counter;
  readonly batchCommands: Histogram;
  readonly applySeconds: Histogram;
  readonly commandSeconds: Histogram;
  readonly publishSeconds: Histogram;
  readonly snapshotPauseSeconds: Histogram;
  readonly snapshotBytes: Gauge;
  readonly epoch: Gauge;
  readonly inputLagRecords: Gauge;
}

/** `lease` answers null while the process waits for one. */
export function registerLeaseMetrics(
  registry: MetricsRegistry,
  lease: () => { readonly isHeld: boolean; readonly remainingMs: number } | null,
): void {
  const held = registry.gauge('engine_lease_held', '1 while this process may publish.').with();
  const left = registry
    .gauge('engine_lease_remaining_seconds', 'Until the lease runs out if it is not renewed.')
    .with();
  registry.onCollect(() => {
    const now = lease();
    held.set(now?.isHeld === true ? 1 : 0);
    left.set(now === null ? 0 : now.remainingMs / 1_000);
  });
}

export function registerEngineMetrics(
  registry: MetricsRegistry,
  figures: () => EngineFigures,
): EngineMetrics {
  const counter = (name: string, help: string): Counter => registry.counter(name, help).with();
  const gauge = (name: string, help: string): Gauge => registry.gauge(name, help).with();
  const histogram = (name: string, help: string, bounds?: readonly number[]): Histogram =>
    registry.histogram(name, help, [], bounds).with();
  registerFigures(registry, figures);
  return {
    records: counter('engine_input_records_total', 'Records read from the command log.'),
    commands: counter('engine_commands_total', 'Commands applied, repeats included.'),
    events: counter('engine_events_total', 'Execution events made.'),
    deadLetters: counter('engine_dead_letters_total', 'Records that could not be carried out.'),
    ticks: counter('engine_ticks_published_total', 'Clock ticks put into the command log.'),
    publishRetries: counter('engine_publish_retries_total', 'Publishes that were tried again.'),
    snapshotFailures: counter('engine_snapshot_failures_total', 'Snapshots not written.'),
    batchCommands: histogram('engine_batch_commands', 'Commands in a batch.', BATCH_BUCKETS),
    applySeconds: histogram('engine_apply_seconds', 'Time to match a batch.'),
    commandSeconds: histogram(
      'engine_command_seconds',
      'Time per command, the mean of a batch.',
      COMMAND_BUCKETS,
    ),
    publishSeconds: histogram('engine_publish_seconds', 'Time until a batch is durable.'),
    snapshotPauseSeconds: histogram('engine_snapshot_pause_seconds', 'Matching held up by one.'),
    snapshotBytes: gauge('engine_snapshot_bytes', 'Size of the newest snapshot.'),
    epoch: gauge('engine_epoch', 'Rises whenever the lease of the shard is taken.'),
    inputLagRecords: gauge('engine_input_lag_records', 'Records of the log not yet applied.'),
  };
}

function registerFigures(registry: MetricsRegistry, figures: () => EngineFigures): void {
  const ready = registry.gauge('engine_ready', '1 once the log is caught up with.').with();
  const offset = registry.gauge('engine_input_offset', 'Last applied offset, -1: none.').with();
  const age = registry
    .gauge('engine_snapshot_age_seconds', 'Age of the newest snapshot, -1: none.')
    .with();
  const open = registry.gauge('engine_open_orders', 'Orders on the book.', ['market']);
  const sequence = registry.gauge('engine_sequence', 'Last sequence of the market.', ['market']);
  const shown = new Set<string>();
  registry.onCollect(() => {
    const now = figures();
    // A market that has moved away has its orders elsewhere: they must not be counted twice.
    for (const market of shown) open.with(market).set(0);
    ready.set(now.isReady ? 1 : 0);
    offset.set(now.inputOffset);
    age.set(now.snapshotAgeMs === null ? -1 : now.snapshotAgeMs / 1_000);
    for (const each of now.markets) {
      shown.add(each.market);
      open.with(each.market).set(each.openOrders);
      sequence.with(each.market).set(each.sequence);
    }
  });
}
