// What an engine tells anew after a crash: the levels of the book must not be lost on the way.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EVENTS_PER_RECORD_MAX, executionRecords, withEvents } from './execution-records.ts';
import { BTC_USD, limitOrder, marketConfig } from './testing/commands.ts';
import { eventsOf, INPUT, openEngineLab, type EngineLab } from './testing/engine-lab.ts';

let lab: EngineLab;
beforeAll(async () => {
  lab = await openEngineLab();
});
afterAll(() => lab.close());

describe('an engine that tells again what was lost', () => {
  it('tells all levels with what is missing, however long the output is', async () => {
    const shard = await lab.nextShard();
    await shard.send(BTC_USD, [marketConfig({ number: 1 })]);
    const sell = (number: number) =>
      limitOrder({ number, userNumber: 1, side: 'sell', priceTicks: 1_000 + number, lots: 1 });
    const numbers = Array.from({ length: EVENTS_PER_RECORD_MAX + 300 }, (_, at) => at + 2);
    await shard.send(BTC_USD, numbers.slice(0, 700).map(sell));
    await shard.send(BTC_USD, numbers.slice(700).map(sell));
    const oracle = await shard.start();
    await oracle.crash();
    const outputs = await shard.outputs();
    const events = eventsOf(outputs, BTC_USD);
    const depth = outputs.flatMap((output) => output.depth);
    const [output] = outputs;
    if (output === undefined) throw new Error('no output');
    // Another engine has told of all but the last hundred, in a batch of its own.
    const known = events.length - 100;
    const levels = depth.filter(([, priceTicks]) => priceTicks < 1_000 + (numbers.at(-100) ?? 0));
    const victim = await lab.nextShard();
    for (const record of await shard.records(INPUT)) {
      await lab.bus.publish([{ ...record, partition: victim.number }]);
    }
    const told = [
      withEvents(output, events.slice(0, 900), levels.slice(0, 899)),
      withEvents(output, events.slice(900, known), levels.slice(899)),
    ];
    await lab.bus.publish(executionRecords(told, victim.number));
    const engine = await victim.start();
    const missing = (await victim.outputs()).slice(told.length);
    expect(missing[0]?.firstSequence).toBe(known + 1);
    expect(missing.flatMap((each) => each.events)).toEqual(events.slice(known));
    expect(missing.flatMap((each) => each.depth)).toEqual(
      expect.arrayContaining(depth.filter((level) => !levels.includes(level))),
    );
    expect(engine.failures).toEqual([]);
  });
});
