// Markets that collect or stand, as the audit judges them: their books may be crossed, and
// nothing may trade in them. Without a database.
import { describe, expect, test } from 'vitest';
import type { DepthLine, MarketStatus } from '../oracle/naive-types.ts';
import { ExecutionCheck } from './check-executions.ts';
import { findIdleEvent } from './replay.ts';
import { MARKET, Story } from './story-fixture.ts';
import { EXECUTIONS_TYPE } from './wire.ts';

/** Lets the check read all that happened, in one record with this depth. */
function judge(story: Story, depth: readonly DepthLine[]): readonly (string | null)[] {
  const known = story.replay.markets.get(MARKET);
  const events = known?.events ?? [];
  const config = known?.book.config;
  const output = {
    market: MARKET,
    base: config?.base,
    quote: config?.quote,
    feePolicy: config?.feePolicy,
    epoch: 1,
    firstSequence: 1,
    lastSequence: events.length,
    events,
    depth,
  };
  const value = Buffer.from(JSON.stringify({ outputs: [output] }));
  const headers = { ce_type: EXECUTIONS_TYPE };
  const check = new ExecutionCheck(story.replay, story.findings, false);
  check.check({ partition: 0, offset: 0, key: null, headers, value });
  check.finish();
  story.replay.finish();
  const problems = (['M3', 'M7', 'M8'] as const).map((name) => story.findings.find(name)?.row);
  return problems.map((row) => (row === undefined ? null : String(row['problem'])));
}

/** A market with a crossed book in this status. */
function crossed(status: MarketStatus): Story {
  const story = new Story();
  story.configure(2, 'auction');
  story.place({ priceTicks: 102 });
  story.place({ userNumber: 2, side: 'sell', quantityLots: 3 });
  if (status !== 'auction') story.configure(3, status);
  return story;
}
const DEPTH: readonly DepthLine[] = [
  ['buy', 102, 8],
  ['sell', 100, 3],
];

describe('a crossed depth', () => {
  test.each(['auction', 'pre_open', 'halted', 'cancel_only', 'closing'] as const)(
    'may be told in a market that is %s',
    (status) => {
      expect(judge(crossed(status), DEPTH)).toEqual([null, null, null]);
    },
  );

  test('may not be told in a market that trades', () => {
    expect(judge(crossed('trading'), DEPTH)[1]).toBe('the depth that was told is crossed');
    const uncrossed: readonly DepthLine[] = [['buy', 102, 5]];
    expect(judge(crossed('trading'), uncrossed)).toEqual([null, null, null]);
  });

  test('must be told, where it is one', () => {
    expect(judge(crossed('auction'), DEPTH.slice(1))[1]).toBe(
      'the depth that was told is not the book',
    );
  });
});

describe('an event', () => {
  const idle: readonly MarketStatus[] = [
    ...(['halted', 'cancel_only', 'pre_open', 'auction', 'closing', 'delisted'] as const),
  ];
  const kinds = (story: Story): string[] =>
    (story.replay.markets.get(MARKET)?.events ?? []).map(({ kind }) => kind);

  test('of an auction is judged in the status that it happened in', () => {
    const story = crossed('trading');
    expect(kinds(story).slice(-4)).toEqual(['configured', 'uncrossed', 'trade', 'ended']);
    const statuses = story.replay.markets.get(MARKET)?.statuses ?? [];
    expect(statuses).toEqual([
      ...['trading', 'auction', 'auction', 'auction'],
      ...['trading', 'trading', 'trading', 'trading'],
    ]);
    expect(story.findings.isClean).toBe(true);
  });

  test.each(idle)('that trades or triggers is none of a market that is %s', (status) => {
    const events = crossed('trading').replay.markets.get(MARKET)?.events ?? [];
    const trading = events.filter(({ kind }) => kind === 'trade' || kind === 'uncrossed');
    expect(trading.length).toBe(2);
    for (const event of trading) {
      expect(findIdleEvent(event, status)).toBe('a market traded while it must not');
      expect(findIdleEvent(event, 'limit_only')).toBeNull();
    }
    const triggered = {
      kind: 'triggered',
      sequence: 9,
      timeMs: 5,
      orderId: 'ord_0000000000000002',
      userId: 'usr_0000000000000001',
      tradeSequence: 8,
    } as const;
    expect(findIdleEvent(triggered, status)).toBe('an order was triggered while it must not');
    expect(findIdleEvent(triggered, 'post_only')).toBeNull();
  });

  test('that tells of an auction is one of an auction', () => {
    const indicative = {
      kind: 'indicative',
      sequence: 9,
      timeMs: 5,
      priceTicks: 100,
      lots: 3,
      surplusSide: null,
      surplusLots: 0,
    } as const;
    expect(findIdleEvent(indicative, 'auction')).toBeNull();
    expect(findIdleEvent(indicative, 'pre_open')).toBe('an auction that is none told');
  });
});

test('trades that the clock brings are of the configuration before the one that came with it', () => {
  const story = new Story();
  story.configure(2, 'auction');
  const config = story.replay.markets.get(MARKET)?.book.config ?? never();
  const head = { kind: 'configure_market', timeMs: 5 } as const;
  story.place({ priceTicks: 102 });
  story.place({ userNumber: 2, side: 'sell' });
  const schedule = [{ atMs: 9, status: 'trading' } as const];
  const later = { config: { ...config, version: 3 }, status: 'auction', schedule } as const;
  story.command({ ...head, number: 50, ...later });
  // When all has traded even that may change which a fee is taken from.
  const last = { ...config, version: 4, feePolicy: 'quote' } as const;
  story.command({ ...head, number: 51, timeMs: 9, config: last, status: 'trading' });
  const known = story.replay.markets.get(MARKET);
  const policies = known?.events.map((event, at) => [event.kind, known.configs[at]?.feePolicy]);
  expect(policies?.slice(-6)).toEqual([
    ['phase_changed', 'received'],
    ['uncrossed', 'received'],
    ['trade', 'received'],
    ['ended', 'received'],
    ['ended', 'received'],
    ['configured', 'quote'],
  ]);
});

function never(): never {
  throw new Error('the market has a configuration');
}
