// What the emulator says about itself, to the inspector page and to programs.
import type { SourceLag } from './eventing/sources.ts';
import type { RouteRule } from '../manifests/topology.ts';

export interface ServiceState {
  readonly name: string;
  readonly target: string;
  readonly revision: string | null;
  readonly pid: number | null;
  /** `host:port` on this machine. */
  readonly address: string | null;
  readonly clusterLocal: boolean;
  readonly active: number;
  readonly waiting: number;
  readonly restarts: number;
}

export interface ErrorLine {
  readonly at: string;
  readonly from: string;
  readonly message: string;
}

/** What `GET /health` answers. */
export interface EmulatorHealth {
  readonly ready: boolean;
  readonly services: Readonly<Record<string, boolean>>;
  readonly engine: boolean;
  /** Null while there is no process; engines by shard. */
  readonly pids: {
    readonly services: Readonly<Record<string, number | null>>;
    readonly engines: readonly (number | null)[];
  };
}

export interface EmulatorState {
  readonly publicUrl: string;
  readonly ownUrl: string;
  /** The admin host. */
  readonly adminUrl: string;
  readonly dataDir: string;
  readonly ready: boolean;
  readonly pid: number;
  readonly postgresPid: number | null;
  /** Of the first shard. */
  readonly enginePid: number | null;
  /** By shard; null while one is being started. */
  readonly enginePids: readonly (number | null)[];
  readonly services: readonly ServiceState[];
  readonly routes: readonly RouteRule[];
  readonly sourceNames: readonly string[];
  readonly sources: readonly SourceLag[];
  readonly errors: readonly ErrorLine[];
}
