// Database and log belong together, or nothing begins to trade.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Bus } from '../../../shared/bus/bus.ts';
import { openBus } from '../../../shared/bus/open-bus.ts';
import { TOPICS } from '../../../shared/events/catalog.ts';
import { silentLogger } from '../../../shared/telemetry/logger.ts';
import { createTestDatabase, type TestDatabase } from '../../../shared/testing/database.ts';
import { assertLogFits, LogMismatch } from './log-fit.ts';

describe('a log', () => {
  let database: TestDatabase;
  let bus: Bus;
  beforeEach(async () => {
    database = await createTestDatabase();
    const url = database.urlFor('bourse_bus');
    bus = openBus({ url, applicationName: 'test', log: silentLogger() });
    await bus.provision(Object.values(TOPICS));
  });
  afterEach(async () => {
    await bus.close();
    await database.drop();
  });

  const publish = (): Promise<void> =>
    bus.publish([
      { topic: 'orders.accepted', partition: 0, key: null, headers: {}, value: Buffer.from('x') },
    ]);
  const addMarket = async (): Promise<void> => {
    await database.pool.query(`INSERT INTO reference.assets (asset, name, decimals)
      VALUES ('BTC', 'Bitcoin', 8), ('USD', 'US dollar', 6)`);
    await database.pool.query(`INSERT INTO reference.markets (market, base, quote, tick_size,
        lot_size, min_quantity, max_quantity, min_notional, min_price, max_price, protection_bps,
        fee_policy, self_trade_allowed, status, version)
      VALUES ('BTC-USD', 'BTC', 'USD', 1, 1, 1, 1, 1, 1, 1, 1, 'quote', false, 'trading', 1)`);
  };

  it('that is empty fits a database without markets', async () => {
    await expect(assertLogFits(database.pool, bus)).resolves.toBeUndefined();
  });

  it('with commands does not fit a database without markets', async () => {
    await publish();
    await expect(assertLogFits(database.pool, bus)).rejects.toThrow(LogMismatch);
  });

  it('without commands does not fit a database with markets', async () => {
    await addMarket();
    await expect(assertLogFits(database.pool, bus)).rejects.toThrow('the event log is empty');
    await publish();
    await expect(assertLogFits(database.pool, bus)).resolves.toBeUndefined();
  });
});
