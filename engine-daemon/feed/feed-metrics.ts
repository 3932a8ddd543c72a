// What the feed tells Prometheus.
import type { Counter, MetricsRegistry } from '../../shared/telemetry/metrics/registry.ts';
import type { Dropped } from './pending-news.ts';

export interface FeedFigures {
  readonly isAvailable: boolean;
  readonly dropped: Dropped;
}

export interface FeedMetrics {
  readonly messages: Counter;
  readonly snapshots: Counter;
  readonly failures: Counter;
}

export function registerFeedMetrics(
  registry: MetricsRegistry,
  figures: () => FeedFigures,
): FeedMetrics {
  const counter = (name: string, help: string): Counter => registry.counter(name, help).with();
  const available = registry.gauge('engine_feed_available', '1 while the cache answers.').with();
  const dropped = registry.counter(
    'engine_feed_dropped_total',
    'News that nobody was told: levels, trades, and records for who waits for outcomes.',
    ['kind'],
  );
  const counted: Dropped = { levels: 0, trades: 0, outcomes: 0 };
  registry.onCollect(() => {
    const now = figures();
    available.set(now.isAvailable ? 1 : 0);
    for (const kind of ['levels', 'trades', 'outcomes'] as const) {
      dropped.with(kind).add(now.dropped[kind] - counted[kind]);
      counted[kind] = now.dropped[kind];
    }
  });
  return {
    messages: counter('engine_feed_messages_total', 'Messages told through the cache.'),
    snapshots: counter('engine_feed_snapshots_total', 'Books written to the cache.'),
    failures: counter('engine_feed_failures_total', 'Calls of the cache that failed.'),
  };
}
