// The engine with a Redis that is killed, paused and emptied while orders come in: matching goes on
// as if nothing were, the feed drops what it cannot tell, and heals by itself.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Cache } from '../../shared/cache/cache.ts';
import { openCache } from '../../shared/cache/open-cache.ts';
import { startRedis, type RedisServer } from '../../shared/testing/services/redis-server.ts';
import { silentLogger } from '../../shared/telemetry/logger.ts';
import { MetricsRegistry } from '../../shared/telemetry/metrics/registry.ts';
import { BTC_USD, limitOrder, marketConfig } from '../testing/commands.ts';
import { eventsOf, eventually, openEngineLab, type EngineLab } from '../testing/engine-lab.ts';
import type { TestEngine, TestShard } from '../testing/engine-lab.ts';
import { FeedReader } from '../testing/feed-reader.ts';
import { MarketFeed, SNAPSHOT_DEPTH } from './market-feed.ts';

const ORDERS_PER_RECORD = 10;

let lab: EngineLab;
let dir: string;
let server: RedisServer;
let caches: Cache[];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'bourse-feed-'));
  [lab, server] = await Promise.all([openEngineLab(), startRedis({ dir })]);
  caches = ['feed', 'reader'].map((applicationName) =>
    openCache({ url: server.url, applicationName, log: silentLogger() }),
  );
});
afterAll(async () => {
  for (const cache of caches) await cache.close();
  await server.stop();
  await lab.close();
  rmSync(dir, { recursive: true, force: true });
});

async function emptyServer(): Promise<void> {
  const admin = new Redis(server.url);
  await admin.flushall();
  await admin.quit();
}

const OUTAGES: readonly [string, (during: () => Promise<void>) => Promise<void>][] = [
  [
    'killed',
    async (during) => {
      await server.kill();
      await during();
      await server.start();
    },
  ],
  [
    'paused',
    async (during) => {
      await server.signal('SIGSTOP');
      await during();
      await server.signal('SIGCONT');
    },
  ],
  [
    'emptied',
    async (during) => {
      await emptyServer();
      await during();
    },
  ],
];

class Flow {
  readonly shard: TestShard;
  readonly engine: TestEngine;
  #number = 1;

  constructor(shard: TestShard, engine: TestEngine) {
    this.shard = shard;
    this.engine = engine;
  }

  async configure(): Promise<void> {
    await this.shard.send(BTC_USD, [marketConfig({ number: this.#number })]);
  }

  /** Sends records of orders and waits until all is matched and durable. */
  async trade(records: number): Promise<void> {
    for (let record = 0; record < records; record += 1) {
      const orders = Array.from({ length: ORDERS_PER_RECORD }, () => {
        const number = (this.#number += 1);
        const side = number % 2 === 0 ? 'sell' : 'buy';
        const priceTicks = 500 + (number % 20) - (side === 'sell' ? 0 : 2);
        const order = { number, userNumber: 1 + (number % 5), side, priceTicks } as const;
        return limitOrder({ ...order, lots: 1 + (number % 4) });
      });
      await this.shard.send(BTC_USD, orders);
    }
    await this.shard.catchUp(this.engine);
  }
}

describe('a Redis under the feed', () => {
  it.each(OUTAGES)('may be %s: trading goes on, and readers are right again', async (_how, cut) => {
    const [feedCache, readerCache] = caches;
    if (feedCache === undefined || readerCache === undefined) throw new Error('no caches');
    const shard = await lab.nextShard();
    const engine = await launch(shard, feedCache);
    const flow = new Flow(shard, engine);
    await flow.configure();
    const reader = await FeedReader.open(readerCache, BTC_USD, shard.number);
    await flow.trade(20);
    await eventually(() => expectSame(reader, engine));

    await cut(() => flow.trade(60));
    await eventually(() => expect([feedCache, readerCache].map(isAvailable)).toEqual([true, true]));
    await flow.trade(1);
    await eventually(() => expectSame(reader, engine));

    const events = eventsOf(await shard.outputs(), BTC_USD);
    expect(events).toHaveLength(engine.daemon.markets.get(BTC_USD).sequence);
    expect(engine.failures).toEqual([]);
    await reader.close();
    await engine.stop();
  });

  it('may be gone for long: what cannot be told is counted and kept nowhere', async () => {
    const [feedCache] = caches;
    if (feedCache === undefined) throw new Error('no cache');
    await server.kill();
    const shard = await lab.nextShard();
    const metrics = new MetricsRegistry();
    const engine = await launch(shard, feedCache, metrics);
    const flow = new Flow(shard, engine);
    await flow.configure();
    await flow.trade(50);
    const records = await shard.outputs();
    await eventually(() => {
      const text = metrics.render();
      expect(text).toContain('engine_feed_available 0');
      expect(text).toContain(`engine_feed_dropped_total{kind="outcomes"} ${records.length}`);
      expect(text).not.toContain('engine_feed_dropped_total{kind="levels"} 0');
      expect(text).not.toContain('engine_feed_dropped_total{kind="trades"} 0');
    });
    await engine.stop();
    expect(engine.failures).toEqual([]);
    await server.start();
  });
});

async function launch(shard: TestShard, cache: Cache, metrics = new MetricsRegistry()) {
  const feed = new MarketFeed({ cache, shard: shard.number, metrics, log: silentLogger() });
  return shard.start({ feed });
}

function isAvailable(cache: Cache): boolean {
  return cache.isAvailable;
}

function expectSame(reader: FeedReader, engine: TestEngine): void {
  const book = engine.daemon.markets.get(BTC_USD);
  expect(reader.isSure).toBe(true);
  expect(reader.sequence).toBe(book.sequence);
  expect(reader.level2()).toEqual(book.level2(SNAPSHOT_DEPTH));
}
