// Kafka when the broker itself is killed, stays away, or hangs, and comes back.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readKafkaSettings } from '../../config/kafka-config.ts';
import { RetryableError } from '../../domain/failure.ts';
import { startKafka, type KafkaServer } from '../../testing/services/kafka-server.ts';
import { KAFKA_VERSION_DEFAULT } from '../../testing/services/kafka-version.ts';
import type { Bus, IncomingRecord } from '../bus.ts';
import { collectTail, eventually, freshGroup, freshTopic } from '../contract/harness.ts';
import { numbers, textRecord, texts } from '../contract/harness.ts';
import { openBus } from '../open-bus.ts';

const ignore = (): void => undefined;
const log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
/** A broker's restart, and all the waiting of clients that had given up for a moment. */
const TIMEOUT_MS = 180_000;

describe('Kafka whose broker is killed', () => {
  const dir = mkdtempSync(join(tmpdir(), 'bourse-kafka-'));
  let kafka: KafkaServer;
  const buses: Bus[] = [];

  beforeAll(async () => {
    kafka = await startKafka({ dir: join(dir, 'kafka'), version: KAFKA_VERSION_DEFAULT });
  }, TIMEOUT_MS);
  afterAll(async () => {
    await Promise.all(buses.map((bus) => bus.close()));
    await kafka.kill();
    rmSync(dir, { recursive: true, force: true });
  }, TIMEOUT_MS);

  function open(name: string): Bus {
    const url = `kafka://${kafka.brokers}`;
    const bus = openBus({ url, applicationName: name, log, kafka: readKafkaSettings({}) });
    buses.push(bus);
    return bus;
  }

  /** Publishes each text until it is acknowledged, as the outbox and the engine do. */
  async function publishUntilDone(bus: Bus, topic: string, text: string): Promise<number> {
    for (let failures = 0; ; failures++) {
      try {
        await bus.publish([textRecord(topic, text)]);
        return failures;
      } catch (error) {
        expect(error).toBeInstanceOf(RetryableError);
        await sleep(20);
      }
    }
  }

  interface Reader {
    readonly tailed: readonly IncomingRecord[];
    readonly grouped: number[];
    readonly errors: unknown[];
    commit(nextOffset: number): Promise<boolean>;
  }

  async function openReaders(topic: string, group: string): Promise<Reader> {
    const bus = open('outage-readers');
    const tail = await collectTail(bus, topic);
    const grouped: number[] = [];
    const errors: unknown[] = [];
    const member = await bus.joinGroup({
      group,
      topics: [topic],
      initialOffset: 'earliest',
      batchMax: 10,
      onBatch: (records) => {
        grouped.push(...records.map((record) => record.offset));
        return Promise.resolve();
      },
      onError: (error) => errors.push(error),
    });
    return {
      tailed: tail.records,
      grouped,
      get errors() {
        return [...tail.errors, ...errors];
      },
      commit: (nextOffset) => member.commit(topic, 0, nextOffset),
    };
  }

  /** Everything is there, in order, without a gap, and every consumer has gone on by itself. */
  async function expectWhole(
    bus: Bus,
    topic: string,
    readers: Reader,
    sent: readonly string[],
  ): Promise<void> {
    const { next } = await bus.offsets(topic, 0);
    await eventually(() => expect(readers.tailed).toHaveLength(next));
    expect(readers.tailed.map((record) => record.offset)).toEqual(numbers(next).map(Number));
    // A publish whose answer was lost is repeated: each text is there, and first in its place.
    expect([...new Set(texts(readers.tailed))]).toEqual(sent);
    await eventually(() => expect(new Set(readers.grouped).size).toBe(next));
    await eventually(async () => expect(await readers.commit(next)).toBe(true));
    expect(readers.errors).toEqual([]);
  }

  it(
    'loses nothing acknowledged, and producer, tail and group go on by themselves',
    async () => {
      const bus = open('outage-producer');
      const topic = await freshTopic(bus);
      const readers = await openReaders(topic, freshGroup());
      const sent: string[] = [];
      let failures = 0;
      const publish = async (text: string): Promise<void> => {
        failures += await publishUntilDone(bus, topic, text);
        sent.push(text);
      };
      for (let n = 0; n < 20; n++) await publish(String(n));
      await kafka.kill();
      const during = publish('during');
      // Longer than KafkaJS tries by itself, so that every client gives up at least once.
      await sleep(8_000);
      await kafka.start();
      await during;
      for (let n = 20; n < 40; n++) {
        // Once more, and up again at once: the second blow hits clients that are just recovering.
        if (n === 25) {
          await kafka.kill();
          await kafka.start();
        }
        await publish(String(n));
      }
      expect(failures).toBeGreaterThan(0);
      await expectWhole(bus, topic, readers, sent);
    },
    TIMEOUT_MS,
  );

  it(
    'goes on after a broker that neither answers nor hangs up',
    async () => {
      const bus = open('outage-producer');
      const topic = await freshTopic(bus);
      const readers = await openReaders(topic, freshGroup());
      await publishUntilDone(bus, topic, '0');
      await kafka.signal('SIGSTOP');
      const during = publishUntilDone(bus, topic, '1');
      // Past the time-out of a request and the session of a member.
      await sleep(15_000);
      await kafka.signal('SIGCONT');
      await during;
      await publishUntilDone(bus, topic, '2');
      await expectWhole(bus, topic, readers, ['0', '1', '2']);
    },
    TIMEOUT_MS,
  );

  it(
    'answers at once that it is away, and is there again when it is',
    async () => {
      const bus = open('outage-asker');
      const topic = await freshTopic(bus);
      await kafka.kill();
      // The first to ask find out; whoever comes then must not wait as long.
      await eventually(async () => {
        await expect(bus.offsets(topic, 0)).rejects.toThrow('Kafka is away');
      });
      await kafka.start();
      await eventually(async () => {
        expect(await bus.offsets(topic, 0)).toEqual({ first: 0, next: 0 });
      });
    },
    TIMEOUT_MS,
  );
});
