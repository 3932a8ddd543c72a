// The connections that the network can be hurt on: those of one client with one server.
import type { BesideName } from '../cluster/beside.ts';

export const LINK_SERVERS = ['postgres', 'kafka'] as const;
export type LinkServer = (typeof LINK_SERVERS)[number];

export interface Link {
  readonly server: LinkServer;
  /** Postgres tells clients apart by their user, Kafka by their client id. */
  readonly client: string;
}

const POSTGRES_CLIENTS = [
  'bourse_orders',
  'bourse_settlement',
  'bourse_market_data',
  'bourse_engine',
] as const;
/** Where the event log is in Postgres, all who read and write it are this user. */
const EMBEDDED_LOG_CLIENT = 'bourse_bus';

const SOURCES = 'bourse-emulator-bus';
/** Who publishes, who reads the commands, each source as it reads, and all of them as they ask. */
const KAFKA_CLIENTS = [
  'orders',
  'bourse-engine-0',
  SOURCES,
  `${SOURCES}-settlement`,
  `${SOURCES}-market-data`,
  `${SOURCES}-orders-projection`,
] as const;

/** All that a topology with these servers beside Postgres has, by the server. */
export function linksOf(beside: readonly BesideName[]): Map<LinkServer, readonly Link[]> {
  const links = (server: LinkServer, clients: readonly string[]): readonly Link[] =>
    clients.map((client) => ({ server, client }));
  if (!beside.includes('kafka')) {
    return new Map([['postgres', links('postgres', [...POSTGRES_CLIENTS, EMBEDDED_LOG_CLIENT])]]);
  }
  return new Map([
    ['postgres', links('postgres', POSTGRES_CLIENTS)],
    ['kafka', links('kafka', KAFKA_CLIENTS)],
  ]);
}
