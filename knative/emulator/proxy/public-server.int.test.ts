// The public port before a real HTTP function: limits, headers, failures, streams.
import { createServer, request, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadManifests } from '../../manifests/load.ts';
import { readTopology, type ServiceTopology } from '../../manifests/topology.ts';
import { BASE_DIR } from '../../testing/base-manifests.ts';
import { closeServer, listen } from '../data/listen.ts';
import { faultSchema, FaultPlan } from '../service/faults.ts';
import { EmulatedService } from '../service/service.ts';
import { createGatewayServer } from './public-server.ts';
import { RouteTable } from './route-table.ts';

const topology = readTopology(loadManifests(BASE_DIR));
const found = topology.services.find((service) => service.name === 'fees');
if (found === undefined) throw new Error('no service fees');
const fees: ServiceTopology = found;

let upstream: Server;
let server: Server;
let answer: RequestListener;
let faults: FaultPlan;
let killed: boolean;
let url: string;

async function open(change: Partial<ServiceTopology>): Promise<void> {
  const port = (upstream.address() as AddressInfo).port;
  const service = new EmulatedService(
    { ...fees, ...change },
    {
      launch: () =>
        Promise.resolve({
          ...{ pid: 1, port, startedAtMs: 0, exited: new Promise<string>(() => undefined) },
          stop: () => Promise.resolve(),
          kill: () => (killed = true),
        }),
      onNotice: () => undefined,
    },
  );
  await service.roll('');
  const { routes, services, deniedPaths } = topology;
  const table = new RouteTable(routes, services, deniedPaths);
  server = createGatewayServer({
    routes: () => table,
    services: () => new Map([['fees', service]]),
    faults,
    isOpen: () => true,
    onError: (error) => {
      throw error;
    },
  });
  url = `http://127.0.0.1:${await listen(server, 0)}`;
}

/** The status of GET /anything under a host of the caller's choice. */
function statusFor(host: string): Promise<number | undefined> {
  return new Promise((done, fail) => {
    const req = request(`${url}/anything`, { headers: { host } }, (res) => {
      res.resume().on('end', () => done(res.statusCode));
    });
    req.on('error', fail).end();
  });
}

beforeEach(async () => {
  upstream = createServer((req, res) => answer(req, res));
  await listen(upstream, 0);
  faults = new FaultPlan();
  killed = false;
});

afterEach(async () => {
  await closeServer(server, 0);
  await closeServer(upstream, 0);
});

describe('the public port', () => {
  it.each([
    ['/nothing', 404, 'ROUTE_NOT_FOUND'],
    ['/events', 403, 'ACCESS_DENIED'],
    ['/%65vents', 403, 'ACCESS_DENIED'],
    ['//events', 403, 'ACCESS_DENIED'],
    ['/v1/orders', 503, 'SERVICE_UNAVAILABLE'],
  ])('answers %s with %d', async (path, status, code) => {
    await open({});
    const given = await fetch(url + path);
    expect(given.status).toBe(status);
    expect(given.headers.get('content-type')).toBe('application/problem+json');
    expect(await given.json()).toMatchObject({ status, code });
  });

  it('[serving.public-timeout] answers 504 when timeoutSeconds are over', async () => {
    answer = () => undefined;
    await open({ timeoutMs: 50 });
    expect((await fetch(`${url}/v1/fees`)).status).toBe(504);
  });

  it('[serving.public-concurrency] answers 503 when ten times containerConcurrency wait', async () => {
    let finish = (): void => undefined;
    const held = new Promise<void>((done) => (finish = done));
    answer = (_req, res) => void held.then(() => res.end());
    await open({ containerConcurrency: 1 });
    const statuses: number[] = [];
    const all = Array.from({ length: 12 }, async () => {
      const given = await fetch(`${url}/v1/fees`);
      statuses.push(given.status);
      // The one that is turned away is the first to be answered: then the others may go on.
      finish();
    });
    await Promise.all(all);
    expect(statuses.sort()).toEqual([...Array<number>(11).fill(200), 503]);
  });

  it('[serving.queue-timeout] answers 504 when timeoutSeconds end in the queue', async () => {
    answer = () => undefined;
    await open({ containerConcurrency: 1, timeoutMs: 1_500 });
    const begunMs = performance.now();
    const all = await Promise.all([1, 2].map((n) => fetch(`${url}/v1/fees?${n}`)));
    expect(all.map((each) => each.status)).toEqual([504, 504]);
    // What it waits counts: the second would have all its time once more from then on.
    expect(performance.now() - begunMs).toBeLessThan(2_900);
  });

  it('[serving.visibility] has no host for a cluster-local function', async () => {
    answer = (_req, res) => res.end('here');
    await open({});
    expect(await statusFor('fees.bourse.localhost')).toBe(200);
    for (const name of topology.services.filter((each) => each.clusterLocal)) {
      expect(await statusFor(`${name.name}.bourse.localhost`)).toBe(404);
      expect(await statusFor(`${name.name}.bourse.svc.cluster.local`)).toBe(404);
    }
    expect(topology.services.filter((each) => each.clusterLocal).length).toBeGreaterThan(0);
  });

  it('answers 502 when the function breaks the connection', async () => {
    answer = (req) => req.socket.destroy();
    await open({});
    expect((await fetch(`${url}/v1/fees`)).status).toBe(502);
  });

  it('rewrites the host, names the client and makes one id for log and trace', async () => {
    answer = (req, res) => res.end(JSON.stringify(req.headers));
    await open({});
    const headers = { 'x-forwarded-for': '6.6.6.6', 'x-request-id': 'bad id!' };
    const given = await fetch(`${url}/v1/fees`, { headers });
    const seen = (await given.json()) as Record<string, string>;
    expect(seen).toMatchObject({
      host: 'fees.bourse.svc.cluster.local',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': url.replace('http://', ''),
    });
    expect(seen['x-request-id']).toMatch(/^[0-9a-f]{32}$/);
    expect(seen['traceparent']).toContain(seen['x-request-id']);
    expect(given.headers.get('x-request-id')).toBe(seen['x-request-id']);
  });

  it('passes large bodies both ways unchanged', async () => {
    answer = (req, res) => req.pipe(res);
    await open({});
    const body = Buffer.alloc(3_000_000, 'bourse');
    const given = await fetch(`${url}/v1/fees`, { method: 'POST', body });
    expect(Buffer.from(await given.arrayBuffer()).equals(body)).toBe(true);
  });

  it('loses the answer and the process with a crash put in', async () => {
    answer = (_req, res) => res.end('done');
    await open({});
    faults.add(faultSchema.parse({ target: 'fees', kind: 'crash', count: 1 }));
    await expect(fetch(`${url}/v1/fees`)).rejects.toThrow();
    expect(killed).toBe(true);
    expect((await fetch(`${url}/v1/fees`)).status).toBe(200);
  });
});
