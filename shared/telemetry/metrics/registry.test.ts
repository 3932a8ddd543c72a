import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { registerProcessMetrics } from './process-metrics.ts';
import { MetricsRegistry } from './registry.ts';
import { OVERFLOW_LABEL, SERIES_MAX } from './series.ts';

describe('metrics', () => {
  it('refuses one name for two things, and a malformed name', () => {
    const metrics = new MetricsRegistry();
    metrics.counter('orders_total', 'Orders.');
    expect(() => metrics.gauge('orders_total', 'Orders.')).toThrow(RangeError);
    expect(() => metrics.counter('orders_total', 'Orders.', ['side'])).toThrow(RangeError);
    expect(() => metrics.counter('Orders-Total', 'Orders.')).toThrow(RangeError);
  });

  it('refuses label values that do not match the names', () => {
    const counter = new MetricsRegistry().counter('a_total', 'A.', ['side']);
    expect(() => counter.with()).toThrow(RangeError);
  });

  it('writes counters, gauges and histograms as Prometheus reads them', () => {
    const metrics = new MetricsRegistry();
    metrics.counter('orders_total', 'Orders.', ['side']).with('buy').add();
    metrics.counter('orders_total', 'Orders.', ['side']).with('buy').add(2);
    metrics.gauge('depth', 'Depth.').with().set(-4);
    const seconds = metrics
      .histogram('took_seconds', 'Time.', ['route'], [0.1, 1])
      .with('a"b\\c\n');
    for (const value of [0.1, 0.5, 7]) seconds.observe(value);
    expect(metrics.render()).toBe(
      [
        '# HELP orders_total Orders.',
        '# TYPE orders_total counter',
        'orders_total{side="buy"} 3',
        '# HELP depth Depth.',
        '# TYPE depth gauge',
        'depth -4',
        '# HELP took_seconds Time.',
        '# TYPE took_seconds histogram',
        'took_seconds_bucket{route="a\\"b\\\\c\\n",le="0.1"} 1',
        'took_seconds_bucket{route="a\\"b\\\\c\\n",le="1"} 2',
        'took_seconds_bucket{route="a\\"b\\\\c\\n",le="+Inf"} 3',
        'took_seconds_sum{route="a\\"b\\\\c\\n"} 7.6',
        'took_seconds_count{route="a\\"b\\\\c\\n"} 3',
        '',
      ].join('\n'),
    );
  });

  it('bounds its memory: what is beyond SERIES_MAX shares a series', () => {
    const metrics = new MetricsRegistry();
    const counter = metrics.counter('a_total', 'A.', ['who']);
    for (let who = 0; who < SERIES_MAX + 50; who += 1) counter.with(String(who)).add();
    expect(metrics.render()).toContain(`a_total{who="${OVERFLOW_LABEL}"} 50`);
  });

  it('reads what the process uses when it is asked', () => {
    const metrics = new MetricsRegistry();
    const stop = registerProcessMetrics(metrics);
    expect(metrics.render()).toMatch(/process_resident_memory_bytes [1-9]\d{6,}/);
    stop();
  });

  it('tells how late the event loop was', async () => {
    const metrics = new MetricsRegistry();
    const stop = registerProcessMetrics(metrics);
    const late = (): number =>
      Number(/^process_event_loop_delay_seconds (\S+)$/m.exec(metrics.render())?.[1]);
    // The first sample has none before it.
    await setTimeout(250);
    const until = performance.now() + 300;
    while (performance.now() < until);
    await setTimeout(10);
    const blocked = late();
    expect(blocked).toBeGreaterThan(0.15);
    expect(blocked).toBeLessThan(10);
    stop();
  });
});
