// What a nemesis has at hand, and what it tells of its deed.
import type { Cluster } from '../cluster/cluster.ts';
import type { Recoveries } from '../report/recoveries.ts';
import type { Probe } from '../workload/probe.ts';

export interface Scene {
  readonly cluster: Cluster;
  readonly probe: Probe;
  readonly recoveries: Recoveries;
  /** Folder for the marks of crash points. */
  readonly dir: string;
}

export interface Deed {
  /** False: the fault could not be brought about, and must not count as covered. */
  readonly happened: boolean;
  /** Processes that were ended by SIGKILL. */
  readonly kills: number;
  readonly note?: string;
}

export const RECOVERY_TIMEOUT_MS = 60_000;
