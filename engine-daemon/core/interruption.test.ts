// What stops a market that moves too fast, and how it goes on: docs/engine.md, "Interruptions".
import { describe, expect, it } from 'vitest';
import type { MarketConfig } from '../../shared/domain/market.ts';
import { ALICE, BOB, TestMarket, brief } from './test-market.ts';

/** A tenth in a minute, of which each second is a slot. */
const RULE = { moveBps: 1_000, windowMs: 60_000, haltMs: 5_000, auctionMs: 10_000 } as const;
const MARKET = { type: 'market', timeInForce: 'IOC' } as const;
const INTERRUPTED = 'phase_changed halted interruption 5000';

/** Last trade at 100 at time 0, nothing on the book; the next order is 4. */
function tradedAt100(config: Partial<MarketConfig> = {}): TestMarket {
  const market = TestMarket.open({ interruption: RULE, protectionBps: 9_000, ...config });
  market.rest('sell', ALICE, 100, 1);
  market.buy(BOB, 100, 1);
  return market;
}

/** Alice offers one lot at each of these prices. */
function offer(market: TestMarket, ...prices: number[]): void {
  for (const ticks of prices) market.rest('sell', ALICE, ticks, 1);
}

function bid(market: TestMarket, ...prices: number[]): void {
  for (const ticks of prices) market.rest('buy', ALICE, ticks, 1);
}

/** Interrupted at time 0 with a sell of Alice at 111 (4) and a buy of Bob at 120 (5). */
function interrupted(config: Partial<MarketConfig> = {}): TestMarket {
  const market = tradedAt100(config);
  offer(market, 111);
  market.buy(BOB, 120, 1);
  return market;
}

/** What happens when one lot is bought at this price, without the ends. */
function buyAt(market: TestMarket, priceTicks: number): string[] {
  const lines = market.buy(BOB, priceTicks, 1).map(brief);
  return lines.filter((line) => !line.startsWith('ended'));
}

describe('a trade', () => {
  it('may be where it likes while there is no range', () => {
    const market = TestMarket.open({ interruption: RULE });
    offer(market, 4_000_000_000);
    expect(buyAt(market, 4_000_000_000)).toEqual(['trade 1@4000000000']);
  });

  it('too far above the lowest does not happen, and the market is halted', () => {
    const market = tradedAt100();
    offer(market, 105, 110, 111);
    const events = market.buy(BOB, 120, 4);
    expect(events.map(brief)).toEqual([
      'trade 1@105',
      'ended 4 filled - 0',
      'trade 1@110',
      'ended 5 filled - 0',
      INTERRUPTED,
      'opened 2@120',
    ]);
    expect(events[4]).toMatchObject({ referenceTicks: 100, untilMs: 5_000 });
    expect(market.depth()).toEqual({ bids: [[120, 2]], asks: [[111, 1]] });
    expect(market.lines('interrupted', 'reference', 'slot')).toEqual(['interrupted trading 5000']);
  });

  it('too far below the highest does not happen', () => {
    const market = tradedAt100();
    bid(market, 95, 90, 89);
    const events = market.sell(BOB, 80, 4);
    expect(events.map(brief)).toEqual([
      'trade 1@95',
      'ended 4 filled - 0',
      'trade 1@90',
      'ended 5 filled - 0',
      INTERRUPTED,
      'opened 2@80',
    ]);
    expect(events[4]).toMatchObject({ referenceTicks: 100 });
  });

  it('is compared with the lowest and highest of all recent ones, not with the last', () => {
    const market = tradedAt100();
    offer(market, 95);
    buyAt(market, 95);
    offer(market, 104);
    expect(buyAt(market, 104)).toEqual(['trade 1@104']);
    // 10 % above 95 is 104.5.
    offer(market, 105);
    const [event] = market.buy(BOB, 105, 1);
    expect(event).toMatchObject({ kind: 'phase_changed', referenceTicks: 95 });
  });

  it('interrupts to an auction at once where no halt is wanted', () => {
    const market = interrupted({ interruption: { ...RULE, haltMs: 0 } });
    expect(market.lines('interrupted')).toEqual(['interrupted trading 10000']);
    expect(market.book.rules?.status).toBe('auction');
    // Nothing is over at 111 and at 120: the nearest to the last trade at 100.
    expect(market.tick(9_999).map(brief)).toEqual(['indicative 1@111 none 0']);
  });

  it('that is prevented interrupts nothing', () => {
    const market = tradedAt100();
    offer(market, 200);
    expect(market.buy(ALICE, 200, 1).map(brief)[0]).toBe('prevented 1/0@200');
  });
});

describe('who is stopped by an interruption', () => {
  const stopped = (words: object, lots = 3) => {
    const market = tradedAt100();
    offer(market, 110, 111);
    return market.buy(BOB, 200, lots, words).slice(2);
  };

  it('ends when it cannot rest', () => {
    const ended = 'ended 6 expired MARKET_INTERRUPTED 2';
    expect(stopped({ timeInForce: 'IOC' }).map(brief)).toEqual([INTERRUPTED, ended]);
    expect(stopped(MARKET).map(brief)).toEqual([INTERRUPTED, ended]);
    expect(stopped({ ...MARKET, quoteBudgetMinor: '600' })).toMatchObject([
      { kind: 'phase_changed' },
      { kind: 'ended', reason: 'MARKET_INTERRUPTED', cancelledLots: 2, releaseMinor: '490' },
    ]);
  });

  it('rests when it can, to an iceberg if it is one', () => {
    expect(stopped({ timeInForce: 'GTD', expiresAtMs: 9 }).map(brief)).toEqual([
      INTERRUPTED,
      'opened 2@200',
    ]);
    const market = tradedAt100();
    offer(market, 111);
    market.buy(BOB, 200, 9, { displayLots: 2 });
    expect(market.depth().bids).toEqual([[200, 2]]);
  });

  it('interrupts nothing when its budget would not have paid for the trade', () => {
    expect(stopped({ ...MARKET, quoteBudgetMinor: '220' }).map(brief)).toEqual([
      'ended 6 filled ORDER_QUOTE_AMOUNT_REACHED 2',
    ]);
  });

  it('may be an order that is amended', () => {
    const market = tradedAt100();
    const order = market.rest('buy', BOB, 90, 3);
    offer(market, 110, 111);
    expect(market.amend(BOB, order, 120, 3).map(brief)).toEqual([
      'amended 3@120',
      'trade 1@110',
      'ended 5 filled - 0',
      INTERRUPTED,
      'opened 2@120',
    ]);
  });
});

describe('fill-or-kill', () => {
  const fok = (market: TestMarket, lots: number) =>
    market.buy(BOB, 200, lots, { timeInForce: 'FOK' }).map(brief);

  it('is not fillable by a trade that would leave the range', () => {
    const market = tradedAt100();
    offer(market, 110, 111);
    expect(fok(market, 2)).toEqual(['ended 6 expired ORDER_FOK_NOT_FILLABLE 2']);
    expect(fok(market, 1)).toContain('trade 1@110');
  });

  it('widens the range by its own trades', () => {
    const market = tradedAt100();
    offer(market, 95, 105);
    expect(fok(market, 2)).toEqual(['ended 6 expired ORDER_FOK_NOT_FILLABLE 2']);
    offer(market, 104);
    expect(fok(market, 2)).toContain('trade 1@104');
  });

  it('leaves the reference behind with its first trade, when no other counts', () => {
    const market = tradedAt100();
    market.tick(200_000);
    offer(market, 110, 121, 122);
    // 110 is within a tenth of 100, and then the only trade: a tenth above it is 121.
    expect(fok(market, 3)).toEqual(['ended 7 expired ORDER_FOK_NOT_FILLABLE 3']);
    expect(fok(market, 2)).toEqual([
      'trade 1@110',
      'ended 4 filled - 0',
      'trade 1@121',
      'ended 5 filled - 0',
      'ended 8 filled - 0',
    ]);
  });
});

describe('the range', () => {
  it('counts trades of the slot of now and the 59 before it', () => {
    const market = tradedAt100();
    market.tick(1_999);
    offer(market, 108);
    buyAt(market, 108);
    expect(market.lines('slot')).toEqual(['slot 0 100 100', 'slot 1 108 108']);
    market.tick(59_999);
    offer(market, 111);
    expect(market.reload().buy(BOB, 111, 1).map(brief)[0]).toBe(
      'phase_changed halted interruption 64999',
    );
    market.tick(60_000);
    expect(market.lines('slot')).toEqual(['slot 1 108 108']);
    expect(buyAt(market, 111)).toEqual(['trade 1@111']);
  });

  it('is the last trade when none counts, however old that is', () => {
    const market = tradedAt100();
    market.tick(500_000);
    expect(market.lines('reference', 'slot')).toEqual(['reference 100']);
    offer(market, 111);
    expect(market.buy(BOB, 111, 1)).toMatchObject([
      { kind: 'phase_changed', referenceTicks: 100, untilMs: 505_000 },
      { kind: 'opened' },
    ]);
  });

  it('is emptied by a configuration, which leaves the reference', () => {
    const market = tradedAt100();
    offer(market, 105);
    buyAt(market, 105);
    market.configure({});
    expect(market.lines('reference', 'slot')).toEqual(['reference 105']);
    offer(market, 115);
    expect(buyAt(market, 115)).toEqual(['trade 1@115']);
  });

  it('and the reference are none after an interruption, until the next trade', () => {
    const market = interrupted();
    market.cancelAll(ALICE);
    market.tick(15_000);
    market.cancelAll(BOB);
    expect(market.lines('reference', 'slot')).toEqual([]);
    expect(market.lines('last')).toEqual(['last 100 0']);
    offer(market, 500);
    expect(buyAt(market.reload(), 500)).toEqual(['trade 1@500']);
    expect(buyAt(market, 500)).toEqual(['trade 1@500']);
    expect(market.lines('reference', 'slot')).toEqual(['reference 500', 'slot 15 500 500']);
  });

  it('is not asked in an uncrossing, but counts its trades', () => {
    const market = interrupted();
    market.tick(15_000);
    expect(market.lines('slot')).toEqual(['slot 15 111 111']);
    offer(market, 123);
    expect(buyAt(market, 123)[0]).toBe('phase_changed halted interruption 20000');
  });
});

describe('an interruption', () => {
  it('is a halt, then an auction, then what was before, and an uncrossing', () => {
    const market = interrupted();
    expect(market.book.nextDueMs).toBe(5_000);
    expect(market.sell(BOB, 100, 1)).toMatchObject([{ reason: 'MARKET_HALTED' }]);
    expect(market.tick(4_999)).toEqual([]);
    expect(market.tick(5_000)).toMatchObject([
      { status: 'auction', cause: 'interruption', untilMs: 15_000, referenceTicks: 0 },
      { kind: 'indicative', priceTicks: 111, lots: 1 },
    ]);
    expect(market.lines('interrupted')).toEqual(['interrupted trading 15000']);
    expect(market.tick(14_999)).toEqual([]);
    expect(market.reload().tick(15_000)).toMatchObject([
      { status: 'trading', cause: 'resumption', untilMs: null, referenceTicks: 0 },
      { kind: 'uncrossed', priceTicks: 111, lots: 1 },
      { kind: 'trade' },
      { kind: 'ended' },
      { kind: 'ended' },
    ]);
  });

  it('goes through all of that in one step when time has passed', () => {
    expect(interrupted().tick(99_000).map(brief)).toEqual([
      'phase_changed auction interruption 15000',
      'phase_changed trading resumption -',
      'uncrossed 1@111',
      'trade 1@111',
      'ended 4 filled - 0',
      'ended 5 filled - 0',
    ]);
  });

  it('gives back the status that it found', () => {
    const market = tradedAt100();
    market.setStatus('limit_only');
    offer(market, 111);
    buyAt(market, 111);
    market.cancelAll(ALICE);
    expect(market.tick(15_000).map(brief).at(-1)).toBe('phase_changed limit_only resumption -');
  });

  it('is ended by a configuration, with or without its rule', () => {
    for (const config of [{}, { interruption: undefined }] as Partial<MarketConfig>[]) {
      const market = interrupted();
      expect(market.configure(config).map(brief)).toEqual([
        'configured 2 trading',
        'uncrossed 1@111',
        'trade 1@111',
        'ended 4 filled - 0',
        'ended 5 filled - 0',
      ]);
      expect(market.lines('interrupted')).toEqual([]);
      expect(market.tick(99_000)).toEqual([]);
    }
  });

  it('is ended by the schedule, which goes first when both are due at once', () => {
    const schedule = (atMs: number) => {
      const market = tradedAt100();
      market.configure({}, 'trading', [{ atMs, status: 'cancel_only' }]);
      offer(market, 111);
      market.buy(BOB, 120, 1);
      return market;
    };
    expect(schedule(5_000).tick(99_000).map(brief)).toEqual([
      'phase_changed cancel_only schedule -',
    ]);
    expect(schedule(5_001).tick(99_000).map(brief)).toEqual([
      'phase_changed auction interruption 15000',
      'phase_changed cancel_only schedule -',
    ]);
    expect(schedule(15_001).tick(99_000).map(brief).at(-1)).toBe(
      'phase_changed cancel_only schedule -',
    );
    expect(schedule(15_001).tick(99_000)).toHaveLength(7);
  });
});
