// Kafka, Redis and Postgres on free ports of this machine, all data in one folder: for development,
// tests, benchmarks and torture.
import { join, resolve } from 'node:path';
import { findVariable } from '../../config/environment.ts';
import { takeLock } from '../file-lock.ts';
import { hasKafkaJars } from './kafka-jars.ts';
import { requirePrograms, type ProgramName } from './requirements.ts';
import type { BackingServer, Engine, ServiceName } from './backing-server.ts';
import { chooseEngine, readEngine, type EngineWish } from './choose-engine.ts';
import { startKafka, type KafkaOptions, type KafkaServer } from './kafka-server.ts';
import { KAFKA_VERSION_DEFAULT } from './kafka-version.ts';
import { startPostgres, type PostgresOptions, type PostgresServer } from './postgres-server.ts';
import { startRedis, type RedisOptions, type RedisServer } from './redis-server.ts';

type GivenByUs = 'dir' | 'engine' | 'onNotice';

export interface ServicesOptions {
  readonly dataDir: string;
  /** Default: as SERVICES_ENGINE says, or `auto`: containers where an engine answers. */
  readonly engine?: EngineWish;
  readonly kafka?: Partial<Omit<KafkaOptions, GivenByUs>>;
  readonly redis?: Omit<RedisOptions, GivenByUs>;
  readonly postgres?: Omit<PostgresOptions, GivenByUs>;
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

/** Another program runs its servers on this folder. */
export class FolderInUse extends Error {
  override readonly name = 'FolderInUse';
}

/**
 * Starts the servers that `names` lists, at once; when one fails, the others are stopped and the
 * error is thrown. The caller stops what it was given. Throws FolderInUse while the servers of an
 * earlier call use the folder, and MissingProgram with what to install.
 */
export async function startServices<Name extends ServiceName>(
  names: readonly Name[],
  options: ServicesOptions,
): Promise<Services<Name>> {
  const wish = options.engine ?? readEngine(findVariable('SERVICES_ENGINE'));
  const engine = await chooseEngine(wish);
  if (engine === 'process') requirePrograms(programsOf(names, options));
  const lock = takeLock(join(resolve(options.dataDir), 'services.lock'));
  if (!lock.isTaken) {
    throw new FolderInUse(
      `${options.dataDir} is in use by process ${lock.holderPid}: stop it, or take another folder`,
    );
  }
  const outcomes = await Promise.allSettled(names.map((name) => startOne(name, engine, options)));
  const started = outcomes.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const stop = async (): Promise<void> => {
    await Promise.all(started.map((server) => server.stop()));
    lock.release();
  };
  const failed = outcomes.find((each) => each.status === 'rejected');
  if (failed !== undefined) {
    await stop();
    throw failed.reason;
  }
  const byName = Object.fromEntries(started.map((server) => [server.name, server]));
  return { ...(byName as unknown as Pick<ServerByName, Name>), all: started, stop };
}

function programsOf(names: readonly ServiceName[], options: ServicesOptions): ProgramName[] {
  const programs: ProgramName[] = [];
  if (names.includes('kafka')) {
    programs.push('java');
    if (!hasKafkaJars(options.kafka?.version ?? KAFKA_VERSION_DEFAULT)) programs.push('mvn');
  }
  if (names.includes('redis')) programs.push('redis-server');
  return programs;
}

function startOne(
  name: ServiceName,
  engine: Engine,
  options: ServicesOptions,
): Promise<BackingServer> {
  const dir = (part: string): string => join(resolve(options.dataDir), part);
  const { onNotice = () => undefined } = options;
  switch (name) {
    case 'kafka': {
      const version = options.kafka?.version ?? KAFKA_VERSION_DEFAULT;
      // A folder for each version: an older broker cannot read what a newer one wrote.
      const kafkaDir = dir(`kafka-${version}`);
      return startKafka({ ...options.kafka, version, dir: kafkaDir, engine, onNotice });
    }
    case 'redis':
      return startRedis({ ...options.redis, dir: dir('redis'), engine, onNotice });
    case 'postgres': {
      // Apart: the two make their clusters in ways of their own.
      const postgresDir = dir(engine === 'container' ? 'postgres-container' : 'postgres');
      return startPostgres({ ...options.postgres, dir: postgresDir, engine, onNotice });
    }
  }
}
