// What a real engine tells through a cache, compared with its log and its books.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Cache } from '../../shared/cache/cache.ts';
import { MemoryCache } from '../../shared/cache/memory/memory-cache.ts';
import { MemoryStore } from '../../shared/cache/memory/memory-store.ts';
import { RetryableError } from '../../shared/domain/failure.ts';
import type { TradeEvent } from '../../shared/events/executions.ts';
import { bookKey } from '../../shared/feed/feed-channels.ts';
import { parseBookSnapshot } from '../../shared/feed/feed-messages.ts';
import { silentLogger } from '../../shared/telemetry/logger.ts';
import { MetricsRegistry } from '../../shared/telemetry/metrics/registry.ts';
import { BTC_USD, ETH_USD, limitOrder, marketConfig } from '../testing/commands.ts';
import { eventsOf, eventually, openEngineLab, OUTPUT } from '../testing/engine-lab.ts';
import { passThrough, type EngineLab, type TestShard } from '../testing/engine-lab.ts';
import { FeedReader } from '../testing/feed-reader.ts';
import { MarketFeed, SNAPSHOT_DEPTH } from './market-feed.ts';

let lab: EngineLab;
beforeAll(async () => {
  lab = await openEngineLab();
});
afterAll(() => lab.close());

function feedInto(cache: Cache, shard: TestShard) {
  const metrics = new MetricsRegistry();
  const log = silentLogger();
  return { metrics, feed: new MarketFeed({ cache, shard: shard.number, metrics, log }) };
}

/** Orders that rest and trade around one price. */
async function sendOrders(shard: TestShard, first: number, count: number): Promise<void> {
  for (let number = first; number < first + count; number += 1) {
    const side = number % 2 === 0 ? 'sell' : 'buy';
    const priceTicks = 500 + ((number * 7) % 11) * (side === 'sell' ? 1 : -1) + (number % 3);
    const order = { number, userNumber: 1 + (number % 5), side, priceTicks } as const;
    await shard.send(BTC_USD, [limitOrder({ ...order, lots: 1 + (number % 4) })]);
  }
}

describe('the feed of an engine', () => {
  it('tells nothing that is not durable', async () => {
    const shard = await lab.nextShard();
    const cache = new MemoryCache(silentLogger());
    const reader = await FeedReader.open(cache, BTC_USD, shard.number);
    let isAway = true;
    const engine = await shard.start({
      feed: feedInto(cache, shard).feed,
      wrapBus: (bus) => ({
        ...passThrough(bus),
        publish: (records) =>
          isAway && records[0]?.topic === OUTPUT
            ? Promise.reject(new RetryableError('on purpose'))
            : bus.publish(records),
      }),
    });
    await shard.send(BTC_USD, [marketConfig({ number: 1 })]);
    await sendOrders(shard, 2, 1);
    await eventually(() => {
      expect(engine.metrics.render()).not.toContain('engine_publish_retries_total 0');
    });
    expect([reader.sequence, reader.outcomes, await cache.get(bookKey(BTC_USD))]).toEqual([
      0,
      [],
      null,
    ]);
    isAway = false;
    await shard.catchUp(engine);
    await eventually(() => expect(reader.sequence).toBe(2));
    await reader.close();
    await engine.stop();
  });

  it('has every change, every trade and every record, and heals who missed some', async () => {
    const shard = await lab.nextShard();
    const cache = new MemoryCache(silentLogger());
    const [reader, deaf] = [
      await FeedReader.open(cache, BTC_USD, shard.number),
      await FeedReader.open(cache, BTC_USD, shard.number),
    ];
    const { feed, metrics } = feedInto(cache, shard);
    const engine = await shard.start({ feed });
    await shard.send(BTC_USD, [marketConfig({ number: 1 })]);
    for (let round = 0; round < 6; round += 1) {
      deaf.isDeaf = round % 2 === 0;
      await sendOrders(shard, 2 + round * 40, 40);
      await shard.catchUp(engine);
    }
    const book = engine.daemon.markets.get(BTC_USD);
    await eventually(() => {
      expect([reader.sequence, deaf.sequence]).toEqual([book.sequence, book.sequence]);
    });
    const truth = book.level2(SNAPSHOT_DEPTH);
    expect(truth.bids.length).toBeGreaterThan(0);
    expect(reader.level2()).toEqual(truth);
    expect(deaf.level2()).toEqual(truth);
    expect([reader.gaps, deaf.gaps > 0]).toEqual([0, true]);

    const trades = eventsOf(await shard.outputs(), BTC_USD).filter(
      (event): event is TradeEvent => event.kind === 'trade',
    );
    expect(reader.trades).toMatchObject(
      trades.map(({ sequence, priceTicks, quantityLots }) => {
        return { sequence, priceTicks, quantityLots };
      }),
    );
    expect(reader.trades.length).toBeGreaterThan(10);
    const records = await shard.records(OUTPUT);
    expect(reader.outcomes).toEqual(records.map(({ value }) => value.toString()));
    expect(metrics.render()).toContain('engine_feed_dropped_total{kind="levels"} 0');
    await Promise.all([reader.close(), deaf.close()]);
    await engine.stop();
  });

  it('writes all books when it starts, also of markets in which nothing happens', async () => {
    const shard = await lab.nextShard();
    const first = await shard.start();
    await shard.send(BTC_USD, [marketConfig({ number: 1 })]);
    await shard.send(ETH_USD, [marketConfig({ number: 2, market: ETH_USD })]);
    await sendOrders(shard, 3, 5);
    await shard.catchUp(first);
    await first.stop();

    const cache = new MemoryCache(silentLogger());
    const engine = await shard.start({ feed: feedInto(cache, shard).feed });
    await eventually(async () => {
      const texts = [await cache.get(bookKey(BTC_USD)), await cache.get(bookKey(ETH_USD))];
      const [btc, eth] = texts.map((text) => parseBookSnapshot(text ?? ''));
      const book = engine.daemon.markets.get(BTC_USD);
      const { bids, asks } = book.level2(SNAPSHOT_DEPTH);
      expect(btc).toMatchObject({ sequence: book.sequence, bids, asks, depth: SNAPSHOT_DEPTH });
      expect(eth).toMatchObject({ sequence: 1, bids: [], asks: [] });
    });
    await engine.stop();
  });

  it('writes a book again that somebody has removed', async () => {
    const shard = await lab.nextShard();
    const cache = new MemoryCache(silentLogger(), new MemoryStore());
    const engine = await shard.start({ feed: feedInto(cache, shard).feed });
    await shard.send(BTC_USD, [marketConfig({ number: 1 })]);
    await shard.catchUp(engine);
    const isThere = async () => expect(await cache.get(bookKey(BTC_USD))).not.toBeNull();
    await eventually(isThere);
    await cache.delete(bookKey(BTC_USD));
    await eventually(isThere);
    await engine.stop();
  });
});
