// A KafkaSource on the real embedded log with a real HTTP sink.
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pool } from 'undici';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Bus } from '../../../shared/bus/bus.ts';
import { openBus } from '../../../shared/bus/open-bus.ts';
import { silentLogger } from '../../../shared/telemetry/logger.ts';
import { createTestDatabase, type TestDatabase } from '../../../shared/testing/database.ts';
import { loadManifests } from '../../manifests/load.ts';
import { readTopology, type SourceTopology } from '../../manifests/topology.ts';
import { BASE_DIR } from '../../testing/base-manifests.ts';
import { KafkaSinkTarget } from '../eventing/sink-target.ts';
import { systemClock, type Outcome, type Target } from './deliver.ts';
import { readDeliveryPolicy } from './delivery-policy.ts';
import { eventHeaders } from './event.ts';
import { RunningSource, type SourceDeps } from './source.ts';

interface Got {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const base = readTopology(loadManifests(BASE_DIR)).sources.find(
  (source) => source.name === 'settlement',
);
if (base === undefined) throw new Error('no source settlement');

let database: TestDatabase;
let bus: Bus;
let server: Server;
let pool: Pool;
let got: Got[] = [];
let answer: (body: string) => number | Promise<number> = () => 204;
let topics = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  const url = database.urlFor('bourse_bus');
  bus = openBus({ url, applicationName: 'test', log: silentLogger() });
  server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      got.push({ headers: req.headers, body });
      void Promise.resolve(answer(body)).then((status) => res.writeHead(status).end('because'));
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  pool = new Pool(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});

afterEach(() => {
  got = [];
  answer = () => 204;
});

afterAll(async () => {
  await bus.close();
  await pool.close();
  server.closeAllConnections();
  server.close();
  await database.drop();
});

function httpSink(): Target {
  return {
    uri: 'http://sink/events',
    send: async (event) => {
      const headers = eventHeaders(event, 'bourse');
      const given = await pool.request({ method: 'POST', path: '/', headers, body: event.body });
      const body = Buffer.from(await given.body.arrayBuffer());
      return { status: given.statusCode, headers: {}, body };
    },
  };
}

async function newTopic(partitions = 1): Promise<string> {
  topics += 1;
  const name = `source-test-${topics}`;
  await bus.provision([{ name, partitions, retentionMs: -1 }]);
  return name;
}

async function publish(topic: string, count: number, partition = 0): Promise<void> {
  await bus.publish(
    Array.from({ length: count }, (_, n) => ({
      topic,
      partition,
      key: null,
      headers: { 'content-type': 'application/json' },
      value: Buffer.from(`${partition}:${n}`),
    })),
  );
}

interface Started {
  readonly source: RunningSource;
  readonly outcomes: (Outcome | 'malformed')[];
}

async function start(
  topic: string,
  change: Partial<SourceTopology>,
  more: Partial<SourceDeps> = {},
): Promise<Started> {
  const outcomes: (Outcome | 'malformed')[] = [];
  const topology = { ...base, ...change, topics: [topic], consumerGroup: `group-${topic}` };
  const source = new RunningSource(topology as SourceTopology, {
    bus,
    clock: systemClock,
    sink: httpSink(),
    deadLetter: null,
    policy: readDeliveryPolicy({ retry: 3, backoffPolicy: 'linear', backoffDelay: 'PT0.01S' }),
    copies: () => 1,
    onAttempt: () => undefined,
    onOutcome: (_record, outcome) => outcomes.push(outcome),
    onError: (error) => {
      throw error;
    },
    ...more,
  });
  await source.start();
  return { source, outcomes };
}

async function committed(topic: string): Promise<number | undefined> {
  return (await bus.committed(`group-${topic}`, topic)).get(0);
}

describe('an unordered source', () => {
  it('buries what is refused for good with its cause, and goes on', async () => {
    const topic = await newTopic();
    const letters = await newTopic();
    answer = (body) => (body === '0:1' ? 422 : 204);
    await publish(topic, 3);
    const deadLetter = new KafkaSinkTarget(bus, 'bourse', 'dead-letters', letters);
    const { source, outcomes } = await start(topic, {}, { deadLetter });
    await vi.waitFor(() => expect(outcomes).toHaveLength(3), 10_000);
    await source.stop();
    expect([...outcomes].sort()).toEqual(['dead-lettered', 'delivered', 'delivered']);
    expect(await committed(topic)).toBe(3);
    const found: Record<string, string>[] = [];
    const reader = await bus.tail({
      topic: letters,
      partition: 0,
      from: 0,
      batchMax: 1,
      onBatch: (records) => {
        found.push(...records.map((record) => ({ ...record.headers })));
        return Promise.resolve();
      },
      onError: () => undefined,
    });
    await vi.waitFor(() => expect(found).toHaveLength(1), 10_000);
    await reader.stop();
    expect(found[0]).toMatchObject({
      ce_knativeerrorcode: '422',
      ce_knativeerrordata: Buffer.from('because').toString('base64'),
      ce_knativekafkaoffset: '1',
    });
  });

  it('commits only below a record that is still open, and delivers that again', async () => {
    const topic = await newTopic();
    let finish = (): void => undefined;
    const held = new Promise<void>((done) => (finish = done));
    answer = async (body) => {
      if (body === '0:2') await held;
      return body === '0:2' ? 503 : 204;
    };
    await publish(topic, 5);
    const { source, outcomes } = await start(topic, {});
    await vi.waitFor(() => expect(outcomes).toHaveLength(4), 10_000);
    const stopped = source.stop();
    finish();
    await stopped;
    expect(await committed(topic)).toBe(2);
    answer = () => 204;
    got = [];
    const again = await start(topic, {});
    await vi.waitFor(() => expect(again.outcomes).toHaveLength(3), 10_000);
    await again.source.stop();
    expect(got.map((each) => each.body).sort()).toEqual(['0:2', '0:3', '0:4']);
    expect(await committed(topic)).toBe(5);
  });

  it('sends at most a poll and its predecessor at a time, in binary mode', async () => {
    const topic = await newTopic();
    let open = 0;
    let most = 0;
    answer = async () => {
      open += 1;
      most = Math.max(most, open);
      await new Promise((done) => setImmediate(done));
      open -= 1;
      return 200;
    };
    await publish(topic, 300);
    const { source, outcomes } = await start(topic, {});
    await vi.waitFor(() => expect(outcomes).toHaveLength(300), 20_000);
    await source.stop();
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThan(100);
    expect(got[0]?.headers).toMatchObject({
      'ce-type': 'dev.knative.kafka.event',
      'content-type': 'application/json',
      prefer: 'reply',
      'kn-namespace': 'bourse',
    });
  });
});

describe('an ordered source', () => {
  it('sends one at a time in a partition, its retries before the next', async () => {
    const topic = await newTopic(2);
    const open = new Map<string, number>();
    let failures = 2;
    answer = async (body) => {
      const partition = body.split(':')[0] ?? '';
      open.set(partition, (open.get(partition) ?? 0) + 1);
      expect(open.get(partition)).toBe(1);
      await new Promise((done) => setImmediate(done));
      open.set(partition, 0);
      if (body !== '0:1' || failures === 0) return 204;
      failures -= 1;
      return 500;
    };
    await publish(topic, 4, 0);
    await publish(topic, 4, 1);
    const { source, outcomes } = await start(topic, { ordering: 'ordered' });
    await vi.waitFor(() => expect(outcomes).toHaveLength(8), 10_000);
    await source.stop();
    const first = got.map((each) => each.body).filter((body) => body.startsWith('0:'));
    expect(first).toEqual(['0:0', '0:1', '0:1', '0:1', '0:2', '0:3']);
    expect(await committed(topic)).toBe(4);
  });
});
