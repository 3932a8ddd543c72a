// What was found wrong, by the name of the invariant: the first of each with its row, and how many.

export interface Violation {
  readonly invariant: string;
  readonly problem: string;
  readonly row: unknown;
  readonly count: number;
}

export class Violations {
  readonly #found = new Map<string, Violation>();

  add(invariant: string, problem: string, row: unknown): void {
    const known = this.#found.get(`${invariant} ${problem}`);
    this.#found.set(`${invariant} ${problem}`, {
      invariant,
      problem,
      row: known?.row ?? row,
      count: (known?.count ?? 0) + 1,
    });
  }

  list(): Violation[] {
    return [...this.#found.values()];
  }
}
