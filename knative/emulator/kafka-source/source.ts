// One consumer of a KafkaSource at work: a member of its group that sends each record and commits
// what is finished. A source with `consumers: N` runs N of them.
import { setMaxListeners } from 'node:events';
import { crashPoint } from '../../../shared/config/crash-point.ts';
import type { Bus, GroupConsumer, IncomingRecord } from '../../../shared/bus/bus.ts';
import type { SourceTopology } from '../../manifests/topology.ts';
import type { Clock } from './clock.ts';
import { deliverEvent, type Attempt, type Outcome, type Target } from './deliver.ts';
import type { DeliveryPolicy } from './delivery-policy.ts';
import { recordToEvent, type HttpEvent } from './event.ts';
import { OffsetTracker } from './offset-tracker.ts';
import { Overtaking } from './overtaking.ts';
import { OrderedPolls, POLL_RECORDS_MAX, PollGate } from './poll-gate.ts';

/** auto.commit.interval.ms of the data plane. */
export const COMMIT_INTERVAL_MS = 5_000;
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
  /** How long a record waits for a later one to overtake it; null, without a fault, not at all. */
  readonly holdBackMs: () => number | null;
  readonly onAttempt: (record: IncomingRecord, event: HttpEvent, attempt: Attempt) => void;
  readonly onOutcome: (record: IncomingRecord, outcome: Outcome | 'discarded') => void;
  readonly onError: (error: unknown) => void;
}

export class SourceConsumer {
  readonly #source: SourceTopology;
  readonly #deps: SourceDeps;
  readonly #stopping = new AbortController();
  readonly #trackers = new Map<string, OffsetTracker>();
  readonly #running = new Set<Promise<void>>();
  readonly #gate: PollGate;
  readonly #overtaking: Overtaking;
  readonly #waiters = new Set<() => void>();
  #onFinished: () => void = () => undefined;
  #consumer: GroupConsumer | null = null;
  #cancelCommit: () => void = () => undefined;
  #committing: Promise<void> = Promise.resolve();

  constructor(source: SourceTopology, deps: SourceDeps) {
    this.#source = source;
    this.#deps = deps;
    this.#overtaking = new Overtaking(deps.clock);
    // Each wait between attempts listens: a poll and its predecessor at a time.
    setMaxListeners(2 * POLL_RECORDS_MAX, this.#stopping.signal);
    if (source.ordering === 'ordered') {
      const polls = new OrderedPolls(deps.clock, this.#stopping.signal);
      this.#gate = new PollGate(polls.rule, polls.note);
    } else {
      this.#gate = new PollGate(() => this.#untilFewInFlight());
    }
  }

  async start(): Promise<void> {
    const isOrdered = this.#source.ordering === 'ordered';
    this.#consumer = await this.#deps.bus.joinGroup({
      group: this.#source.consumerGroup,
      topics: this.#source.topics,
      initialOffset: this.#source.initialOffset,
      batchMax: POLL_RECORDS_MAX,
      onBatch: (batch) => (isOrdered ? this.#runOrdered(batch) : this.#runUnordered(batch)),
      lastCommit: (topic, partition) =>
        this.#trackers.get(partitionKey(topic, partition))?.committable() ?? null,
      onRevoked: (topic, partition) => this.#trackers.delete(partitionKey(topic, partition)),
      onError: this.#deps.onError,
    });
    this.#scheduleCommit();
  }

  get inFlight(): number {
    return this.#running.size;
  }

  /** Ends waits between attempts, lets requests in flight finish, commits and leaves the group. */
  async stop(): Promise<void> {
    this.#end();
    // Commits need the membership, and the membership ends with `stop`: first finish what runs.
    await Promise.race([Promise.allSettled([...this.#running]), graceOver()]);
    await this.#commit();
    await this.#consumer?.stop();
  }

  /** Leaves while requests are in flight: what is done is committed, what is not comes again. */
  async leave(): Promise<void> {
    this.#end();
    await this.#commit();
    this.#trackers.clear();
    await this.#consumer?.stop();
  }

  /** Leaves as a dispatcher that died: what was not committed yet comes again. */
  async crash(): Promise<void> {
    this.#trackers.clear();
    this.#end();
    await this.#committing;
    await this.#consumer?.stop();
  }

  #end(): void {
    this.#stopping.abort();
    this.#gate.close();
    this.#cancelCommit();
    for (const done of this.#waiters) done();
  }

  /** One request at a time in a partition, its retries and its dead letter included. */
  async #runOrdered(records: readonly IncomingRecord[]): Promise<void> {
    const tracker = this.#track(records);
    await this.#gate.enter(records.length, () => undefined);
    for (const record of records) {
      if (!this.#owns(record, tracker)) return;
      await this.#untilDoneOrEnded(this.#begin(record, tracker));
    }
  }

  /** All of a poll at once: a poll may begin while less than a poll's worth is in flight. */
  async #runUnordered(records: readonly IncomingRecord[]): Promise<void> {
    const tracker = this.#track(records);
    await this.#gate.enter(records.length, () => {
      for (const record of records) {
        if (this.#owns(record, tracker)) void this.#begin(record, tracker);
      }
    });
  }

  /** Who leaves does not wait for what is in flight. (A race with one promise would grow it.) */
  #untilDoneOrEnded(work: Promise<void>): Promise<void> {
    return new Promise((done) => {
      this.#waiters.add(done);
      void work.then(() => {
        this.#waiters.delete(done);
        done();
      });
    });
  }

  #untilFewInFlight(): Promise<void> | null {
    if (this.#running.size < POLL_RECORDS_MAX || this.#stopping.signal.aborted) return null;
    return new Promise((done) => (this.#onFinished = done));
  }

  #track(records: readonly IncomingRecord[]): OffsetTracker {
    const first = records[0];
    if (first === undefined || this.#stopping.signal.aborted) return new OffsetTracker();
    const key = partitionKey(first.topic, first.partition);
    const tracker = this.#trackers.get(key) ?? new OffsetTracker();
    this.#trackers.set(key, tracker);
    for (const record of records) tracker.take(record.offset);
    return tracker;
  }

  /** False once the partition was taken away: what was queued of it is dropped. */
  #owns({ topic, partition }: IncomingRecord, tracker: OffsetTracker): boolean {
    if (this.#stopping.signal.aborted) return false;
    return this.#trackers.get(partitionKey(topic, partition)) === tracker;
  }

  #begin(record: IncomingRecord, tracker: OffsetTracker): Promise<void> {
    const work = this.#deliver(record, tracker)
      .catch(this.#deps.onError)
      .finally(() => {
        this.#running.delete(work);
        this.#onFinished();
      });
    this.#running.add(work);
    return work;
  }

  async #deliver(record: IncomingRecord, tracker: OffsetTracker): Promise<void> {
    const deps = this.#deps;
    const event = recordToEvent(record, this.#source);
    if (event === null) {
      deps.onOutcome(record, 'discarded');
      tracker.finish(record.offset);
      return;
    }
    const key = partitionKey(record.topic, record.partition);
    const holdMs = deps.holdBackMs();
    if (holdMs !== null) {
      await this.#overtaking.holdBack(key, record.offset, holdMs, this.#stopping.signal);
    }
    let outcome: Outcome = 'stopped';
    for (let copies = deps.copies(); copies > 0; copies -= 1) {
      outcome = await deliverEvent(event, deps.sink, deps.deadLetter, deps.policy, {
        clock: deps.clock,
        signal: this.#stopping.signal,
        onAttempt: (attempt) => deps.onAttempt(record, event, attempt),
      });
    }
    crashPoint('source.delivered');
    deps.onOutcome(record, outcome);
    this.#overtaking.noteDelivered(key, record.offset);
    // Of a partition that was lost meanwhile nobody asks this tracker any more: the result is
    // ignored, and whoever has the partition now delivers the record again.
    if (outcome !== 'stopped') tracker.finish(record.offset);
  }

  #scheduleCommit(): void {
    this.#cancelCommit = this.#deps.clock.after(COMMIT_INTERVAL_MS, () => {
      this.#scheduleCommit();
      void this.#commit();
    });
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
      crashPoint('source.commit.before');
      const ours = await this.#consumer?.commit(key.slice(0, at), Number(key.slice(at + 1)), next);
      crashPoint('source.commit.after');
      if (ours === true) tracker.markCommitted(next);
    }
  }
}

function partitionKey(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}

function graceOver(): Promise<void> {
  return new Promise((done) => setTimeout(done, STOP_GRACE_MS).unref());
}
