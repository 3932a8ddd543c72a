// A KafkaJS consumer that goes on after any outage: whatever ends it, a new one is made and started
// in its place, for as long as it takes. KafkaJS itself gives up on failures that it holds to be
// permanent, among them some that a restart of the brokers causes.
import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs, { type Consumer, type EachBatchPayload } from 'kafkajs';
import { RetryableError } from '../../domain/failure.ts';
import type { BusLog } from '../bus-log.ts';
import { backoffMs, waitMs } from '../wait.ts';
import { startConsumer } from './consumer-settings.ts';

const RESTART_WAIT_FIRST_MS = 50;
const RESTART_WAIT_MAX_MS = 1_000;
/** Attempts of the first start, whose caller waits: longer than a coordinator takes to come up. */
const FIRST_ATTEMPTS_MAX = 6;
/** Good-bye is said to a cluster that may be away. */
const DISCARD_TIMEOUT_MS = 5_000;

export interface RestartingConsumerOptions {
  /** Makes a consumer that has not connected yet, and listens to it. */
  readonly create: () => Consumer;
  readonly topics: readonly string[];
  readonly onBatch: (payload: EachBatchPayload) => Promise<void>;
  /** The consumer has ended: what it held is not ours until the next one has joined. */
  readonly onLost: () => void;
  readonly log: BusLog;
}

export class RestartingConsumer {
  readonly #options: RestartingConsumerOptions;
  readonly #stop = new AbortController();
  #consumer: Consumer | null = null;
  /** Rejects when the present consumer has crashed. */
  #crash: Promise<never> = new Promise(() => undefined);
  #keeping: Promise<void> | null = null;
  /** How often the consumer was replaced. */
  restarts = 0;

  constructor(options: RestartingConsumerOptions) {
    this.#options = options;
  }

  /** The consumer that is a member now; null while there is none. */
  get current(): Consumer | null {
    return this.#consumer;
  }

  /** Resolves when the group is joined; rejects when that fails for good or too often. */
  async start(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#open();
        break;
      } catch (error) {
        const isPassing =
          error instanceof RetryableError ||
          (error instanceof kafkajs.KafkaJSError && error.retriable);
        if (this.#isStopped() || !isPassing || attempt >= FIRST_ATTEMPTS_MAX) throw error;
        await this.#pause(attempt);
      }
    }
    this.#keeping = this.#keepRunning();
  }

  /** Leaves the group if somebody is there to tell; nothing that comes later is to be taken. */
  async stop(): Promise<void> {
    this.#stop.abort();
    if (this.#consumer !== null) await discard(this.#consumer);
    await this.#keeping;
  }

  async #open(): Promise<void> {
    const { create, topics, onBatch } = this.#options;
    const consumer = create();
    let lose: (error: Error) => void = () => undefined;
    const crash = new Promise<never>((_, fail) => {
      lose = fail;
      consumer.on(consumer.events.CRASH, ({ payload }) => fail(payload.error));
    });
    // Whoever is to hear of it may come later.
    crash.catch(() => undefined);
    this.#consumer = consumer;
    this.#crash = crash;
    try {
      await startConsumer(consumer, topics, onBatch);
      if (this.#isStopped()) throw new RetryableError('stopped while joining the group');
      // KafkaJS would ask again on the same connection, thirty times: where nothing is heard on
      // it any more, that is five minutes.
      consumer.on(consumer.events.REQUEST_TIMEOUT, () => {
        lose(new RetryableError('a request was not answered in time'));
      });
    } catch (error) {
      this.#consumer = null;
      await discard(consumer);
      throw error;
    }
  }

  async #keepRunning(): Promise<void> {
    const { log, onLost } = this.#options;
    while (!this.#isStopped()) {
      const error = await this.#untilItEnds();
      if (this.#isStopped()) return;
      log.warn({ err: error }, 'kafka: a consumer ended; starting another');
      const ended = this.#consumer;
      this.#consumer = null;
      onLost();
      if (ended !== null) await discard(ended);
      await this.#reopen();
    }
  }

  async #untilItEnds(): Promise<unknown> {
    const stopped = new Promise<null>((done) => {
      if (this.#isStopped()) done(null);
      else this.#stop.signal.addEventListener('abort', () => done(null), { once: true });
    });
    return Promise.race([this.#crash.catch((error: unknown) => error), stopped]);
  }

  async #reopen(): Promise<void> {
    for (let attempt = 0; !this.#isStopped(); attempt++) {
      await this.#pause(attempt);
      if (this.#isStopped()) return;
      this.restarts += 1;
      try {
        await this.#open();
        return;
      } catch (error) {
        if (this.#isStopped()) return;
        this.#options.log.warn({ err: error, attempt }, 'kafka: a consumer does not start yet');
      }
    }
  }

  #pause(attempt: number): Promise<void> {
    const ms = backoffMs(attempt, RESTART_WAIT_FIRST_MS, RESTART_WAIT_MAX_MS);
    return waitMs(ms, this.#stop.signal);
  }

  #isStopped(): boolean {
    return this.#stop.signal.aborted;
  }
}

async function discard(consumer: Consumer): Promise<void> {
  const gone = consumer.disconnect().catch(() => undefined);
  await Promise.race([gone, sleep(DISCARD_TIMEOUT_MS, undefined, { ref: false })]);
}
