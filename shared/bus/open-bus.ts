// Opens the bus that a URL names: `postgres://...` is the embedded log in that database,
// `kafka://host:port,host:port` a Kafka cluster, whose other settings come from the environment.
import { readKafkaSettings, type KafkaSettings } from '../config/kafka-config.ts';
import { TerminalError } from '../domain/failure.ts';
import type { Bus } from './bus.ts';
import type { BusLog } from './bus-log.ts';
import { EmbeddedBus } from './embedded/embedded-bus.ts';
import { KafkaBus } from './kafka/kafka-bus.ts';
import { PrefixedBus } from './kafka/prefixed-bus.ts';

const BROKER = /^[a-zA-Z0-9._-]+:[0-9]{1,5}$|^\[[0-9a-fA-F:]+\]:[0-9]{1,5}$/;

export interface OpenBusOptions {
  readonly url: string;
  /** Names this process to the database or the brokers. */
  readonly applicationName: string;
  readonly log: BusLog;
  /** Embedded log only, for the one process that deletes expired records (role bourse_bus). */
  readonly retentionIntervalMs?: number;
  /** Kafka only; from this process's environment when not given. */
  readonly kafka?: KafkaSettings;
}

/** Connects lazily: a server that is away shows in the first call. */
export function openBus(options: OpenBusOptions): Bus {
  const [, scheme, rest = ''] = /^([a-z]+):\/\/(.+)$/.exec(options.url) ?? [];
  switch (scheme) {
    case 'postgres':
    case 'postgresql':
      return new EmbeddedBus(options);
    case 'kafka':
      return openKafka(options, rest.split(','));
    default:
      // The URL may hold a password: it is not repeated.
      throw new TerminalError('a bus URL begins with postgres:// or kafka://');
  }
}

function openKafka(options: OpenBusOptions, brokers: readonly string[]): Bus {
  if (!brokers.every((broker) => BROKER.test(broker))) {
    // Somebody may have put a password into it.
    throw new TerminalError('a kafka URL is kafka://host:port,host:port and nothing else');
  }
  const { applicationName, log, kafka: settings = readKafkaSettings() } = options;
  const bus = new KafkaBus({ brokers, applicationName, log, settings });
  return settings.topicPrefix === '' ? bus : new PrefixedBus(bus, settings.topicPrefix);
}
