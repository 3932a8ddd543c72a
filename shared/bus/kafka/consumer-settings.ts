// How our KafkaJS consumers are set up, and how one is started.
import type { Consumer, ConsumerConfig, EachBatchPayload } from 'kafkajs';
import { RetryableError } from '../../domain/failure.ts';
import { CONSUMER_RETRY } from './kafka-client.ts';

/** The least that a broker allows: a group waits this long for a member that died. */
const SESSION_TIMEOUT_MS = 6_000;
const REBALANCE_TIMEOUT_MS = 10_000;
const HEARTBEAT_INTERVAL_MS = 500;
/** Also how long stopping or noticing a resumed partition may take. */
const FETCH_WAIT_MS = 500;
const PARTITIONS_AT_ONCE_MAX = 16;
const JOIN_TIMEOUT_MS = 60_000;

export function consumerConfig(groupId: string): ConsumerConfig {
  return {
    groupId,
    sessionTimeout: SESSION_TIMEOUT_MS,
    rebalanceTimeout: REBALANCE_TIMEOUT_MS,
    heartbeatInterval: HEARTBEAT_INTERVAL_MS,
    maxWaitTimeInMs: FETCH_WAIT_MS,
    allowAutoTopicCreation: false,
    // KafkaJS restarts a consumer after some failures and ends it after others: we restart it after
    // all of them, in one place (restarting-consumer.ts).
    retry: { ...CONSUMER_RETRY, restartOnFailure: () => Promise.resolve(false) },
  };
}

/** Connects, subscribes and runs; resolves when the consumer has joined its group. */
export async function startConsumer(
  consumer: Consumer,
  topics: readonly string[],
  eachBatch: (payload: EachBatchPayload) => Promise<void>,
): Promise<void> {
  await consumer.connect();
  await consumer.subscribe({ topics: [...topics], fromBeginning: true });
  let timer: NodeJS.Timeout | undefined;
  const joined = new Promise<void>((done, fail) => {
    consumer.on(consumer.events.GROUP_JOIN, () => done());
    consumer.on(consumer.events.CRASH, ({ payload }) => fail(payload.error));
    timer = setTimeout(() => {
      fail(new RetryableError('the group could not be joined in time'));
    }, JOIN_TIMEOUT_MS);
  });
  try {
    await Promise.all([
      joined,
      consumer.run({
        autoCommit: false,
        partitionsConsumedConcurrently: PARTITIONS_AT_ONCE_MAX,
        eachBatch,
      }),
    ]);
  } finally {
    clearTimeout(timer);
  }
}
