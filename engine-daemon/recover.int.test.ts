// Whatever an engine dies of, the next one has the same books, and every event is in the log.
import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Bus, OutgoingRecord } from '../shared/bus/bus.ts';
import { RetryableError } from '../shared/domain/failure.ts';
import type { MarketCommand } from '../shared/events/commands.ts';
import type { Executions } from '../shared/events/executions.ts';
import { executionRecords } from './execution-records.ts';
import { EngineStopped } from './stopped.ts';
import { BTC_USD, cancelOrder, ETH_USD, limitOrder, marketConfig } from './testing/commands.ts';
import {
  eventsOf,
  eventually,
  hashes,
  INPUT,
  openEngineLab,
  OUTPUT,
  passThrough,
  warnings,
  type EngineLab,
  type TestShard,
} from './testing/engine-lab.ts';

/** Trades, cancels and resting orders in two markets; numbers go on from `from`. */
async function sendFlow(shard: TestShard, from: number, commands: number): Promise<void> {
  const btc: MarketCommand[] = [];
  const eth: MarketCommand[] = [];
  for (let number = from; number < from + commands; number++) {
    const flow = number % 3 === 0 ? eth : btc;
    const side = (number * 7) % 4 < 2 ? 'buy' : 'sell';
    const priceTicks = 1_000 + ((number * 31) % 21);
    const userNumber = 1 + (number % 5);
    const lots = 1 + (number % 9);
    flow.push(
      number % 6 === 5
        ? cancelOrder({ number, userNumber: 1 + ((number - 3) % 5), orderNumber: number - 3 })
        : limitOrder({ number, userNumber, side, priceTicks, lots }),
    );
  }
  for (const [market, flow] of [[BTC_USD, btc] as const, [ETH_USD, eth] as const]) {
    const half = Math.ceil(flow.length / 2);
    await shard.send(market, flow.slice(0, half));
    await shard.send(market, flow.slice(half));
  }
}

async function sendMarkets(shard: TestShard): Promise<void> {
  await shard.send(BTC_USD, [marketConfig({ number: 1 })]);
  await shard.send(ETH_USD, [marketConfig({ number: 2, market: ETH_USD })]);
}

/** The hashes that an engine reaches which has never seen a snapshot or a crash. */
async function expectedHashes(lab: EngineLab, shard: TestShard): Promise<Record<string, string>> {
  const other = await lab.nextShard();
  const oracle = await shard.start({ snapshotDir: other.dir });
  const expected = hashes(oracle);
  await oracle.crash();
  return expected;
}

function expectWhole(outputs: readonly Executions[]): void {
  expect(eventsOf(outputs, BTC_USD).length).toBeGreaterThan(0);
  expect(eventsOf(outputs, ETH_USD).length).toBeGreaterThan(0);
}

async function snapshotFiles(shard: TestShard): Promise<string[]> {
  const names = await readdir(shard.dir);
  return names
    .filter((name) => name.endsWith('.snapshot'))
    .sort()
    .map((name) => join(shard.dir, name));
}

async function flipByte(file: string, at: number): Promise<void> {
  const bytes = await readFile(file);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 0xff, at);
  await writeFile(file, bytes);
}

describe('an engine that comes back', () => {
  let lab: EngineLab;
  beforeAll(async () => {
    lab = await openEngineLab();
  });
  afterAll(() => lab.close());

  /** A shard with three snapshots of a growing book, and commands behind the last. */
  async function shardWithSnapshots(): Promise<TestShard> {
    const shard = await lab.nextShard();
    await sendMarkets(shard);
    for (let run = 0; run < 3; run++) {
      await sendFlow(shard, 10 + run * 60, 60);
      const engine = await shard.start();
      await engine.stop();
    }
    await sendFlow(shard, 190, 60);
    return shard;
  }

  it('goes on from its snapshot, with nothing lost and nothing twice', async () => {
    const shard = await shardWithSnapshots();
    const engine = await shard.start();
    expect(engine.daemon.figures().inputOffset).toBe(17);
    expectWhole(await shard.outputs());
    expect(warnings(engine)).toEqual([]);
    expect(engine.metrics.render()).toContain('engine_commands_total 60');
    expect(hashes(engine)).toEqual(await expectedHashes(lab, shard));
  });

  it('has a higher epoch at every start', async () => {
    const shard = await lab.nextShard();
    await sendMarkets(shard);
    const startAndStop = async (): Promise<number> => {
      const lease = await shard.takeLease();
      const engine = await shard.start({ lease });
      await engine.stop();
      await lease.release();
      return engine.daemon.epoch;
    };
    expect(await startAndStop()).toBe(1);
    expect(await startAndStop()).toBe(2);
    await lab.forgetLeases();
    // The newest snapshot and the last output still know of others.
    expect(await startAndStop()).toBe(2);
    await sendFlow(shard, 10, 60);
    expect(await startAndStop()).toBe(3);
    await lab.forgetLeases();
    expect(await startAndStop()).toBe(4);
  });

  it('keeps only as many snapshots as it was told', async () => {
    const shard = await shardWithSnapshots();
    const engine = await shard.start({ snapshotsKept: 2 });
    await engine.stop();
    const files = await snapshotFiles(shard);
    expect(files.map((file) => Number(/([0-9]+)\.snapshot$/.exec(file)?.[1]))).toEqual([13, 17]);
  });

  it('writes the state hash where head -1 shows it', async () => {
    const shard = await shardWithSnapshots();
    const engine = await shard.start();
    await engine.stop();
    const bytes = await readFile((await snapshotFiles(shard)).at(-1) ?? '');
    const header: unknown = JSON.parse(bytes.toString('utf8', 0, bytes.indexOf('\n')));
    const expected = hashes(engine);
    expect(header).toMatchObject({
      shard: shard.number,
      inputOffset: 17,
      epoch: engine.daemon.epoch,
      markets: [
        { market: BTC_USD, stateHash: expected[BTC_USD] },
        { market: ETH_USD, stateHash: expected[ETH_USD] },
      ],
    });
  });

  it('passes over a damaged snapshot with a warning', async () => {
    const shard = await shardWithSnapshots();
    const expected = await expectedHashes(lab, shard);
    const newest = (await snapshotFiles(shard)).at(-1) ?? '';
    await flipByte(newest, (await readFile(newest)).length - 1);
    const engine = await shard.start();
    expect(warnings(engine)).toMatchObject([
      { file: newest, fault: 'its checksum does not match', msg: 'a snapshot is passed over' },
    ]);
    expect(hashes(engine)).toEqual(expected);
    expectWhole(await shard.outputs());
  });

  it('replays the whole log when every snapshot is damaged', async () => {
    const shard = await shardWithSnapshots();
    const expected = await expectedHashes(lab, shard);
    const files = await snapshotFiles(shard);
    for (const file of files) await writeFile(file, (await readFile(file)).subarray(0, -10));
    const before = (await shard.outputs()).length;
    const engine = await shard.start();
    expect(warnings(engine).length).toBe(files.length);
    expect(hashes(engine)).toEqual(expected);
    expectWhole(await shard.outputs());
    expect(await shard.outputs()).toHaveLength(before);
  });

  it('does not publish again what retention has removed', async () => {
    const shard = await shardWithSnapshots();
    const dying = await shard.start();
    await dying.crash();
    for (const file of await snapshotFiles(shard)) await flipByte(file, 0);
    const before = await shard.records(OUTPUT);
    expect(before.length).toBeGreaterThan(3);
    await lab.trimOutputs(shard, 3);
    const engine = await shard.start();
    expect(await shard.records(OUTPUT)).toEqual(before.slice(3));
    expect(engine.failures).toEqual([]);
  });

  it('publishes again what was taken out of the middle of the outputs', async () => {
    const shard = await shardWithSnapshots();
    const dying = await shard.start();
    await dying.crash();
    for (const file of await snapshotFiles(shard)) await flipByte(file, 0);
    const [, , , lost, ...rest] = await shard.outputs();
    const victim = await lab.nextShard();
    for (const record of await shard.records(INPUT)) {
      await lab.bus.publish([{ ...record, partition: victim.number }]);
    }
    const kept = (await shard.records(OUTPUT)).filter((_, at) => at !== 3);
    await lab.bus.publish(kept.map((record) => ({ ...record, partition: victim.number })));
    const engine = await victim.start();
    const healed = (await victim.outputs()).slice(kept.length);
    expect(rest.length).toBeGreaterThan(0);
    const events = healed.flatMap((output) => output.events);
    expect(events).toEqual(expect.arrayContaining(lost?.events ?? [null]));
    expect(engine.failures).toEqual([]);
  });

  it('does not take the snapshot of another log for its own', async () => {
    const shard = await shardWithSnapshots();
    const stranger = await lab.nextShard();
    await sendMarkets(stranger);
    await sendFlow(stranger, 500, 60);
    for (let number = 600; number < 620; number++) {
      await stranger.send(BTC_USD, [cancelOrder({ number, userNumber: 1, orderNumber: 1 })]);
    }
    const expected = await expectedHashes(lab, stranger);
    const files = await snapshotFiles(shard);
    for (const file of files) {
      const name = (file.split('/').at(-1) ?? '').replace(
        `shard-${shard.number}-`,
        `shard-${stranger.number}-`,
      );
      const bytes = await readFile(file);
      await writeFile(join(stranger.dir, name), resignFor(bytes, stranger.number));
    }
    const engine = await stranger.start();
    const faults = warnings(engine).map((line) => String(line['fault']));
    expect(faults).toHaveLength(files.length);
    expect(faults.every((fault) => fault.includes('another log'))).toBe(true);
    expect(hashes(engine)).toEqual(expected);
  });

  it('goes on when it dies before its outputs are published', async () => {
    const shard = await lab.nextShard();
    await dieWhilePublishing(shard, () => []);
  });

  it('goes on when it dies after its outputs are published, before any snapshot', async () => {
    const shard = await lab.nextShard();
    await dieWhilePublishing(shard, (records) => records);
  });

  it('goes on when it dies with half of its outputs published', async () => {
    const shard = await lab.nextShard();
    await dieWhilePublishing(shard, (records) => records.slice(0, 1));
  });

  /** The engine hangs in its second publish, having published only `part` of it, and is dropped. */
  async function dieWhilePublishing(
    shard: TestShard,
    part: (records: readonly OutgoingRecord[]) => readonly OutgoingRecord[],
  ): Promise<void> {
    await sendMarkets(shard);
    const hang = new Hang();
    const dying = await shard.start({ wrapBus: (bus) => hangInSecondPublish(bus, part, hang) });
    await sendFlow(shard, 10, 100);
    await hang.begun;
    expect(dying.daemon.isIdle).toBe(false);
    const engine = await shard.start();
    expectWhole(await shard.outputs());
    expect(hashes(engine)).toEqual(await expectedHashes(lab, shard));
    expect(engine.failures).toEqual([]);
    hang.release();
  }

  it('writes no snapshot of what it could not publish', async () => {
    const shard = await lab.nextShard();
    const engine = await shard.start({
      wrapBus: (bus) => ({
        ...passThrough(bus),
        publish: () => Promise.reject(new RetryableError('no log today')),
      }),
    });
    await sendMarkets(shard);
    await eventually(() => expect(engine.daemon.isIdle).toBe(false));
    await engine.stop();
    expect(await snapshotFiles(shard)).toEqual([]);
    expect(await shard.outputs()).toEqual([]);
    expect(engine.failures).toEqual([]);
    await shard.start();
    expectWhole(await shard.outputs());
  });

  it('refuses to run when an output differs from what the replay makes', async () => {
    const shard = await shardWithSnapshots();
    const first = await shard.start();
    await first.crash();
    const [output] = (await shard.outputs()).filter((each) => each.market === BTC_USD);
    if (output === undefined) throw new Error('no output');
    const victim = await lab.nextShard();
    await sendMarkets(victim);
    await sendFlow(victim, 10, 60);
    const events = output.events.map((event) =>
      event.kind === 'trade' && event.sequence > 5 ? { ...event, quoteMinor: '1' } : event,
    );
    await lab.bus.publish(executionRecords([{ ...output, events }], victim.number));
    const tampered = events.find((event) => event.kind === 'trade' && event.sequence > 5);
    const engine = await victim.launch();
    await eventually(() => expect(engine.failures).toHaveLength(1));
    expect(String(engine.failures[0])).toContain(`BTC-USD sequence ${tampered?.sequence ?? 0} was`);
    expect(engine.daemon.isReady).toBe(false);
  });

  it('refuses to run when the outputs know more than the command log', async () => {
    const shard = await shardWithSnapshots();
    const victim = await lab.nextShard();
    await sendMarkets(victim);
    const outputs = await shard.outputs();
    const [output] = outputs.filter((each) => each.market === BTC_USD);
    if (output === undefined) throw new Error('no output');
    await lab.bus.publish(executionRecords([output], victim.number));
    const engine = await victim.launch();
    await eventually(() => expect(engine.failures).toHaveLength(1));
    expect(String(engine.failures[0])).toContain('BTC-USD sequence 2 is in engine.executions');
  });

  it('takes snapshots while it runs, between batches', async () => {
    const shard = await lab.nextShard();
    const engine = await shard.start({ snapshotEveryCommands: 20 });
    await sendMarkets(shard);
    await sendFlow(shard, 10, 120);
    await shard.catchUp(engine);
    await eventually(async () => expect(await snapshotFiles(shard)).not.toEqual([]));
    await engine.crash();
    const next = await shard.start();
    expect(warnings(next)).toEqual([]);
    expect(hashes(next)).toEqual(hashes(engine));
    expectWhole(await shard.outputs());
  });
});

/** A publish that does not come back before the test lets it. */
class Hang {
  begin: () => void = () => undefined;
  release: () => void = () => undefined;
  readonly begun = new Promise<void>((resolve) => (this.begin = resolve));
  readonly #released = new Promise<void>((resolve) => (this.release = resolve));

  async wait(): Promise<never> {
    this.begin();
    await this.#released;
    throw new EngineStopped('the test is over');
  }
}

function hangInSecondPublish(
  bus: Bus,
  part: (records: readonly OutgoingRecord[]) => readonly OutgoingRecord[],
  hang: Hang,
): Bus {
  let publishes = 0;
  return {
    ...passThrough(bus),
    publish: async (records) => {
      publishes += 1;
      if (publishes === 1) return bus.publish(records);
      await bus.publish(part(records));
      return hang.wait();
    },
  };
}

/** The same snapshot for another shard, with a right checksum. */
function resignFor(bytes: Buffer, shard: number): Buffer {
  const end = bytes.indexOf('\n');
  const text = bytes
    .toString('utf8', 0, end)
    .replace(/,"sha256":"[0-9a-f]{64}"\}$/, '}')
    .replace(/"shard":[0-9]+/, `"shard":${shard}`)
    .replace(/"outputOffset":[0-9]+/, '"outputOffset":0');
  const payload = bytes.subarray(end + 1);
  const sum = createHash('sha256').update(text).update('\n').update(payload).digest('hex');
  return Buffer.concat([Buffer.from(`${text.slice(0, -1)},"sha256":"${sum}"}\n`), payload]);
}
