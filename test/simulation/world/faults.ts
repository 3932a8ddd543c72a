// The faults of a run: which kinds it has and how often is drawn from the seed, so that each run
// has a mixture of its own (a "swarm"). Each fault that strikes is counted.
import type { Random } from './random.ts';

/** Every kind of fault, with the highest probability or rate that a run may draw for it. */
const FAULT_MAXIMA = {
  // Per message of a link.
  'message delayed': 0.05,
  'request lost': 0.02,
  'answer lost': 0.02,
  'request duplicated': 0.03,
  // Per append to the log and commit of an offset; one is committed every five seconds only.
  'append refused': 0.03,
  'append outcome unknown': 0.04,
  'append landed late': 0.03,
  'commit of offsets lost': 2,
  // Per statement of the database.
  'serialization failure': 0.01,
  'connection lost before statement': 0.004,
  'connection lost after statement': 0.004,
  'commit outcome unknown': 0.03,
  'commit landed late': 0.015,
  // Per write to a disk.
  'disk full': 0.15,
  // Per second of virtual time.
  'crash of orders': 4,
  'crash of settlement': 4,
  'crash of source': 2.4,
  'crash of engine': 4.8,
  'crash of database': 0.8,
  'crash of everything': 0.64,
  'machine of engine failed': 1.2,
  'snapshot flipped': 1.2,
  'snapshot torn': 1.2,
  'snapshot stale': 1.2,
  'zombie engine': 2.4,
  'process stopped': 2,
  'link partitioned': 1.6,
  'clock jumped': 1.6,
  rebalanced: 1.6,
  'offset went back': 6,
  'market status changed': 3,
} as const;

export type FaultKind = keyof typeof FAULT_MAXIMA;

export const FAULT_KINDS = Object.keys(FAULT_MAXIMA) as FaultKind[];

/** A kind is absent from this share of the runs. */
const ABSENT = 0.4;

export class Faults {
  readonly counts = new Map<FaultKind, number>();
  /** False once the world heals: then nothing strikes any more. */
  isActive = true;
  readonly #rates: ReadonlyMap<FaultKind, number>;
  readonly #random: Random;

  constructor(random: Random, without: ReadonlySet<string> = new Set()) {
    this.#random = random;
    this.#rates = new Map(
      FAULT_KINDS.map((kind) => {
        const drawn = random.chance(ABSENT) ? 0 : random.fraction() ** 2 * FAULT_MAXIMA[kind];
        return [kind, without.has(kind) || without.has('all') ? 0 : drawn];
      }),
    );
  }

  rate(kind: FaultKind): number {
    return this.#rates.get(kind) ?? 0;
  }

  /** Draws whether the fault strikes here, and counts it. */
  strikes(kind: FaultKind): boolean {
    if (!this.isActive || !this.#random.chance(this.rate(kind))) return false;
    this.count(kind);
    return true;
  }

  count(kind: FaultKind): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
  }
}
