// KafkaJS set up for us: time limits, encryption, identity, and its log turned into ours.
import { Kafka, logLevel, type ISocketFactory, type KafkaConfig, type LogEntry } from 'kafkajs';
import type { KafkaSettings } from '../../config/kafka-config.ts';
import type { BusLog } from '../bus-log.ts';

const CONNECT_TIMEOUT_MS = 3_000;
const AUTHENTICATION_TIMEOUT_MS = 5_000;
/** A session is proved again this long before the broker would end it. */
const REAUTHENTICATION_THRESHOLD_MS = 10_000;
const REQUEST_TIMEOUT_MS = 10_000;
/** About six seconds in all; then the caller hears of it and decides. */
export const RETRY = { initialRetryTime: 50, multiplier: 2, maxRetryTime: 2_000, retries: 7 };

export interface KafkaClientOptions {
  /** `host:port` of some brokers; the others are found through them. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly settings: Pick<KafkaSettings, 'tls' | 'sasl'>;
  readonly log: BusLog;
  readonly socketFactory?: ISocketFactory;
}

export function createKafka(options: KafkaClientOptions): Kafka {
  const { tls, sasl } = options.settings;
  return new Kafka({
    brokers: [...options.brokers],
    clientId: options.clientId,
    connectionTimeout: CONNECT_TIMEOUT_MS,
    authenticationTimeout: AUTHENTICATION_TIMEOUT_MS,
    reauthenticationThreshold: REAUTHENTICATION_THRESHOLD_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    enforceRequestTimeout: true,
    retry: RETRY,
    // Its debug level would print requests, and with them what they authenticate with.
    logLevel: logLevel.INFO,
    logCreator: () => (entry) => writeEntry(options.log, entry),
    ...(tls === null ? {} : { ssl: { ...tls, rejectUnauthorized: true } }),
    ...(sasl === null ? {} : { sasl: { ...sasl } as NonNullable<KafkaConfig['sasl']> }),
    ...(options.socketFactory === undefined ? {} : { socketFactory: options.socketFactory }),
  });
}

/** What KafkaJS calls an error it mostly repeats by itself; what it gives up on, we throw. */
function writeEntry(log: BusLog, { namespace, level, log: entry }: LogEntry): void {
  const facts = { ...entry, message: undefined, timestamp: undefined };
  const text = `kafka ${namespace}: ${entry.message}`;
  if (level === logLevel.ERROR) log.warn(facts, text);
  else if (level === logLevel.WARN) log.info(facts, text);
  else log.debug(facts, text);
}
