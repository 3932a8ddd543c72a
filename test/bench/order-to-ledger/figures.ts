// Percentiles of latencies, whole and by windows of five seconds.
import { build } from 'hdr-histogram-js';

export interface Percentiles {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
}

const WINDOW_MS = 5_000;

export function percentiles(latenciesMs: readonly number[]): Percentiles {
  const histogram = build({ numberOfSignificantValueDigits: 3 });
  for (const each of latenciesMs) histogram.recordValue(Math.max(0, Math.round(each * 1_000)));
  const at = (percentile: number) => histogram.getValueAtPercentile(percentile) / 1_000;
  return {
    count: latenciesMs.length,
    p50Ms: at(50),
    p99Ms: at(99),
    p999Ms: at(99.9),
    maxMs: histogram.maxValue / 1_000,
  };
}

/** The p99 of each window, and the median of them: one stall of the storage shows, and no more. */
export function medianOfWindows(
  latencies: readonly { readonly dueAtMs: number; readonly latencyMs: number }[],
): { readonly medianP99Ms: number; readonly p99Ms: readonly number[] } {
  const windows = new Map<number, number[]>();
  const first = Math.min(...latencies.map((each) => each.dueAtMs));
  for (const { dueAtMs, latencyMs } of latencies) {
    const window = Math.floor((dueAtMs - first) / WINDOW_MS);
    windows.set(window, [...(windows.get(window) ?? []), latencyMs]);
  }
  const p99Ms = [...windows.values()].map((window) => percentiles(window).p99Ms);
  const sorted = [...p99Ms].sort((a, b) => a - b);
  return { medianP99Ms: sorted[Math.floor(sorted.length / 2)] ?? 0, p99Ms };
}
