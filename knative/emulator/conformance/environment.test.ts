// What a function's process is told by Knative and by its manifest.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { KAFKA_VARIABLES, readKafkaSettings } from '../../../shared/config/kafka-config.ts';
import { ManifestError } from '../../manifests/document.ts';
import { loadManifests } from '../../manifests/load.ts';
import { readTopology } from '../../manifests/topology.ts';
import { BASE_DIR } from '../../testing/base-manifests.ts';
import { EnvironmentMaker } from '../environment.ts';

const topology = readTopology(loadManifests(BASE_DIR));
const values = {
  roleUrl: (role: string) => `postgres://${role}@db/bourse`,
  busUrl: (role: string) => `postgres://${role}@log/bourse`,
  busVariables: {},
  sealingDir: '/data/sealing',
  jwksUrl: 'http://issuer/jwks',
  issuerUrl: 'http://issuer',
  smtpUrl: 'smtp://127.0.0.1:2525',
  cacheUrl: null,
};
const maker = new EnvironmentMaker(topology, values);
const orders = topology.services.find((service) => service.name === 'orders');
if (orders === undefined) throw new Error('no orders');

describe('the environment of a function', () => {
  it.each(topology.services.map((service) => [service.name, service] as const))(
    '[serving.environment] gives %s PORT, K_SERVICE, K_CONFIGURATION and K_REVISION',
    (name, service) => {
      const env = maker.forService(service, `${name}-00007`, 'info');
      expect(env).toMatchObject({
        K_SERVICE: name,
        K_CONFIGURATION: name,
        K_REVISION: `${name}-00007`,
        FUNCTION_TARGET: service.target,
      });
      expect(env['PORT']).toMatch(/^[0-9]+$/);
    },
  );

  it('lets nothing of the emulator leak in but PATH', () => {
    const [service] = topology.services;
    if (service === undefined) throw new Error('no service');
    const env = maker.forService(service, 'r', 'info');
    const declared = service.env.map((each) => each.name);
    const injected = ['PORT', 'K_SERVICE', 'K_CONFIGURATION', 'K_REVISION'];
    const basics = ['NODE_ENV', 'LOG_LEVEL', 'BIND_ADDRESS', 'PATH'];
    expect(
      Object.keys(env).filter((name) => ![...declared, ...injected, ...basics].includes(name)),
    ).toEqual([]);
  });

  it('has the variables of whole config maps, and its own win over them', () => {
    const configMaps = new Map([...topology.configMaps, ['more', { ONE: '1', BUS_URL: 'no' }]]);
    const service = { ...orders, envMaps: ['more'] };
    const env = new EnvironmentMaker({ ...topology, configMaps }, values).forService(
      service,
      'r',
      'info',
    );
    expect(env).toMatchObject({ ONE: '1', BUS_URL: 'postgres://bourse_orders@log/bourse' });
    expect(() => maker.forService(service, 'r', 'info')).toThrow(ManifestError);
  });

  it('knows the Kafka that is here, not that of the cluster', () => {
    const names = (env: Readonly<Record<string, string>>) =>
      Object.keys(env).filter((name) => name.startsWith('KAFKA_'));
    expect(orders.envMaps).toEqual(['kafka']);
    expect(names(maker.forService(orders, 'r', 'info'))).toEqual([]);
    const busVariables = { KAFKA_TLS: 'off', KAFKA_TOPIC_PREFIX: 'mine.' };
    const here = new EnvironmentMaker(topology, { ...values, busVariables });
    expect(names(here.forService(orders, 'r', 'info'))).toEqual(Object.keys(busVariables));
  });
});

describe('the settings of Kafka in the manifests', () => {
  it('are what a process accepts, with files where the secrets are mounted', () => {
    const dir = mkdtempSync(join(tmpdir(), 'bourse-kafka-'));
    writeFileSync(join(dir, 'ca.crt'), 'the authority');
    writeFileSync(join(dir, 'password'), 'secret\n');
    const map = topology.configMaps.get('kafka') ?? {};
    const source = Object.fromEntries(
      Object.entries(map).map(([name, value]) => [name, value.replace('/etc/bourse/kafka', dir)]),
    );
    expect(Object.keys(source).filter((name) => !KAFKA_VARIABLES.includes(name))).toEqual([]);
    expect(readKafkaSettings({ ...source, KAFKA_SASL_USERNAME: 'orders' })).toEqual({
      tls: { ca: 'the authority' },
      sasl: { mechanism: 'scram-sha-512', username: 'orders', password: 'secret' },
      replicationMin: 3,
      inSyncMin: 2,
      topicPrefix: '',
    });
    rmSync(dir, { recursive: true });
  });
});
