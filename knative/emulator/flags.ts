// The command line of `npm run dev`.
import { parseArgs } from 'node:util';
import { LOG_LEVELS, type LogLevel } from '../../shared/config/fields.ts';
import { flagFault } from '../../shared/config/flag-fault.ts';

export const HELP = `npm run dev -- [options]

Runs the whole exchange on this machine: Postgres, the event log, the matching engine, every
function, and the routes, sources and dead letters that knative/base declares.

  --only a,b       run only these functions (the engine always runs)
  --port N         public port, default 8080; the emulator's own is N+1, that of staff N+2
  --data-dir DIR   where everything is kept, default .bourse
  --shards N       engines, and partitions of the logs, instead of those of the manifests
  --redis URL      a running Redis for the market feed; without it there is none
  --reset          throw all data away first
  --kafka H:P,...  use this Kafka cluster instead of the embedded log
  --reset-topics   with --kafka: a reset throws the exchange's topics away, too
  --production-limits  allow callers no more than production does, instead of 1000 times as much
  --no-watch       do not reload when code changes
  --log-level L    of the functions: ${LOG_LEVELS.join(' ')} (default info)
  --help           this text

Environment: DATABASE_URL uses a running Postgres (a superuser's URL) instead of the embedded one.
KAFKA_TLS, KAFKA_SASL_MECHANISM, KAFKA_TOPIC_PREFIX and the other KAFKA_ variables of docs/kafka.md
hold for --kafka and are handed to every process. NO_COLOR turns colours off.`;

export interface Flags {
  readonly help: boolean;
  readonly only: readonly string[] | null;
  readonly port: number;
  readonly dataDir: string;
  readonly shards: number | null;
  readonly redisUrl: string | null;
  readonly reset: boolean;
  readonly kafka: string | null;
  readonly resetTopics: boolean;
  readonly productionLimits: boolean;
  readonly watch: boolean;
  readonly logLevel: LogLevel;
}

export class FlagError extends Error {
  override readonly name = 'FlagError';
}

const PORT_DEFAULT = 8080;
/** Two more come after it. */
const PORT_MAX = 65_533;
/** More engines than this are no use on one machine. */
const SHARDS_MAX = 64;

/** Throws FlagError, saying what is wrong and that --help exists. */
export function parseFlags(args: readonly string[]): Flags {
  const values = parse(args);
  checkReset(values);
  return {
    help: values.help,
    only: values.only === undefined ? null : readNames(values.only),
    port: values.port === undefined ? PORT_DEFAULT : readPort(values.port),
    dataDir: values['data-dir'],
    shards: values.shards === undefined ? null : readShards(values.shards),
    redisUrl: values.redis === undefined ? null : readRedisUrl(values.redis),
    reset: values.reset,
    kafka: values.kafka ?? null,
    resetTopics: values['reset-topics'],
    productionLimits: values['production-limits'],
    watch: !values['no-watch'],
    logLevel: readLevel(values['log-level']),
  };
}

interface Values {
  readonly help: boolean;
  readonly only?: string;
  readonly port?: string;
  readonly 'data-dir': string;
  readonly shards?: string;
  readonly redis?: string;
  readonly reset: boolean;
  readonly kafka?: string;
  readonly 'reset-topics': boolean;
  readonly 'production-limits': boolean;
  readonly 'no-watch': boolean;
  readonly 'log-level': string;
}

function parse(args: readonly string[]): Values {
  try {
    return parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: false,
      options: {
        help: { type: 'boolean', default: false, short: 'h' },
        only: { type: 'string' },
        port: { type: 'string' },
        'data-dir': { type: 'string', default: '.bourse' },
        shards: { type: 'string' },
        redis: { type: 'string' },
        reset: { type: 'boolean', default: false },
        kafka: { type: 'string' },
        'reset-topics': { type: 'boolean', default: false },
        'production-limits': { type: 'boolean', default: false },
        'no-watch': { type: 'boolean', default: false },
        'log-level': { type: 'string', default: 'info' },
      },
    }).values;
  } catch (cause) {
    throw new FlagError(`${flagFault(cause)} (--help lists the options)`, { cause });
  }
}

/** Topics outlive a data folder and may be somebody else's: nobody loses them by accident. */
function checkReset(values: Values): void {
  const { kafka, reset } = values;
  if (values['reset-topics'] && kafka === undefined) {
    throw new FlagError('--reset-topics is for --kafka: without it --reset empties the log, too');
  }
  if (reset && kafka !== undefined && !values['reset-topics']) {
    throw new FlagError(
      '--reset would leave the log in Kafka, which a new database does not fit: add ' +
        '--reset-topics to throw its topics away (KAFKA_TOPIC_PREFIX says whose)',
    );
  }
}

function readNames(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.some((name) => name === '')) throw new FlagError(`--only ${text}: an empty name`);
  return names;
}

function readPort(text: string): number {
  const port = Number(text);
  if (!/^[0-9]{1,5}$/.test(text) || port < 1 || port > PORT_MAX) {
    throw new FlagError(`--port ${text}: not a port (1..${PORT_MAX})`);
  }
  return port;
}

function readShards(text: string): number {
  const shards = Number(text);
  if (!/^[0-9]{1,3}$/.test(text) || shards < 1 || shards > SHARDS_MAX) {
    throw new FlagError(`--shards ${text}: not a number of engines (1..${SHARDS_MAX})`);
  }
  return shards;
}

function readRedisUrl(text: string): string {
  if (/^rediss?:\/\/./.test(text)) return text;
  throw new FlagError('--redis: begins with redis:// or rediss:// (--help lists the options)');
}

function readLevel(text: string): LogLevel {
  const level = LOG_LEVELS.find((each) => each === text);
  if (level === undefined) {
    throw new FlagError(`--log-level ${text}: not one of ${LOG_LEVELS.join(' ')}`);
  }
  return level;
}
