// A bus that publishes only while the lease is held. A process that wakes up from a long stop finds
// its lease run out before it writes; what was already on its way is the same as its successor's.
import type { Bus } from '../../shared/bus/bus.ts';
import { EngineStopped } from '../stopped.ts';
import type { EngineLease } from './lease.ts';

/** Aborting `signal` ends a publish that waits for the lease, with EngineStopped. */
export function fenceBus(bus: Bus, lease: EngineLease, signal: AbortSignal): Bus {
  return {
    publish: async (records) => {
      if (!lease.isHeld) await Promise.race([lease.whenHeld(), stopped(signal)]);
      await bus.publish(records);
    },
    tail: (options) => bus.tail(options),
    joinGroup: (options) => bus.joinGroup(options),
    provision: (topics) => bus.provision(topics),
    offsets: (topic, partition) => bus.offsets(topic, partition),
    committed: (group, topic) => bus.committed(group, topic),
    partitions: (topic) => bus.partitions(topic),
    close: () => bus.close(),
  };
}

async function stopped(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) {
    await new Promise((done) => signal.addEventListener('abort', done, { once: true }));
  }
  throw new EngineStopped('stopped while waiting for the lease');
}
