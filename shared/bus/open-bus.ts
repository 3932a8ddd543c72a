// Opens the bus that a URL names: `postgres://...` is the embedded log in that database,
// `kafka://host:port,host:port` a Kafka cluster.
import { TerminalError } from '../domain/failure.ts';
import type { Bus } from './bus.ts';
import type { BusLog } from './bus-log.ts';
import { EmbeddedBus } from './embedded/embedded-bus.ts';
import { KafkaBus } from './kafka/kafka-bus.ts';

export interface OpenBusOptions {
  readonly url: string;
  /** Names this process to the database or the brokers. */
  readonly applicationName: string;
  readonly log: BusLog;
  /** Embedded log only, for the one process that deletes expired records (role bourse_bus). */
  readonly retentionIntervalMs?: number;
}

/** Connects lazily: a server that is away shows in the first call. */
export function openBus(options: OpenBusOptions): Bus {
  const [, scheme, rest = ''] = /^([a-z]+):\/\/(.+)$/.exec(options.url) ?? [];
  switch (scheme) {
    case 'postgres':
    case 'postgresql':
      return new EmbeddedBus(options);
    case 'kafka':
      return new KafkaBus({ ...options, brokers: rest.split(',') });
    default:
      // The URL may hold a password: it is not repeated.
      throw new TerminalError('a bus URL begins with postgres:// or kafka://');
  }
}
