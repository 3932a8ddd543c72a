// KafkaJS set up for us: time limits, and its log turned into ours.
import { Kafka, logLevel, type ISocketFactory, type LogEntry } from 'kafkajs';
import type { BusLog } from '../bus-log.ts';

const CONNECT_TIMEOUT_MS = 3_000;
const REQUEST_TIMEOUT_MS = 10_000;
/** About six seconds in all; then the caller hears of it and decides. */
export const RETRY = { initialRetryTime: 50, multiplier: 2, maxRetryTime: 2_000, retries: 7 };

export interface KafkaClientOptions {
  /** `host:port` of some brokers; the others are found through them. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly log: BusLog;
  readonly socketFactory?: ISocketFactory;
}

export function createKafka(options: KafkaClientOptions): Kafka {
  return new Kafka({
    brokers: [...options.brokers],
    clientId: options.clientId,
    connectionTimeout: CONNECT_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    retry: RETRY,
    logLevel: logLevel.INFO,
    logCreator: () => (entry) => writeEntry(options.log, entry),
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
