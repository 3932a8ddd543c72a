// Faults put in through the emulator's own port, felt by a real source with a real function.
import { createServer, type Server } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Bus } from '../../../shared/bus/bus.ts';
import { openBus } from '../../../shared/bus/open-bus.ts';
import { TOPICS } from '../../../shared/events/catalog.ts';
import { silentLogger } from '../../../shared/telemetry/logger.ts';
import { createTestDatabase, type TestDatabase } from '../../../shared/testing/database.ts';
import { loadManifests } from '../../manifests/load.ts';
import { readTopology } from '../../manifests/topology.ts';
import { BASE_DIR } from '../../testing/base-manifests.ts';
import { closeServer, listen } from '../data/listen.ts';
import { DeliveryLog } from '../eventing/delivery-log.ts';
import { SourceSet } from '../eventing/sources.ts';
import { FaultPlan } from '../service/faults.ts';
import { EmulatedService } from '../service/service.ts';
import { faultRoutes } from './fault-routes.ts';
import { createOwnServer } from './server.ts';

const WAIT = { timeout: 25_000, interval: 10 };
const topology = readTopology(loadManifests(BASE_DIR));
const faults = new FaultPlan();
const deliveries = new DeliveryLog();
const got: string[] = [];
let killed = 0;
let answering: () => Promise<number> = () => Promise.resolve(204);
let database: TestDatabase;
let bus: Bus;
let upstream: Server;
let own: Server;
let sources: SourceSet;
let url: string;
let published = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  const busUrl = database.urlFor('bourse_bus');
  bus = openBus({ url: busUrl, applicationName: 'faults', log: silentLogger() });
  await bus.provision(Object.values(TOPICS));
  upstream = createServer((req, res) => {
    got.push(String(req.headers['ce-knativekafkaoffset']));
    req.resume().on('end', () => void answering().then((status) => res.writeHead(status).end()));
  });
  const port = await listen(upstream, 0);
  const found = topology.services.find((each) => each.name === 'settlement');
  if (found === undefined) throw new Error('no service settlement');
  const child = {
    ...{ pid: 1, port, startedAtMs: 0, exited: new Promise<string>(() => undefined) },
    stop: () => Promise.resolve(),
    kill: () => (killed += 1),
  };
  const service = new EmulatedService(
    // Longer than any answer takes here, but for one that never comes.
    { ...found, timeoutMs: 5_000 },
    { launch: () => Promise.resolve(child), onNotice: () => undefined },
  );
  await service.roll('');
  const services = new Map([['settlement', service]]);
  sources = new SourceSet({
    ...{ bus, topology, services, faults, deliveries, onNotice: () => undefined },
  });
  await sources.start();
  const breakable = {
    faults,
    faultTargets: () => ({ functions: ['settlement'], sources: topology.sources }),
    sourceStates: () => sources.states(),
    actOnSource: (...args: Parameters<SourceSet['act']>) => sources.act(...args),
  };
  own = createOwnServer(faultRoutes(breakable), (error) => {
    throw error;
  });
  url = `http://localhost:${await listen(own, 0)}`;
});

afterEach(async () => {
  await ask('DELETE', '/faults');
  answering = () => Promise.resolve(204);
});

afterAll(async () => {
  await sources.stop();
  await closeServer(own, 0);
  await closeServer(upstream, 0);
  await bus.close();
  await database.drop();
});

interface Answered {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

async function ask(method: string, path: string, body?: object): Promise<Answered> {
  const init = { method, headers: { 'content-type': 'application/json' } };
  const given = await fetch(
    url + path,
    body === undefined ? init : { ...init, body: JSON.stringify(body) },
  );
  const text = await given.text();
  return { status: given.status, body: (text === '' ? {} : JSON.parse(text)) as Answered['body'] };
}

async function putIn(fault: object): Promise<void> {
  const answer = await ask('POST', '/faults', { target: 'settlement', count: 1, ...fault });
  expect(answer.status).toBe(201);
}

/** Publishes one record; answers its offset. */
async function publish(): Promise<string> {
  await bus.publish([
    { topic: 'engine.executions', partition: 0, key: null, headers: {}, value: Buffer.from('x') },
  ]);
  published += 1;
  return String(published - 1);
}

/** What became of each attempt for a record, in order; waits for the one that succeeds. */
async function attempts(offset: string): Promise<(number | null)[]> {
  const found = (): (number | null)[] =>
    deliveries
      .list({ source: 'settlement', limit: 2_000 })
      .filter((each) => each.offset === Number(offset))
      .map((each) => each.status)
      .reverse();
  await vi.waitFor(() => expect(found()).toContain(204), WAIT);
  return found();
}

const times = (offset: string): number => got.filter((each) => each === offset).length;

describe('what cannot be put in', () => {
  it.each([
    ['POST', '/faults', { target: 'settlement', kind: 'melt' }, 400, 'BODY_INVALID'],
    ['POST', '/faults', { target: 'nobody', kind: 'delay' }, 400, 'BODY_INVALID'],
    ['POST', '/faults', { target: 'settlement', kind: 'delay', status: 500 }, 400, 'BODY_INVALID'],
    ['POST', '/faults', undefined, 400, 'BODY_INVALID'],
    ['DELETE', '/faults/77', undefined, 404, 'ROUTE_NOT_FOUND'],
    ['POST', '/sources/nobody/stop', undefined, 404, 'ROUTE_NOT_FOUND'],
    ['POST', '/sources/settlement/melt', undefined, 404, 'ROUTE_NOT_FOUND'],
    ['GET', '/sources/settlement/stop', undefined, 405, 'METHOD_NOT_ALLOWED'],
  ])('[fault.refused] refuses %s %s %j', async (method, path, body, status, code) => {
    expect(await ask(method, path, body)).toMatchObject({ status, body: { status, code } });
  });

  it('says which targets and actions there are', async () => {
    const target = await ask('POST', '/faults', { target: 'nobody', kind: 'delay' });
    expect(target.body['detail']).toContain('settlement');
    const action = await ask('POST', '/sources/settlement/melt');
    expect(action.body['detail']).toContain('stop, resume, rebalance, crash');
  });
});

describe('a fault put in', () => {
  it('is listed, and taken out again', async () => {
    const added = await ask('POST', '/faults', { target: 'settlement', kind: 'delay', count: 3 });
    expect(added).toMatchObject({ status: 201, body: { left: 3, fault: { delayMs: 1_000 } } });
    const id = String(added.body['id']);
    expect(await ask('GET', '/faults')).toMatchObject({ body: { items: [{ id }] } });
    expect((await ask('DELETE', `/faults/${id}`)).status).toBe(204);
    expect(await ask('GET', '/faults')).toMatchObject({ body: { items: [] } });
  });

  it('[fault.error] answers for the function', async () => {
    await putIn({ kind: 'error', status: 503 });
    const offset = await publish();
    expect(await attempts(offset)).toEqual([503, 204]);
    expect(times(offset)).toBe(1);
  });

  it('[fault.delay] makes the function slow', async () => {
    await putIn({ kind: 'delay', delayMs: 100 });
    const offset = await publish();
    expect(await attempts(offset)).toEqual([204]);
    const [slow] = deliveries.list({ limit: 1 });
    expect(slow?.latencyMs).toBeGreaterThanOrEqual(99);
  });

  it('[fault.timeout] never answers: queue-proxy does, after timeoutSeconds', async () => {
    await putIn({ kind: 'timeout' });
    const offset = await publish();
    expect(await attempts(offset)).toEqual([504, 204]);
    expect(times(offset)).toBe(1);
  });

  it('[fault.drop-before] breaks the connection before the function has the request', async () => {
    await putIn({ kind: 'drop', when: 'before' });
    const offset = await publish();
    expect(await attempts(offset)).toEqual([null, 204]);
    expect(times(offset)).toBe(1);
  });

  it('[fault.drop-after] breaks it when the work is done', async () => {
    await putIn({ kind: 'drop' });
    const offset = await publish();
    expect(await attempts(offset)).toEqual([null, 204]);
    expect(times(offset)).toBe(2);
  });

  it('kills the function when its work is done', async () => {
    await putIn({ kind: 'crash' });
    const offset = await publish();
    expect(await attempts(offset)).toEqual([null, 204]);
    expect(times(offset)).toBe(2);
    expect(killed).toBe(1);
  });

  it('delivers twice, and out of order', async () => {
    await putIn({ kind: 'duplicate' });
    const twice = await publish();
    await vi.waitFor(() => expect(times(twice)).toBe(2), WAIT);
    await putIn({ kind: 'reorder', delayMs: 600_000 });
    const first = await publish();
    const second = await publish();
    await vi.waitFor(() => expect(times(first)).toBe(1), WAIT);
    expect(got.indexOf(second)).toBeLessThan(got.indexOf(first));
  });
});

describe('a source', () => {
  it('is stopped and resumed', async () => {
    const stopped = await ask('POST', '/sources/settlement/stop');
    expect(stopped).toMatchObject({ status: 200, body: { state: 'stopped' } });
    const refused = await ask('POST', '/sources/settlement/rebalance');
    expect(refused).toMatchObject({ status: 503, body: { code: 'SERVICE_UNAVAILABLE' } });
    const offset = await publish();
    expect(await sources.lag()).toMatchObject([{ source: 'settlement', lag: 1 }]);
    expect(times(offset)).toBe(0);
    const resumed = await ask('POST', '/sources/settlement/resume');
    expect(resumed).toMatchObject({ status: 200, body: { state: 'running', consumers: 1 } });
    expect(await attempts(offset)).toEqual([204]);
  });

  it('goes on after a crash', async () => {
    expect((await ask('POST', '/sources/settlement/crash')).status).toBe(200);
    await attempts(await publish());
  });

  it('delivers again what was in flight when another dispatcher takes over', async () => {
    let finish = (): void => undefined;
    const held = new Promise<void>((done) => (finish = done));
    answering = () => held.then(() => 204);
    const offset = await publish();
    await vi.waitFor(() => expect(times(offset)).toBe(1), WAIT);
    expect((await ask('POST', '/sources/settlement/rebalance')).status).toBe(200);
    await vi.waitFor(() => expect(times(offset)).toBe(2), WAIT);
    finish();
    expect(await ask('GET', '/sources')).toMatchObject({
      body: { items: [{ name: 'settlement', state: 'running', consumers: 1 }] },
    });
  });
});
