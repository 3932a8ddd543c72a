// The event log of the emulated exchange: a schema of its database, or a Kafka cluster.
import type { Bus } from '../../shared/bus/bus.ts';
import type { BusLog } from '../../shared/bus/bus-log.ts';
import { KafkaBus } from '../../shared/bus/kafka/kafka-bus.ts';
import { PrefixedBus } from '../../shared/bus/kafka/prefixed-bus.ts';
import { openBus } from '../../shared/bus/open-bus.ts';
import { findVariable } from '../../shared/config/environment.ts';
import { KAFKA_VARIABLES } from '../../shared/config/kafka-config.ts';
import type { DatabaseRole } from '../../shared/db/roles.ts';
import type { PreparedDatabase } from './database/prepare.ts';

const APPLICATION_NAME = 'bourse-emulator-bus';
const RETENTION_INTERVAL_MS = 60_000;

export interface EventLog {
  readonly bus: Bus;
  /** What a process of this role opens its bus with. */
  readonly urlFor: (role: DatabaseRole) => string;
  /** What it must know beside the URL. */
  readonly variables: Readonly<Record<string, string>>;
  /** Throws the topics away where dropping the database's schemas did not. */
  readonly deleteTopics: (names: readonly string[]) => Promise<void>;
}

/** `kafka` are the cluster's brokers, `host:port,...`; null is the embedded log. */
export function openEventLog(
  kafka: string | null,
  database: PreparedDatabase,
  log: BusLog,
): EventLog {
  return kafka === null ? openEmbedded(database, log) : openKafka(kafka, log);
}

function openEmbedded(database: PreparedDatabase, log: BusLog): EventLog {
  const bus = openBus({
    url: database.urlFor('bourse_bus'),
    applicationName: APPLICATION_NAME,
    log,
    retentionIntervalMs: RETENTION_INTERVAL_MS,
  });
  const deleteTopics = (): Promise<void> => Promise.resolve();
  return { bus, urlFor: database.urlFor, variables: {}, deleteTopics };
}

function openKafka(brokers: string, log: BusLog): EventLog {
  const url = `kafka://${brokers}`;
  const bus = openBus({ url, applicationName: APPLICATION_NAME, log });
  const given = KAFKA_VARIABLES.flatMap((name) => {
    const value = findVariable(name);
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    bus,
    urlFor: () => url,
    variables: Object.fromEntries(given),
    deleteTopics: async (names) => {
      if (bus instanceof KafkaBus || bus instanceof PrefixedBus) await bus.deleteTopics(names);
    },
  };
}
