// Which real servers a test run uses: TEST_SERVICES names them, `kafka@4.1.0,redis`. Test files
// say by their names what they need (`x.kafka.int.test.ts`); without it they are left out.
import { ConfigError } from '../../config/environment.ts';
import { KAFKA_VERSION_DEFAULT, readKafkaVersion } from './kafka-version.ts';

export interface KafkaPlan {
  readonly version: string;
  /** `host:port` of a broker that runs already; null starts one. */
  readonly address: string | null;
}

export interface TestPlan {
  readonly kafka: readonly KafkaPlan[];
  /** Null: no Redis. An empty URL starts one. */
  readonly redis: { readonly url: string | null } | null;
  /** True: the run's Postgres comes from the harness, which may take a container. */
  readonly postgres: boolean;
}

const ADDRESS = /^[^\s:/,]+:[0-9]{1,5}$/;

/** Parses TEST_SERVICES; throws ConfigError on a word it does not know. */
export function readTestPlan(text: string | undefined, kafkaVersion: string | undefined): TestPlan {
  const kafka: KafkaPlan[] = [];
  let redis: TestPlan['redis'] = null;
  let postgres = false;
  const words = (text ?? '').split(',').map((word) => word.trim());
  for (const word of words.filter((each) => each !== '')) {
    const [, name = '', sign = '', rest = ''] = /^([a-z]+)([@=]?)(.*)$/.exec(word) ?? [];
    if (name === 'kafka') kafka.push(readKafka(word, sign, rest, kafkaVersion));
    else if (name === 'redis' && redis === null && sign !== '@') redis = readRedis(rest);
    else if (name === 'postgres' && !postgres && sign === '') postgres = true;
    else throw complaint(word);
  }
  const versions = kafka.map((each) => `${each.version} ${each.address ?? ''}`);
  if (new Set(versions).size < versions.length) throw complaint('the same Kafka twice');
  return { kafka, redis, postgres };
}

function readKafka(
  word: string,
  sign: string,
  rest: string,
  kafkaVersion: string | undefined,
): KafkaPlan {
  if (sign === '' && rest === '') {
    return { version: readKafkaVersion(kafkaVersion ?? KAFKA_VERSION_DEFAULT), address: null };
  }
  if (sign === '@') return { version: readKafkaVersion(rest), address: null };
  if (sign === '=' && ADDRESS.test(rest)) return { version: 'given', address: rest };
  throw complaint(word);
}

function readRedis(rest: string): { url: string | null } {
  if (rest === '') return { url: null };
  if (/^rediss?:\/\//.test(rest)) return { url: rest };
  throw complaint(`redis=${rest}`);
}

function complaint(word: string): ConfigError {
  return new ConfigError(
    `TEST_SERVICES is malformed at "${word}": it lists kafka, kafka@VERSION, kafka=HOST:PORT, ` +
      'redis, redis=URL, postgres, separated by commas',
  );
}

/**
 * Globs of the test files that need what the plan does not have. Without any server the long ones
 * are left out, too: whoever has Node alone waits for a short run.
 */
export function filesLeftOut(plan: TestPlan): string[] {
  const files: string[] = [];
  if (plan.kafka.length === 0) files.push('**/*.kafka.*test.ts');
  if (plan.redis === null) files.push('**/*.redis.*test.ts');
  if (plan.kafka.length === 0 && plan.redis === null) files.push('**/*.long.test.ts');
  return files;
}
