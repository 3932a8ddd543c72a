// The bus of one process on the simulated log. Behind it stand the rules of shared/bus/bus.ts: an
// append whose answer is lost may have happened, may yet happen, or not.
import type {
  Bus,
  Consumer,
  GroupConsumer,
  GroupOptions,
  IncomingRecord,
  OutgoingRecord,
  TailOptions,
} from '../../../shared/bus/bus.ts';
import { PublishQueue } from '../../../shared/bus/publish-queue.ts';
import { RetryableError } from '../../../shared/domain/failure.ts';
import type { Faults } from '../world/faults.ts';
import type { Network } from '../world/network.ts';
import type { SimulatedProcess } from '../world/process.ts';
import type { World } from '../world/world.ts';
import type { Assigned, LogServer, Membership } from './log-server.ts';

export const LOG_SERVER = 'log';

/** After which the group notices that a member died without a word. */
const SESSION_MS = 300;
/** How much later than its answer a late append may come. */
const LATE_MS_MAX = 1_500;
const FETCH_RETRY_MS = 5;
const COMMIT_ATTEMPT_FAILED = 'the commit of an offset failed';

export interface BusWorld {
  readonly world: World;
  readonly faults: Faults;
  readonly network: Network;
  readonly server: LogServer;
}

interface Reading {
  isStopped: boolean;
  done: Promise<void>;
}

/** Asked again after each wait. */
function hasStopped(reading: Reading): boolean {
  return reading.isStopped;
}

export class SimulatedBus implements Bus {
  readonly #at: BusWorld;
  readonly #process: SimulatedProcess;
  readonly #queue: PublishQueue;
  readonly #readings = new Set<Reading>();

  constructor(at: BusWorld, process: SimulatedProcess) {
    this.#at = at;
    this.#process = process;
    this.#queue = new PublishQueue((records) => this.#append(records));
  }

  publish(records: readonly OutgoingRecord[]): Promise<void> {
    return this.#queue.add(records);
  }

  async tail(options: TailOptions): Promise<Consumer> {
    const { topic, partition, from } = options;
    const start = from === 'end' ? (await this.offsets(topic, partition)).next : from;
    return this.#read({ ...options, from: start, epochIsMine: () => true });
  }

  async joinGroup(options: GroupOptions): Promise<GroupConsumer> {
    const { server, world } = this.#at;
    const held = new Map<string, { readonly assigned: Assigned; readonly reader: Consumer }>();
    let isStopped = false;
    const take = (): void => {
      if (isStopped) return;
      const assigned = new Map(
        server
          .assignments(options.group, member)
          .map((each) => [`${each.topic}/${each.partition}`, each]),
      );
      for (const [key, { assigned: before, reader }] of held) {
        if (assigned.get(key)?.epoch === before.epoch) continue;
        held.delete(key);
        void reader.stop();
        options.onRevoked?.(before.topic, before.partition);
      }
      for (const [key, each] of assigned) {
        if (held.has(key)) continue;
        const reader = this.#read({
          ...options,
          topic: each.topic,
          partition: each.partition,
          from: each.from,
          epochIsMine: () => held.get(key)?.assigned === each,
        });
        held.set(key, { assigned: each, reader });
      }
    };
    const member: Membership = {
      process: this.#process,
      topics: options.topics,
      // The owner before learns of it late: for a while both read.
      onChanged: () =>
        world.schedule(this.#at.network.delayMs(), this.#process, 'assignment', take),
    };
    this.#process.onKilled(() =>
      world.schedule(SESSION_MS, null, 'session over', () => server.leave(options.group, member)),
    );
    await this.#ask('join', () => {
      if (this.#process.isAlive) server.join(options.group, member);
    });
    return {
      commit: (topic, partition, next) =>
        this.#commit(options.group, member, held.get(`${topic}/${partition}`)?.assigned, next),
      stop: async () => {
        isStopped = true;
        await Promise.all([...held.values()].map(({ reader }) => reader.stop()));
        await this.#ask('leave', () => server.leave(options.group, member));
      },
    };
  }

  provision(): Promise<void> {
    return Promise.resolve();
  }

  async offsets(topic: string, partition: number): Promise<{ first: number; next: number }> {
    return this.#ask(`offsets ${topic}`, () => ({
      first: 0,
      next: this.#at.server.partition(topic, partition).records.length,
    }));
  }

  async committed(group: string, topic: string): Promise<ReadonlyMap<number, number>> {
    return this.#ask('committed', () => {
      const { server } = this.#at;
      return new Map(
        server.partitionsOf(topic).map((_, at) => [at, server.committed(group, topic, at)]),
      );
    });
  }

  partitions(topic: string): Promise<number> {
    return Promise.resolve(this.#at.server.partitionsOf(topic).length);
  }

  async close(): Promise<void> {
    for (const reading of this.#readings) reading.isStopped = true;
    await this.#queue.close();
  }

  /** Asks until there is an answer, as the clients of both real logs do. */
  async #ask<Answer>(label: string, serve: () => Answer): Promise<Answer> {
    const { network, world } = this.#at;
    for (;;) {
      try {
        return await network.ask<Answer>({
          asker: this.#process,
          answerer: null,
          server: LOG_SERVER,
          label,
          serve: (answer) => answer(serve()),
        });
      } catch {
        // Nothing was changed for good: asking again is the client's way.
        await world.wait(FETCH_RETRY_MS, this.#process, 'ask again');
      }
    }
  }

  async #append(records: readonly OutgoingRecord[]): Promise<void> {
    const { faults, network, server, world } = this.#at;
    try {
      await network.ask<null>({
        asker: this.#process,
        answerer: null,
        server: LOG_SERVER,
        label: 'append',
        serve: (answer, refuse) => {
          if (faults.strikes('append refused')) {
            refuse(new Error('the leader of the partition is not known'));
          } else if (faults.strikes('append landed late')) {
            refuse(new Error('no answer in time'));
            const lateMs = world.random.fraction() * LATE_MS_MAX;
            world.schedule(lateMs, null, 'late append', () => server.append(records));
          } else {
            server.append(records);
            if (faults.strikes('append outcome unknown')) refuse(new Error('no answer in time'));
            else answer(null);
          }
        },
      });
    } catch (cause) {
      throw new RetryableError('the outcome of an append is unknown', { cause });
    }
  }

  async #commit(
    group: string,
    member: Membership,
    assigned: Assigned | undefined,
    next: number,
  ): Promise<boolean> {
    if (assigned === undefined) return false;
    const { faults, network, server } = this.#at;
    try {
      return await network.ask<boolean>({
        asker: this.#process,
        answerer: null,
        server: LOG_SERVER,
        label: 'commit offset',
        serve: (answer, refuse) => {
          if (faults.strikes('commit of offsets lost')) refuse(new Error(COMMIT_ATTEMPT_FAILED));
          else answer(server.commit(group, member, assigned, next));
        },
      });
    } catch (cause) {
      throw new RetryableError(COMMIT_ATTEMPT_FAILED, { cause });
    }
  }

  #read(options: {
    readonly topic: string;
    readonly partition: number;
    readonly from: number;
    readonly batchMax: number;
    readonly epochIsMine: () => boolean;
    readonly onBatch: (records: readonly IncomingRecord[]) => Promise<void>;
    readonly onError: (error: unknown) => void;
  }): Consumer {
    const reading: Reading = { isStopped: false, done: Promise.resolve() };
    this.#readings.add(reading);
    const loop = async (): Promise<void> => {
      let next = options.from;
      while (!reading.isStopped) {
        const records = await this.#fetch(options.topic, options.partition, next, options.batchMax);
        if (hasStopped(reading)) return;
        const last = records.at(-1);
        if (last === undefined || !options.epochIsMine()) continue;
        next = last.offset + 1;
        try {
          await options.onBatch(records);
        } catch (error) {
          reading.isStopped = true;
          options.onError(error);
        }
      }
    };
    // Whoever starts a reading has it in hand before the first batch comes.
    let isInCallback = false;
    const onBatch = options.onBatch;
    options = {
      ...options,
      onBatch: async (records) => {
        isInCallback = true;
        await onBatch(records).finally(() => {
          isInCallback = false;
        });
      },
    };
    reading.done = loop();
    return {
      stop: async () => {
        reading.isStopped = true;
        if (isInCallback) await reading.done;
      },
    };
  }

  /** Waits at the end of the partition for more. */
  async #fetch(
    topic: string,
    partition: number,
    from: number,
    max: number,
  ): Promise<readonly IncomingRecord[]> {
    const { network, server, world } = this.#at;
    try {
      return await network.ask<readonly IncomingRecord[]>({
        asker: this.#process,
        answerer: null,
        server: LOG_SERVER,
        label: `fetch ${topic}`,
        serve: (answer) => {
          const { records, waiting } = server.partition(topic, partition);
          // A poll gets what is there, and seldom all of it.
          const count = world.random.between(1, max);
          const send = (): void => answer(records.slice(from, from + count));
          if (records.length > from) send();
          else waiting.add(send);
        },
      });
    } catch {
      await world.wait(FETCH_RETRY_MS, this.#process, 'fetch again');
      return [];
    }
  }
}
