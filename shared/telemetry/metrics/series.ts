// The time series of one metric: a value per combination of label values, with a named bound.

/** Label combinations one metric may have; further ones share a series, so memory is bounded. */
export const SERIES_MAX = 1_000;

/** Label value of the series that takes what is beyond SERIES_MAX. */
export const OVERFLOW_LABEL = '_other';

export class SeriesTable<Series> {
  readonly labelNames: readonly string[];
  readonly #create: () => Series;
  readonly #rows = new Map<string, { readonly labels: string; readonly series: Series }>();

  constructor(labelNames: readonly string[], create: () => Series) {
    this.labelNames = labelNames;
    this.#create = create;
  }

  /** The series of these label values, in the order of `labelNames`; keep it where it is hot. */
  get(values: readonly string[]): Series {
    if (values.length !== this.labelNames.length) {
      throw new RangeError(`expected labels ${this.labelNames.join(', ')}`);
    }
    const key = values.join('\u0000');
    const row = this.#rows.get(key);
    if (row !== undefined) return row.series;
    const full =
      this.#rows.size >= SERIES_MAX && !values.every((value) => value === OVERFLOW_LABEL);
    if (full) return this.get(values.map(() => OVERFLOW_LABEL));
    const created = { labels: this.#write(values), series: this.#create() };
    this.#rows.set(key, created);
    return created.series;
  }

  rows(): Iterable<{ readonly labels: string; readonly series: Series }> {
    return this.#rows.values();
  }

  #write(values: readonly string[]): string {
    return values.map((value, at) => `${this.labelNames[at] ?? ''}="${escape(value)}"`).join(',');
  }
}

function escape(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
