// What a process is told about Kafka: contradictions are refused, and secrets are not repeated.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ConfigError } from './environment.ts';
import { readKafkaSettings } from './kafka-config.ts';

const dir = mkdtempSync(join(tmpdir(), 'bourse-config-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const path = join(dir, name);
  writeFileSync(path, text);
  return path;
}

const SCRAM = { KAFKA_SASL_MECHANISM: 'scram-sha-512', KAFKA_SASL_USERNAME: 'orders' };

describe('the settings of Kafka', () => {
  it.each([
    [{ KAFKA_TLS: 'yes' }, 'KAFKA_TLS is malformed'],
    [{ KAFKA_TLS_CA_FILE: file('ca', 'PEM') }, 'KAFKA_TLS is not on'],
    [{ KAFKA_TLS: 'on', KAFKA_TLS_KEY_FILE: file('key', 'PEM') }, 'are given together'],
    [{ KAFKA_TLS: 'on', KAFKA_TLS_CA_FILE: join(dir, 'none') }, 'KAFKA_TLS_CA_FILE names cannot'],
    [
      { KAFKA_TLS: 'on', KAFKA_TLS_CA_FILE: file('void', '\n') },
      'KAFKA_TLS_CA_FILE names is empty',
    ],
    [{ KAFKA_SASL_PASSWORD: 'hunter2' }, 'KAFKA_SASL_MECHANISM is not'],
    [{ ...SCRAM, KAFKA_SASL_MECHANISM: 'gssapi' }, 'must be one of plain scram'],
    [SCRAM, 'needs KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD'],
    [{ ...SCRAM, KAFKA_SASL_MECHANISM: 'plain', KAFKA_SASL_PASSWORD: 'hunter2' }, 'in the clear'],
    [{ KAFKA_REPLICATION_MIN: '0' }, 'between 1 and 9'],
    [{ KAFKA_REPLICATION_MIN: '2', KAFKA_IN_SYNC_MIN: '3' }, 'must not be above'],
    [{ KAFKA_TOPIC_PREFIX: 'a/b' }, 'KAFKA_TOPIC_PREFIX is malformed'],
  ])('refuse %j', (environment, message) => {
    const read = () => readKafkaSettings(environment);
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(message);
    expect(read).not.toThrow('hunter2');
  });

  it('demand nothing of a laptop, and of three copies that two have every record', () => {
    expect(readKafkaSettings({})).toEqual({
      tls: null,
      sasl: null,
      replicationMin: 1,
      inSyncMin: 1,
      topicPrefix: '',
    });
    const three = readKafkaSettings({ KAFKA_REPLICATION_MIN: '3' });
    expect(three).toMatchObject({ replicationMin: 3, inSyncMin: 2 });
  });

  it('read secrets from files before variables', () => {
    const settings = readKafkaSettings({
      ...SCRAM,
      KAFKA_TLS: 'on',
      KAFKA_TLS_CA_FILE: file('ca', 'PEM\n'),
      KAFKA_SASL_PASSWORD: 'of the variable',
      KAFKA_SASL_PASSWORD_FILE: file('password', 'of the file\n'),
    });
    expect(settings.tls).toEqual({ ca: 'PEM' });
    expect(settings.sasl).toEqual({
      mechanism: 'scram-sha-512',
      username: 'orders',
      password: 'of the file',
    });
  });
});
