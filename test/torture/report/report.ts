// The outcome of a torture: counts of what was done, figures, and whether it covers and is clean.
import type { Violation } from '../check/violations.ts';
import type { ClientFigures } from '../check/client-checks.ts';
import type { ListFigures } from '../check/list-checks.ts';
import type { RecoveryFigures, RecoveryKind } from './recoveries.ts';

export interface FaultCount {
  /** Times that it was brought about, and times that it could not be. */
  readonly happened: number;
  readonly failed: number;
}

export interface Report {
  readonly seed: number;
  readonly profile: string;
  readonly scheduleHash: string;
  readonly commit: string;
  readonly startedAt: string;
  readonly durationSeconds: number;
  /** Of them with clients that trade: before the checks at the end. */
  readonly tradedSeconds: number;
  readonly topology: readonly string[];
  /** Kinds of fault that this topology cannot have, with the reason. */
  readonly notHere: readonly string[];
  readonly skewMethod: string;
  readonly rounds: number;
  readonly steps: number;
  readonly faults: Readonly<Record<string, FaultCount>>;
  readonly kills: number;
  readonly killsOfEverything: number;
  readonly networkFaults: number;
  /** Of the crash point that was hit least often. */
  readonly crashPointHitsMin: number;
  readonly requests: { readonly ok: number; readonly fail: number; readonly info: number };
  readonly orders: ClientFigures;
  readonly lists: ListFigures;
  readonly refusals: Readonly<Record<string, number>>;
  readonly trades: number;
  readonly liveReads: number;
  readonly liveReadsMissed: number;
  readonly recoveries: Readonly<Record<RecoveryKind, RecoveryFigures>>;
  /** After the last fault, until all lag was zero; null when it never was. */
  readonly restMs: number | null;
  readonly audit: readonly string[];
  readonly violations: readonly Violation[];
  readonly notCovered: readonly string[];
}

export type Outcome = 'PASSED' | 'VIOLATED' | 'NOT COVERING';

export function outcomeOf(report: Pick<Report, 'violations' | 'notCovered'>): Outcome {
  if (report.violations.length > 0) return 'VIOLATED';
  return report.notCovered.length > 0 ? 'NOT COVERING' : 'PASSED';
}

/** Counts faults by their label. */
export class FaultCounts {
  readonly #counts = new Map<string, { happened: number; failed: number }>();

  note(label: string, happened: boolean): void {
    const count = this.#counts.get(label) ?? { happened: 0, failed: 0 };
    this.#counts.set(label, count);
    if (happened) count.happened += 1;
    else count.failed += 1;
  }

  happened(label: string): number {
    return this.#counts.get(label)?.happened ?? 0;
  }

  /** How often anything that begins so has happened. */
  sum(prefix: string): number {
    let sum = 0;
    for (const [label, count] of this.#counts) {
      if (label.startsWith(prefix)) sum += count.happened;
    }
    return sum;
  }

  /** How often the rarest of those that begin so has happened; 0 when there are none. */
  least(prefix: string): number {
    const counts = [...this.#counts].filter(([label]) => label.startsWith(prefix));
    return counts.length === 0 ? 0 : Math.min(...counts.map(([, { happened }]) => happened));
  }

  list(): Record<string, FaultCount> {
    const sorted = [...this.#counts].sort(([left], [right]) => (left < right ? -1 : 1));
    return Object.fromEntries(sorted);
  }

  /** Labels that were expected and never happened. */
  missing(expected: Iterable<string>): string[] {
    return [...expected].filter((label) => this.happened(label) === 0).sort();
  }
}
