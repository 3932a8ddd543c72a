// What an operator may do to markets, and what never changes.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBus } from '../bus/open-bus.ts';
import { Outbox } from '../bus/outbox.ts';
import type { Bus } from '../bus/bus.ts';
import { TOPICS } from '../events/catalog.ts';
import { silentLogger } from '../telemetry/logger.ts';
import { createTestDatabase, type TestDatabase } from '../testing/database.ts';
import { applyMarket, applyStatus, findMarket, saveAssets } from './market-store.ts';
import { BTC_USD } from './testing/btc-usd.ts';

let database: TestDatabase;
let bus: Bus;
let outbox: Outbox;
beforeAll(async () => {
  database = await createTestDatabase();
  const log = silentLogger();
  bus = openBus({ url: database.url, applicationName: 'test', log });
  await bus.provision(Object.values(TOPICS));
  const pool = database.poolFor('bourse_reference');
  outbox = new Outbox({ pool, schema: 'reference', bus, log });
  await saveAssets(pool, [
    { asset: 'BTC', name: 'Bitcoin', decimals: 8 },
    { asset: 'USD', name: 'US dollar', decimals: 6 },
  ]);
});
afterAll(async () => {
  await outbox.stop();
  await bus.close();
  await database.drop();
});

const pool = () => database.poolFor('bourse_reference');
const commands = async () => (await bus.offsets('orders.accepted', 0)).next;

describe('a market', () => {
  it('is refused without its assets, or when a notional would need rounding', async () => {
    const before = await commands();
    const unknown = { ...BTC_USD, market: 'ETH-USD' as const, base: 'ETH' };
    await expect(applyMarket(pool(), outbox, unknown)).rejects.toThrow('no asset ETH');
    const fine = { ...BTC_USD, tickSize: '0.001' };
    await expect(applyMarket(pool(), outbox, fine)).rejects.toThrow('no whole number');
    expect(await commands()).toBe(before);
  });

  it('tells the engine once, and nothing when nothing changes', async () => {
    const before = await commands();
    expect(await applyMarket(pool(), outbox, BTC_USD)).toEqual({ version: 1, changed: true });
    expect(await applyMarket(pool(), outbox, BTC_USD)).toEqual({ version: 1, changed: false });
    expect(await commands()).toBe(before + 1);
  });

  it.each([
    ['tickSize', { tickSize: '0.02', minPrice: '0.02' }],
    ['lotSize', { lotSize: '0.001' }],
    ['feePolicy', { feePolicy: 'quote' as const }],
  ])(
    'never changes its %s: orders on their way would mean something else',
    async (name, change) => {
      const before = await commands();
      const changed = applyMarket(pool(), outbox, { ...BTC_USD, minQuantity: '0.1', ...change });
      await expect(changed).rejects.toThrow(`${name} of BTC-USD cannot change`);
      expect(await commands()).toBe(before);
    },
  );

  it('stays halted when its limits change, and keeps its limits when it is halted', async () => {
    await applyStatus(pool(), outbox, 'BTC-USD', 'halted');
    await Promise.all([
      applyMarket(pool(), outbox, { ...BTC_USD, maxPrice: '500000' }),
      applyStatus(pool(), outbox, 'BTC-USD', 'cancel_only'),
    ]);
    expect(await findMarket(pool(), 'BTC-USD')).toMatchObject({
      status: 'cancel_only',
      config: { maxPrice: '500000', version: 4 },
    });
    await expect(applyStatus(pool(), outbox, 'AA-BB', 'halted')).rejects.toThrow('no market');
  });
});
