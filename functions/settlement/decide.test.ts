// Trades and releases against amounts worked out by hand.
import { describe, expect, it } from 'vitest';
import { TerminalError } from '../../shared/domain/failure.ts';
import { orderId, userId } from '../../shared/domain/ids.ts';
import type { FeePolicy } from '../../shared/domain/market.ts';
import type { ExecutionEvent } from '../../shared/events/executions.ts';
import { canonicalJson, eventContent, releasesOf, settleTrade, volumesOf } from './decide.ts';
import type { MarketFacts } from '../../shared/events/trade-facts.ts';
import { makeOpened, makeRelease, makeTrade, NOON_MS, type TradeFacts } from './test-records.ts';

const BUYER = { user: 1, order: 11 };
const SELLER = { user: 2, order: 22 };

function market(feePolicy: FeePolicy = 'received'): MarketFacts {
  return { market: 'BTC-USD', base: 'BTC', quote: 'USD', feePolicy };
}

function trade(facts: Partial<TradeFacts> = {}) {
  return makeTrade({
    sequence: 42,
    buyer: BUYER,
    seller: SELLER,
    base: 1_000n,
    quote: 30_000n,
    buyerHold: 31_000n,
    sellerHold: 1_000n,
    ...facts,
  });
}

/** Net change by account; zero changes are left out. */
function changes(feePolicy: FeePolicy, facts: Partial<TradeFacts>): Record<string, bigint> {
  const sums: Record<string, bigint> = {};
  for (const posting of settleTrade(market(feePolicy), trade(facts)).postings) {
    const owner = posting.owner.startsWith('usr_') ? `user${posting.owner.slice(-1)}` : 'fees';
    const account = `${owner} ${posting.asset}`;
    sums[account] = (sums[account] ?? 0n) + posting.amountMinor;
  }
  return sums;
}

describe('a trade is refused for good', () => {
  it.each([{ base: 0n }, { quote: 0n }])('when it moves nothing: %o', (facts) => {
    expect(() => settleTrade(market(), trade(facts))).toThrow(TerminalError);
  });
});

describe('fees where each side pays from what it receives', () => {
  it.each<[string, Partial<TradeFacts>, base: bigint, quote: bigint]>([
    ['buyer takes: 0.2 % of base, 0.1 % of quote', {}, 2n, 30n],
    ['seller takes: 0.1 % of base, 0.2 % of quote', { takerSide: 'sell' }, 1n, 60n],
    ['a fraction is rounded up', { base: 1_001n, quote: 30_001n }, 3n, 31n],
    ['one unit pays one unit, never more', { base: 1n, quote: 1n }, 1n, 1n],
    ['no rate, no fee', { makerPpm: 0, takerPpm: 0 }, 0n, 0n],
    ['a rebate is rounded down, against the user', { makerPpm: -100, quote: 29_999n }, 2n, -2n],
    ['a rebate below one unit is nothing', { makerPpm: -1, quote: 30_000n }, 2n, 0n],
    ['a rate of 100 % takes it all', { takerPpm: 1_000_000 }, 1_000n, 30n],
  ])('%s', (_name, facts, baseFee, quoteFee) => {
    const { base = 1_000n, quote = 30_000n } = facts;
    const expected: Record<string, bigint> = {
      'user1 USD': -quote,
      'user1 BTC': base - baseFee,
      'user2 USD': quote - quoteFee,
      'user2 BTC': -base,
    };
    if (baseFee !== 0n) expected['fees BTC'] = baseFee;
    if (quoteFee !== 0n) expected['fees USD'] = quoteFee;
    expect(changes('received', facts)).toEqual(expected);
  });
});

describe('fees where both sides pay in quote', () => {
  it.each<[string, Partial<TradeFacts>, buyerFee: bigint, sellerFee: bigint]>([
    ['on top for the buyer, out of the proceeds for the seller', {}, 60n, 30n],
    ['seller takes', { takerSide: 'sell' }, 30n, 60n],
    ['fractions are rounded up', { quote: 30_001n }, 61n, 31n],
    ['never more than was held for it', { buyerHold: 30_059n }, 59n, 30n],
    ['a rebate for the buyer who makes', { takerSide: 'sell', makerPpm: -100 }, -3n, 60n],
  ])('%s', (_name, facts, buyerFee, sellerFee) => {
    const { quote = 30_000n } = facts;
    expect(changes('quote', facts)).toEqual({
      'user1 USD': -quote - buyerFee,
      'user1 BTC': 1_000n,
      'user2 USD': quote - sellerFee,
      'user2 BTC': -1_000n,
      'fees USD': buyerFee + sellerFee,
    });
  });
});

describe('a trade', () => {
  it('is named by market and sequence, and takes from both holds', () => {
    const entry = settleTrade(market(), trade());
    expect(entry.key).toBe('BTC-USD:42');
    expect(entry.reference).toEqual({ type: 'trade', id: 'trd_BTC-USD_0000000000000042' });
    expect(entry.takes).toEqual([
      { holdId: 'ord_0000000000000011', amountMinor: 31_000n },
      { holdId: 'ord_0000000000000022', amountMinor: 1_000n },
    ]);
  });

  it('moves no posting of zero and sums to zero per asset', () => {
    for (const feePolicy of ['received', 'quote'] as const) {
      const { postings } = settleTrade(market(feePolicy), trade({ makerPpm: 0 }));
      expect(postings.every((posting) => posting.amountMinor !== 0n)).toBe(true);
      for (const asset of ['BTC', 'USD']) {
        const legs = postings.filter((posting) => posting.asset === asset);
        expect(legs.reduce((sum, leg) => sum + leg.amountMinor, 0n)).toBe(0n);
      }
    }
  });

  it('counts into the volume of both sides, once of a trade with oneself', () => {
    expect(
      volumesOf(market(), trade()).map((each) => [each.userId, each.day, each.quoteMinor]),
    ).toEqual([
      ['usr_0000000000000001', '2026-03-01', 30_000n],
      ['usr_0000000000000002', '2026-03-01', 30_000n],
    ]);
    expect(volumesOf(market(), trade({ seller: { user: 1, order: 22 } }))).toHaveLength(1);
  });
});

describe('releases', () => {
  const of = { sequence: 5, user: 1, order: 11, release: 70n };

  it.each(['ended', 'reduced', 'amended', 'refused'] as const)('of %s', (kind) => {
    expect(releasesOf(makeRelease(kind, of))).toEqual([
      { holdId: 'ord_0000000000000011', amountMinor: 70n },
    ]);
    expect(releasesOf(makeRelease(kind, { ...of, release: 0n }))).toEqual([]);
  });

  it('are none of opened, trade and configured', () => {
    const configured: ExecutionEvent = {
      kind: 'configured',
      sequence: 1,
      timeMs: NOON_MS,
      version: 1,
      status: 'trading',
    };
    for (const event of [makeOpened(of), trade(), configured]) {
      expect(releasesOf(event)).toEqual([]);
    }
  });

  it('are none of a prevented match and of a switch: the ends that follow them release', () => {
    const head = { sequence: 1, timeMs: NOON_MS, userId: userId(1) };
    const side = { orderId: orderId(11), userId: userId(1), lots: 5 };
    const events: ExecutionEvent[] = [
      {
        kind: 'prevented',
        sequence: 1,
        timeMs: NOON_MS,
        priceTicks: 5,
        mode: 'cancel_both',
        takerSide: 'buy',
        taker: side,
        maker: side,
      },
      { ...head, kind: 'deadman_set', commandNumber: 1, deadlineMs: null },
      { ...head, kind: 'deadman_fired', deadlineMs: 1 },
      { ...head, kind: 'user_blocked', commandNumber: 1, isBlocked: true },
    ];
    for (const event of events) expect(releasesOf(event)).toEqual([]);
  });

  it('of a refused cancel-all are none, and an amount there is refused for good', () => {
    const cancelAll = (release: bigint): ExecutionEvent => {
      const refused = makeRelease('refused', { ...of, release });
      return { ...refused, orderId: null } as ExecutionEvent;
    };
    expect(releasesOf(cancelAll(0n))).toEqual([]);
    expect(() => releasesOf(cancelAll(1n))).toThrow(TerminalError);
  });
});

describe('the content of an event', () => {
  it('does not depend on the order of fields, nor on the record’s cut and epoch', () => {
    const reversed = Object.fromEntries(Object.entries(trade()).reverse());
    expect(canonicalJson(reversed)).toBe(canonicalJson(trade()));
    expect(canonicalJson({ b: [1, { d: 1, c: null }], a: 'x' })).toBe(
      '{"a":"x","b":[1,{"c":null,"d":1}]}',
    );
  });

  it('differs when any fact of a trade does', () => {
    const contents = [
      eventContent(market(), trade()),
      eventContent(market('quote'), trade()),
      eventContent(market(), trade({ quote: 30_001n })),
      eventContent(market(), trade({ makerPpm: 999 })),
      eventContent(market(), trade({ sellerHold: 999n })),
      eventContent(market(), trade({ sequence: 43 })),
    ];
    expect(new Set(contents).size).toBe(contents.length);
  });
});
