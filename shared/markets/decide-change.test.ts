// What an operator may make of a market, and what is no change at all. Refusals first.
import { describe, expect, it } from 'vitest';
import type { MarketConfig, MarketStatus, ScheduledStatus } from '../domain/market.ts';
import { checkSchedule, decideChange } from './decide-change.ts';
import type { StoredMarket, Wanted } from './stored-market.ts';
import { BTC_USD } from './testing/btc-usd.ts';

const CONFIG: MarketConfig = { ...BTC_USD, baseDecimals: 8, quoteDecimals: 6, version: 1 };
const NEXT = { ...CONFIG, version: 2 };
const NOW_MS = 1_000;

const STORED: StoredMarket = {
  config: CONFIG,
  status: 'trading',
  schedule: [],
  shard: 0,
  movingTo: null,
  told: null,
};

function stored(change: Partial<StoredMarket>): StoredMarket {
  return { ...STORED, ...change };
}

function wanted(change: Partial<Wanted>): Wanted {
  return { description: BTC_USD, status: null, schedule: [], shard: 0, ...change };
}

const INTERRUPTED = stored({
  config: { ...CONFIG, interruption: { moveBps: 1, windowMs: 60, haltMs: 0, auctionMs: 500 } },
  told: { version: 1, status: 'auction', cause: 'interruption', sinceMs: 900, untilMs: 1_400 },
});

describe('a change is refused', () => {
  it.each<[string, StoredMarket | null, Partial<Wanted>, string]>([
    ['a new market that is delisted', null, { status: 'delisted' }, 'cannot be delisted'],
    ['a delisting without closing', STORED, { status: 'delisted' }, 'close it first'],
    ['trading after closing', stored({ status: 'closing' }), { status: 'trading' }, 'is closing'],
    ['anything after delisting', stored({ status: 'delisted' }), {}, 'is delisted, for ever'],
    [
      'trading after the schedule has closed it',
      stored({ schedule: [{ atMs: 1_000, status: 'closing' }] }),
      { status: 'trading' },
      'is closing',
    ],
    ['another shard', STORED, { shard: 1 }, 'shard of BTC-USD cannot change'],
    ['a market that moves', stored({ movingTo: 1 }), { status: 'halted' }, 'finish the move first'],
    [
      'a change without a status in an interruption',
      INTERRUPTED,
      { schedule: [{ atMs: 2_000, status: 'closing' }] },
      'is interrupted (auction until 1970-01-01T00:00:01.400Z)',
    ],
  ])('%s', (_name, before, want, message) => {
    expect(() => decideChange(before, wanted(want), NEXT, NOW_MS)).toThrow(message);
  });
});

describe('a change', () => {
  it('is none when the market is so already, by its row or by its schedule', () => {
    expect(decideChange(STORED, wanted({ status: 'trading' }), NEXT, NOW_MS)).toBeNull();
    const opened = stored({ status: 'pre_open', schedule: [{ atMs: 1_000, status: 'trading' }] });
    expect(decideChange(opened, wanted({ status: 'trading' }), NEXT, NOW_MS)).toBeNull();
    const reordered = { version: 2, ...Object.fromEntries(Object.entries(CONFIG).reverse()) };
    expect(
      decideChange(STORED, wanted({}), { ...reordered, version: 2 } as MarketConfig, NOW_MS),
    ).toBeNull();
  });

  it('keeps the status that the schedule has made, and only what is left of the schedule', () => {
    const schedule: ScheduledStatus[] = [
      { atMs: 900, status: 'trading' },
      { atMs: 2_000, status: 'closing' },
    ];
    const before = stored({ status: 'pre_open', schedule });
    const left = schedule.slice(1);
    const config = { ...NEXT, maxOpenOrders: 5 };
    expect(decideChange(before, wanted({ schedule: left }), config, NOW_MS)).toEqual({
      config,
      status: 'trading',
      schedule: left,
      shard: 0,
    });
  });

  it('with a status ends an interruption, even with the status that the market had before', () => {
    const config = { ...INTERRUPTED.config, version: 2 };
    const next = decideChange(INTERRUPTED, wanted({ status: 'trading' }), config, NOW_MS);
    expect(next).toMatchObject({ status: 'trading', config: { version: 2 } });
    expect(decideChange(INTERRUPTED, wanted({ status: 'trading' }), config, 1_400)).toBeNull();
  });
});

describe('a schedule', () => {
  const entry = (atMs: number, status: MarketStatus) => ({ atMs, status });

  it.each([
    ['in the past', [entry(999, 'trading')], 'has passed'],
    ['of this very moment', [entry(1_000, 'trading')], 'has passed'],
    ['not rising', [entry(3_000, 'auction'), entry(2_000, 'trading')], 'not after the entry'],
    ['twice at once', [entry(2_000, 'auction'), entry(2_000, 'trading')], 'not after the entry'],
    ['without effect', [entry(2_000, 'delisted')], 'delisted may not follow trading'],
    [
      'without effect after another',
      [entry(2_000, 'closing'), entry(3_000, 'trading')],
      'trading may not follow closing',
    ],
    [
      'too long',
      Array.from({ length: 33 }, (_, at) => entry(2_000 + at, 'trading')),
      'at most 32 entries',
    ],
  ])('is refused %s', (_name, entries, message) => {
    expect(() => checkSchedule('trading', entries, NOW_MS)).toThrow(message);
  });

  it('is taken when each entry may follow the one before', () => {
    const entries = [entry(1_001, 'closing'), entry(1_002, 'delisted')];
    expect(() => checkSchedule('auction', entries, NOW_MS)).not.toThrow();
  });
});
