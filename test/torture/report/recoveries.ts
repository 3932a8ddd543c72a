// How long recovery took: engine (kill to first order that it answered), start (power back to ready
// again), system (power back until what was in the log is settled and committed).

export type RecoveryKind = 'engine' | 'start' | 'system';

export interface RecoveryFigures {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly worstMs: number;
  /** Recoveries that did not come within the time that is waited for them. */
  readonly missing: number;
}

export class Recoveries {
  readonly #times = new Map<RecoveryKind, number[]>();
  readonly #missing = new Map<RecoveryKind, number>();

  /** Null: it did not recover in time. */
  note(kind: RecoveryKind, ms: number | null): void {
    if (ms === null) {
      this.#missing.set(kind, (this.#missing.get(kind) ?? 0) + 1);
      return;
    }
    const times = this.#times.get(kind) ?? [];
    times.push(Math.round(ms));
    this.#times.set(kind, times);
  }

  figures(kind: RecoveryKind): RecoveryFigures {
    const sorted = [...(this.#times.get(kind) ?? [])].sort((left, right) => left - right);
    return {
      count: sorted.length,
      p50Ms: quantile(sorted, 0.5),
      p99Ms: quantile(sorted, 0.99),
      worstMs: sorted.at(-1) ?? 0,
      missing: this.#missing.get(kind) ?? 0,
    };
  }
}

/** The smallest value that at least this share of the values does not exceed. */
function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
