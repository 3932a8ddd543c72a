// The event log as a port. Two implementations stand behind it, the embedded log in Postgres and
// Kafka through KafkaJS; one contract suite holds both to what is written here.

/** A record to append. Headers hold the CloudEvent attributes (Kafka binary mode: `ce_*`). */
export interface OutgoingRecord {
  readonly topic: string;
  /** Given for topics partitioned by shard; otherwise chosen from the key's hash. */
  readonly partition?: number;
  readonly key: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: Buffer;
}

export interface IncomingRecord {
  readonly topic: string;
  readonly partition: number;
  /** Gapless per partition on the embedded log; Kafka may leave gaps. Always rising. */
  readonly offset: number;
  readonly key: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: Buffer;
  readonly timestampMs: number;
}

export interface RecordPosition {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** A topic with what provisioning needs; see `TOPICS` in the catalog. */
export interface TopicSpec {
  readonly name: string;
  readonly partitions: number;
  readonly retentionMs: number;
}

export interface TailOptions {
  readonly topic: string;
  readonly partition: number;
  /** First offset to read: a number, or the log's present `end` as it is when `tail` resolves. */
  readonly from: number | 'end';
  /** Most records handed over at once. */
  readonly batchMax: number;
  /**
   * Called with records in offset order, never concurrently; the next batch waits for its promise.
   * A rejection stops the tail and is given to `onError`.
   */
  readonly onBatch: (records: readonly IncomingRecord[]) => Promise<void>;
  readonly onError: (error: unknown) => void;
}

export interface GroupOptions {
  readonly group: string;
  readonly topics: readonly string[];
  /** Where a group without a committed offset begins. */
  readonly initialOffset: 'earliest' | 'latest';
  readonly batchMax: number;
  /**
   * Called with the records of one partition in offset order; calls for different partitions may
   * overlap. The consumer does not wait for the work to be done before it fetches more: hold the
   * returned promise open to apply back-pressure. Nothing is committed unless `commit` is called.
   */
  readonly onBatch: (records: readonly IncomingRecord[]) => Promise<void>;
  /**
   * Asked when a partition is given up in good order, just before `onRevoked`: the offset answered
   * is committed, so that its next owner need not begin at an older one. On Kafka this races with
   * the rebalance and may come too late; nothing is lost by that.
   */
  readonly lastCommit?: (topic: string, partition: number) => number | null;
  /** A partition was taken away: forget its queue; commits for it are refused from now on. */
  readonly onRevoked?: (topic: string, partition: number) => void;
  readonly onError: (error: unknown) => void;
}

export interface Consumer {
  /** Stops reading; resolves when no callback runs any more. */
  stop(): Promise<void>;
}

export interface GroupConsumer extends Consumer {
  /** Marks everything below `nextOffset` as done. Answers false when the partition is not ours. */
  commit(topic: string, partition: number, nextOffset: number): Promise<boolean>;
}

export interface Bus {
  /**
   * Appends; resolves when every record is durable. Records of one call that go to one partition
   * are appended in the order given. Rejects with RetryableError when the outcome is unknown: a
   * record may then be in the log or not.
   */
  publish(records: readonly OutgoingRecord[]): Promise<void>;
  /** Reads one partition from an offset of the caller's choice, outside any group. */
  tail(options: TailOptions): Promise<Consumer>;
  /** Joins a consumer group; partitions are shared among its living members. */
  joinGroup(options: GroupOptions): Promise<GroupConsumer>;
  /** Creates missing topics; refuses to shrink one. */
  provision(topics: readonly TopicSpec[]): Promise<void>;
  /** First offset still kept, and the offset that the next record will get. */
  offsets(topic: string, partition: number): Promise<{ first: number; next: number }>;
  /** Offsets that a group has committed, by partition; partitions without one are left out. */
  committed(group: string, topic: string): Promise<ReadonlyMap<number, number>>;
  partitions(topic: string): Promise<number>;
  /** Stops every consumer and closes connections. */
  close(): Promise<void>;
}
