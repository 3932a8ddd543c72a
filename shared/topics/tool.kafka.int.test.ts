// `npm run topics` as an operator and the Job run it, on real brokers. Each test has topics of its
// own, by their prefix.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import kafkajs, { type Admin } from 'kafkajs';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { processEnvironment } from '../config/environment.ts';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
/** A busy machine takes seconds to start a program, and each test starts several. */
const TIMEOUT_MS = 120_000;
const NAMES = [
  'orders.accepted',
  'engine.executions',
  'mail.requested',
  'dead-letters',
  'audit.anchors',
];
const DAYS_30_MS = '2592000000';

describe.each(inject('kafkaBrokers'))('topics on Kafka $version', ({ brokers }) => {
  const kafka = new kafkajs.Kafka({
    brokers: brokers.split(','),
    logLevel: kafkajs.logLevel.NOTHING,
  });
  const admin: Admin = kafka.admin();
  beforeAll(() => admin.connect());
  afterAll(() => admin.disconnect());
  let prefix = '';
  beforeEach(() => {
    prefix = `env-${randomUUID()}.`;
  });

  type Variables = Readonly<Record<string, string>>;

  function run(command: string, variables: Variables = {}) {
    const env = {
      PATH: processEnvironment()['PATH'],
      BUS_URL: `kafka://${brokers}`,
      KAFKA_TOPIC_PREFIX: prefix,
      ...variables,
    };
    const child = spawn(process.execPath, ['--import', 'tsx', MAIN, command], { env });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
    child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
    return new Promise<{ code: number | null; out: string[]; err: string }>((done) =>
      child.on('close', (code) => {
        const out = stdout.trimEnd().split('\n');
        done({ code, out: out.map((line) => line.replaceAll(prefix, '')), err: stderr.trimEnd() });
      }),
    );
  }

  async function settings(topic: string): Promise<ReadonlyMap<string, string>> {
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: prefix + topic }],
    });
    const entries = resources[0]?.configEntries ?? [];
    return new Map(entries.map(({ configName, configValue }) => [configName, configValue]));
  }

  async function partitions(topic: string): Promise<number> {
    const { topics } = await admin.fetchTopicMetadata({ topics: [prefix + topic] });
    return topics[0]?.partitions.length ?? 0;
  }

  async function createTopic(topic: string, config: Variables, numPartitions = 1): Promise<void> {
    const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
    await admin.createTopics({
      waitForLeaders: true,
      topics: [{ topic: prefix + topic, numPartitions, configEntries }],
    });
  }

  it(
    'are missing, made, and as they must be, however often they are made',
    async () => {
      expect(await run('check', { SHARDS: '2' })).toEqual({
        code: 1,
        out: NAMES.map((name) => `${name}  missing`),
        err: '',
      });
      expect(await run('apply', { SHARDS: '2' })).toMatchObject({
        code: 0,
        out: NAMES.map((name) => `${name}  created`),
      });
      const fine = NAMES.map((name) => `${name}  as it must be`);
      expect(await run('apply', { SHARDS: '2' })).toEqual({ code: 0, out: fine, err: '' });
      expect(await run('check', { SHARDS: '2' })).toEqual({ code: 0, out: fine, err: '' });
      expect(await partitions('orders.accepted')).toBe(2);
      expect(await partitions('dead-letters')).toBe(1);
      expect((await settings('orders.accepted')).get('retention.ms')).toBe('-1');
      expect((await settings('engine.executions')).get('retention.ms')).toBe(DAYS_30_MS);
      expect((await settings('orders.accepted')).get('min.insync.replicas')).toBe('1');
    },
    TIMEOUT_MS,
  );

  it(
    'grow with the shards, and are never made smaller',
    async () => {
      await run('apply');
      expect((await run('check', { SHARDS: '3' })).out[0]).toBe(
        'orders.accepted  has 1 partition, not 3',
      );
      const grown = await run('apply', { SHARDS: '3' });
      expect(grown.code).toBe(0);
      expect(grown.out[0]).toBe('orders.accepted  grown from 1 partition to 3');
      for (const command of ['check', 'apply']) {
        const refused = await run(command, { SHARDS: '2' });
        expect(refused.code).toBe(1);
        expect(refused.out[0]).toContain('has 3 partitions and cannot shrink to 2');
      }
      expect(await partitions('orders.accepted')).toBe(3);
    },
    TIMEOUT_MS,
  );

  it(
    'have their retention put right, and nothing else of them is touched',
    async () => {
      await createTopic('orders.accepted', {
        'retention.ms': '60000',
        'retention.bytes': '1048576',
        'max.message.bytes': '2000000',
      });
      const checked = await run('check');
      expect(checked.out.slice(0, 2)).toEqual([
        'orders.accepted  has retention.ms=60000, not -1',
        'orders.accepted  has retention.bytes=1048576, not -1',
      ]);
      const applied = await run('apply');
      expect(applied.code).toBe(0);
      expect(applied.out).toContain('orders.accepted  retention.bytes changed from 1048576 to -1');
      expect(Object.fromEntries(await settings('orders.accepted'))).toMatchObject({
        'retention.ms': '-1',
        'retention.bytes': '-1',
        'max.message.bytes': '2000000',
      });
    },
    TIMEOUT_MS,
  );

  it(
    'are refused, with nothing changed, when one is less safe than demanded',
    async () => {
      await createTopic('dead-letters', { 'cleanup.policy': 'compact' });
      const checked = await run('check');
      expect(checked.code).toBe(1);
      expect(checked.out.join('\n')).toContain('dead-letters has cleanup.policy=compact');
      const applied = await run('apply');
      expect(applied.code).toBe(1);
      expect(applied.out).toEqual([expect.stringMatching(/^refused: .*cleanup\.policy=compact/)]);
      expect((await settings('dead-letters')).get('cleanup.policy')).toBe('compact');
      const present = (await admin.listTopics()).filter((name) => name.startsWith(prefix));
      expect(present).toEqual([`${prefix}dead-letters`]);
    },
    TIMEOUT_MS,
  );

  it(
    'need as many copies as the environment demands',
    async () => {
      const three = { KAFKA_REPLICATION_MIN: '3' };
      const applied = await run('apply', three);
      expect(applied.code).toBe(1);
      expect(applied.out[0]).toContain('fewer brokers than the 3 copies demanded');
      await run('apply');
      const checked = await run('check', three);
      expect(checked.code).toBe(1);
      expect(checked.out[0]).toContain('orders.accepted has 1 copies, not the 3 demanded');
    },
    TIMEOUT_MS,
  );

  it(
    'are listed without a cluster',
    async () => {
      const listed = await run('list', { BUS_URL: '', SHARDS: '2', KAFKA_REPLICATION_MIN: '3' });
      expect(listed).toEqual({
        code: 0,
        out: [
          'orders.accepted  2 partitions, 3 copies, 2 in sync, kept for ever',
          'engine.executions  2 partitions, 3 copies, 2 in sync, kept for 30 days',
          'mail.requested  1 partition, 3 copies, 2 in sync, kept for 2 days',
          'dead-letters  1 partition, 3 copies, 2 in sync, kept for 90 days',
          'audit.anchors  1 partition, 3 copies, 2 in sync, kept for ever',
        ],
        err: '',
      });
    },
    TIMEOUT_MS,
  );

  it(
    'end with 2 when the usage is wrong or nobody answers',
    async () => {
      const nobody = await run('check', { BUS_URL: 'kafka://127.0.0.1:1' });
      expect(nobody.code).toBe(2);
      expect(nobody.err).toContain('ECONNREFUSED');
      const wrong = await run('burn');
      expect(wrong.code).toBe(2);
      expect(wrong.err).toContain('--help');
      const half = await run('check', { KAFKA_SASL_PASSWORD: 'correct horse' });
      expect(half.code).toBe(2);
      expect(half.err).toContain('KAFKA_SASL_MECHANISM');
      expect(half.err).not.toContain('correct horse');
    },
    TIMEOUT_MS,
  );
});
