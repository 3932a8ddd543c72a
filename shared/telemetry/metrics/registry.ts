// Counters, gauges and histograms of one process, written as Prometheus text for `/metrics`.
import { SeriesTable } from './series.ts';

/** Upper bounds in seconds, from half a millisecond to ten seconds. */
export const SECONDS_BUCKETS: readonly number[] = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

const METRIC_NAME = /^[a-z][a-z0-9_]*$/;

export interface Counter {
  /** Adds a number that is not negative; 1 when left out. */
  add(amount?: number): void;
}

export interface Gauge {
  set(value: number): void;
  add(amount: number): void;
}

export interface Histogram {
  observe(value: number): void;
}

/** A metric with labels: `with` answers the series of these label values. */
export interface Labelled<Series> {
  with(...labelValues: readonly string[]): Series;
}

interface Metric {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly labelNames: readonly string[];
  readonly metric: unknown;
  readonly render: () => string[];
}

class Cell implements Counter, Gauge {
  value = 0;

  add(amount = 1): void {
    this.value += amount;
  }

  set(value: number): void {
    this.value = value;
  }
}

class Buckets implements Histogram {
  readonly bounds: readonly number[];
  readonly counts: Float64Array;
  sum = 0;
  count = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Float64Array(bounds.length);
  }

  observe(value: number): void {
    this.sum += value;
    this.count += 1;
    const at = this.bounds.findIndex((bound) => value <= bound);
    if (at >= 0) this.counts[at] = (this.counts[at] ?? 0) + 1;
  }
}

export class MetricsRegistry {
  readonly #metrics = new Map<string, Metric>();
  readonly #collectors: (() => void)[] = [];

  /** A sum that only rises; names end in `_total`. */
  counter(name: string, help: string, labelNames: readonly string[] = []): Labelled<Counter> {
    return this.#cells('counter', name, help, labelNames);
  }

  gauge(name: string, help: string, labelNames: readonly string[] = []): Labelled<Gauge> {
    return this.#cells('gauge', name, help, labelNames);
  }

  histogram(
    name: string,
    help: string,
    labelNames: readonly string[] = [],
    bounds: readonly number[] = SECONDS_BUCKETS,
  ): Labelled<Histogram> {
    return this.#register('histogram', name, help, labelNames, () => {
      const table = new SeriesTable(labelNames, () => new Buckets(bounds));
      return {
        metric: { with: (...values: readonly string[]) => table.get(values) },
        lines: () => [...table.rows()].flatMap((row) => renderBuckets(name, row)),
      };
    });
  }

  /** Runs before each rendering: for gauges that are read, not written. */
  onCollect(collect: () => void): void {
    this.#collectors.push(collect);
  }

  /** The Prometheus text format, version 0.0.4. */
  render(): string {
    for (const collect of this.#collectors) collect();
    return [...this.#metrics.values()].flatMap((metric) => metric.render()).join('\n') + '\n';
  }

  #cells(
    kind: 'counter' | 'gauge',
    name: string,
    help: string,
    labelNames: readonly string[],
  ): Labelled<Cell> {
    return this.#register(kind, name, help, labelNames, () => {
      const table = new SeriesTable(labelNames, () => new Cell());
      return {
        metric: { with: (...values: readonly string[]) => table.get(values) },
        lines: () =>
          [...table.rows()].map((row) => `${name}${braces(row.labels)} ${row.series.value}`),
      };
    });
  }

  /** Two parts of a process may ask for the same metric and get the same one. */
  #register<Made>(
    kind: Metric['kind'],
    name: string,
    help: string,
    labelNames: readonly string[],
    make: () => { readonly metric: Made; readonly lines: () => string[] },
  ): Made {
    const known = this.#metrics.get(name);
    if (known !== undefined) {
      if (known.kind !== kind || known.labelNames.join() !== labelNames.join()) {
        throw new RangeError(`metric ${name} exists with another kind or other labels`);
      }
      return known.metric as Made;
    }
    if (!METRIC_NAME.test(name)) throw new RangeError(`metric name "${name}" is malformed`);
    const { metric, lines } = make();
    const head = [`# HELP ${name} ${help}`, `# TYPE ${name} ${kind}`];
    this.#metrics.set(name, { kind, labelNames, metric, render: () => [...head, ...lines()] });
    return metric;
  }
}

function braces(labels: string): string {
  return labels === '' ? '' : `{${labels}}`;
}

function renderBuckets(
  name: string,
  row: { readonly labels: string; readonly series: Buckets },
): string[] {
  const { labels, series } = row;
  const prefix = labels === '' ? '' : `${labels},`;
  let below = 0;
  const lines = series.bounds.map((bound, at) => {
    below += series.counts[at] ?? 0;
    return `${name}_bucket{${prefix}le="${bound}"} ${below}`;
  });
  lines.push(`${name}_bucket{${prefix}le="+Inf"} ${series.count}`);
  lines.push(`${name}_sum${braces(labels)} ${series.sum}`);
  lines.push(`${name}_count${braces(labels)} ${series.count}`);
  return lines;
}
