// All functions in one process, each with its routes on a port of its own, on one database: the
// environment comes from the manifests, so that a new function needs nothing here.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { functions } from '../../functions/main.ts';
import { prepareSealingKeys } from '../../knative/emulator/auth/sealing-keys.ts';
import { EnvironmentMaker } from '../../knative/emulator/environment.ts';
import { seedExchange } from '../../knative/emulator/seed/seed.ts';
import { loadManifests } from '../../knative/manifests/load.ts';
import { readTopology } from '../../knative/manifests/topology.ts';
import { BASE_DIR } from '../../knative/testing/base-manifests.ts';
import { openBus } from '../../shared/bus/open-bus.ts';
import { Outbox } from '../../shared/bus/outbox.ts';
import { UNSAFE_ACCEPTED, UNSAFE_VARIABLE } from '../../shared/db/durability.ts';
import { TOPICS } from '../../shared/events/catalog.ts';
import type { Route } from '../../shared/function/definition.ts';
import type { HostedFunction } from '../../shared/function/host.ts';
import { send, type RawAnswer } from '../../shared/function/testing/raw-http.ts';
import { silentLogger } from '../../shared/telemetry/logger.ts';
import { readEmailKeys } from '../../shared/secrets/email.ts';
import { createTestDatabase, type TestDatabase } from '../../shared/testing/database.ts';
import { openCallers, type Callers } from './callers.ts';

export type AnyRoute = Route<never>;

export interface MatrixExchange {
  readonly database: TestDatabase;
  readonly callers: Callers;
  /** Sends to the function that has the route. */
  send(
    route: AnyRoute,
    path: string,
    headers: Readonly<Record<string, string>>,
    body?: string,
  ): Promise<RawAnswer>;
  close(): Promise<void>;
}

/** Every route there is, and the function that has it. */
export const ROUTES: readonly (readonly [name: string, owner: string, route: AnyRoute])[] =
  functions.flatMap(({ facts }) =>
    facts.routes.map((route) => [`${route.method} ${route.path}`, facts.name, route] as const),
  );

export async function openMatrixExchange(): Promise<MatrixExchange> {
  const database = await createTestDatabase();
  const sealingDir = mkdtempSync(join(tmpdir(), 'bourse-matrix-'));
  prepareSealingKeys(sealingDir);
  await seed(database, sealingDir);
  const callers = await openCallers(database);
  const maker = new EnvironmentMaker(readTopology(loadManifests(BASE_DIR)), {
    roleUrl: (role) => database.urlFor(role),
    busUrl: (role) => database.urlFor(role),
    busVariables: {},
    sealingDir,
    jwksUrl: callers.jwksUrl,
    issuerUrl: callers.issuer,
    smtpUrl: 'smtp://127.0.0.1:1',
    cacheUrl: null,
  });
  const hosted = await hostAll(maker, callers);
  const portOf = new Map(hosted.map(({ name, port }) => [name, port]));
  const ownerOf = new Map(ROUTES.map(([, owner, route]) => [route, owner]));
  return {
    database,
    callers,
    send: (route, path, headers, body) => {
      const port = portOf.get(ownerOf.get(route) ?? '') ?? 0;
      const type = body === undefined ? {} : { 'content-type': 'application/json' };
      const length = { 'content-length': String(Buffer.byteLength(body ?? '')) };
      const all = { ...type, ...length, ...headers };
      return send(port, { method: route.method, path, headers: all }, body);
    },
    close: async () => {
      await Promise.all(hosted.map((each) => each.stop(2_000)));
      await callers.close();
      await database.drop();
      rmSync(sealingDir, { recursive: true, force: true });
    },
  };
}

async function hostAll(maker: EnvironmentMaker, callers: Callers): Promise<HostedFunction[]> {
  const { services } = readTopology(loadManifests(BASE_DIR));
  const withRoutes = functions.filter(({ facts }) => facts.routes.length > 0);
  const hosted: HostedFunction[] = [];
  // One after the other: the functions framework has one registry for the process.
  for (const each of withRoutes) {
    const service = services.find(({ target }) => target === each.facts.name);
    if (service === undefined) throw new Error(`no manifest runs ${each.facts.name}`);
    const environment = {
      ...maker.forService(service, 'matrix-00001', 'silent'),
      [UNSAFE_VARIABLE]: UNSAFE_ACCEPTED,
      RATE_LIMITS: 'off',
    };
    const log = silentLogger();
    const isForStaff = each.facts.routes.some(({ policy }) => policy.callers.includes('staff'));
    const authenticate = isForStaff ? callers.authenticateStaff : callers.authenticate;
    hosted.push(
      await each.host({ log, port: 0, hostname: '127.0.0.1', environment, authenticate }),
    );
  }
  return hosted;
}

/** Markets, and two users with money. */
async function seed(database: TestDatabase, sealingDir: string): Promise<void> {
  const log = silentLogger();
  const bus = openBus({ url: database.url, applicationName: 'matrix', log });
  await bus.provision(Object.values(TOPICS));
  const reference = database.poolFor('bourse_reference');
  const outbox = new Outbox({ pool: reference, schema: 'reference', bus, log });
  await seedExchange(database.pool, reference, outbox, readEmailKeys(sealingDir), 1);
  await outbox.stop();
  await bus.close();
}
