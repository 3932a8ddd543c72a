// What a process is told about the Kafka cluster, beside its address: encryption, identity, and how
// safe a topic must be. Secrets come from a file or a variable, never from a URL, and no error
// repeats them.
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { ConfigError, readConfig, type EnvironmentSource } from './environment.ts';
import { wholeNumberField } from './fields.ts';

const REPLICATION_MAX = 9;
const PREFIX_PATTERN = /^[a-zA-Z0-9._-]{1,50}$/;

export const SASL_MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;
export type SaslMechanism = (typeof SASL_MECHANISMS)[number];

export interface KafkaTls {
  /** PEM of the authority that signed the brokers' certificates; undefined takes Node's own. */
  readonly ca?: string;
  /** Given together, for clusters that know their clients by certificate. */
  readonly cert?: string;
  readonly key?: string;
}

export interface KafkaSasl {
  readonly mechanism: SaslMechanism;
  readonly username: string;
  readonly password: string;
}

export interface KafkaSettings {
  readonly tls: KafkaTls | null;
  readonly sasl: KafkaSasl | null;
  /** A topic with fewer copies is refused. */
  readonly replicationMin: number;
  /** A topic that takes a record when fewer copies have it is refused. */
  readonly inSyncMin: number;
  /** Stands before every topic and group, so that environments may share a cluster. */
  readonly topicPrefix: string;
}

const SHAPE = {
  KAFKA_TLS: z.enum(['on', 'off'], 'must be on or off').default('off'),
  KAFKA_TLS_CA_FILE: z.string().optional(),
  KAFKA_TLS_CERT_FILE: z.string().optional(),
  KAFKA_TLS_KEY_FILE: z.string().optional(),
  KAFKA_SASL_MECHANISM: z
    .enum(SASL_MECHANISMS, `must be one of ${SASL_MECHANISMS.join(' ')}`)
    .optional(),
  KAFKA_SASL_USERNAME: z.string().optional(),
  KAFKA_SASL_PASSWORD: z.string().optional(),
  KAFKA_SASL_PASSWORD_FILE: z.string().optional(),
  KAFKA_REPLICATION_MIN: wholeNumberField(1, REPLICATION_MAX).default(1),
  KAFKA_IN_SYNC_MIN: wholeNumberField(1, REPLICATION_MAX).optional(),
  KAFKA_TOPIC_PREFIX: z
    .string()
    .regex(PREFIX_PATTERN, 'must be 1 to 50 letters, digits, dots, dashes or underscores')
    .optional(),
} as const;

type Values = z.output<z.ZodObject<typeof SHAPE>>;

/** The variables that `readKafkaSettings` looks at; whoever starts a child hands them on. */
export const KAFKA_VARIABLES = Object.keys(SHAPE);

/** Throws ConfigError, naming variables and never values, when they do not fit together. */
export function readKafkaSettings(source?: EnvironmentSource): KafkaSettings {
  const values = readConfig(SHAPE, source);
  const replicationMin = values.KAFKA_REPLICATION_MIN;
  // One copy may be away without a stop, and still two have every record: 3 and 2 in production.
  const inSyncMin = values.KAFKA_IN_SYNC_MIN ?? Math.max(1, replicationMin - 1);
  if (inSyncMin > replicationMin) {
    throw new ConfigError('KAFKA_IN_SYNC_MIN must not be above KAFKA_REPLICATION_MIN');
  }
  return {
    tls: readTls(values),
    sasl: readSasl(values),
    replicationMin,
    inSyncMin,
    topicPrefix: values.KAFKA_TOPIC_PREFIX ?? '',
  };
}

function readTls(values: Values): KafkaTls | null {
  const ca = readSecretFile('KAFKA_TLS_CA_FILE', values.KAFKA_TLS_CA_FILE);
  const cert = readSecretFile('KAFKA_TLS_CERT_FILE', values.KAFKA_TLS_CERT_FILE);
  const key = readSecretFile('KAFKA_TLS_KEY_FILE', values.KAFKA_TLS_KEY_FILE);
  if (values.KAFKA_TLS === 'off') {
    // Half a configuration would silently send everything in the clear.
    if (ca !== undefined || cert !== undefined || key !== undefined) {
      throw new ConfigError('KAFKA_TLS_* files are given, but KAFKA_TLS is not on');
    }
    return null;
  }
  if ((cert === undefined) !== (key === undefined)) {
    throw new ConfigError('KAFKA_TLS_CERT_FILE and KAFKA_TLS_KEY_FILE are given together');
  }
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

function readSasl(values: Values): KafkaSasl | null {
  const mechanism = values.KAFKA_SASL_MECHANISM;
  const username = values.KAFKA_SASL_USERNAME;
  const file = readSecretFile('KAFKA_SASL_PASSWORD_FILE', values.KAFKA_SASL_PASSWORD_FILE);
  const password = file ?? values.KAFKA_SASL_PASSWORD;
  if (mechanism === undefined) {
    if (username === undefined && password === undefined) return null;
    throw new ConfigError('KAFKA_SASL_* is given, but KAFKA_SASL_MECHANISM is not');
  }
  if (username === undefined || password === undefined) {
    throw new ConfigError(
      'KAFKA_SASL_MECHANISM needs KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD or ..._FILE',
    );
  }
  if (mechanism === 'plain' && values.KAFKA_TLS === 'off') {
    throw new ConfigError('KAFKA_SASL_MECHANISM plain would send the password in the clear');
  }
  return { mechanism, username, password };
}

function readSecretFile(name: string, path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  let text: string;
  try {
    text = readFileSync(path, 'utf8').trimEnd();
  } catch (cause) {
    throw new ConfigError(`the file that ${name} names cannot be read`, { cause });
  }
  if (text === '') throw new ConfigError(`the file that ${name} names is empty`);
  return text;
}
