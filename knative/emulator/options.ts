// How an emulator is started from a program; `npm run dev` makes these from its flags.
import type { LogLevel } from '../../shared/config/fields.ts';

export interface EmulatorOptions {
  /** The repository; what is watched and bundled. */
  readonly root: string;
  /** Public port; the own port is the next one, that of staff the one after. 0 takes free ones. */
  readonly port: number;
  readonly dataDir: string;
  /** Instead of what the manifests say. */
  readonly shards?: number | null;
  /** Run only these functions; null runs all. */
  readonly only: readonly string[] | null;
  readonly reset: boolean;
  /** `host:port,...` of a Kafka cluster to use instead of the embedded log. */
  readonly kafka?: string | null;
  /** Lets a reset throw the topics in Kafka away. */
  readonly resetTopics?: boolean;
  readonly watch: boolean;
  readonly logLevel: LogLevel;
  /** A superuser's URL of a running Postgres; null starts the embedded one. */
  readonly databaseUrl: string | null;
  /** Of a running Redis; left out or null, nobody hears of the market but through the log. */
  readonly redisUrl?: string | null;
  /** Allowances are those of production; left out, they are a thousand times as high. */
  readonly productionLimits?: boolean;
  /** Where the manifests are, when not in knative/base. */
  readonly manifestsDir?: string;
  readonly color: boolean;
  readonly write: (text: string) => void;
}
