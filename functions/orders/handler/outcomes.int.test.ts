// Waiting for outcomes on the real event log, with the engine's part played by hand: told in the
// feed, in the log, or in both.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Bus } from '../../../shared/bus/bus.ts';
import { openBus } from '../../../shared/bus/open-bus.ts';
import type { Cache } from '../../../shared/cache/cache.ts';
import { MemoryCache } from '../../../shared/cache/memory/memory-cache.ts';
import { silentLogger } from '../../../shared/telemetry/logger.ts';
import { createTestDatabase, type TestDatabase } from '../../../shared/testing/database.ts';
import { ended, opened, provisionLog, tellFeed, tellLog, trade } from '../outcome-fixture.ts';
import { Outcomes } from './outcomes.ts';

/** Nobody waits so long for what will come. */
const LONG_MS = 20_000;

let database: TestDatabase;
let bus: Bus;
let cache: Cache;
let outcomes: Outcomes;

beforeAll(async () => {
  database = await createTestDatabase();
  bus = openBus({ url: database.url, applicationName: 'outcomes', log: silentLogger() });
  await provisionLog(bus);
});
afterEach(async () => {
  await outcomes.close();
  await cache.close();
});
afterAll(async () => {
  await bus.close();
  await database.drop();
});

/** Ready to hear of order 7. */
async function listen(withFeed: boolean): Promise<ReturnType<Outcomes['expect']>> {
  cache = new MemoryCache(silentLogger());
  outcomes = new Outcomes(bus, silentLogger(), withFeed ? cache : null);
  await outcomes.listen();
  return outcomes.expect('place', 7, 7);
}

describe('who waits for an outcome', () => {
  it('is told nothing when nothing comes', async () => {
    const expected = await listen(false);
    await tellLog(bus, [opened(1, 8)]);
    expect(await expected.wait(1)).toBeNull();
  });

  it('hears of it from the log when there is no feed', async () => {
    const expected = await listen(false);
    await tellLog(bus, [trade(1, 7)]);
    await tellLog(bus, [ended(2, 7)]);
    expect(await expected.wait(LONG_MS)).toMatchObject({
      trades: [{ sequence: 1 }],
      final: { kind: 'ended', sequence: 2 },
    });
  });

  it('hears of it from the feed before it has read the log', async () => {
    const expected = await listen(true);
    await tellFeed(cache, [opened(1, 8)]);
    await tellFeed(cache, [trade(2, 7), opened(3, 7)]);
    expect(await expected.wait(LONG_MS)).toMatchObject({ final: { kind: 'opened', sequence: 3 } });
  });

  it('hears it once though it is told twice, and whole though it is told in parts', async () => {
    const expected = await listen(true);
    await tellFeed(cache, [trade(1, 7), trade(2, 7)]);
    await tellFeed(cache, [trade(1, 7), trade(2, 7)]);
    await tellFeed(cache, [trade(2, 7), trade(3, 7), ended(4, 7)]);
    const outcome = await expected.wait(LONG_MS);
    expect(outcome?.trades.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
  });

  it('is told nothing, at once, when a part was missed', async () => {
    const expected = await listen(true);
    await tellFeed(cache, [trade(1, 7)]);
    await tellFeed(cache, [ended(3, 7)]);
    expect(await expected.wait(LONG_MS)).toBeNull();
  });

  it('does not take for a missed part what happened to others meanwhile', async () => {
    await listen(true);
    const cancel = outcomes.expect('cancel', 7, 9);
    await tellFeed(cache, [opened(1, 7)]);
    await tellFeed(cache, [opened(2, 8)]);
    await tellFeed(cache, [ended(3, 7)]);
    expect(await cancel.wait(LONG_MS)).toMatchObject({ final: { sequence: 3 } });
  });

  it('goes on with the log when the feed was silent while somebody waited in vain', async () => {
    const inVain = await listen(true);
    expect(await inVain.wait(1)).toBeNull();
    await outcomes.listen();
    const expected = outcomes.expect('place', 9, 9);
    await tellLog(bus, [opened(1, 9)]);
    expect(await expected.wait(LONG_MS)).toMatchObject({ final: { kind: 'opened' } });
  });

  it('stays with a feed that tells of others', async () => {
    const late = await listen(true);
    await tellFeed(cache, [opened(1, 8)]);
    await new Promise((later) => setImmediate(later));
    expect(await late.wait(1)).toBeNull();
    await outcomes.listen();
    const expected = outcomes.expect('place', 9, 9);
    await tellFeed(cache, [opened(2, 9)]);
    expect(await expected.wait(LONG_MS)).toMatchObject({ final: { kind: 'opened' } });
  });

  it('is one of many: each hears its own', async () => {
    await listen(true);
    const numbers = Array.from({ length: 100 }, (_, at) => at + 100);
    const waits = numbers.map((number) => outcomes.expect('place', number, number));
    await tellFeed(
      cache,
      numbers.map((number, at) => opened(at + 1, number)),
    );
    const heard = await Promise.all(waits.map((each) => each.wait(LONG_MS)));
    expect(heard.map((each) => each?.final.sequence)).toEqual(numbers.map((_, at) => at + 1));
  });
});
