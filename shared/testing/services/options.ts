// The command line of `npm run services`.
import { parseArgs } from 'node:util';
import { ConfigError } from '../../config/environment.ts';
import type { ServiceName } from './backing-server.ts';
import { readEngine, type EngineWish } from './choose-engine.ts';
import { KAFKA_VERSION_DEFAULT, readKafkaVersion } from './kafka-version.ts';

export const USAGE = `Usage: npm run services -- [options]

Runs Kafka, Redis and Postgres on free ports of this machine, prints their addresses, and stops
them at Ctrl-C. Their data is kept for the next time.

  --only A,B         only these of kafka, redis, postgres
  --data-dir DIR     where everything is kept, default .bourse-services
  --kafka-version V  the broker, default ${KAFKA_VERSION_DEFAULT} (or KAFKA_VERSION)
  --engine E         container: images that are built on first use
                     process: this machine's Java, Maven and redis-server, and the embedded Postgres
                     auto: containers where an engine answers, else processes (the default)
  --help             this text

Environment: KAFKA_VERSION as above; SERVICES_ENGINE as --engine; SERVICES_BASE_IMAGE is what images
are built from (default debian:bookworm-slim); TESTCONTAINERS_* as testcontainers has it.
`;

export interface ServicesFlags {
  readonly names: readonly ServiceName[];
  readonly dataDir: string;
  readonly kafkaVersion: string;
  readonly engine: EngineWish;
}

interface Defaults {
  readonly kafkaVersion: string | undefined;
  readonly engine: string | undefined;
}

const NAMES: readonly ServiceName[] = ['kafka', 'redis', 'postgres'];

/** The command line is wrong. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Answers null when help is asked for; throws UsageError. */
export function readFlags(args: readonly string[], defaults: Defaults): ServicesFlags | null {
  const values = parse(args);
  if (values.help) return null;
  try {
    return {
      names: values.only === undefined ? NAMES : readNames(values.only),
      dataDir: values['data-dir'],
      kafkaVersion: readKafkaVersion(
        values['kafka-version'] ?? defaults.kafkaVersion ?? KAFKA_VERSION_DEFAULT,
      ),
      engine: readEngine(values.engine ?? defaults.engine),
    };
  } catch (error) {
    if (error instanceof ConfigError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

function readNames(text: string): ServiceName[] {
  const names = NAMES.filter((name) => text.split(',').includes(name));
  if (names.length !== text.split(',').length) {
    throw new UsageError(`--only takes some of ${NAMES.join(', ')}, each once`);
  }
  return names;
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        only: { type: 'string' },
        'data-dir': { type: 'string', default: '.bourse-services' },
        'kafka-version': { type: 'string' },
        engine: { type: 'string' },
        help: { type: 'boolean', default: false, short: 'h' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
