// A KafkaSource on the embedded log.
import { openBus } from '../../../shared/bus/open-bus.ts';
import type { Bus } from '../../../shared/bus/bus.ts';
import { silentLogger } from '../../../shared/telemetry/logger.ts';
import { createTestDatabase } from '../../../shared/testing/database.ts';
import { describeKafkaSource } from './suite.ts';

describeKafkaSource('the embedded log', async () => {
  const database = await createTestDatabase();
  const url = database.urlFor('bourse_bus');
  const writers = database.poolFor('bourse_bus');
  const buses: Bus[] = [];
  return {
    commitsOnRevoke: true,
    open: () => {
      const bus = openBus({ url, applicationName: 'conformance', log: silentLogger() });
      buses.push(bus);
      return bus;
    },
    writeUncommitted: async (topic, text) => {
      const tx = await writers.connect();
      const found = await tx.query<{ topic_id: number }>(
        'SELECT topic_id FROM log.topics WHERE name = $1',
        [topic],
      );
      const record = { k: null, h: {}, s: 0, n: Buffer.byteLength(text) };
      const batch = { topic_id: found.rows[0]?.topic_id, partition: 0, records: [record] };
      await tx.query('BEGIN');
      const payload = Buffer.from(text);
      await tx.query('SELECT log.append($1::json, $2)', [JSON.stringify([batch]), payload]);
      const end = async (how: 'COMMIT' | 'ROLLBACK'): Promise<void> => {
        await tx.query(how);
        tx.release();
      };
      return { commit: () => end('COMMIT'), abort: () => end('ROLLBACK') };
    },
    close: async () => {
      await Promise.all(buses.map((bus) => bus.close()));
      await database.drop();
    },
  };
});
