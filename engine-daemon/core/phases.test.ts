// The statuses of a market beside trading, how they follow each other, and its schedule:
// docs/engine.md, "Phases".
import { describe, expect, it } from 'vitest';
import { MARKET_STATUSES, type MarketStatus } from '../../shared/domain/market.ts';
import { ALICE, BOB, CAROL, TestMarket, brief } from './test-market.ts';

const STOP_AT_90 = { trigger: { kind: 'stop_loss', priceTicks: 90 } } as const;

/** A market whose last trade was at 100 and that has come to this status; the next order is 5. */
function inStatus(status: MarketStatus): TestMarket {
  const market = TestMarket.open();
  market.rest('sell', ALICE, 100, 1);
  market.buy(BOB, 100, 1);
  if (status === 'delisted') market.setStatus('closing');
  market.setStatus(status);
  return market;
}

describe('a status', () => {
  const open = MARKET_STATUSES.filter((status) => status !== 'closing' && status !== 'delisted');

  it('is at first any but delisted', () => {
    for (const status of MARKET_STATUSES) {
      const events = new TestMarket().configure({}, status).map(brief);
      expect(events).toEqual(status === 'delisted' ? [] : [`configured 1 ${status}`]);
    }
  });

  it.each(open)('%s is followed by any but delisted', (status) => {
    for (const next of MARKET_STATUSES) {
      const events = inStatus(status).configure({}, next).map(brief);
      expect(events).toEqual(next === 'delisted' ? [] : [`configured 3 ${next}`]);
    }
  });

  it('closing is followed by itself and delisted, and delisted by nothing', () => {
    for (const next of MARKET_STATUSES) {
      const events = inStatus('closing').configure({}, next).map(brief);
      const follows = next === 'closing' || next === 'delisted';
      expect(events).toEqual(follows ? [`configured 3 ${next}`] : []);
      expect(inStatus('delisted').configure({}, next)).toEqual([]);
    }
  });

  it('that may not follow leaves the configuration as it was', () => {
    const market = inStatus('closing');
    market.configure({ maxQuantity: '5' }, 'trading');
    expect(market.book.rules?.config.maxQuantity).toBe('9007199254740991');
    expect(market.book.rules?.status).toBe('closing');
  });
});

describe('an order is refused', () => {
  const place = (status: MarketStatus, words: object) => inStatus(status).place(words)[0];

  it.each([
    ['halted', 'MARKET_HALTED'],
    ['cancel_only', 'MARKET_CANCEL_ONLY'],
    ['closing', 'MARKET_CLOSING'],
    ['delisted', 'MARKET_DELISTED'],
  ] as const)('in %s, whatever it is', (status, reason) => {
    const refused = { kind: 'ended', status: 'rejected', reason };
    expect(place(status, {})).toMatchObject(refused);
    expect(place(status, { ...STOP_AT_90, side: 'sell' })).toMatchObject(refused);
    expect(place(status, { quantityLots: Number.MAX_SAFE_INTEGER })).toMatchObject(refused);
  });

  it.each(['pre_open', 'auction'] as const)('in %s, when it could not be collected', (status) => {
    const refused = { kind: 'ended', status: 'rejected', reason: 'MARKET_AUCTION' };
    expect(place(status, { type: 'market', timeInForce: 'IOC' })).toMatchObject(refused);
    expect(place(status, { timeInForce: 'IOC' })).toMatchObject(refused);
    expect(place(status, { timeInForce: 'FOK' })).toMatchObject(refused);
    expect(place(status, { postOnly: true })).toMatchObject(refused);
    expect(place(status, {})).toMatchObject({ kind: 'opened' });
    const gtd = { timeInForce: 'GTD', expiresAtMs: 5, displayLots: 2 };
    expect(place(status, gtd)).toMatchObject({ kind: 'opened' });
  });

  it.each(['pre_open', 'auction'] as const)('in %s, but not one that waits', (status) => {
    const market = { ...STOP_AT_90, type: 'market', timeInForce: 'IOC', side: 'sell' };
    expect(place(status, market)).toMatchObject({ kind: 'armed' });
    expect(place(status, { ...STOP_AT_90, side: 'sell', postOnly: true })).toMatchObject({
      kind: 'armed',
    });
  });
});

describe('an amend', () => {
  /** Alice buys 10 lots at 90. */
  const amend = (status: MarketStatus, priceTicks: number, lots: number) => {
    const market = TestMarket.open();
    market.rest('buy', ALICE, 90, 10);
    market.setStatus(status);
    return market.amend(ALICE, 2, priceTicks, lots).map(brief);
  };

  it('is refused in a market that is halted', () => {
    expect(amend('halted', 90, 5)).toEqual(['refused MARKET_HALTED']);
  });

  it.each([
    ['cancel_only', 'refused MARKET_CANCEL_ONLY'],
    ['closing', 'refused MARKET_CLOSING'],
  ] as const)('only reduces in %s', (status, refused) => {
    expect(amend(status, 91, 5)).toEqual([refused]);
    expect(amend(status, 90, 11)).toEqual([refused]);
    expect(amend(status, 90, 5)).toEqual(['amended 5@90 kept']);
  });

  it.each(['pre_open', 'auction'] as const)('rests in %s, crossed or not', (status) => {
    const market = TestMarket.open();
    market.rest('buy', ALICE, 90, 10);
    market.rest('sell', BOB, 100, 10);
    market.setStatus(status);
    expect(market.amend(ALICE, 2, 105, 12).map(brief)).toEqual(['amended 12@105', 'opened 12@105']);
    expect(market.amend(ALICE, 2, 105, 3).map(brief)).toEqual(['amended 3@105 kept']);
    expect(market.depth()).toEqual({ bids: [[105, 3]], asks: [[100, 10]] });
  });

  it('of a post-only order is refused there when it would cross', () => {
    const market = TestMarket.open();
    market.rest('buy', ALICE, 90, 10, { postOnly: true });
    market.rest('sell', BOB, 100, 10);
    market.setStatus('pre_open');
    expect(market.amend(ALICE, 2, 100, 10).map(brief)).toEqual([
      'refused ORDER_POST_ONLY_WOULD_TAKE',
    ]);
  });
});

describe('a market that collects', () => {
  it('lets orders rest behind those at their price, on both sides of it', () => {
    const market = inStatus('pre_open');
    market.book.clearTouched();
    expect(market.buy(ALICE, 105, 5).map(brief)).toEqual(['opened 5@105']);
    expect(market.sell(ALICE, 105, 3).map(brief)).toEqual(['opened 3@105']);
    expect(market.sell(BOB, 95, 4).map(brief)).toEqual(['opened 4@95']);
    expect(market.buy(BOB, 105, 6).map(brief)).toEqual(['opened 6@105']);
    expect(market.depth()).toEqual({
      bids: [[105, 11]],
      asks: [
        [95, 4],
        [105, 3],
      ],
    });
    expect(market.book.touchedLevels()).toEqual([
      ['buy', 105, 11],
      ['sell', 95, 4],
      ['sell', 105, 3],
    ]);
    expect(market.cancel(ALICE, 5).map(brief)).toEqual([
      'ended 5 cancelled ORDER_CANCELLED_BY_USER 5',
    ]);
    expect(market.reload().depth()).toEqual(market.depth());
  });

  it('stays crossed until its status is a continuous one', () => {
    const market = inStatus('pre_open');
    market.rest('buy', ALICE, 105, 5);
    market.rest('sell', BOB, 105, 5);
    for (const status of ['halted', 'cancel_only', 'pre_open'] as const) {
      expect(market.setStatus(status)).toEqual([]);
    }
    expect(market.setStatus('post_only').map(brief)).toEqual([
      'uncrossed 5@105',
      'trade 5@105',
      'ended 5 filled - 0',
      'ended 6 filled - 0',
    ]);
  });

  it('that is closed while it is crossed never trades', () => {
    const market = inStatus('pre_open');
    market.rest('buy', ALICE, 105, 5);
    market.rest('sell', BOB, 105, 5);
    market.setStatus('closing');
    expect(market.setStatus('delisted').map(brief)).toEqual([
      'ended 5 cancelled MARKET_DELISTED 5',
      'ended 6 cancelled MARKET_DELISTED 5',
    ]);
  });
});

describe('a market that is delisted', () => {
  it('ends all orders by rising number, resting and waiting', () => {
    const market = inStatus('trading');
    market.rest('buy', BOB, 80, 4);
    market.sell(CAROL, 70, 5, STOP_AT_90);
    market.rest('buy', ALICE, 85, 6);
    market.sell(BOB, 70, 7, STOP_AT_90);
    market.setStatus('closing');
    const events = market.setStatus('delisted');
    expect(events.map(brief)).toEqual([
      'ended 5 cancelled MARKET_DELISTED 4',
      'ended 6 cancelled MARKET_DELISTED 5',
      'ended 7 cancelled MARKET_DELISTED 6',
      'ended 8 cancelled MARKET_DELISTED 7',
    ]);
    expect(events[0]).toMatchObject({ releaseMinor: '320' });
    expect(market.book.openOrders).toBe(0);
    expect(market.cancel(BOB, 5).map(brief)).toEqual(['refused ORDER_NOT_FOUND']);
    expect(market.amend(BOB, 5, 80, 1).map(brief)).toEqual(['refused ORDER_NOT_FOUND']);
    expect(market.reload().cancelAll(BOB).map(brief)).toEqual(['refused ORDER_NOT_FOUND']);
  });
});

describe('a schedule', () => {
  it('changes the status when its times come, and what that brings follows', () => {
    const market = TestMarket.open();
    const schedule = [
      { atMs: 100, status: 'trading' },
      { atMs: 200, status: 'halted' },
    ] as const;
    expect(market.configure({}, 'pre_open', [...schedule]).map(brief)).toEqual([
      'configured 2 pre_open',
    ]);
    market.rest('buy', ALICE, 100, 5);
    market.rest('sell', BOB, 100, 5);
    expect(market.book.nextDueMs).toBe(100);
    expect(market.tick(99)).toEqual([]);
    expect(market.tick(100)).toMatchObject([
      {
        kind: 'phase_changed',
        timeMs: 100,
        status: 'trading',
        cause: 'schedule',
        untilMs: null,
        referenceTicks: 0,
      },
      { kind: 'uncrossed', priceTicks: 100, lots: 5 },
      { kind: 'trade', takerSide: 'sell' },
      { kind: 'ended' },
      { kind: 'ended' },
    ]);
    expect(market.lines('schedule')).toEqual(['schedule 200 halted']);
    expect(market.reload().tick(200).map(brief)).toEqual(['phase_changed halted schedule -']);
  });

  it('goes through all that is due, each with what it brings, before the command', () => {
    const market = TestMarket.open();
    market.configure({}, 'pre_open', [
      { atMs: 100, status: 'trading' },
      { atMs: 150, status: 'pre_open' },
      { atMs: 200, status: 'limit_only' },
    ]);
    market.rest('buy', ALICE, 100, 5);
    market.rest('sell', BOB, 100, 4);
    expect(market.sell(BOB, 100, 1, { timeMs: 300 }).map(brief)).toEqual([
      'phase_changed trading schedule -',
      'uncrossed 4@100',
      'trade 4@100',
      'ended 4 filled - 0',
      'phase_changed pre_open schedule -',
      'phase_changed limit_only schedule -',
      'trade 1@100',
      'ended 3 filled - 0',
      'ended 5 filled - 0',
    ]);
    expect(market.book.nextDueMs).toBe(Infinity);
  });

  it('passes over what may not follow', () => {
    const market = TestMarket.open();
    market.rest('buy', ALICE, 100, 5);
    market.configure({}, 'trading', [
      { atMs: 50, status: 'delisted' },
      { atMs: 100, status: 'closing' },
      { atMs: 150, status: 'trading' },
      { atMs: 200, status: 'delisted' },
      { atMs: 250, status: 'closing' },
    ]);
    expect(market.tick(50)).toEqual([]);
    expect(market.lines('schedule')).toHaveLength(4);
    expect(market.tick(300).map(brief)).toEqual([
      'phase_changed closing schedule -',
      'phase_changed delisted schedule -',
      'ended 2 cancelled MARKET_DELISTED 5',
    ]);
    expect(market.lines('schedule')).toEqual([]);
  });

  it('tells also of the status that the market has', () => {
    const market = TestMarket.open();
    market.configure({}, 'trading', [{ atMs: 50, status: 'trading' }]);
    expect(market.tick(50).map(brief)).toEqual(['phase_changed trading schedule -']);
  });

  it('is replaced by that of the next configuration, or by none', () => {
    const market = TestMarket.open();
    market.configure({}, 'trading', [{ atMs: 50, status: 'halted' }]);
    market.configure({}, 'trading', [{ atMs: 60, status: 'cancel_only' }]);
    expect(market.lines('schedule')).toEqual(['schedule 60 cancel_only']);
    market.configure({ version: 1 }, 'trading');
    expect(market.lines('schedule')).toHaveLength(1);
    market.configure({}, 'trading');
    expect(market.tick(100)).toEqual([]);
  });

  it('whose times have passed is taken with the next step', () => {
    const market = TestMarket.open();
    market.tick(100);
    expect(market.configure({}, 'trading', [{ atMs: 50, status: 'halted' }]).map(brief)).toEqual([
      'configured 2 trading',
    ]);
    expect(market.place({}).map(brief)).toEqual([
      'phase_changed halted schedule -',
      'ended 3 rejected MARKET_HALTED 10',
    ]);
  });

  it('comes after orders that expire and deadlines that fire', () => {
    const market = TestMarket.open();
    market.configure({}, 'pre_open', [{ atMs: 50, status: 'trading' }]);
    market.rest('buy', ALICE, 100, 5, { timeInForce: 'GTD', expiresAtMs: 60 });
    market.rest('sell', BOB, 100, 5);
    market.cancelAllAfter(BOB, 55);
    expect(market.tick(60).map(brief)).toEqual([
      'ended 3 expired ORDER_EXPIRED 5',
      'deadman_fired 55',
      'ended 4 cancelled ORDER_CANCELLED_BY_DEADMAN 5',
      'phase_changed trading schedule -',
    ]);
  });
});
