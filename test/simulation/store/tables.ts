// The rows of the simulated database: committed ones, and for each transaction what it has written
// and nobody else sees. Rows are never changed in place.

export type Row = Readonly<Record<string, unknown>>;

export class Tables {
  readonly #tables = new Map<string, Map<string, Row>>();
  readonly #sequences = new Map<string, number>();

  rows(table: string): Map<string, Row> {
    const known = this.#tables.get(table);
    if (known !== undefined) return known;
    const made = new Map<string, Row>();
    this.#tables.set(table, made);
    return made;
  }

  /** As in Postgres, a number is gone even when its transaction is rolled back. */
  nextNumber(sequence: string): number {
    const next = (this.#sequences.get(sequence) ?? 0) + 1;
    this.#sequences.set(sequence, next);
    return next;
  }
}

/** What one statement sees and writes: its own transaction's rows over the committed ones. */
export class View {
  /** Null stands for a deleted row. */
  readonly written = new Map<string, Map<string, Row | null>>();
  readonly tables: Tables;

  constructor(tables: Tables) {
    this.tables = tables;
  }

  find<R extends object>(table: string, key: string, otherwise: R | null = null): R | null {
    const own = this.written.get(table)?.get(key);
    const row = own === undefined ? this.tables.rows(table).get(key) : own;
    return (row as R | null | undefined) ?? otherwise;
  }

  put(table: string, key: string, row: object): void {
    this.#own(table).set(key, row as Row);
  }

  remove(table: string, key: string): boolean {
    if (this.find(table, key) === null) return false;
    this.#own(table).set(key, null);
    return true;
  }

  /** The rows that fit, with their keys, in the order of insertion, own rows last. */
  scan<R extends object>(table: string, fits: (row: R) => boolean): [key: string, row: R][] {
    const own = this.written.get(table);
    const committed = this.tables.rows(table);
    const found: [string, R][] = [];
    for (const [key, row] of committed) {
      const mine = own?.get(key);
      if (mine !== null && fits((mine ?? row) as R)) found.push([key, (mine ?? row) as R]);
    }
    for (const [key, row] of own ?? []) {
      if (row !== null && !committed.has(key) && fits(row as R)) found.push([key, row as R]);
    }
    return found;
  }

  /** Makes the rows everybody's. */
  commit(): void {
    for (const [table, rows] of this.written) {
      const committed = this.tables.rows(table);
      for (const [key, row] of rows) {
        if (row === null) committed.delete(key);
        else committed.set(key, row);
      }
    }
    this.written.clear();
  }

  #own(table: string): Map<string, Row | null> {
    const known = this.written.get(table);
    if (known !== undefined) return known;
    const made = new Map<string, Row | null>();
    this.written.set(table, made);
    return made;
  }
}
