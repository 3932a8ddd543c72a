// A market goes from one engine to another through the log, whatever either of them dies of.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OutgoingRecord } from '../shared/bus/bus.ts';
import { TerminalError } from '../shared/domain/failure.ts';
import { encodeEvent } from '../shared/events/envelope.ts';
import type { MarketHandedOver } from '../shared/events/market-moves.ts';
import { EVENTS } from '../shared/events/catalog.ts';
import { EngineStopped } from './stopped.ts';
import { BTC_USD, cancelOrder, ETH_USD, limitOrder, marketConfig } from './testing/commands.ts';
import {
  DEAD_LETTERS,
  eventsOf,
  eventually,
  hashes,
  INPUT,
  openEngineLab,
  passThrough,
  type EngineLab,
  type TestEngine,
  type TestShard,
} from './testing/engine-lab.ts';

let lab: EngineLab;
beforeAll(async () => {
  lab = await openEngineLab();
});
afterAll(() => lab.close());

/** Small, so that a state has many pieces. */
const PIECES = { pieceBytesMax: 100 };
const ORDERS = 12;

/** Two markets on one shard, and a shard for one of them to go to. */
async function twoShards(): Promise<{ from: TestShard; to: TestShard }> {
  const [from, to] = [await lab.nextShard(), await lab.nextShard()];
  await from.send(BTC_USD, [marketConfig({ number: 1 })]);
  await from.send(ETH_USD, [marketConfig({ number: 2, market: ETH_USD })]);
  for (let number = 10; number < 10 + ORDERS; number += 1) {
    const order = { number, userNumber: 1 + (number % 3), lots: 2 };
    const side = number % 2 === 0 ? 'buy' : 'sell';
    const priceTicks = side === 'buy' ? 100 - number : 200 + number;
    await from.send(BTC_USD, [limitOrder({ ...order, side, priceTicks })]);
  }
  return { from, to };
}

async function handOver(
  from: TestShard,
  to: TestShard,
  change: Partial<MarketHandedOver> = {},
): Promise<void> {
  const move = { market: BTC_USD, moveNumber: 1, fromShard: from.number, toShard: to.number };
  const head = { id: 'test', source: '/test', timeMs: 0 };
  const event = encodeEvent('marketHandedOver', BTC_USD, { ...move, ...change }, head);
  const { topic, key, headers, data } = event;
  await lab.bus.publish([
    { topic, partition: from.number, key, headers, value: Buffer.from(data) },
  ]);
}

async function piecesIn(shard: TestShard): Promise<OutgoingRecord[]> {
  const records = await shard.records(INPUT);
  const type = EVENTS.marketTakenOver.type;
  return records
    .filter(({ headers }) => headers['ce_type'] === type)
    .map(({ topic, partition, key, headers, value }) => {
      return { topic, partition, key, headers, value };
    });
}

async function causes(shard: TestShard): Promise<string[]> {
  const letters = await shard.records(DEAD_LETTERS);
  return letters
    .filter(({ headers }) => headers['ce_kafkapartition'] === String(shard.number))
    .map(({ headers }) => Buffer.from(headers['ce_knativeerrordata'] ?? '', 'base64').toString());
}

/** The market on its new shard does as it would have done on the old one. */
async function expectArrived(
  to: TestShard,
  engine: TestEngine,
  before: string | undefined,
): Promise<void> {
  await to.catchUp(engine);
  expect(before).toMatch(/^[0-9a-f]{64}$/);
  expect(hashes(engine)).toEqual({ [BTC_USD]: before });
  await to.send(BTC_USD, [
    cancelOrder({ number: 50, userNumber: 2, orderNumber: 10 }),
    // A number that the market has seen on its old shard is a repeat on the new one.
    limitOrder({ number: 11, userNumber: 1, side: 'buy', priceTicks: 1, lots: 1 }),
    limitOrder({ number: 51, userNumber: 9, side: 'sell', priceTicks: 88, lots: 1 }),
  ]);
  await to.catchUp(engine);
  const events = (await to.outputs()).flatMap((output) => output.events);
  expect(events.map(({ sequence, kind }) => `${sequence} ${kind}`)).toEqual([
    '14 ended',
    '15 trade',
    '16 ended',
  ]);
}

describe('a market that is handed over', () => {
  it.each([
    ['to the shard it is on', (to: TestShard) => ({ fromShard: to.number }), /to itself/],
    ['in the partition of another shard', () => ({ fromShard: 63 }), /for shard 63/],
    ['with the key of another', () => ({ market: 'SOL-USD' as const }), /the key is BTC-USD/],
  ])('is refused %s', async (_, change, cause) => {
    const { from, to } = await twoShards();
    const engine = await from.start();
    await handOver(from, to, change(to));
    await from.catchUp(engine);
    expect(await causes(from)).toEqual([expect.stringMatching(cause)]);
    expect(Object.keys(hashes(engine))).toEqual([BTC_USD, ETH_USD]);
    expect(await piecesIn(to)).toEqual([]);
  });

  it('is refused where it never was', async () => {
    const { from, to } = await twoShards();
    const engine = await to.start();
    await handOver(to, from);
    await to.catchUp(engine);
    expect(await causes(to)).toEqual([expect.stringMatching(/BTC-USD is not on shard/)]);
  });

  it('goes on elsewhere with the next sequence; the rest of the shard stays', async () => {
    const { from, to } = await twoShards();
    const [old, next] = [await from.start(PIECES), await to.start()];
    await from.catchUp(old);
    const before = hashes(old);
    const openOrders = (engine: TestEngine): string | undefined =>
      /^engine_open_orders\{market="BTC-USD"\} (.*)$/m.exec(engine.metrics.render())?.[1];
    expect(openOrders(old)).toBe(String(ORDERS));
    await handOver(from, to);
    await from.catchUp(old);
    expect(openOrders(old)).toBe('0');
    expect(hashes(old)).toEqual({ [ETH_USD]: before[ETH_USD] });
    expect((await piecesIn(to)).length).toBeGreaterThan(5);
    await expectArrived(to, next, before[BTC_USD]);
    const all = [...(await from.outputs()), ...(await to.outputs())];
    expect(eventsOf(all, BTC_USD)).toHaveLength(16);
    expect(await causes(to)).toEqual([]);
  });

  it('leaves a tombstone that names the new shard to whoever comes late', async () => {
    const { from, to } = await twoShards();
    const old = await from.start();
    await handOver(from, to);
    await from.send(BTC_USD, [cancelOrder({ number: 50, userNumber: 2, orderNumber: 10 })]);
    await from.catchUp(old);
    const late = new RegExp(`BTC-USD has moved to shard ${to.number} by move 1`);
    expect(await causes(from)).toEqual([expect.stringMatching(late)]);
    await old.stop();
    // It is in the snapshot, and a hand-over that comes twice is known by it.
    await handOver(from, to);
    await from.send(BTC_USD, [cancelOrder({ number: 51, userNumber: 2, orderNumber: 12 })]);
    const again = await from.start();
    await from.catchUp(again);
    expect(again.lines.map(({ msg }) => msg)).toContain('starting from a snapshot');
    expect(await causes(from)).toEqual([expect.stringMatching(late), expect.stringMatching(late)]);
    expect(await piecesIn(to)).toHaveLength(1);
  });

  it('is handed over again by an engine that died before its pieces were out', async () => {
    const { from, to } = await twoShards();
    const dying = await from.start({
      ...PIECES,
      wrapBus: (bus) => ({
        ...passThrough(bus),
        publish: async (records) => {
          if (!records.some(({ partition }) => partition === to.number)) {
            return bus.publish(records);
          }
          await bus.publish(records.slice(0, 3));
          throw new EngineStopped('killed');
        },
      }),
    });
    await from.catchUp(dying);
    const before = hashes(dying)[BTC_USD];
    await handOver(from, to);
    await eventually(() => expect(dying.failures).toHaveLength(0));
    await eventually(async () => expect(await piecesIn(to)).toHaveLength(3));
    await dying.crash();

    const next = await to.start();
    expect(hashes(next)).toEqual({});
    await next.stop();
    // No snapshot without the pieces: the next start reads them again.
    const later = await to.start();
    expect(later.lines.map(({ msg }) => msg)).toContain('starting from the beginning of the log');
    const old = await from.start(PIECES);
    await from.catchUp(old);
    await expectArrived(to, later, before);
  });

  it('is the same after every crash and every replay of both shards', async () => {
    const { from, to } = await twoShards();
    const old = await from.start(PIECES);
    await from.catchUp(old);
    const before = hashes(old)[BTC_USD];
    await handOver(from, to);
    await from.catchUp(old);
    await old.crash();
    const next = await to.start();
    await expectArrived(to, next, before);
    const after = hashes(next);
    await next.crash();
    // The old shard replays from nothing and publishes its pieces once more: they are known.
    const first = (await piecesIn(to)).length;
    const replayed = await from.start(PIECES);
    expect(await piecesIn(to)).toHaveLength(2 * first);
    const [last] = [await to.start()];
    expect(hashes(last)).toEqual(after);
    await last.stop();
    await lab.bus.publish((await piecesIn(to)).slice(0, 2));
    const fromSnapshot = await to.start();
    await to.catchUp(fromSnapshot);
    expect(hashes(fromSnapshot)).toEqual(after);
    expect(await causes(to)).toEqual([]);
    await replayed.stop();
  });

  it('comes back, and no replay of an old move takes it away again', async () => {
    const { from, to } = await twoShards();
    const [one, two] = [await from.start(PIECES), await to.start(PIECES)];
    await handOver(from, to);
    await from.catchUp(one);
    await expectArrived(to, two, (await oracle(from))[BTC_USD]);
    const away = hashes(two)[BTC_USD];
    await handOver(to, from, { moveNumber: 2, fromShard: to.number, toShard: from.number });
    await to.catchUp(two);
    await from.catchUp(one);
    expect(hashes(one)[BTC_USD]).toBe(away);
    await from.send(BTC_USD, [cancelOrder({ number: 60, userNumber: 3, orderNumber: 11 })]);
    await from.catchUp(one);
    const all = [...(await from.outputs()), ...(await to.outputs())];
    const events = all.filter(({ market }) => market === BTC_USD).flatMap((each) => each.events);
    expect(events.map(({ sequence }) => sequence).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 17 }, (_, at) => at + 1),
    );
    const [onOne, onTwo] = [hashes(one), hashes(two)];
    await one.crash();
    await two.crash();
    await handOver(from, to);
    const again = [await from.start(PIECES), await to.start(PIECES)] as const;
    await from.catchUp(again[0]);
    await to.catchUp(again[1]);
    expect(hashes(again[0])).toEqual(onOne);
    expect(hashes(again[1])).toEqual(onTwo);
    expect([...(await causes(from)), ...(await causes(to))]).toEqual([]);
  });

  /** Hashes of a shard before its first hand-over, by an engine that never saw one. */
  async function oracle(shard: TestShard): Promise<Record<string, string>> {
    const other = await lab.nextShard();
    const type = EVENTS.commandsAccepted.type;
    const records = await shard.records(INPUT);
    await lab.bus.publish(
      records
        .filter(({ headers }) => headers['ce_type'] === type)
        .map(({ topic, key, headers, value }) => {
          return { topic, partition: other.number, key, headers, value };
        }),
    );
    const engine = await other.start();
    const found = hashes(engine);
    await engine.crash();
    return found;
  }
});

describe('pieces that are not the state they claim to be', () => {
  it('are dead letters when they contradict each other or what is here', async () => {
    const { from, to } = await twoShards();
    const old = await from.start(PIECES);
    await handOver(from, to);
    await from.catchUp(old);
    const [first, second, ...rest] = await piecesIn(to);
    if (first === undefined || second === undefined) throw new Error('no pieces');
    const strange = await lab.nextShard();
    const place = (record: OutgoingRecord, change: object): OutgoingRecord => {
      const data = JSON.parse(record.value.toString()) as object;
      const value = Buffer.from(JSON.stringify({ ...data, toShard: strange.number, ...change }));
      return { ...record, partition: strange.number, value };
    };
    await lab.bus.publish([place(first, {}), place(second, { sequence: 1 })]);
    await strange.send(BTC_USD, [cancelOrder({ number: 50, userNumber: 2, orderNumber: 10 })]);
    await lab.bus.publish([second, ...rest].map((record) => place(record, {})));
    const engine = await strange.start();
    await strange.catchUp(engine);
    expect(await causes(strange)).toEqual([
      expect.stringMatching(/two engines of the old shard disagree/),
      expect.stringMatching(/BTC-USD is not here yet: pieces of move 1 are missing/),
    ]);
    expect(Object.keys(hashes(engine))).toEqual([BTC_USD]);
  });

  it('stop the engine when they are whole, but not the state of their hash', async () => {
    const { from, to } = await twoShards();
    const old = await from.start();
    await handOver(from, to);
    await from.catchUp(old);
    const [piece] = await piecesIn(to);
    if (piece === undefined) throw new Error('no piece');
    const strange = await lab.nextShard();
    const data = JSON.parse(piece.value.toString()) as object;
    const change = { toShard: strange.number, stateHash: 'ab'.repeat(32) };
    const value = Buffer.from(JSON.stringify({ ...data, ...change }));
    const engine = await strange.start();
    await lab.bus.publish([{ ...piece, partition: strange.number, value }]);
    await eventually(() => expect(engine.failures).toHaveLength(1));
    expect(engine.failures[0]).toBeInstanceOf(TerminalError);
    expect(String(engine.failures[0])).toMatch(/another state hash/);
  });
});
