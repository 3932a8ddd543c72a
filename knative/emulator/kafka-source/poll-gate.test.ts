// One poll at a time, so many records of all partitions together.
import { describe, expect, it } from 'vitest';
import { OrderedPolls, PollGate } from './poll-gate.ts';
import { VirtualClock } from './testing/virtual-clock.ts';

const NEVER = new AbortController().signal;

describe('the poll gate', () => {
  it('brings nothing after it is closed, and lets nobody wait for ever', async () => {
    const gate = new PollGate(() => new Promise(() => undefined));
    const begun: string[] = [];
    const entered = gate.enter(1, () => begun.push('a'));
    gate.close();
    await entered;
    // A batch that was read while the source ends: whoever reads waits for this before it stops.
    await gate.enter(1, () => begun.push('b'));
    expect(begun).toEqual([]);
  });

  it('brings a batch at once when a poll may begin', () => {
    const gate = new PollGate(() => null);
    const begun: string[] = [];
    void gate.enter(50, () => begun.push('a'));
    expect(begun).toEqual(['a']);
  });

  it('brings at most 50 records of all partitions a tick', async () => {
    const clock = new VirtualClock();
    const polls = new OrderedPolls(clock, NEVER);
    const gate = new PollGate(polls.rule, polls.note);
    const begun: string[] = [];
    void gate.enter(1, () => begun.push('first'));
    const rest = [
      ['a', 20],
      ['b', 30],
      ['c', 1],
      ['d', 50],
    ] as const;
    const all = rest.map(([name, count]) => gate.enter(count, () => begun.push(name)));
    expect(begun).toEqual(['first']);
    clock.advance(200);
    await all[1];
    expect(begun).toEqual(['first', 'a', 'b']);
    clock.advance(200);
    await all[2];
    expect(begun).toEqual(['first', 'a', 'b', 'c']);
    clock.advance(200);
    await all[3];
    expect(begun).toEqual(['first', 'a', 'b', 'c', 'd']);
    expect(clock.waits).toEqual([200, 200, 200]);
  });

  it('ticks from the start of the consumer, not from the last poll', async () => {
    const clock = new VirtualClock();
    const polls = new OrderedPolls(clock, NEVER);
    const gate = new PollGate(polls.rule, polls.note);
    clock.advance(130);
    await gate.enter(1, () => undefined);
    const second = gate.enter(1, () => undefined);
    expect(clock.waits).toEqual([70]);
    clock.advance(70);
    await second;
  });
});
