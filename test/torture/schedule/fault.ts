// The faults of a schedule, as plain data: a schedule can be printed, hashed and repeated.
import type { CrashPoint, MoveCrashPoint } from '../../../shared/config/crash-point.ts';
import type { BesideName } from '../cluster/beside.ts';
import type { ChildName, ProcessName } from '../cluster/processes.ts';
import type { Link } from '../proxy/links.ts';
import type { Direction, Toxic } from '../proxy/toxics.ts';

export type Fault =
  | { readonly kind: 'kill'; readonly targets: readonly ProcessName[] }
  /** `downMs`: how long nothing runs at all. */
  | { readonly kind: 'kill-everything'; readonly downMs: number }
  /** SIGSTOP, later SIGCONT: what goes on afterwards does not know that time has passed. */
  | { readonly kind: 'pause'; readonly target: ProcessName; readonly forMs: number }
  | {
      readonly kind: 'postgres-crash';
      readonly how: 'SIGKILL' | 'SIGQUIT';
      readonly downMs: number;
    }
  /** Kafka or Redis; only Redis can be emptied. */
  | {
      readonly kind: 'beside';
      readonly name: BesideName;
      readonly how: 'kill' | 'flush';
      readonly downMs: number;
    }
  | {
      readonly kind: 'network';
      readonly link: Link;
      readonly direction: Direction;
      readonly toxic: Toxic;
      readonly forMs: number;
    }
  | {
      readonly kind: 'clock-skew';
      readonly target: ChildName;
      readonly skewSeconds: number;
      readonly forMs: number;
    }
  /** A second engine on the same shard; the first is stalled meanwhile, or killed. */
  | { readonly kind: 'twin-engine'; readonly forMs: number; readonly stallsFirst: boolean }
  | { readonly kind: 'disk-full'; readonly forMs: number; readonly killsEngine: boolean }
  | { readonly kind: 'snapshot-damage'; readonly how: 'flip' | 'cut'; readonly place: number }
  /** To the other shard; the command is killed at a place, or the engine of shard 0 meanwhile. */
  | {
      readonly kind: 'market-move';
      readonly market: string;
      readonly killedAt: MoveCrashPoint | null;
      readonly killsEngineAfterMs: number | null;
    }
  | {
      readonly kind: 'crash-point';
      readonly point: CrashPoint;
      readonly target: ProcessName;
      readonly hit: number;
    };

export interface Step {
  readonly fault: Fault;
  /** Whether the next fault may come while this one is still being recovered from. */
  readonly awaitsRecovery: boolean;
  /** Calm after it. */
  readonly gapMs: number;
}

/** What a fault is counted as: coverage is judged by these names. */
export function labelOf(fault: Fault): string {
  switch (fault.kind) {
    case 'kill':
      if (fault.targets.length > 1) return 'kill some';
      return `kill ${fault.targets[0] ?? ''}`;
    case 'kill-everything':
      return 'kill everything';
    case 'pause':
      return 'pause and continue';
    case 'postgres-crash':
      return fault.how === 'SIGKILL' ? 'Postgres SIGKILL' : 'Postgres immediate shutdown';
    case 'beside':
      return `${fault.name} ${fault.how === 'kill' ? 'SIGKILL' : 'FLUSHALL'}`;
    case 'network':
      return `network ${fault.link.server} ${fault.toxic.kind}`;
    case 'clock-skew':
      return 'clock skew';
    case 'twin-engine':
      return fault.stallsFirst ? 'zombie engine' : 'standby engine';
    case 'disk-full':
      return 'disk full';
    case 'snapshot-damage':
      return fault.how === 'flip' ? 'snapshot with a flipped bit' : 'snapshot cut off';
    case 'market-move':
      if (fault.killedAt !== null) return 'market move, its command killed';
      return fault.killsEngineAfterMs === null ? 'market move' : 'market move, an engine killed';
    case 'crash-point':
      return `crash point ${fault.point} in ${fault.target}`;
  }
}
