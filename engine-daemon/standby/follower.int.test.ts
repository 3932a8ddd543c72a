// A standby behind a real engine on a real log: what it knows when it takes over, and what it must
// not know.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Bus } from '../../shared/bus/bus.ts';
import { openBus } from '../../shared/bus/open-bus.ts';
import { encodeEvent } from '../../shared/events/envelope.ts';
import type { StartingPoint } from '../recover.ts';
import { EngineStopped } from '../stopped.ts';
import { BTC_USD, ETH_USD, limitOrder, marketConfig } from '../testing/commands.ts';
import {
  eventsOf,
  eventually,
  hashes,
  INPUT,
  openEngineLab,
  passThrough,
  warnings,
  type EngineLab,
  type TestEngine,
  type TestShard,
} from '../testing/engine-lab.ts';
import { Follower } from './follower.ts';

const TIMEOUT_MS = 120_000;
const ORDERS_PER_RECORD = 100;

let lab: EngineLab;
beforeAll(async () => {
  lab = await openEngineLab();
});
afterAll(() => lab.close());

describe('a standby', () => {
  const ends: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0)) await end();
  });

  /** In a folder of its own, as on another machine. */
  async function standBy(shard: TestShard, wrapBus: (bus: Bus) => Bus = (bus) => bus) {
    const dir = await mkdtemp(join(tmpdir(), 'bourse-standby-'));
    const log = pino({ level: 'silent' });
    const bus = openBus({ url: lab.engineUrl, applicationName: 'standby', log });
    const published: unknown[] = [];
    const watched = wrapBus({
      ...passThrough(bus),
      publish: (records) => {
        published.push(...records);
        return bus.publish(records);
      },
    });
    const options = { bus: watched, shard: shard.number, snapshotDir: dir, log };
    const follower = new Follower(options);
    ends.push(
      () => follower.stop(),
      () => bus.close(),
      () => rm(dir, { recursive: true, force: true }),
    );
    return { follower, dir, published };
  }

  /** Told as by the lease, until it is where the engine is. */
  async function followTo(follower: Follower, engine: TestEngine): Promise<void> {
    await eventually(() => {
      follower.follow(engine.daemon.progress());
      expect(follower.inputOffset).toBe(engine.daemon.progress().inputOffset);
    });
  }

  function orders(from: number, count: number) {
    return Array.from({ length: count }, (_, at) => {
      const number = from + at;
      const side = number % 2 === 0 ? ('sell' as const) : ('buy' as const);
      const priceTicks = 100 + (number % 7) + (side === 'sell' ? 2 : 0);
      return limitOrder({
        number,
        userNumber: 1 + (number % 5),
        side,
        priceTicks,
        lots: 1 + (number % 4),
      });
    });
  }

  async function sendOrders(shard: TestShard, from: number, count: number): Promise<number> {
    for (let number = from; number < from + count; number += ORDERS_PER_RECORD) {
      await shard.send(BTC_USD, orders(number, ORDERS_PER_RECORD));
    }
    return from + count;
  }

  function takeOver(shard: TestShard, dir: string, followed: StartingPoint | null) {
    return shard.start({ snapshotDir: dir, followed });
  }

  function commandsReplayed(engine: TestEngine): unknown {
    return engine.lines.find((line) => line.msg === 'caught up with the command log')?.['commands'];
  }

  /** The events of an engine that saw all of the log; each is in the log once. */
  async function expectAsIfNothingHappened(shard: TestShard, engine: TestEngine): Promise<void> {
    const scratch = await mkdtemp(join(tmpdir(), 'bourse-oracle-'));
    ends.push(() => rm(scratch, { recursive: true, force: true }));
    const before = await shard.outputs();
    const oracle = await shard.start({ snapshotDir: scratch });
    expect(await shard.outputs()).toEqual(before);
    expect(hashes(engine)).toEqual(hashes(oracle));
    expect(eventsOf(before, BTC_USD)).toHaveLength(engine.daemon.markets.get(BTC_USD).sequence);
  }

  it(
    'replays a short tail when the engine is killed after 20,000 commands',
    async () => {
      const shard = await lab.nextShard();
      const first = await shard.start();
      await shard.send(BTC_USD, [marketConfig({ number: 1 })]);
      const { follower, dir, published } = await standBy(shard);
      let next = 2;
      while (next < 21_000) {
        next = await sendOrders(shard, next, 1_500);
        follower.follow(first.daemon.progress());
      }
      await shard.catchUp(first);
      await followTo(follower, first);
      // What the engine does after it was last heard of.
      next = await sendOrders(shard, next, 300);
      await shard.catchUp(first);
      await first.crash();
      await sendOrders(shard, next, 200);

      const second = await takeOver(shard, dir, await follower.stop());
      expect(commandsReplayed(second)).toBe(500);
      expect(published).toEqual([]);
      await expectAsIfNothingHappened(shard, second);
      // It can write a snapshot of what it never replayed.
      await second.stop();
      const third = await shard.start({ snapshotDir: dir });
      expect(commandsReplayed(third)).toBe(0);
    },
    TIMEOUT_MS,
  );

  it(
    'goes no further than the engine has finished, and so publishes what the engine could not',
    async () => {
      const shard = await lab.nextShard();
      let isStuck = false;
      const end = new AbortController();
      const first = await shard.start({
        wrapBus: (bus) => ({
          ...passThrough(bus),
          publish: async (records) => {
            if (!isStuck) return bus.publish(records);
            await new Promise((done) => end.signal.addEventListener('abort', done));
            throw new EngineStopped('the test is over');
          },
        }),
      });
      await shard.send(BTC_USD, [marketConfig({ number: 1 })]);
      const next = await sendOrders(shard, 2, 200);
      await shard.catchUp(first);
      isStuck = true;
      const finished = first.daemon.progress().inputOffset;
      await sendOrders(shard, next, 300);
      await eventually(() => expect(first.daemon.isIdle).toBe(false));

      const { follower, dir } = await standBy(shard);
      await followTo(follower, first);
      expect(follower.inputOffset).toBe(finished);
      end.abort();
      await first.crash();
      const followed = await follower.stop();
      expect(followed?.inputOffset).toBe(finished);
      const second = await takeOver(shard, dir, followed);
      expect(commandsReplayed(second)).toBe(300);
      await expectAsIfNothingHappened(shard, second);
    },
    TIMEOUT_MS,
  );

  it(
    'that lags behind takes over where it is',
    async () => {
      const shard = await lab.nextShard();
      const first = await shard.start();
      await shard.send(BTC_USD, [marketConfig({ number: 1 })]);
      await sendOrders(shard, 2, 2_000);
      await shard.catchUp(first);
      let records = 0;
      let stop: () => void = () => undefined;
      const stopped = new Promise<void>((done) => (stop = done));
      const { follower, dir } = await standBy(shard, (bus) => ({
        ...passThrough(bus),
        tail: (options) =>
          bus.tail({
            ...options,
            batchMax: 1,
            onBatch: async (batch) => {
              records += batch.length;
              if (records > 5) await stopped;
              await options.onBatch(batch);
            },
          }),
      }));
      const heard = { ...first.daemon.progress(), outputOffset: 15 };
      await eventually(() => {
        follower.follow(heard);
        expect(records).toBe(6);
      });
      expect(follower.inputOffset).toBe(4);
      await first.crash();
      const stopping = follower.stop();
      stop();
      const followed = await stopping;
      // Where its own outputs begin, not where those of the engine did.
      expect(followed).toMatchObject({ inputOffset: 4, outputOffset: 0 });
      const second = await takeOver(shard, dir, followed);
      expect(commandsReplayed(second)).toBe(1_600);
      await expectAsIfNothingHappened(shard, second);
    },
    TIMEOUT_MS,
  );

  it('begins from the snapshots in its folder, and from nothing without a state', async () => {
    const shard = await lab.nextShard();
    const first = await shard.start();
    await shard.send(BTC_USD, [marketConfig({ number: 1 })]);
    await sendOrders(shard, 2, 200);
    await shard.catchUp(first);
    await first.stop();
    const { follower } = await standBy(shard);
    expect(await follower.stop()).toBeNull();
    const second = await takeOver(shard, shard.dir, null);
    expect(commandsReplayed(second)).toBe(0);
  });

  it('does not take over with the state of another log', async () => {
    const [one, two] = [await lab.nextShard(), await lab.nextShard()];
    const engines = [await one.start(), await two.start()] as const;
    for (const [at, shard] of [one, two].entries()) {
      await shard.send(BTC_USD, [marketConfig({ number: 1 })]);
      await sendOrders(shard, 2 + 100 * at, 200);
      await shard.catchUp(engines[at as 0 | 1]);
    }
    const { follower, dir } = await standBy(one);
    await followTo(follower, engines[0]);
    const followed = await follower.stop();
    await engines[1].crash();
    const second = await takeOver(two, dir, followed);
    expect(warnings(second).map(({ msg }) => msg)).toEqual([
      'what the standby followed is not in this log',
    ]);
    expect(commandsReplayed(second)).toBe(201);
    await expectAsIfNothingHappened(two, second);
  });

  it('does not miss a market that has left', async () => {
    const [shard, other] = [await lab.nextShard(), await lab.nextShard()];
    const first = await shard.start();
    await shard.send(BTC_USD, [marketConfig({ number: 1 })]);
    await shard.send(ETH_USD, [marketConfig({ number: 2, market: ETH_USD })]);
    const { market, ...move } = {
      market: ETH_USD,
      moveNumber: 1,
      fromShard: shard.number,
      toShard: other.number,
    };
    const head = { id: 'test', source: '/test', timeMs: 0 };
    const event = encodeEvent('marketHandedOver', market, { market, ...move }, head);
    const { topic, key, headers, data } = event;
    await lab.bus.publish([
      { topic, partition: shard.number, key, headers, value: Buffer.from(data) },
    ]);
    await shard.catchUp(first);
    const { follower, dir, published } = await standBy(shard);
    await followTo(follower, first);
    expect(published).toEqual([]);
    await first.crash();
    // Its outputs are read from the beginning again, those of the market that is gone, too.
    const second = await takeOver(shard, dir, await follower.stop());
    expect(Object.keys(hashes(second))).toEqual([BTC_USD]);
    expect(await other.records(INPUT)).toHaveLength(1);
    await sendOrders(shard, 10, 100);
    await shard.catchUp(second);
    await expectAsIfNothingHappened(shard, second);
  });
});
