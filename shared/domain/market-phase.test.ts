// Which phase a market is in, told from its plan and from the engine's last word.
import { describe, expect, it } from 'vitest';
import { MARKET_STATUSES, mayFollow, type MarketStatus } from './market.ts';
import {
  interruptionNow,
  isAnswered,
  plannedStatus,
  statusNow,
  type StatusPlan,
  type ToldPhase,
} from './market-phase.ts';

const PLAN: StatusPlan = {
  version: 3,
  status: 'pre_open',
  schedule: [
    { atMs: 100, status: 'auction' },
    { atMs: 200, status: 'trading' },
    { atMs: 300, status: 'closing' },
    { atMs: 400, status: 'trading' },
    { atMs: 500, status: 'delisted' },
  ],
  interruption: { moveBps: 500, windowMs: 60_000, haltMs: 20, auctionMs: 30 },
};

const HALTED: ToldPhase = {
  version: 3,
  status: 'halted',
  cause: 'interruption',
  sinceMs: 210,
  untilMs: 230,
};

describe('a status may follow another', () => {
  const legal = (from: MarketStatus | null) => MARKET_STATUSES.filter((to) => mayFollow(from, to));
  const anyButDelisted = MARKET_STATUSES.filter((status) => status !== 'delisted');

  it('any but delisted at first, and after any but closing and delisted', () => {
    expect(legal(null)).toEqual(anyButDelisted);
    for (const from of anyButDelisted.filter((status) => status !== 'closing')) {
      expect(legal(from)).toEqual(anyButDelisted);
    }
  });

  it('only to an end once it is closing, and nothing after that', () => {
    expect(legal('closing')).toEqual(['closing', 'delisted']);
    expect(legal('delisted')).toEqual([]);
  });
});

describe('the plan', () => {
  it.each([
    [99, 'pre_open'],
    [100, 'auction'],
    [299, 'trading'],
    [450, 'closing'],
    [500, 'delisted'],
  ] as const)(
    'says at %i that the market is %s: what may not follow has no effect',
    (at, status) => {
      expect(plannedStatus(PLAN, at)).toBe(status);
    },
  );
});

describe('an interruption', () => {
  it.each([
    ['that nobody has told of', null, 215],
    [
      'that another phase has ended',
      { ...HALTED, cause: 'resumption' as const, untilMs: null },
      215,
    ],
    ['of an older configuration', { ...HALTED, version: 2 }, 215],
    ['whose auction is over as well', HALTED, 260],
    ['that the schedule has ended', HALTED, 300],
    ['in its auction, when its time has come', { ...HALTED, status: 'auction' as const }, 230],
  ])('is none %s', (_name, told, nowMs) => {
    expect(interruptionNow(PLAN, told, nowMs)).toBeNull();
  });

  it('is a halt until its time has come, and then the auction that the engine will tell of', () => {
    expect(interruptionNow(PLAN, HALTED, 229)).toEqual({ status: 'halted', untilMs: 230 });
    expect(interruptionNow(PLAN, HALTED, 230)).toEqual({ status: 'auction', untilMs: 260 });
    expect(interruptionNow(PLAN, { ...HALTED, version: null }, 229)?.status).toBe('halted');
  });

  it('is what the market does while it lasts, and the plan is what it does then', () => {
    expect(statusNow(PLAN, HALTED, 215)).toBe('halted');
    expect(statusNow(PLAN, HALTED, 259)).toBe('auction');
    expect(statusNow(PLAN, HALTED, 260)).toBe('trading');
    expect(statusNow(PLAN, null, 50)).toBe('pre_open');
  });
});

describe('a configuration', () => {
  it('is answered when the engine has told of it, or of a status that it cannot follow', () => {
    expect(isAnswered(PLAN, null)).toBe(false);
    expect(isAnswered(PLAN, { ...HALTED, version: 2 })).toBe(false);
    expect(isAnswered(PLAN, HALTED)).toBe(true);
    expect(isAnswered(PLAN, { ...HALTED, version: null })).toBe(true);
    expect(isAnswered(PLAN, { ...HALTED, version: 2, status: 'closing' })).toBe(true);
  });
});
