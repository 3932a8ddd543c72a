// A KafkaSource at work: joins its group, sends each record, commits what is finished.
import type { Bus, GroupConsumer, IncomingRecord } from '../../../shared/bus/bus.ts';
import type { SourceTopology } from '../../manifests/topology.ts';
import { deliverEvent, type Attempt, type Clock, type Outcome, type Target } from './deliver.ts';
import type { DeliveryPolicy } from './delivery-policy.ts';
import { recordToEvent, type HttpEvent } from './event.ts';
import { OffsetTracker } from './offset-tracker.ts';

/** max.poll.records of the data plane. */
export const POLL_RECORDS_MAX = 50;
/** auto.commit.interval.ms of the data plane. */
export const COMMIT_INTERVAL_MS = 5_000;
/** The ordered consumer starts its next poll on a tick of this length. */
export const ORDERED_TICK_MS = 200;
/** Requests in flight may still finish for this long when the source stops. */
const STOP_GRACE_MS = 5_000;

export interface SourceDeps {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly sink: Target;
  readonly deadLetter: Target | null;
  readonly policy: DeliveryPolicy;
  /** How often a record is delivered: more than once where a fault asks for it. */
  readonly copies: () => number;
  readonly onAttempt: (record: IncomingRecord, event: HttpEvent, attempt: Attempt) => void;
  readonly onOutcome: (record: IncomingRecord, outcome: Outcome | 'malformed') => void;
  readonly onError: (error: unknown) => void;
}

export class RunningSource {
  readonly #source: SourceTopology;
  readonly #deps: SourceDeps;
  readonly #stopping = new AbortController();
  readonly #trackers = new Map<string, OffsetTracker>();
  readonly #running = new Set<Promise<void>>();
  #consumer: GroupConsumer | null = null;
  #commitTimer: NodeJS.Timeout | null = null;
  #committing: Promise<void> = Promise.resolve();

  constructor(source: SourceTopology, deps: SourceDeps) {
    this.#source = source;
    this.#deps = deps;
  }

  async start(): Promise<void> {
    const ordered = this.#source.ordering === 'ordered';
    this.#consumer = await this.#deps.bus.joinGroup({
      group: this.#source.consumerGroup,
      topics: this.#source.topics,
      initialOffset: this.#source.initialOffset,
      batchMax: POLL_RECORDS_MAX,
      onBatch: ordered ? (batch) => this.#runOrdered(batch) : (batch) => this.#runUnordered(batch),
      onRevoked: (topic, partition) => this.#trackers.delete(partitionKey(topic, partition)),
      onError: this.#deps.onError,
    });
    this.#commitTimer = setInterval(() => void this.#commit(), COMMIT_INTERVAL_MS);
  }

  get inFlight(): number {
    return this.#running.size;
  }

  /** Ends waits between attempts, lets requests in flight finish, commits and leaves the group. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    if (this.#commitTimer !== null) clearInterval(this.#commitTimer);
    // Commits need the membership, and the membership ends with `stop`: first finish what runs.
    await Promise.race([Promise.allSettled([...this.#running]), graceOver()]);
    await this.#commit();
    await this.#consumer?.stop();
  }

  /** One request at a time in a partition, its retries included; the next poll waits for a tick. */
  async #runOrdered(records: readonly IncomingRecord[]): Promise<void> {
    const tracker = this.#track(records);
    for (const record of records) {
      if (this.#isOver(records, tracker)) return;
      await this.#begin(record, tracker);
    }
    const now = this.#deps.clock.now();
    await this.#pause(ORDERED_TICK_MS - (now % ORDERED_TICK_MS));
  }

  /** All of a poll at once; the next poll waits until less than a poll's worth is in flight. */
  async #runUnordered(records: readonly IncomingRecord[]): Promise<void> {
    const tracker = this.#track(records);
    for (const record of records) void this.#begin(record, tracker);
    while (this.#running.size >= POLL_RECORDS_MAX && !this.#stopping.signal.aborted) {
      await Promise.race(this.#running);
    }
  }

  #track(records: readonly IncomingRecord[]): OffsetTracker {
    const first = records[0];
    if (first === undefined) return new OffsetTracker();
    const key = partitionKey(first.topic, first.partition);
    const tracker = this.#trackers.get(key) ?? new OffsetTracker();
    this.#trackers.set(key, tracker);
    for (const record of records) tracker.take(record.offset);
    return tracker;
  }

  #isOver(records: readonly IncomingRecord[], tracker: OffsetTracker): boolean {
    const first = records[0];
    if (first === undefined || this.#stopping.signal.aborted) return true;
    return this.#trackers.get(partitionKey(first.topic, first.partition)) !== tracker;
  }

  #begin(record: IncomingRecord, tracker: OffsetTracker): Promise<void> {
    const work = this.#deliver(record, tracker)
      .catch(this.#deps.onError)
      .finally(() => this.#running.delete(work));
    this.#running.add(work);
    return work;
  }

  async #deliver(record: IncomingRecord, tracker: OffsetTracker): Promise<void> {
    const deps = this.#deps;
    const event = recordToEvent(record, this.#source);
    if (event === null) {
      deps.onOutcome(record, 'malformed');
      tracker.finish(record.offset);
      return;
    }
    let outcome: Outcome = 'stopped';
    for (let copies = deps.copies(); copies > 0; copies -= 1) {
      outcome = await deliverEvent(event, deps.sink, deps.deadLetter, deps.policy, {
        clock: deps.clock,
        signal: this.#stopping.signal,
        onAttempt: (attempt) => deps.onAttempt(record, event, attempt),
      });
    }
    deps.onOutcome(record, outcome);
    if (outcome !== 'stopped') tracker.finish(record.offset);
  }

  #commit(): Promise<void> {
    this.#committing = this.#committing.then(() => this.#commitNow()).catch(this.#deps.onError);
    return this.#committing;
  }

  async #commitNow(): Promise<void> {
    for (const [key, tracker] of this.#trackers) {
      const next = tracker.committable();
      if (next === null) continue;
      const at = key.lastIndexOf('/');
      const ours = await this.#consumer?.commit(key.slice(0, at), Number(key.slice(at + 1)), next);
      if (ours === true) tracker.markCommitted(next);
    }
  }

  async #pause(ms: number): Promise<void> {
    try {
      await this.#deps.clock.sleep(ms, this.#stopping.signal);
    } catch (error) {
      if (!this.#stopping.signal.aborted) throw error;
    }
  }
}

function partitionKey(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}

function graceOver(): Promise<void> {
  return new Promise((done) => setTimeout(done, STOP_GRACE_MS).unref());
}
