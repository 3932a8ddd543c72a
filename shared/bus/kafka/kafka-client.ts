// KafkaJS set up for us: time limits, encryption, identity, and its log turned into ours.
import { Kafka, logLevel, type ISocketFactory, type KafkaConfig, type LogEntry } from 'kafkajs';
import type { KafkaSettings } from '../../config/kafka-config.ts';
import type { BusLog } from '../bus-log.ts';
import { closeWhenSilent } from './close-when-silent.ts';
import { restEmptyQueues } from './request-queue.ts';
import { connectToBroker, wholeResponses } from './whole-responses.ts';

const CONNECT_TIMEOUT_MS = 3_000;
const AUTHENTICATION_TIMEOUT_MS = 5_000;
/** A session is proved again this long before the broker would end it. */
const REAUTHENTICATION_THRESHOLD_MS = 10_000;
const REQUEST_TIMEOUT_MS = 10_000;
export interface RetryTimes {
  readonly initialRetryTime: number;
  readonly multiplier: number;
  readonly maxRetryTime: number;
  readonly retries: number;
}
/** About six seconds in all; then the publisher hears of it and decides. */
export const PRODUCER_RETRY: RetryTimes = {
  initialRetryTime: 50,
  multiplier: 2,
  maxRetryTime: 2_000,
  retries: 7,
};
/** For questions: who asks tries again itself, and wants to know soon that nobody is there. */
export const ADMIN_RETRY: RetryTimes = { ...PRODUCER_RETRY, maxRetryTime: 500, retries: 2 };
/**
 * Half a minute. A member that comes back within it is still one: what ends earlier must join anew,
 * and the group then waits for the session of the one it takes for lost.
 */
export const CONSUMER_RETRY: RetryTimes = { ...PRODUCER_RETRY, maxRetryTime: 1_000, retries: 30 };

export interface KafkaClientOptions {
  /** `host:port` of some brokers; the others are found through them. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly settings: Pick<KafkaSettings, 'tls' | 'sasl'>;
  readonly log: BusLog;
  readonly retry: RetryTimes;
  readonly socketFactory?: ISocketFactory;
  /**
   * True where no request takes longer than the time-out of requests: a connection that is silent
   * for that long is given up. A consumer's may be, while others join its group.
   */
  readonly closesSilent?: boolean;
}

export function createKafka(options: KafkaClientOptions): Kafka {
  restEmptyQueues();
  const { tls, sasl } = options.settings;
  const connect = wholeResponses(options.socketFactory ?? connectToBroker);
  return new Kafka({
    brokers: [...options.brokers],
    clientId: options.clientId,
    connectionTimeout: CONNECT_TIMEOUT_MS,
    authenticationTimeout: AUTHENTICATION_TIMEOUT_MS,
    reauthenticationThreshold: REAUTHENTICATION_THRESHOLD_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    enforceRequestTimeout: true,
    retry: options.retry,
    // Its debug level would print requests, and with them what they authenticate with.
    logLevel: logLevel.INFO,
    logCreator: () => (entry) => writeEntry(options.log, entry),
    ...(tls === null ? {} : { ssl: { ...tls, rejectUnauthorized: true } }),
    ...(sasl === null ? {} : { sasl: { ...sasl } as NonNullable<KafkaConfig['sasl']> }),
    socketFactory:
      options.closesSilent === true ? closeWhenSilent(connect, REQUEST_TIMEOUT_MS) : connect,
  });
}

/** Attempts to connect, several a second for as long as a broker is away. */
const NOISY = new Set(['Connection', 'BrokerPool']);

/** What KafkaJS calls an error it mostly repeats by itself; what it gives up on, we throw. */
function writeEntry(log: BusLog, { namespace, level, log: entry }: LogEntry): void {
  const facts = { ...entry, message: undefined, timestamp: undefined };
  const text = `kafka ${namespace}: ${entry.message}`;
  if (level === logLevel.ERROR && !NOISY.has(namespace)) log.info(facts, text);
  else log.debug(facts, text);
}
