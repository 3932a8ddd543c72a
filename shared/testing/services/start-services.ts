// Kafka, Redis and Postgres on free ports of this machine, all data in one folder: for development,
// tests, benchmarks and torture.
import { join, resolve } from 'node:path';
import type { BackingServer, ServiceName } from './backing-server.ts';
import { startKafka, type KafkaOptions, type KafkaServer } from './kafka-server.ts';
import { KAFKA_VERSION_DEFAULT } from './kafka-version.ts';
import { startPostgres, type PostgresOptions, type PostgresServer } from './postgres-server.ts';
import { startRedis, type RedisOptions, type RedisServer } from './redis-server.ts';

export interface ServicesOptions {
  readonly dataDir: string;
  readonly kafka?: Partial<Omit<KafkaOptions, 'dir' | 'onNotice'>>;
  readonly redis?: Omit<RedisOptions, 'dir'>;
  readonly postgres?: Omit<PostgresOptions, 'dir'>;
  /** Hears of what takes long, such as a download. */
  readonly onNotice?: (text: string) => void;
}

export interface ServerByName {
  readonly kafka: KafkaServer;
  readonly redis: RedisServer;
  readonly postgres: PostgresServer;
}

export type Services<Name extends ServiceName> = Pick<ServerByName, Name> & {
  readonly all: readonly BackingServer[];
  /** Stops them all and waits. */
  stop(): Promise<void>;
};

/**
 * Starts the servers that `names` lists, at once; when one fails, the others are stopped and the
 * error is thrown. The caller stops what it was given. Two programs must not share a folder.
 */
export async function startServices<Name extends ServiceName>(
  names: readonly Name[],
  options: ServicesOptions,
): Promise<Services<Name>> {
  const outcomes = await Promise.allSettled(names.map((name) => startOne(name, options)));
  const started = outcomes.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const stop = async (): Promise<void> => {
    await Promise.all(started.map((server) => server.stop()));
  };
  const failed = outcomes.find((each) => each.status === 'rejected');
  if (failed !== undefined) {
    await stop();
    throw failed.reason;
  }
  const byName = Object.fromEntries(started.map((server) => [server.name, server]));
  return { ...(byName as unknown as Pick<ServerByName, Name>), all: started, stop };
}

function startOne(name: ServiceName, options: ServicesOptions): Promise<BackingServer> {
  const dir = (part: string): string => join(resolve(options.dataDir), part);
  const { onNotice = () => undefined } = options;
  switch (name) {
    case 'kafka': {
      const version = options.kafka?.version ?? KAFKA_VERSION_DEFAULT;
      // A folder for each version: an older broker cannot read what a newer one wrote.
      return startKafka({ ...options.kafka, version, dir: dir(`kafka-${version}`), onNotice });
    }
    case 'redis':
      return startRedis({ ...options.redis, dir: dir('redis') });
    case 'postgres':
      return startPostgres({ ...options.postgres, dir: dir('postgres') });
  }
}
