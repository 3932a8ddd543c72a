// What the audit believes of holds and of prevented lots, without a database: after whatever random
// commands, all that was held for an order less what events took is what the order locks.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CommandMaker } from '../oracle/command-maker.ts';
import type { Prevented, Reduced } from '../oracle/naive-events.ts';
import { orderIdOf, userIdOf } from '../oracle/naive-amounts.ts';
import { NaiveShard } from '../oracle/naive-shard.ts';
import { specs } from '../oracle/random-specs.ts';
import { holdOf, lockedFor, sum, takesOf } from './check-holds.ts';
import type { OrderStory } from './order-stories.ts';
import type { Replay } from './replay.ts';
import { CONFIGURE, MARKET, Story } from './story-fixture.ts';

const SEED = 20_260_103;
const COMMANDS = 6_000;

/** What is locked for an order, by the events and by the book. */
function heldOf(story: Story, number: number) {
  const order = story.replay.orders.find(number);
  if (order === null) throw new Error(`no order ${number}`);
  return heldFor(order, story.replay);
}

function heldFor(story: OrderStory, replay: Replay) {
  const hold = holdOf(story, replay.orders);
  return { byEvents: hold.madeMinor - sum(takesOf(hold)), byBook: lockedFor(hold, replay) };
}

function isPaired({ replay }: Story, number: number): boolean {
  return replay.orders.find(number)?.list?.isPair === true;
}

describe('what is held for an order is what it locks', () => {
  test('after random commands of every kind', () => {
    const story = new Story();
    const shard = new NaiveShard();
    shard.apply(MARKET, CONFIGURE);
    const maker = new CommandMaker(shard);
    const kinds = new Set<string>();
    for (const spec of fc.sample(specs, { seed: SEED, numRuns: COMMANDS })) {
      // An order out of the window of known numbers keeps its hold: no client can send one.
      if ('numbering' in spec && !['next', 'skip', 'late'].includes(spec.numbering)) continue;
      const step = maker.make(spec);
      if (step.kind === 'restore') continue;
      if (step.kind === 'tick') {
        shard.tick(step.timeMs);
        story.tick(step.timeMs);
        continue;
      }
      const { market, command } = step;
      const isStray = command.kind === 'place' && command.type === 'limit';
      if (isStray && command.quoteBudgetMinor !== null) continue;
      // For an order of a pair no client can have more held.
      const isOfPair = command.kind === 'amend' && isPaired(story, command.orderNumber);
      if (isOfPair && command.holdIncreaseMinor !== '0') continue;
      kinds.add(command.kind);
      shard.apply(market, command);
      story.command(command, market);
    }
    story.replay.finish();
    expect(kinds.size).toBe(8);
    const wrong = [...story.replay.orders.all()].filter((each) => {
      const { byEvents, byBook } = heldFor(each, story.replay);
      return byEvents !== byBook;
    });
    expect(wrong.map(({ number }) => number)).toEqual([]);
    expect(story.replay.orders.size).toBeGreaterThan(COMMANDS / 2);
    for (const judged of ['M1', 'M6', 'M7'] as const) {
      expect(story.findings.find(judged)).toBeNull();
    }
  });

  test('of an iceberg: all of it, whatever it shows', () => {
    const story = new Story();
    const iceberg = story.place({ displayLots: 2 });
    story.place({ userNumber: 2, side: 'sell', quantityLots: 3 });
    expect(heldOf(story, iceberg)).toEqual({ byEvents: 5_000_000n, byBook: 5_000_000n });
  });

  test('of a trailing stop: all of it while it waits, however far it followed', () => {
    const story = new Story();
    story.place({ userNumber: 2, side: 'sell', quantityLots: 2 });
    story.place({ userNumber: 3, quantityLots: 2 });
    const trigger = { kind: 'trailing_stop', trailBps: 500 } as const;
    const trailing = story.place({ side: 'sell', trigger });
    story.place({ userNumber: 2, side: 'sell', priceTicks: 104, quantityLots: 2 });
    story.place({ userNumber: 3, priceTicks: 104, quantityLots: 2 });
    expect(heldOf(story, trailing)).toEqual({ byEvents: 80_000n, byBook: 80_000n });
  });

  const nothing = { byEvents: 0n, byBook: 0n };

  test('of an order that was replaced: nothing', () => {
    const story = new Story();
    const old = story.place({});
    const replaces = { orderNumber: old, onFailure: 'stop' } as const;
    const next = story.place({ priceTicks: 90, replaces });
    expect(heldOf(story, old)).toEqual(nothing);
    expect(heldOf(story, next)).toEqual({ byEvents: 7_200_000n, byBook: 7_200_000n });
    const failed = story.place({ replaces });
    expect(heldOf(story, failed)).toEqual(nothing);
  });

  test('of the orders of a blocked user: nothing', () => {
    const story = new Story();
    const order = story.place({ displayLots: 2 });
    story.send('block_user');
    expect(heldOf(story, order)).toEqual(nothing);
    expect(heldOf(story, story.place({}))).toEqual(nothing);
  });

  test('of orders that traded in an auction: each at its own limit', () => {
    const story = new Story();
    story.configure(2, 'auction');
    const bought = story.place({ priceTicks: 104, quantityLots: 8 });
    const sold = story.place({ userNumber: 2, side: 'sell', quantityLots: 3 });
    expect(heldOf(story, bought).byBook).toBe(8_320_000n);
    story.configure(3, 'trading');
    expect(heldOf(story, bought)).toEqual({ byEvents: 5_200_000n, byBook: 5_200_000n });
    expect(heldOf(story, sold)).toEqual(nothing);
  });

  test('of an order that stands in the queue of an interrupted market: all of it', () => {
    const story = new Story();
    const interruption = { moveBps: 100, windowMs: 600, haltMs: 9, auctionMs: 9 };
    story.configure(2, 'trading', { interruption });
    const trade = (priceTicks: number): void => {
      story.place({ userNumber: 2, side: 'sell', priceTicks, quantityLots: 2 });
      story.place({ userNumber: 3, priceTicks, quantityLots: 2 });
    };
    trade(100);
    const trigger = { kind: 'stop_loss', priceTicks: 101 } as const;
    const first = story.place({ priceTicks: 110, trigger });
    const second = story.place({ priceTicks: 90, trigger });
    story.place({ userNumber: 2, side: 'sell', priceTicks: 110, quantityLots: 2 });
    trade(101);
    expect(story.replay.markets.get(MARKET)?.statuses.at(-1)).toBe('halted');
    expect(heldOf(story, first)).toEqual({ byEvents: 8_800_000n, byBook: 8_800_000n });
    expect(heldOf(story, second)).toEqual({ byEvents: 7_200_000n, byBook: 7_200_000n });
  });

  test('of the orders of a market that is delisted: nothing', () => {
    const story = new Story();
    const order = story.place({ displayLots: 2 });
    story.configure(2, 'closing');
    story.configure(3, 'delisted');
    expect(heldOf(story, order)).toEqual(nothing);
  });

  test('of orders whose deadline has passed: nothing', () => {
    const story = new Story();
    const order = story.place({});
    story.send('cancel_all_after');
    expect(heldOf(story, order).byBook).toBe(8_000_000n);
    story.tick(9);
    expect(heldOf(story, order)).toEqual(nothing);
  });
});

describe('what was prevented', () => {
  const ids = { orderId: orderIdOf(2), userId: userIdOf(1) };
  const head = { sequence: 2, timeMs: 5 };
  const reduced: Reduced = {
    kind: 'reduced',
    ...head,
    ...ids,
    preventedLots: 3,
    remainingLots: 5,
    releaseMinor: '0',
  };
  const prevented: Prevented = {
    kind: 'prevented',
    ...head,
    priceTicks: 100,
    mode: 'decrement',
    takerSide: 'buy',
    taker: { ...ids, lots: 3 },
    maker: { orderId: orderIdOf(9), userId: userIdOf(1), lots: 3 },
  };
  const end = (cancelledLots: number, reason = 'ORDER_SELF_TRADE_PREVENTED') =>
    ({
      kind: 'ended',
      ...head,
      ...ids,
      status: 'cancelled',
      reason,
      cancelledLots,
      releaseMinor: '0',
    }) as const;
  const judge = (...events: Parameters<Replay['orders']['note']>[1][]): unknown => {
    const story = new Story();
    const number = story.place({});
    expect(number).toBe(2);
    story.command({ kind: 'cancel', number: 3, timeMs: 5, userNumber: 1, orderNumber: 2 });
    const known = story.replay.orders.find(2);
    // The order has ended by its cancel; its story is told anew.
    known?.ends.splice(0);
    for (const event of events) story.replay.orders.note(MARKET, event);
    story.replay.finish();
    return story.findings.find('M6')?.row['problem'] ?? null;
  };
  const problem = 'what was prevented is not what the order lost by it';

  test('adds up with what was taken off and what was left at the end', () => {
    expect(judge(prevented, reduced, end(5, 'ORDER_CANCELLED_BY_USER'))).toBeNull();
    const left = { ...prevented, mode: 'cancel_taker', taker: { ...ids, lots: 5 } } as const;
    expect(judge(prevented, reduced, left, end(5))).toBeNull();
    const spared = { ...prevented, mode: 'cancel_maker', taker: { ...ids, lots: 0 } } as const;
    expect(judge(spared, end(8, 'ORDER_CANCELLED_BY_USER'))).toBeNull();
  });

  test.each([
    ['is told of an order that lost nothing', [prevented, end(8, 'ORDER_CANCELLED_BY_USER')]],
    ['is not told at all', [reduced, end(5, 'ORDER_CANCELLED_BY_USER')]],
    ['is not told of an end', [end(8)]],
    [
      'is told with other lots',
      [{ ...prevented, taker: { ...ids, lots: 2 } }, reduced, end(5, '')],
    ],
  ])('is a violation when it %s', (_name, events) => {
    expect(judge(...(events as Parameters<typeof judge>))).toBe(problem);
  });
});
