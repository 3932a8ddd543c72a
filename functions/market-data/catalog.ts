// A small list that changes rarely and is read by every request: kept for a moment, loaded once
// however many ask. What is not in it is looked for again at once, so a new market is never
// unknown.

export class Catalog<Row> {
  readonly #load: () => Promise<readonly Row[]>;
  readonly #nameOf: (row: Row) => string;
  readonly #ageMaxMs: number;
  readonly #nowMs: () => number;
  #rows: readonly Row[] = [];
  #byName = new Map<string, Row>();
  #loadedAtMs = Number.NEGATIVE_INFINITY;
  #loading: Promise<void> | null = null;

  constructor(
    load: () => Promise<readonly Row[]>,
    nameOf: (row: Row) => string,
    ageMaxMs: number,
    nowMs: () => number = () => performance.now(),
  ) {
    this.#load = load;
    this.#nameOf = nameOf;
    this.#ageMaxMs = ageMaxMs;
    this.#nowMs = nowMs;
  }

  /** All rows, at most `ageMaxMs` old. */
  async list(): Promise<readonly Row[]> {
    if (this.#nowMs() - this.#loadedAtMs > this.#ageMaxMs) await this.#refresh();
    return this.#rows;
  }

  async find(name: string): Promise<Row | null> {
    await this.list();
    if (!this.#byName.has(name)) await this.#refresh();
    return this.#byName.get(name) ?? null;
  }

  /** A failed load is not kept: the next caller tries again. */
  #refresh(): Promise<void> {
    this.#loading ??= this.#reload().finally(() => {
      this.#loading = null;
    });
    return this.#loading;
  }

  async #reload(): Promise<void> {
    const startedAtMs = this.#nowMs();
    const rows = await this.#load();
    this.#rows = rows;
    this.#byName = new Map(rows.map((row) => [this.#nameOf(row), row]));
    this.#loadedAtMs = startedAtMs;
  }
}
