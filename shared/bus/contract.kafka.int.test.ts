// Kafka against the contract of the bus. Needs a real broker, named by BUS_KAFKA_BROKERS
// (`host:port,...`, topics not created automatically).
import { connect, type Socket } from 'node:net';
import { findVariable } from '../config/environment.ts';
import type { Bus } from './bus.ts';
import { describeBusContract } from './contract.ts';
import { KafkaBus } from './kafka/kafka-bus.ts';

const ignore = (): void => undefined;
const brokers = findVariable('BUS_KAFKA_BROKERS')?.split(',');

// The test run leaves this file out unless the variable is set (vitest.config.ts).
if (brokers === undefined) throw new Error('needs a broker: set BUS_KAFKA_BROKERS=host:port');
else {
  describeBusContract('Kafka', () => {
    const buses: Bus[] = [];
    const sockets = new Set<Socket>();
    return Promise.resolve({
      url: `kafka://${brokers.join(',')}`,
      open: () => {
        const bus = new KafkaBus({
          brokers,
          applicationName: 'contract',
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
