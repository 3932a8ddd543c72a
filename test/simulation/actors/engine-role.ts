// The engine daemon of the shard: the real one, on a simulated disk and bus.
import { EngineDaemon } from '../../../engine-daemon/daemon.ts';
import type { EngineLease } from '../../../engine-daemon/lease/lease.ts';
import { RetryableError } from '../../../shared/domain/failure.ts';
import { silentLogger } from '../../../shared/telemetry/logger.ts';
import { MetricsRegistry } from '../../../shared/telemetry/metrics/registry.ts';
import { DISK_ROOT } from '../world/engine-files.ts';
import type { SimulatedProcess } from '../world/process.ts';
import { SimulationError } from '../world/world.ts';
import type { Parts } from './parts.ts';
import { Role } from './role.ts';

export const ENGINE_DIR = `${DISK_ROOT}/engine`;

const SHARD = 0;
const RESTART_MS_MAX = 500;
const TICK_MS = 100;

/** Of an engine that nothing keeps from writing, whoever else does: what safety must not need. */
class NoLease implements EngineLease {
  readonly isHeld = true;
  epoch = 1;

  whenHeld(): Promise<void> {
    return Promise.resolve();
  }

  raiseAbove(epoch: number): Promise<void> {
    this.epoch = Math.max(this.epoch, epoch + 1);
    return Promise.resolve();
  }
}

export interface SimulatedEngine {
  readonly role: Role;
  /** The daemon that the supervisor knows, once it has caught up. */
  ready(): EngineDaemon | null;
}

export function engineRole(parts: Parts): SimulatedEngine {
  const { world } = parts;
  const daemons = new Map<SimulatedProcess, EngineDaemon>();
  const settings = {
    snapshotEveryCommands: world.random.between(8, 60),
    snapshotEveryMs: world.random.between(200, 3_000),
    snapshotsKept: world.random.between(1, 3),
  };
  const boot = async (process: SimulatedProcess, role: Role): Promise<void> => {
    process.onKilled(() => daemons.delete(process));
    const end = (error: unknown): void => {
      if (!isPassing(error)) {
        world.fail(new SimulationError('the engine refuses to go on', { cause: error }));
      }
      role.ended(process, error);
    };
    try {
      const daemon = await EngineDaemon.start({
        ...settings,
        bus: parts.openBus(process),
        lease: new NoLease(),
        shard: SHARD,
        snapshotDir: ENGINE_DIR,
        tickMs: TICK_MS,
        metrics: new MetricsRegistry(),
        log: silentLogger(),
        onFailure: end,
      });
      daemons.set(process, daemon);
    } catch (error) {
      end(error);
    }
  };
  const role = new Role(world, { name: 'engine', restartMsMax: RESTART_MS_MAX, boot });
  return {
    role,
    ready: () => {
      const daemon = daemons.get(role.process);
      return daemon?.isReady === true ? daemon : null;
    },
  };
}

/** Errors after which the next start may do better: the bus, or the disk. */
function isPassing(error: unknown): boolean {
  if (error instanceof RetryableError) return true;
  return error instanceof Error && 'code' in error && /^E[A-Z]+$/.test(String(error.code));
}
