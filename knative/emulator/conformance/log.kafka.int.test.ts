// A KafkaSource on real Kafka: each broker that TEST_SERVICES names.
import kafkajs from 'kafkajs';
import { randomUUID } from 'node:crypto';
import { expect, inject } from 'vitest';
import type { Bus } from '../../../shared/bus/bus.ts';
import { openBus } from '../../../shared/bus/open-bus.ts';
import { silentLogger } from '../../../shared/telemetry/logger.ts';
import { describeKafkaSource } from './suite.ts';
import { eventually } from './testing/log-harness.ts';

for (const { version, brokers } of inject('kafkaBrokers')) {
  describeKafkaSource(`Kafka ${version}`, () => {
    const kafka = new kafkajs.Kafka({
      brokers: brokers.split(','),
      logLevel: kafkajs.logLevel.NOTHING,
    });
    const buses: Bus[] = [];
    return Promise.resolve({
      commitsOnRevoke: false,
      open: () => {
        const url = `kafka://${brokers}`;
        const bus = openBus({ url, applicationName: 'conformance', log: silentLogger() });
        buses.push(bus);
        return bus;
      },
      writeUncommitted: async (topic, text) => {
        const producer = kafka.producer({
          idempotent: true,
          maxInFlightRequests: 1,
          transactionalId: randomUUID(),
        });
        await producer.connect();
        const tx = await producer.transaction();
        await tx.send({ topic, messages: [{ partition: 0, value: text }] });
        const end = async (how: 'commit' | 'abort'): Promise<void> => {
          const before = await endOf(kafka, topic);
          await tx[how]().finally(() => producer.disconnect());
          // Kafka answers before its control record is written, which a later record may overtake.
          await eventually(async () => expect(await endOf(kafka, topic)).toBeGreaterThan(before));
        };
        return { commit: () => end('commit'), abort: () => end('abort') };
      },
      close: async () => {
        await Promise.all(buses.map((bus) => bus.close()));
      },
    });
  });
}

/** The offset after the last record of partition 0, committed or not. */
async function endOf(kafka: kafkajs.Kafka, topic: string): Promise<number> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const [partition] = await admin.fetchTopicOffsets(topic);
    return Number(partition?.high);
  } finally {
    await admin.disconnect();
  }
}
