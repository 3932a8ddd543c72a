// What a function's process is told by Knative and by its manifest.
import { describe, expect, it } from 'vitest';
import { loadManifests } from '../../manifests/load.ts';
import { readTopology } from '../../manifests/topology.ts';
import { BASE_DIR } from '../../testing/base-manifests.ts';
import { EnvironmentMaker } from '../environment.ts';

const topology = readTopology(loadManifests(BASE_DIR));
const values = {
  roleUrl: (role: string) => `postgres://${role}@db/bourse`,
  busUrl: (role: string) => `postgres://${role}@log/bourse`,
  busVariables: {},
  jwksUrl: 'http://issuer/jwks',
  issuerUrl: 'http://issuer',
  cacheUrl: null,
};
const maker = new EnvironmentMaker(topology, values);

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
});
