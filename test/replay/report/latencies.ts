// How long commands took, from when they were due to when their outcome was known.
import { build } from 'hdr-histogram-js';

/** Values are recorded in microseconds. */
const LONGEST_US = 3_600_000_000;

export interface LatencySummary {
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
}

export class Latencies {
  readonly #histogram = build({
    bitBucketSize: 64,
    autoResize: true,
    lowestDiscernibleValue: 1,
    highestTrackableValue: LONGEST_US,
    numberOfSignificantValueDigits: 3,
  });

  record(ms: number): void {
    this.#histogram.recordValue(Math.min(Math.max(1, Math.round(ms * 1_000)), LONGEST_US));
  }

  summary(): LatencySummary {
    const at = (percentile: number): number =>
      this.#histogram.getValueAtPercentile(percentile) / 1_000;
    return { p50Ms: at(50), p90Ms: at(90), p99Ms: at(99), p999Ms: at(99.9), maxMs: at(100) };
  }
}
