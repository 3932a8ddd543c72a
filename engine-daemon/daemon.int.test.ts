// The engine on a real event log: what it publishes, and what it does with time and bad records.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RetryableError } from '../shared/domain/failure.ts';
import { BTC_USD, ETH_USD, cancelOrder, limitOrder, marketConfig } from './testing/commands.ts';
import {
  DEAD_LETTERS,
  eventsOf,
  eventually,
  INPUT,
  openEngineLab,
  OUTPUT,
  passThrough,
  UnguardedLease,
  type EngineLab,
} from './testing/engine-lab.ts';

describe('the engine daemon', () => {
  let lab: EngineLab;
  beforeAll(async () => {
    lab = await openEngineLab();
  });
  afterAll(() => lab.close());

  it('answers a record that it cannot read with a dead letter, and goes on', async () => {
    const shard = await lab.nextShard();
    const engine = await shard.start();
    await shard.send(BTC_USD, [marketConfig({ number: 1 })]);
    const poison = {
      topic: INPUT,
      partition: shard.number,
      key: BTC_USD,
      headers: { ce_type: 'other', ce_id: '77' },
      value: Buffer.from('{"not":"commands"}'),
    };
    await lab.bus.publish([poison]);
    await shard.send(BTC_USD, [cancelOrder({ number: 2, userNumber: 1, orderNumber: 9 })]);
    await shard.catchUp(engine);

    const [letter] = await shard.records(DEAD_LETTERS);
    expect(letter).toMatchObject({ key: BTC_USD, value: poison.value });
    expect(letter?.headers).toMatchObject({
      ce_type: 'other',
      ce_id: '77',
      ce_kafkatopic: INPUT,
      ce_kafkapartition: String(shard.number),
      ce_kafkaoffset: '1',
      ce_knativeerrorcode: '400',
    });
    const cause = Buffer.from(letter?.headers['ce_knativeerrordata'] ?? '', 'base64').toString();
    expect(cause).toContain('type is other');
    const kinds = eventsOf(await shard.outputs(), BTC_USD).map((event) => event.kind);
    expect(kinds).toEqual(['configured', 'refused']);
    expect(engine.failures).toEqual([]);
  });

  it('says where the record is when a dead letter has no room for it', async () => {
    const shard = await lab.nextShard();
    const engine = await shard.start();
    const value = Buffer.alloc(999_900, 0x20);
    await lab.bus.publish([
      { topic: INPUT, partition: shard.number, key: null, headers: {}, value },
    ]);
    await shard.catchUp(engine);
    const letters = await shard.records(DEAD_LETTERS);
    const letter = letters.find(
      ({ headers }) => headers['ce_kafkapartition'] === String(shard.number),
    );
    expect(letter?.value.byteLength).toBe(0);
    expect(letter?.headers['ce_kafkaoffset']).toBe('0');
  });

  it('matches two orders and publishes the trade with the levels that changed', async () => {
    const shard = await lab.nextShard();
    const engine = await shard.start();
    await shard.send(BTC_USD, [
      marketConfig({ number: 1 }),
      limitOrder({ number: 2, userNumber: 1, side: 'sell', priceTicks: 500, lots: 3 }),
    ]);
    await shard.send(BTC_USD, [
      limitOrder({ number: 3, userNumber: 2, side: 'buy', priceTicks: 510, lots: 2 }),
    ]);
    await shard.catchUp(engine);
    const outputs = await shard.outputs();
    expect(eventsOf(outputs, BTC_USD).map((event) => event.kind)).toEqual([
      'configured',
      'opened',
      'trade',
      'ended',
    ]);
    expect(outputs.at(-1)).toMatchObject({
      market: BTC_USD,
      base: 'BTC',
      quote: 'USD',
      feePolicy: 'received',
      epoch: engine.daemon.epoch,
      lastSequence: 4,
      depth: expect.arrayContaining([['sell', 500, 1]]) as unknown,
    });
    expect(eventsOf(outputs, BTC_USD)[2]).toMatchObject({ priceTicks: 500, quantityLots: 2 });
  });

  it('packs what one batch did to its markets into one record', async () => {
    const shard = await lab.nextShard();
    await shard.send(BTC_USD, [marketConfig({ number: 1 })]);
    await shard.send(ETH_USD, [marketConfig({ number: 2, market: ETH_USD })]);
    for (let number = 3; number < 43; number++) {
      const market = number % 2 === 0 ? BTC_USD : ETH_USD;
      const order = { number, userNumber: 1, priceTicks: 100 + number, lots: 1 } as const;
      await shard.send(market, [limitOrder({ ...order, side: 'sell' })]);
    }
    await shard.start();
    const outputs = await shard.outputs();
    expect(outputs.length).toBe(2);
    expect(eventsOf(outputs, BTC_USD).length).toBe(21);
    expect(eventsOf(outputs, ETH_USD).length).toBe(21);
    expect(await shard.records(OUTPUT)).toMatchObject([{ key: null }]);
  });

  it('does not mix the assets of two configurations in one record', async () => {
    const shard = await lab.nextShard();
    await shard.send(BTC_USD, [
      limitOrder({ number: 1, userNumber: 1, side: 'sell', priceTicks: 5, lots: 1 }),
      marketConfig({ number: 2 }),
    ]);
    await shard.start();
    const outputs = await shard.outputs();
    expect(outputs.map(({ base, events }) => [base, events.map((event) => event.kind)])).toEqual([
      ['XXX', ['ended']],
      ['BTC', ['configured']],
    ]);
  });

  it('cuts the outcome of one giant command into records that the log takes', async () => {
    const shard = await lab.nextShard();
    const engine = await shard.start();
    await shard.send(BTC_USD, [marketConfig({ number: 1 })]);
    for (let from = 0; from < 2_500; from += 500) {
      const orders = Array.from({ length: 500 }, (_, at) => {
        const number = 2 + from + at;
        return limitOrder({ number, userNumber: 1, side: 'buy', priceTicks: 10 + number, lots: 1 });
      });
      await shard.send(BTC_USD, orders);
    }
    await shard.catchUp(engine);
    const before = (await shard.records(OUTPUT)).length;
    await shard.send(BTC_USD, [
      { kind: 'cancel_all', number: 3_000, timeMs: 9_000, userNumber: 1 },
    ]);
    await shard.catchUp(engine);
    const outputs = await shard.outputs();
    eventsOf(outputs, BTC_USD);
    const pieces = outputs.slice(before);
    expect(pieces.map((piece) => piece.events.length)).toEqual([1_000, 1_000, 500]);
    const depth = pieces.flatMap((piece) => piece.depth);
    expect(depth.length).toBe(2_500);
    expect(depth.every(([, , lots]) => lots === 0)).toBe(true);
  });

  it('lets time pass in a quiet market, through the log', async () => {
    const shard = await lab.nextShard();
    let nowMs = 5_000;
    const engine = await shard.start({ tickMs: 10, now: () => nowMs });
    await shard.send(BTC_USD, [
      marketConfig({ number: 1 }),
      limitOrder({
        number: 2,
        userNumber: 1,
        side: 'sell',
        priceTicks: 500,
        lots: 3,
        expiresAtMs: 9_000,
      }),
    ]);
    await shard.catchUp(engine);
    expect((await lab.bus.offsets(INPUT, shard.number)).next).toBe(1);
    nowMs = 9_000;
    await eventually(() => expect(engine.daemon.markets.get(BTC_USD).openOrders).toBe(0));
    await shard.catchUp(engine);
    expect(eventsOf(await shard.outputs(), BTC_USD).at(-1)).toMatchObject({
      kind: 'ended',
      reason: 'ORDER_EXPIRED',
      timeMs: 9_000,
    });
    // Nothing is due any more: the clock falls silent.
    expect((await lab.bus.offsets(INPUT, shard.number)).next).toBe(2);
    expect(engine.metrics.render()).toContain('engine_ticks_published_total 1');
  });

  it('repeats a publish whose outcome it does not know', async () => {
    const shard = await lab.nextShard();
    let isFailing = true;
    const engine = await shard.start({
      wrapBus: (bus) => ({
        ...passThrough(bus),
        publish: async (records) => {
          await bus.publish(records);
          if (!isFailing) return;
          isFailing = false;
          throw new RetryableError('the answer was lost');
        },
      }),
    });
    await shard.send(BTC_USD, [marketConfig({ number: 1 })]);
    await shard.catchUp(engine);
    const values = (await shard.records(OUTPUT)).map((record) => record.value.toString('utf8'));
    expect(values.length).toBe(2);
    expect(values[0]).toBe(values[1]);
    expect(engine.metrics.render()).toContain('engine_publish_retries_total 1');
  });

  it('goes on when all its connections are cut', async () => {
    const shard = await lab.nextShard();
    const engine = await shard.start();
    await shard.send(BTC_USD, [marketConfig({ number: 1 })]);
    for (let number = 2; number < 40; number++) {
      if (number % 10 === 0) await lab.cutEngineConnections();
      const order = { number, userNumber: 1, priceTicks: 100, lots: 1 } as const;
      await shard.send(BTC_USD, [limitOrder({ ...order, side: 'sell' })]);
    }
    await shard.catchUp(engine);
    const sequences = new Set(
      (await shard.outputs()).flatMap((output) => output.events.map((event) => event.sequence)),
    );
    expect(sequences.size).toBe(39);
    expect(engine.daemon.markets.get(BTC_USD).openOrders).toBe(38);
  });

  it('ends itself when a publish can never succeed', async () => {
    const shard = await lab.nextShard();
    const engine = await shard.start({
      wrapBus: (bus) => ({
        ...passThrough(bus),
        publish: () => Promise.reject(new TypeError('broken')),
      }),
    });
    await shard.send(BTC_USD, [marketConfig({ number: 1 })]);
    await eventually(() => expect(engine.failures.map(String)).toEqual(['TypeError: broken']));
  });

  it('makes the same events twice when two engines run on one shard', async () => {
    const shard = await lab.nextShard();
    const other = await lab.nextShard();
    const first = await shard.start();
    const second = await shard.start({ snapshotDir: other.dir, lease: new UnguardedLease(101) });
    await shard.send(BTC_USD, [marketConfig({ number: 1 })]);
    for (let number = 2; number < 60; number++) {
      const side = number % 3 === 0 ? 'buy' : 'sell';
      const userNumber = 1 + (number % 2);
      const priceTicks = 100 + (number % 7);
      await shard.send(BTC_USD, [limitOrder({ number, userNumber, side, priceTicks, lots: 2 })]);
    }
    await shard.catchUp(first);
    await shard.catchUp(second);
    const outputs = await shard.outputs();
    const eventsBy = (epoch: number): unknown[] =>
      outputs.filter((output) => output.epoch === epoch).flatMap((output) => output.events);
    expect(first.daemon.epoch).not.toBe(second.daemon.epoch);
    expect(eventsBy(first.daemon.epoch).length).toBeGreaterThan(58);
    expect(eventsBy(first.daemon.epoch)).toEqual(eventsBy(second.daemon.epoch));
  });

  it('tells how far it is', async () => {
    const shard = await lab.nextShard();
    const engine = await shard.start();
    await shard.send(BTC_USD, [
      marketConfig({ number: 1 }),
      limitOrder({ number: 2, userNumber: 1, side: 'sell', priceTicks: 500, lots: 3 }),
    ]);
    await shard.catchUp(engine);
    await engine.daemon.measureLag();
    const text = engine.metrics.render();
    expect(text).toContain('engine_commands_total 2');
    expect(text).toContain('engine_events_total 2');
    expect(text).toContain('engine_open_orders{market="BTC-USD"} 1');
    expect(text).toContain('engine_input_lag_records 0');
    expect(text).toContain('engine_ready 1');
  });
});
