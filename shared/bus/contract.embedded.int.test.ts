// The embedded log against the contract of the bus.
import { createTestDatabase } from '../testing/database.ts';
import type { Bus } from './bus.ts';
import { describeBusContract } from './contract.ts';
import { EmbeddedBus } from './embedded/embedded-bus.ts';

const ignore = (): void => undefined;

describeBusContract('the embedded log', async () => {
  const database = await createTestDatabase();
  const url = database.urlFor('bourse_bus');
  const buses: Bus[] = [];
  return {
    url,
    open: () => {
      const bus = new EmbeddedBus({
        url,
        applicationName: 'contract',
        log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
      });
      buses.push(bus);
      return bus;
    },
    breakConnections: async () => {
      await database.pool.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND usename = 'bourse_bus'`,
      );
    },
    close: async () => {
      await Promise.all(buses.map((bus) => bus.close()));
      await database.drop();
    },
  };
});
