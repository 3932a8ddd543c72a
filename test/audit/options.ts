// The command line of the audit.
import { parseArgs } from 'node:util';

export const USAGE = `Usage: npm run audit -- [options]

Replays the command log of an exchange through a naive order book and judges the ledger, the holds,
the orders and the recorded executions against it. Reads one snapshot of the database, so a running
exchange may be audited at any moment; work in flight is not a violation.

  --url URL        Postgres connection string of a superuser (or BOURSE_DATABASE_URL)
  --data-dir DIR   folder of a development exchange, running or stopped (default .bourse)
  --kafka H:P,...  the log is in this Kafka cluster, not in the database; TLS, login and prefix are
                   those of the environment (KAFKA_TLS, KAFKA_TOPIC_PREFIX, ...)
  --snapshots DIR  engine snapshots to compare (default DIR/snapshots of the data folder)
  --final          also require that no work is left anywhere (A5)
  --json           print one JSON document instead of a line an invariant
  --help           print this

Exit code: 0 all invariants hold, 1 one is violated, 2 the audit could not be done.
`;

export interface AuditOptions {
  /** Null: the database of the data folder. */
  readonly url: string | null;
  readonly dataDir: string;
  readonly snapshotsDir: string | null;
  /** Brokers of the cluster that holds the log; null: the log is in the database. */
  readonly kafka: string | null;
  readonly isFinal: boolean;
  readonly json: boolean;
}

/** The command line is wrong. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Answers null when help is asked for. */
export function readOptions(
  args: readonly string[],
  urlOfEnvironment: string | undefined,
): AuditOptions | null {
  const values = parse(args);
  if (values.help) return null;
  const dataDir = values['data-dir'];
  const url = values.url ?? (dataDir === undefined ? urlOfEnvironment : undefined) ?? null;
  if (values.url !== undefined && dataDir !== undefined) {
    throw new UsageError('give --url or --data-dir, not both');
  }
  return {
    url,
    dataDir: dataDir ?? '.bourse',
    snapshotsDir: values.snapshots ?? null,
    kafka: values.kafka ?? null,
    isFinal: values.final,
    json: values.json,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        url: { type: 'string' },
        'data-dir': { type: 'string' },
        kafka: { type: 'string' },
        snapshots: { type: 'string' },
        final: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
