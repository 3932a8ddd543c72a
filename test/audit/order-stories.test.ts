// What the audit believes of holds and of prevented lots, without a database: after whatever random
// commands, all that was held for an order less what events took is what the order locks.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CommandMaker } from '../oracle/command-maker.ts';
import { variantOf } from '../oracle/market-variants.ts';
import type { Prevented, Reduced } from '../oracle/naive-events.ts';
import { orderIdOf, userIdOf } from '../oracle/naive-amounts.ts';
import { NaiveShard } from '../oracle/naive-shard.ts';
import type { Market, MarketCommand, Place } from '../oracle/naive-types.ts';
import { specs } from '../oracle/random-specs.ts';
import { lockedFor, sum, takesOf } from './check-holds.ts';
import { Findings } from './findings.ts';
import type { OrderStory } from './order-stories.ts';
import { Replay } from './replay.ts';
import { COMMANDS_TYPE, TICK_TYPE, type LogRecord } from './wire.ts';

const MARKET: Market = 'BTC-USD';
const CONFIGURE: MarketCommand = {
  kind: 'configure_market',
  number: 1,
  timeMs: 1,
  config: variantOf(MARKET, 0, 1),
  status: 'trading',
};
const SEED = 20_260_103;
const COMMANDS = 6_000;

class Story {
  readonly findings = new Findings();
  readonly replay = new Replay(this.findings);
  #offset = 0;
  #number = 1;

  constructor() {
    this.command(CONFIGURE);
  }

  command(command: MarketCommand, market = MARKET): void {
    this.#append(market, COMMANDS_TYPE, { market, commands: [command] });
  }

  tick(timeMs: number): void {
    this.#append(null, TICK_TYPE, { kind: 'tick', timeMs });
  }

  /** With no more said, user 1 buys 8 lots at 100. Answers the order's number. */
  place(changes: Partial<Place>): number {
    this.#number += 1;
    const order = { side: 'buy', priceTicks: 100, quantityLots: 8, ...changes } as const;
    const perLot = order.side === 'buy' ? order.priceTicks * 10_000 : 10_000;
    this.command({
      kind: 'place',
      number: this.#number,
      timeMs: 5,
      userNumber: 1,
      type: 'limit',
      timeInForce: 'GTC',
      postOnly: false,
      selfTradePrevention: 'cancel_taker',
      quoteBudgetMinor: null,
      expiresAtMs: null,
      makerFeePpm: 0,
      takerFeePpm: 0,
      holdMinor: String(perLot * order.quantityLots),
      ...order,
    });
    return this.#number;
  }

  send(command: 'cancel_all_after' | 'block_user'): void {
    this.#number += 1;
    const head = { number: this.#number, timeMs: 5, userNumber: 1 };
    if (command === 'block_user') this.command({ kind: command, ...head, isBlocked: true });
    else this.command({ kind: command, ...head, deadlineMs: 9 });
  }

  #append(key: Market | null, type: string, data: object): void {
    const value = Buffer.from(JSON.stringify(data));
    const headers = { ce_type: type };
    const record: LogRecord = { partition: 0, offset: this.#offset, key, headers, value };
    this.replay.apply(record);
    this.#offset += 1;
  }

  /** What is locked for an order, by the events and by the book. */
  held(number: number): { readonly byEvents: bigint; readonly byBook: bigint } {
    const story = this.replay.orders.find(number);
    if (story === null) throw new Error(`no order ${number}`);
    return heldFor(story, this.replay);
  }
}

function heldFor(story: OrderStory, replay: Replay) {
  const byEvents = story.madeMinor - sum(takesOf(story));
  return { byEvents, byBook: lockedFor(story, replay) };
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
      kinds.add(command.kind);
      shard.apply(market, command);
      story.command(command, market);
    }
    story.replay.finish();
    expect(kinds.size).toBe(7);
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
    expect(story.held(iceberg)).toEqual({ byEvents: 5_000_000n, byBook: 5_000_000n });
  });

  test('of a trailing stop: all of it while it waits, however far it followed', () => {
    const story = new Story();
    story.place({ userNumber: 2, side: 'sell', quantityLots: 2 });
    story.place({ userNumber: 3, quantityLots: 2 });
    const trigger = { kind: 'trailing_stop', trailBps: 500 } as const;
    const trailing = story.place({ side: 'sell', trigger });
    story.place({ userNumber: 2, side: 'sell', priceTicks: 104, quantityLots: 2 });
    story.place({ userNumber: 3, priceTicks: 104, quantityLots: 2 });
    expect(story.held(trailing)).toEqual({ byEvents: 80_000n, byBook: 80_000n });
  });

  const nothing = { byEvents: 0n, byBook: 0n };

  test('of an order that was replaced: nothing', () => {
    const story = new Story();
    const old = story.place({});
    const replaces = { orderNumber: old, onFailure: 'stop' } as const;
    const next = story.place({ priceTicks: 90, replaces });
    expect(story.held(old)).toEqual(nothing);
    expect(story.held(next)).toEqual({ byEvents: 7_200_000n, byBook: 7_200_000n });
    const failed = story.place({ replaces });
    expect(story.held(failed)).toEqual(nothing);
  });

  test('of the orders of a blocked user: nothing', () => {
    const story = new Story();
    const order = story.place({ displayLots: 2 });
    story.send('block_user');
    expect(story.held(order)).toEqual(nothing);
    expect(story.held(story.place({}))).toEqual(nothing);
  });

  test('of orders whose deadline has passed: nothing', () => {
    const story = new Story();
    const order = story.place({});
    story.send('cancel_all_after');
    expect(story.held(order).byBook).toBe(8_000_000n);
    story.tick(9);
    expect(story.held(order)).toEqual(nothing);
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
