// The broker of the harness: killed and started again, it is the same broker.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { collectTail, freshTopic, textRecord, texts } from '../../bus/contract/harness.ts';
import { KafkaBus } from '../../bus/kafka/kafka-bus.ts';
import { startServices, type Services } from './start-services.ts';

const ignore = (): void => undefined;
const SERVER_TEST_TIMEOUT_MS = 600_000;

describe('Kafka of the harness', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'bourse-kafka-'));
  let services: Services<'kafka'>;

  const openBus = (): KafkaBus =>
    new KafkaBus({
      brokers: [services.kafka.brokers],
      applicationName: 'harness-test',
      log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
    });
  const readAll = async (topic: string, count: number): Promise<string[]> => {
    const bus = openBus();
    const tail = await collectTail(bus, topic);
    await vi.waitFor(() => expect(tail.records.length).toBeGreaterThanOrEqual(count), 40_000);
    await bus.close();
    return texts(tail.records);
  };

  beforeAll(async () => {
    services = await startServices(['kafka'], { dataDir });
  }, SERVER_TEST_TIMEOUT_MS);
  afterAll(async () => {
    await services.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }, SERVER_TEST_TIMEOUT_MS);

  it(
    'keeps port and data through kill -9 and through a restart',
    async () => {
      const { kafka } = services;
      const { port } = kafka;
      const first = openBus();
      const topic = await freshTopic(first);
      await first.publish([textRecord(topic, 'before')]);
      await first.close();
      const firstPid = kafka.pid();
      await kafka.kill();
      expect([kafka.isRunning(), kafka.pid()]).toEqual([false, null]);
      await kafka.start();
      expect(kafka.port).toBe(port);
      expect(kafka.pid()).not.toBe(firstPid);
      expect(await readAll(topic, 1)).toEqual(['before']);
      const second = openBus();
      await second.publish([textRecord(topic, 'between')]);
      await second.close();
      await kafka.restart();
      expect(await readAll(topic, 2)).toEqual(['before', 'between']);
    },
    SERVER_TEST_TIMEOUT_MS,
  );

  it(
    'tells when it ends without having been told to',
    async () => {
      const { kafka } = services;
      const ended = new Promise<void>((done) => {
        kafka.onUnexpectedEnd = done;
      });
      process.kill(kafka.pid() ?? 0, 'SIGKILL');
      await ended;
      expect(kafka.isRunning()).toBe(false);
      await kafka.start();
      expect(kafka.isRunning()).toBe(true);
    },
    SERVER_TEST_TIMEOUT_MS,
  );
});
