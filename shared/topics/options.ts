// The command line of `npm run topics`, and what it reads from the environment.
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { readConfig, type EnvironmentSource } from '../config/environment.ts';
import { wholeNumberField } from '../config/fields.ts';
import { flagFault } from '../config/flag-fault.ts';

const SHARDS_MAX = 1_024;

export const USAGE = `npm run topics -- <command>

The topics of the event catalog on a Kafka cluster.

  list     what the exchange needs; asks no cluster
  check    compares the cluster with it, and changes nothing
  apply    creates what is missing, adds partitions, sets the retention, and says so. Refuses, with
           nothing changed, when a topic would have to shrink or is less safe than demanded. May be
           repeated

BUS_URL   the cluster, kafka://host:port,host:port; its other settings are the variables KAFKA_*
          (docs/kafka.md): KAFKA_REPLICATION_MIN copies of each topic, KAFKA_IN_SYNC_MIN in sync
SHARDS    partitions of the sharded topics, one an engine; 1 unless given

Exit code: 0 all is as it must be, 1 a topic differs or is refused, 2 wrong usage, or the cluster
could not be asked.`;

export const COMMANDS = ['list', 'check', 'apply'] as const;
export type Command = (typeof COMMANDS)[number];

/** The command line is wrong. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export interface Options {
  readonly command: Command;
  readonly shards: number;
  /** Null for `list`. */
  readonly busUrl: string | null;
}

/** Null when help is asked for. Throws UsageError or ConfigError for what is not quite right. */
export function readOptions(args: readonly string[], source?: EnvironmentSource): Options | null {
  const { values, positionals } = parse(args);
  if (values.help || positionals.length === 0) return null;
  const [word, ...rest] = positionals;
  const command = COMMANDS.find((each) => each === word);
  if (command === undefined) throw new UsageError(`no command ${word ?? ''}`);
  if (rest.length > 0) throw new UsageError(`${command} takes no ${rest.join(' ')}`);
  const { BUS_URL, SHARDS } = readConfig(
    { BUS_URL: z.string().optional(), SHARDS: wholeNumberField(1, SHARDS_MAX).default(1) },
    source,
  );
  if (command === 'list') return { command, shards: SHARDS, busUrl: null };
  // The URL may hold a password: it is not repeated.
  if (BUS_URL?.startsWith('kafka://') !== true) {
    throw new UsageError('BUS_URL must name a Kafka cluster: kafka://host:port,host:port');
  }
  return { command, shards: SHARDS, busUrl: BUS_URL };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: true,
      options: { help: { type: 'boolean', default: false, short: 'h' } },
    });
  } catch (cause) {
    throw new UsageError(flagFault(cause), { cause });
  }
}
