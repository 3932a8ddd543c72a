// A cascade of triggers that an interruption cuts: docs/engine.md, "The queue moves".
import { describe, expect, it } from 'vitest';
import { ALICE, BOB, CAROL, DAVE, TestMarket, brief } from './test-market.ts';

const RULE = { moveBps: 1_000, windowMs: 60_000, haltMs: 5_000, auctionMs: 10_000 } as const;

function stopAt(priceTicks: number) {
  return { trigger: { kind: 'stop_loss', priceTicks } } as const;
}

/**
 * A trade at 95 (sequence 11) reached sells of Carol with stops: 4, 5 and 6. The first of them
 * found only a bid at 85, too far below 100, and the market was halted at time 0.
 */
function cut(): { market: TestMarket; lines: string[] } {
  const market = TestMarket.open({ interruption: RULE, protectionBps: 9_000 });
  market.rest('sell', ALICE, 100, 1);
  market.buy(BOB, 100, 1);
  market.sell(CAROL, 80, 1, stopAt(97));
  market.sell(CAROL, 200, 2, { ...stopAt(96), timeInForce: 'GTD', expiresAtMs: 30_000 });
  market.sell(CAROL, 201, 3, stopAt(95));
  market.rest('buy', ALICE, 95, 1);
  market.rest('buy', ALICE, 85, 1);
  return { market, lines: market.sell(BOB, 95, 1).map(brief) };
}

describe('a cascade that is cut', () => {
  it('leaves those that were reached in the queue', () => {
    const { market, lines } = cut();
    expect(lines).toEqual([
      'trade 1@95',
      'ended 7 filled - 0',
      'ended 9 filled - 0',
      'triggered 4 by 11',
      'phase_changed halted interruption 5000',
      'opened 1@80',
    ]);
    expect(market.lines('queued')).toEqual(['queued 5 11', 'queued 6 11']);
    expect(market.lines('waiting')).toHaveLength(2);
    expect(market.reload().lines('queued')).toHaveLength(2);
    expect(market.tick(5_000).map(brief)).toEqual([
      'phase_changed auction interruption 15000',
      // One lot at 80 and at 85, nothing over: as near as can be to the last trade at 95.
      'indicative 1@85 none 0',
    ]);
  });

  it('lets them be cancelled, replaced and expire, as orders that wait', () => {
    const { market } = cut();
    expect(market.amend(CAROL, 5, 200, 1).map(brief)).toEqual(['refused ORDER_AMEND_NOT_ALLOWED']);
    expect(market.cancel(BOB, 5).map(brief)).toEqual(['refused ORDER_NOT_FOUND']);
    expect(market.cancel(CAROL, 6, { onlyIf: 'new' }).map(brief)).toEqual([
      'ended 6 cancelled ORDER_CANCELLED_BY_USER 3',
    ]);
    expect(market.lines('queued')).toEqual(['queued 5 11']);
    market.setStatus('cancel_only');
    expect(market.tick(30_000).map(brief)).toEqual(['ended 5 expired ORDER_EXPIRED 2']);
    expect(market.lines('queued', 'waiting')).toEqual([]);
    expect(market.setStatus('trading').map(brief)).toContain('uncrossed 1@85');
  });

  it('lets them be cancelled all at once, and blocks them with their user', () => {
    expect(cut().market.cancelAll(CAROL).map(brief)).toEqual([
      'ended 4 cancelled ORDER_CANCELLED_BY_USER 1',
      'ended 5 cancelled ORDER_CANCELLED_BY_USER 2',
      'ended 6 cancelled ORDER_CANCELLED_BY_USER 3',
    ]);
    const { market } = cut();
    expect(market.block(CAROL)).toHaveLength(4);
    expect(market.lines('queued', 'waiting')).toEqual([]);
  });

  it('goes on with the uncrossing, before what that reaches', () => {
    const { market } = cut();
    // Reached by a trade at 86 or below; Dave's order waits, since the last trade was at 95.
    market.tick(5_000);
    expect(market.sell(DAVE, 202, 4, stopAt(86)).map(brief)).toEqual(['armed 10 stop_loss 86']);
    const lines = market.reload().tick(15_000).map(brief);
    expect(lines).toEqual([
      'phase_changed trading resumption -',
      'uncrossed 1@85',
      'trade 1@85',
      'ended 4 filled - 0',
      'ended 8 filled - 0',
      'triggered 5 by 11',
      'opened 2@200',
      'triggered 6 by 11',
      'opened 3@201',
      'triggered 10 by 22',
      'opened 4@202',
    ]);
  });

  it('goes on when the operator ends the interruption, in the same step', () => {
    const { market } = cut();
    expect(market.configure({}, 'limit_only').map(brief).slice(-4)).toEqual([
      'triggered 5 by 11',
      'opened 2@200',
      'triggered 6 by 11',
      'opened 3@201',
    ]);
    expect(market.lines('queued', 'waiting')).toEqual([]);
  });

  it('may be cut again, by one of its own', () => {
    const market = TestMarket.open({ interruption: RULE, protectionBps: 9_000 });
    market.rest('sell', ALICE, 100, 1);
    market.buy(BOB, 100, 1);
    const sell = { type: 'market', timeInForce: 'IOC' } as const;
    for (let left = 3; left > 0; left -= 1) market.sell(CAROL, 1, 1, { ...stopAt(95), ...sell });
    market.rest('buy', ALICE, 95, 1);
    market.rest('buy', ALICE, 50, 1);
    market.rest('buy', ALICE, 40, 1);
    expect(market.sell(BOB, 95, 1).map(brief).slice(3)).toEqual([
      'triggered 4 by 12',
      'phase_changed halted interruption 5000',
      'ended 4 expired MARKET_INTERRUPTED 1',
    ]);
    // There is no range now, so that 50 is taken, and 40 is too far from it.
    expect(market.tick(15_000).map(brief)).toEqual([
      'phase_changed auction interruption 15000',
      'phase_changed trading resumption -',
      'triggered 5 by 12',
      'trade 1@50',
      'ended 8 filled - 0',
      'ended 5 filled - 0',
      'triggered 6 by 12',
      'phase_changed halted interruption 20000',
      'ended 6 expired MARKET_INTERRUPTED 1',
    ]);
  });

  it('that is delisted ends with all others', () => {
    const { market } = cut();
    market.setStatus('closing');
    expect(market.setStatus('delisted').map(brief).slice(-2)).toEqual([
      'ended 6 cancelled MARKET_DELISTED 3',
      'ended 8 cancelled MARKET_DELISTED 1',
    ]);
    expect(market.lines('queued', 'waiting')).toEqual([]);
  });
});
