// Kafka against the contract of the bus: each broker that TEST_SERVICES names.
import { connect, type Socket } from 'node:net';
import { inject } from 'vitest';
import { readKafkaSettings } from '../config/kafka-config.ts';
import type { Bus } from './bus.ts';
import { describeBusContract } from './contract.ts';
import { KafkaBus } from './kafka/kafka-bus.ts';

const ignore = (): void => undefined;

for (const given of inject('kafkaBrokers')) {
  const brokers = given.brokers.split(',');
  describeBusContract(`Kafka ${given.version}`, () => {
    const buses: Bus[] = [];
    const sockets = new Set<Socket>();
    return Promise.resolve({
      url: `kafka://${brokers.join(',')}`,
      open: () => {
        const bus = new KafkaBus({
          brokers,
          applicationName: 'contract',
          settings: readKafkaSettings({}),
          log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
          socketFactory: ({ host, port, onConnect }) => {
            const socket = connect({ host, port }, onConnect);
            sockets.add(socket.once('close', () => sockets.delete(socket)));
            return socket;
          },
        });
        buses.push(bus);
        return bus;
      },
      breakConnections: () => {
        // As Node reports a reset by the peer; KafkaJS does not notice a mere close.
        const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
        for (const socket of sockets) socket.destroy(reset);
        return Promise.resolve();
      },
      close: async () => {
        await Promise.all(buses.map((bus) => bus.close()));
      },
    });
  });
}
