// A KafkaSource on real Kafka: each broker that TEST_SERVICES names.
import kafkajs from 'kafkajs';
import { randomUUID } from 'node:crypto';
import { inject } from 'vitest';
import type { Bus } from '../../../shared/bus/bus.ts';
import { openBus } from '../../../shared/bus/open-bus.ts';
import { silentLogger } from '../../../shared/telemetry/logger.ts';
import { describeKafkaSource } from './suite.ts';

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
        return {
          commit: () => tx.commit().finally(() => producer.disconnect()),
          abort: () => tx.abort().finally(() => producer.disconnect()),
        };
      },
      close: async () => {
        await Promise.all(buses.map((bus) => bus.close()));
      },
    });
  });
}
