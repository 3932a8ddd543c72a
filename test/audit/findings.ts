// The invariants that the audit judges, and what it found against each.

export const INVARIANTS = {
  L1: 'every journal entry, and the whole ledger, sums to zero per asset',
  L2: 'a balance equals the sum of its postings',
  L3: 'no user balance, available or held, is negative',
  L4: 'held equals, exactly, what open orders lock',
  L6: 'the journal is append-only, by grants, triggers and row versions',
  L8: 'what was credited, debited or funded by hand is what was approved, once',
  M1: 'every accepted order is in the log once, and has ended once or is open',
  M3: 'the recorded executions and snapshots are what the log replays to',
  M4: 'settled trades and trade entries are a bijection, amounts and fees recomputed',
  M6: 'original = filled + remaining + cancelled + prevented, and the orders say so',
  M7: 'no book is crossed while its market matches, and none trades while it does not',
  M8: 'event sequences are gapless and repeats identical',
} as const;
export type Invariant = keyof typeof INVARIANTS;

/** Judged only of an exchange at rest. */
export const LAG_INVARIANT = 'A5';
export const LAG_MEANING = 'no work is left: all is executed, settled and projected';
export type Judged = Invariant | typeof LAG_INVARIANT;

export interface Violation {
  /** The first offending row, with `problem` saying what is wrong with it. */
  readonly row: Readonly<Record<string, unknown>>;
  /** How many rows offend in all. */
  readonly count: number;
}

export class Findings {
  readonly #violations = new Map<Judged, Violation>();

  violate(judged: Judged, problem: string, row: Readonly<Record<string, unknown>>): void {
    const known = this.#violations.get(judged);
    this.#violations.set(judged, {
      row: known?.row ?? { problem, ...row },
      count: (known?.count ?? 0) + 1,
    });
  }

  find(judged: Judged): Violation | null {
    return this.#violations.get(judged) ?? null;
  }

  get isClean(): boolean {
    return this.#violations.size === 0;
  }
}

/** One line an invariant, in the order of the table. */
export function reportLines(findings: Findings, isFinal: boolean): string[] {
  return judgedNames(isFinal).map((name) => {
    const violation = findings.find(name);
    return violation === null ? `${name} ok` : `${name} VIOLATED ${toJson(violation.row)}`;
  });
}

/** The same for programs. */
export function reportJson(findings: Findings, isFinal: boolean): string {
  const meanings: Readonly<Record<Judged, string>> = { ...INVARIANTS, A5: LAG_MEANING };
  const invariants = judgedNames(isFinal).map((name) => {
    const violation = findings.find(name);
    const verdict = violation === null ? { ok: true } : { ok: false, ...violation };
    return { invariant: name, meaning: meanings[name], ...verdict };
  });
  return toJson({ ok: findings.isClean, invariants });
}

function judgedNames(isFinal: boolean): readonly Judged[] {
  const names = Object.keys(INVARIANTS) as Invariant[];
  return isFinal ? [...names, LAG_INVARIANT] : names;
}

function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) =>
    typeof each === 'bigint' ? each.toString() : each,
  );
}
