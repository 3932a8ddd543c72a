// A bus whose topics and groups have a prefix in the cluster, so that environments may share one.
// Nobody on this side sees it, but for the words of an error.
import type {
  Bus,
  Consumer,
  GroupConsumer,
  GroupOptions,
  IncomingRecord,
  OutgoingRecord,
  TailOptions,
  TopicSpec,
} from '../bus.ts';

import type { KafkaBus } from './kafka-bus.ts';
import type { TopicPlan } from './topic-plan.ts';

type OnBatch = (records: readonly IncomingRecord[]) => Promise<void>;

export class PrefixedBus implements Bus {
  readonly #bus: KafkaBus;
  readonly #prefix: string;

  constructor(bus: KafkaBus, prefix: string) {
    this.#bus = bus;
    this.#prefix = prefix;
  }

  publish(records: readonly OutgoingRecord[]): Promise<void> {
    return this.#bus.publish(
      records.map((record) => ({ ...record, topic: this.#add(record.topic) })),
    );
  }

  tail(options: TailOptions): Promise<Consumer> {
    const topic = this.#add(options.topic);
    return this.#bus.tail({ ...options, topic, onBatch: this.#strip(options.onBatch) });
  }

  async joinGroup(options: GroupOptions): Promise<GroupConsumer> {
    const { onBatch, onRevoked } = options;
    const member = await this.#bus.joinGroup({
      ...options,
      group: this.#add(options.group),
      topics: options.topics.map((topic) => this.#add(topic)),
      onBatch: this.#strip(onBatch),
      ...(onRevoked === undefined
        ? {}
        : { onRevoked: (topic, partition) => onRevoked(this.#remove(topic), partition) }),
    });
    return {
      stop: () => member.stop(),
      commit: (topic, partition, nextOffset) =>
        member.commit(this.#add(topic), partition, nextOffset),
    };
  }

  provision(topics: readonly TopicSpec[]): Promise<void> {
    return this.#bus.provision(this.#addTo(topics));
  }

  /** The plans are for an operator: they name topics as the cluster does. */
  applyTopics(topics: readonly TopicSpec[]): Promise<TopicPlan[]> {
    return this.#bus.applyTopics(this.#addTo(topics));
  }

  compareTopics(topics: readonly TopicSpec[]): Promise<TopicPlan[]> {
    return this.#bus.compareTopics(this.#addTo(topics));
  }

  deleteTopics(names: readonly string[]): Promise<void> {
    return this.#bus.deleteTopics(names.map((name) => this.#add(name)));
  }

  offsets(topic: string, partition: number): Promise<{ first: number; next: number }> {
    return this.#bus.offsets(this.#add(topic), partition);
  }

  committed(group: string, topic: string): Promise<ReadonlyMap<number, number>> {
    return this.#bus.committed(this.#add(group), this.#add(topic));
  }

  partitions(topic: string): Promise<number> {
    return this.#bus.partitions(this.#add(topic));
  }

  close(): Promise<void> {
    return this.#bus.close();
  }

  #add(name: string): string {
    return `${this.#prefix}${name}`;
  }

  #addTo(topics: readonly TopicSpec[]): TopicSpec[] {
    return topics.map((topic) => ({ ...topic, name: this.#add(topic.name) }));
  }

  #remove(name: string): string {
    return name.slice(this.#prefix.length);
  }

  #strip(onBatch: OnBatch): OnBatch {
    return (records) =>
      onBatch(records.map((record) => ({ ...record, topic: this.#remove(record.topic) })));
  }
}
