// Kafka with TLS and a login, as in production: an authority of our own, SCRAM and mutual TLS, and
// what happens to whoever has the wrong secret.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EnvironmentSource } from '../../config/environment.ts';
import { readKafkaSettings } from '../../config/kafka-config.ts';
import { RetryableError } from '../../domain/failure.ts';
import { getKafkaJars } from '../../testing/services/kafka-jars.ts';
import { startKafka, type KafkaServer } from '../../testing/services/kafka-server.ts';
import { KAFKA_VERSION_DEFAULT } from '../../testing/services/kafka-version.ts';
import { getProgram } from '../../testing/services/requirements.ts';
import type { Bus } from '../bus.ts';
import { collectTail, eventually, freshTopic, textRecord, texts } from '../contract/harness.ts';
import { openBus } from '../open-bus.ts';

const TIMEOUT_MS = 180_000;
const PASSWORD = 'correct horse battery staple';
const STORE_PASSWORD = 'only-for-tests';
const BATTERY = 'battery staple';

describe('Kafka behind TLS and a login', () => {
  const dir = mkdtempSync(join(tmpdir(), 'bourse-secure-'));
  const at = (name: string): string => join(dir, name);
  const logged: string[] = [];
  const buses: Bus[] = [];
  let kafka: KafkaServer;

  beforeAll(async () => {
    makeCertificates(dir);
    writeFileSync(at('password'), `${PASSWORD}\n`, { mode: 0o600 });
    kafka = await startKafka({
      dir: at('kafka'),
      version: KAFKA_VERSION_DEFAULT,
      listeners: [
        { name: 'LOGIN', protocol: 'SASL_SSL' },
        { name: 'MUTUAL', protocol: 'SSL' },
      ],
      scram: ['256', '512'].map((bits) => `SCRAM-SHA-${bits}=[name=orders,password=${PASSWORD}]`),
      properties: brokerProperties(dir),
    });
  }, TIMEOUT_MS);
  afterAll(async () => {
    await Promise.all(buses.map((bus) => bus.close()));
    await kafka.kill();
    rmSync(dir, { recursive: true, force: true });
  }, TIMEOUT_MS);

  function open(listener: number, environment: EnvironmentSource): Bus {
    const write = (facts: object, message: string): void => {
      // Errors hold their facts where JSON does not look.
      logged.push(message, JSON.stringify(facts), String((facts as { err?: unknown }).err));
    };
    const bus = openBus({
      url: `kafka://127.0.0.1:${kafka.listeners[listener]?.port ?? 0}`,
      applicationName: 'secure',
      log: { debug: write, info: write, warn: write, error: write },
      kafka: readKafkaSettings(environment),
    });
    buses.push(bus);
    return bus;
  }

  const login = (more: EnvironmentSource = {}): EnvironmentSource => ({
    KAFKA_TLS: 'on',
    KAFKA_TLS_CA_FILE: at('ca.pem'),
    KAFKA_SASL_MECHANISM: 'scram-sha-512',
    KAFKA_SASL_USERNAME: 'orders',
    KAFKA_SASL_PASSWORD_FILE: at('password'),
    ...more,
  });

  async function expectRoundTrip(bus: Bus): Promise<void> {
    const topic = await freshTopic(bus);
    const tail = await collectTail(bus, topic);
    await bus.publish([textRecord(topic, 'sealed')]);
    await eventually(() => expect(texts(tail.records)).toEqual(['sealed']));
    await tail.stop();
  }

  it.each([
    ['a wrong password', { KAFKA_SASL_PASSWORD_FILE: undefined, KAFKA_SASL_PASSWORD: 'guess' }],
    ['a broker that a stranger has certified', { KAFKA_TLS_CA_FILE: undefined }],
  ])('is not used with %s', async (_what, change) => {
    const bus = open(0, login(change));
    await expect(bus.partitions('anything')).rejects.toThrow(RetryableError);
  });

  it('does not take a client without a certificate where it wants one', async () => {
    const bus = open(1, { KAFKA_TLS: 'on', KAFKA_TLS_CA_FILE: at('ca.pem') });
    await expect(bus.partitions('anything')).rejects.toThrow(RetryableError);
  });

  it.each(['plain', 'scram-sha-256', 'scram-sha-512'])('lets %s in', async (mechanism) => {
    await expectRoundTrip(open(0, login({ KAFKA_SASL_MECHANISM: mechanism })));
  });

  it('lets a client in that has a certificate', async () => {
    await expectRoundTrip(
      open(1, {
        KAFKA_TLS: 'on',
        KAFKA_TLS_CA_FILE: at('ca.pem'),
        KAFKA_TLS_CERT_FILE: at('client.pem'),
        KAFKA_TLS_KEY_FILE: at('client.key'),
      }),
    );
  });

  it(
    'goes on with a consumer that could not log in for a while',
    async () => {
      const bus = open(0, login());
      const topic = await freshTopic(bus);
      const tail = await collectTail(bus, topic);
      await bus.publish([textRecord(topic, 'before')]);
      await eventually(() => expect(texts(tail.records)).toEqual(['before']));
      await setPassword(kafka, 'another');
      // Whoever is logged in stays so until its connection ends.
      await kafka.kill();
      await kafka.start();
      await eventually(() => {
        expect(logged.some((line) => line.includes('a consumer does not start yet'))).toBe(true);
      });
      await setPassword(kafka, PASSWORD);
      await eventually(() => bus.publish([textRecord(topic, 'after')]));
      await eventually(() => expect(texts(tail.records).at(-1)).toBe('after'));
      expect(tail.errors).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it('has not told anybody the password', () => {
    expect(logged.length).toBeGreaterThan(0);
    expect(logged.filter((line) => line.includes(BATTERY))).toEqual([]);
  });
});

function brokerProperties(dir: string): Record<string, string> {
  const scram = 'org.apache.kafka.common.security.scram.ScramLoginModule required;';
  const plain = 'org.apache.kafka.common.security.plain.PlainLoginModule required';
  return {
    'listener.name.login.sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
    'listener.name.login.plain.sasl.jaas.config': `${plain} user_orders="${PASSWORD}";`,
    'listener.name.login.scram-sha-256.sasl.jaas.config': scram,
    'listener.name.login.scram-sha-512.sasl.jaas.config': scram,
    'listener.name.mutual.ssl.client.auth': 'required',
    'ssl.keystore.type': 'PKCS12',
    'ssl.keystore.location': join(dir, 'broker.p12'),
    'ssl.keystore.password': STORE_PASSWORD,
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': join(dir, 'ca.pem'),
  };
}

/** An authority, a broker of it for 127.0.0.1, and a client of it. */
function makeCertificates(dir: string): void {
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { cwd: dir, stdio: 'pipe' });
  };
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc', '-days', '2'];
  openssl(
    'req',
    '-x509',
    ...key,
    '-subj',
    '/CN=bourse tests',
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
  );
  for (const [name, addition] of [
    ['broker', ['-addext', 'subjectAltName=IP:127.0.0.1']],
    ['client', []],
  ] as const) {
    const issuer = ['-CA', 'ca.pem', '-CAkey', 'ca.key'];
    const files = ['-keyout', `${name}.key`, '-out', `${name}.pem`];
    openssl('req', '-x509', ...key, ...issuer, '-subj', `/CN=${name}`, ...addition, ...files);
  }
  const store = ['-in', 'broker.pem', '-inkey', 'broker.key', '-out', 'broker.p12'];
  openssl('pkcs12', '-export', ...store, '-passout', `pass:${STORE_PASSWORD}`);
}

/** KafkaJS cannot: Kafka's own tool, through the listener that asks for nothing. */
async function setPassword(kafka: KafkaServer, password: string): Promise<void> {
  const libs = await getKafkaJars(kafka.version, () => undefined);
  const credentials = `SCRAM-SHA-512=[password=${password}]`;
  const entity = ['--entity-type', 'users', '--entity-name', 'orders'];
  const args = ['--bootstrap-server', kafka.brokers, '--alter', '--add-config', credentials];
  const tool = ['-cp', `${libs}/*`, 'kafka.admin.ConfigCommand'];
  execFileSync(getProgram('java'), [...tool, ...args, ...entity], { stdio: 'pipe' });
}
