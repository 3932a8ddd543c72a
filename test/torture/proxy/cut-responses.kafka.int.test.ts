// Clients of Kafka when their connection ends in the middle of a response, or goes deaf: they go on
// by themselves, and soon.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  collectTail,
  freshTopic,
  textRecord,
  texts,
} from '../../../shared/bus/contract/harness.ts';
import type { Bus } from '../../../shared/bus/bus.ts';
import { openBus } from '../../../shared/bus/open-bus.ts';
import { silentLogger } from '../../../shared/telemetry/logger.ts';
import { findFreePort } from '../../../shared/testing/free-port.ts';
import { startServices, type Services } from '../../../shared/testing/services/start-services.ts';
import { pause, waitUntil } from '../pause.ts';
import { FaultProxy } from './fault-proxy.ts';
import { nameOfKafkaClient } from './kafka-link.ts';
import type { Toxic } from './toxics.ts';

const TIMEOUT_MS = 600_000;
const TOXIC_MS = 300;
/** Below the time-out of a request. */
const SOON_MS = 8_000;
/** A request's time-out, and another consumer after it. */
const LATER_MS = 40_000;
/** A request's time-out, and another connection after it; not the time-outs of all its attempts. */
const WRITER_LATER_MS = 20_000;

const dataDir = mkdtempSync(join(tmpdir(), 'bourse-cut-'));
const buses: Bus[] = [];
let services: Services<'kafka'>;
let proxy: FaultProxy;

beforeAll(async () => {
  const port = await findFreePort();
  services = await startServices(['kafka'], {
    dataDir,
    kafka: { listeners: [{ name: 'PROXIED', protocol: 'PLAINTEXT', advertisedPort: port }] },
  });
  const targetPort = services.kafka.listeners[0]?.port ?? 0;
  proxy = await FaultProxy.open({ port, targetPort, nameOf: nameOfKafkaClient });
}, TIMEOUT_MS);

afterAll(async () => {
  await Promise.all(buses.map((bus) => bus.close()));
  await proxy.close();
  await services.stop();
  rmSync(dataDir, { recursive: true, force: true });
}, TIMEOUT_MS);

function open(applicationName: string, brokers: string): Bus {
  const bus = openBus({ url: `kafka://${brokers}`, applicationName, log: silentLogger() });
  buses.push(bus);
  return bus;
}

describe('a consumer of Kafka', () => {
  it.each<[string, Toxic, number]>([
    ['was cut off within a response', { kind: 'limit_data', bytes: 5_000 }, SOON_MS],
    ['went deaf', { kind: 'black_hole', heals: false }, LATER_MS],
  ])(
    'goes on when its connection %s',
    async (_what, toxic, withinMs) => {
      const writer = open('writer', services.kafka.brokers);
      const reader = open(`reader-${toxic.kind}`, `127.0.0.1:${proxy.port}`);
      const topic = await freshTopic(writer);
      const tail = await collectTail(reader, topic);
      await writer.publish([textRecord(topic, 'before')]);
      expect(await waitUntil(() => tail.records.length === 1, SOON_MS)).toBe(true);
      proxy.add(`reader-${toxic.kind}`, 'down', toxic);
      // Longer than what is let through: it ends within this one.
      await writer.publish([textRecord(topic, 'x'.repeat(20_000))]);
      await pause(TOXIC_MS);
      proxy.remove(`reader-${toxic.kind}`, 'down');
      await writer.publish([textRecord(topic, 'after')]);
      expect(await waitUntil(() => tail.records.length === 3, withinMs)).toBe(true);
      expect(tail.errors).toEqual([]);
    },
    TIMEOUT_MS,
  );
});

describe('a producer of Kafka', () => {
  it.each(['up', 'down'] as const)(
    'goes on when nothing passes its connection any more (%s)',
    async (direction) => {
      const name = `writer-${direction}`;
      const writer = open(name, `127.0.0.1:${proxy.port}`);
      const reader = open('reader', services.kafka.brokers);
      const topic = await freshTopic(reader);
      const tail = await collectTail(reader, topic);
      await writer.publish([textRecord(topic, 'before')]);
      proxy.add(name, direction, { kind: 'black_hole', heals: false });
      const published = writer.publish([textRecord(topic, 'within')]);
      await pause(TOXIC_MS);
      proxy.remove(name, direction);
      const startedAtMs = performance.now();
      await published;
      expect(performance.now() - startedAtMs).toBeLessThan(WRITER_LATER_MS);
      await writer.publish([textRecord(topic, 'after')]);
      expect(await waitUntil(() => tail.records.length === 3, SOON_MS)).toBe(true);
      expect(texts(tail.records)).toEqual(['before', 'within', 'after']);
    },
    TIMEOUT_MS,
  );
});
