// All KafkaSources of the topology: started together, watched for lag, replayed by hand.
import type { Bus, IncomingRecord } from '../../../shared/bus/bus.ts';
import { assert } from '../../../shared/domain/failure.ts';
import type { Destination, SourceTopology, Topology } from '../../manifests/topology.ts';
import { systemClock } from '../kafka-source/clock.ts';
import type { Attempt, Outcome, Target } from '../kafka-source/deliver.ts';
import { readDeliveryPolicy } from '../kafka-source/delivery-policy.ts';
import { recordToEvent } from '../kafka-source/event.ts';
import { SourceConsumer, type SourceDeps } from '../kafka-source/source.ts';
import type { FaultPlan } from '../service/faults.ts';
import type { EmulatedService } from '../service/service.ts';
import { limitTime } from '../service/time-limit.ts';
import type { Delivery, DeliveryLog } from './delivery-log.ts';
import { resolveDestination } from './destination.ts';
import { EmulatedSource, type SourceAction, type SourceState } from './emulated-source.ts';
import { KafkaSinkTarget } from './sink-target.ts';
import { ServiceTarget } from './service-target.ts';

export interface SourceSetDeps {
  readonly bus: Bus;
  readonly topology: Topology;
  readonly services: ReadonlyMap<string, EmulatedService>;
  readonly faults: FaultPlan;
  readonly deliveries: DeliveryLog;
  readonly onNotice: (
    source: string,
    level: 'warn' | 'error',
    text: string,
    error?: unknown,
  ) => void;
}

export interface SourceLag {
  readonly source: string;
  readonly topic: string;
  readonly partition: number;
  readonly committed: number | null;
  readonly next: number;
  readonly lag: number;
}

/** A replay waits this long for the record to be read again. */
const REPLAY_READ_MS = 5_000;

export class SourceSet {
  readonly #deps: SourceSetDeps;
  readonly #running = new Map<string, EmulatedSource>();

  constructor(deps: SourceSetDeps) {
    this.#deps = deps;
  }

  /** Starts the sources whose sink runs here. */
  async start(): Promise<void> {
    await Promise.all(
      this.#sources().map(async (source) => {
        const sink = this.#sinkOf(source);
        if (sink === null) return;
        const deps = this.#depsOf(source, sink);
        const running = new EmulatedSource(source, () => new SourceConsumer(source, deps));
        this.#running.set(source.name, running);
        await running.start();
      }),
    );
  }

  async stop(): Promise<void> {
    const running = [...this.#running.values()];
    this.#running.clear();
    await Promise.all(running.map((each) => each.stop()));
  }

  states(): SourceState[] {
    return [...this.#running.values()].map((each) => each.state());
  }

  /** Null when no such source runs here; false when it is stopped and cannot do that. */
  async act(name: string, action: SourceAction): Promise<SourceState | false | null> {
    const source = this.#running.get(name);
    if (source === undefined) return null;
    this.#deps.onNotice(name, 'warn', `${action}, as asked`);
    const done = await doTo(source, action);
    return done && source.state();
  }

  async lag(): Promise<SourceLag[]> {
    const lags = this.#sources()
      .filter((source) => this.#running.has(source.name))
      .flatMap((source) => source.topics.map((topic) => this.#lagOf(source, topic)));
    return (await Promise.all(lags)).flat();
  }

  /** Reads the record of a delivery again and sends it once, outside the group. */
  async replay(delivery: Delivery): Promise<Delivery | null> {
    const source = this.#sources().find((each) => each.name === delivery.source);
    const sink = source === undefined ? null : this.#sinkOf(source);
    const record = await this.#readAgain(delivery);
    if (source === undefined || sink === null || record === null) return null;
    const event = recordToEvent(record, source);
    if (event === null) return null;
    const startedAt = performance.now();
    const policy = readDeliveryPolicy(source.delivery);
    const note = (status: number | null, error: string | null): Delivery => {
      const latencyMs = performance.now() - startedAt;
      const attempt: Attempt = { attempt: 0, target: 'sink', status, error, latencyMs };
      return this.#deps.deliveries.add(source.name, record, event, attempt, 'replay');
    };
    const limit = limitTime(policy.timeoutMs);
    try {
      const answer = await sink.send(event, limit.signal);
      return note(answer.status, answer.status < 300 ? null : answer.body.toString('utf8', 0, 300));
    } catch (error) {
      return note(null, error instanceof Error ? error.message : String(error));
    } finally {
      limit.end();
    }
  }

  #sources(): readonly SourceTopology[] {
    return this.#deps.topology.sources;
  }

  #sinkOf(source: SourceTopology): Target | null {
    return this.#target(source, source.sink);
  }

  #depsOf(source: SourceTopology, sink: Target): SourceDeps {
    const { bus, deliveries, faults, onNotice } = this.#deps;
    const policy = readDeliveryPolicy(source.delivery);
    const deadLetter = policy.deadLetter === null ? null : this.#target(source, policy.deadLetter);
    return {
      bus,
      clock: systemClock,
      sink,
      deadLetter,
      policy,
      holdBackMs: () => faults.take(source.name, ['reorder'])?.delayMs ?? null,
      copies: () => (faults.take(source.name, ['duplicate']) === null ? 1 : 2),
      onAttempt: (record, event, attempt) => deliveries.add(source.name, record, event, attempt),
      onOutcome: (record, outcome) => this.#onOutcome(source, record, outcome),
      onError: (error) => onNotice(source.name, 'error', 'the source failed', error),
    };
  }

  #onOutcome(source: SourceTopology, record: IncomingRecord, outcome: Outcome | 'discarded'): void {
    const { onNotice } = this.#deps;
    const place = `${record.topic}/${record.partition}@${record.offset}`;
    if (outcome === 'dead-lettered') onNotice(source.name, 'error', `${place}: dead letter`);
    if (outcome === 'discarded') onNotice(source.name, 'error', `${place}: no event, discarded`);
    if (outcome === 'lost') {
      onNotice(source.name, 'error', `${place}: lost. No dead letter sink set, or it failed`);
    }
  }

  #target(source: SourceTopology, destination: Destination): Target | null {
    const { kind, namespace, name, address, path } = resolveDestination(
      destination,
      source.document,
    );
    if (kind === 'KafkaSink') {
      const sink = this.#deps.topology.sinks.get(`${namespace}/${name}`);
      assert(sink !== undefined, `${source.name}: no KafkaSink ${namespace}/${name}`);
      return new KafkaSinkTarget(this.#deps.bus, address, sink.topic);
    }
    const service = this.#deps.services.get(name);
    if (service === undefined) return null;
    return new ServiceTarget({
      service,
      uri: address,
      path,
      sourceName: source.name,
      sourceNamespace: source.namespace,
      faults: this.#deps.faults,
    });
  }

  async #lagOf(source: SourceTopology, topic: string): Promise<SourceLag[]> {
    const { bus } = this.#deps;
    const committed = await bus.committed(source.consumerGroup, topic);
    const partitions = await bus.partitions(topic);
    return Promise.all(
      Array.from({ length: partitions }, async (_, partition) => {
        const { first, next } = await bus.offsets(topic, partition);
        const done = committed.get(partition) ?? null;
        const lag = next - (done ?? first);
        return { source: source.name, topic, partition, committed: done, next, lag };
      }),
    );
  }

  async #readAgain(delivery: Delivery): Promise<IncomingRecord | null> {
    const { topic, partition, offset } = delivery;
    let found: (record: IncomingRecord | null) => void = () => undefined;
    const record = new Promise<IncomingRecord | null>((done) => (found = done));
    const timer = setTimeout(() => found(null), REPLAY_READ_MS);
    const reader = await this.#deps.bus.tail({
      topic,
      partition,
      from: offset,
      batchMax: 1,
      onBatch: (records) => {
        found(records.find((each) => each.offset === offset) ?? null);
        return Promise.resolve();
      },
      onError: () => found(null),
    });
    const result = await record;
    clearTimeout(timer);
    await reader.stop();
    return result;
  }
}

async function doTo(source: EmulatedSource, action: SourceAction): Promise<boolean> {
  switch (action) {
    case 'stop':
      await source.stop();
      return true;
    case 'resume':
      await source.start();
      return true;
    case 'rebalance':
      return source.rebalance();
    case 'crash':
      return source.crash();
  }
}
