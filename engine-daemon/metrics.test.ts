// What Prometheus is told, read with a strict reading of its text format, version 0.0.4.
import { describe, expect, it } from 'vitest';
import { MetricsRegistry } from '../shared/telemetry/metrics/registry.ts';
import { registerEngineMetrics, registerLeaseMetrics, type EngineFigures } from './metrics.ts';

const SAMPLE = /^([a-z][a-z0-9_]*)(\{[a-z]+="[^"]*"(?:,[a-z]+="[^"]*")*\})? (-?[0-9.e+-]+|\+Inf)$/;

interface Exposition {
  readonly types: ReadonlyMap<string, string>;
  readonly samples: ReadonlyMap<string, number>;
}

/** Throws on a line that is none, a sample without its type, a name that comes back later. */
function parse(text: string): Exposition {
  expect(text.endsWith('\n')).toBe(true);
  const types = new Map<string, string>();
  const samples = new Map<string, number>();
  let family = '';
  for (const line of text.trimEnd().split('\n')) {
    const type = /^# TYPE (\S+) (counter|gauge|histogram)$/.exec(line);
    if (type !== null) {
      family = type[1] ?? '';
      expect(types.has(family), family).toBe(false);
      types.set(family, type[2] ?? '');
      continue;
    }
    if (/^# HELP \S+ \S.*$/.test(line)) continue;
    const [, name = '', labels = '', value] = SAMPLE.exec(line) ?? [];
    expect(name, line).not.toBe('');
    const suffix = name.slice(family.length);
    expect(name.startsWith(family), line).toBe(true);
    expect(types.get(family) === 'histogram' ? /^_(bucket|sum|count)$/ : /^$/).toSatisfy(
      (allowed: RegExp) => allowed.test(suffix),
    );
    expect(samples.has(name + labels), line).toBe(false);
    samples.set(name + labels, Number(value));
  }
  return { types, samples };
}

const FIGURES: EngineFigures = {
  inputOffset: 41,
  isReady: true,
  snapshotAgeMs: 1_500,
  markets: [{ market: 'BTC-USD', sequence: 9, openOrders: 3 }],
};

describe('the metrics of the engine', () => {
  it('say how far behind, how busy and how safe it is', () => {
    const registry = new MetricsRegistry();
    registerLeaseMetrics(registry, () => ({ isHeld: true, remainingMs: 4_200 }));
    const metrics = registerEngineMetrics(registry, () => FIGURES);
    metrics.epoch.set(7);
    metrics.inputLagRecords.set(12);
    metrics.batchCommands.observe(3);
    metrics.batchCommands.observe(30);
    metrics.commandSeconds.observe(0.000_003);
    const { types, samples } = parse(registry.render());
    expect(Object.fromEntries(samples)).toMatchObject({
      engine_lease_held: 1,
      engine_lease_remaining_seconds: 4.2,
      engine_epoch: 7,
      engine_input_lag_records: 12,
      engine_snapshot_age_seconds: 1.5,
      'engine_open_orders{market="BTC-USD"}': 3,
      'engine_sequence{market="BTC-USD"}': 9,
      'engine_batch_commands_bucket{le="5"}': 1,
      'engine_batch_commands_bucket{le="50"}': 2,
      'engine_batch_commands_bucket{le="+Inf"}': 2,
      engine_batch_commands_sum: 33,
      'engine_command_seconds_bucket{le="0.000002"}': 0,
      'engine_command_seconds_bucket{le="0.000005"}': 1,
    });
    expect(types.get('engine_command_seconds')).toBe('histogram');
    expect(types.get('engine_commands_total')).toBe('counter');
  });

  it('say that a process which stands by holds nothing', () => {
    const registry = new MetricsRegistry();
    registerLeaseMetrics(registry, () => null);
    const { samples } = parse(registry.render());
    expect(Object.fromEntries(samples)).toEqual({
      engine_lease_held: 0,
      engine_lease_remaining_seconds: 0,
    });
  });
});
