// What an auction tells of itself once a second: docs/engine.md, "Indication".
import { describe, expect, it } from 'vitest';
import { ALICE, BOB, TestMarket, brief } from './test-market.ts';

const LOTS_MAX = 9_007_199_254_740_991;

/** An auction since second 1 in which 5 buys at 105 meet 5 sells at 100: orders 3 and 4. */
function crossed(): TestMarket {
  const market = TestMarket.open();
  market.tick(1_000);
  market.setStatus('auction');
  market.tick(1_001);
  market.rest('buy', ALICE, 105, 5);
  market.rest('sell', BOB, 100, 5);
  return market;
}

describe('an auction', () => {
  it('tells nothing while nothing would trade', () => {
    const market = TestMarket.open();
    market.setStatus('auction');
    market.rest('buy', ALICE, 100, 5);
    expect(market.tick(5_000)).toEqual([]);
    expect(market.lines('indicated')).toEqual(['indicated 5 0 0']);
  });

  it('tells nothing in pre_open, and nothing more when it is over', () => {
    const market = crossed();
    market.setStatus('pre_open');
    expect(market.tick(5_000)).toEqual([]);
    market.setStatus('trading');
    expect(market.tick(9_000)).toEqual([]);
    expect(market.lines('indicated')).toEqual([]);
  });

  it('tells its price and lots when a new second begins', () => {
    const market = crossed();
    expect(market.book.nextDueMs).toBe(2_000);
    expect(market.tick(1_999)).toEqual([]);
    expect(market.tick(2_000)).toMatchObject([
      {
        kind: 'indicative',
        timeMs: 2_000,
        priceTicks: 102,
        lots: 5,
        surplusSide: null,
        surplusLots: 0,
      },
    ]);
    expect(market.lines('indicated')).toEqual(['indicated 2 102 5']);
  });

  it('is looked at with its first step, whatever the second', () => {
    const market = TestMarket.open();
    market.tick(1_500);
    market.setStatus('pre_open');
    market.rest('buy', ALICE, 105, 5);
    market.rest('sell', BOB, 100, 5);
    expect(market.setStatus('auction')).toEqual([]);
    expect(market.lines('indicated')).toEqual([]);
    expect(market.tick(1_501).map(brief)).toEqual(['indicative 5@102 none 0']);
    expect(market.cancel(ALICE, 3)).toMatchObject([{ kind: 'ended' }]);
    expect(market.tick(1_999)).toEqual([]);
    expect(market.tick(2_000).map(brief)).toEqual(['indicative 0@0 none 0']);
  });

  it('tells before the command, not what that does', () => {
    const market = crossed();
    expect(market.sell(BOB, 100, 3, { timeMs: 2_500 }).map(brief)).toEqual([
      'indicative 5@102 none 0',
      'opened 3@100',
    ]);
    // Three sells over: the lowest price.
    expect(market.tick(3_000).map(brief)).toEqual(['indicative 5@100 sell 3']);
  });

  it('tells only what has changed of price and lots', () => {
    const market = crossed();
    market.tick(2_000);
    expect(market.tick(3_000)).toEqual([]);
    market.rest('buy', ALICE, 105, 1);
    expect(market.tick(4_000).map(brief)).toEqual(['indicative 5@105 buy 1']);
    market.rest('buy', ALICE, 106, 4);
    // 106: 4 lots; 105: 5 lots, and now 5 over.
    expect(market.tick(5_000)).toEqual([]);
    market.rest('sell', BOB, 99, 1);
    expect(market.tick(6_000).map(brief)).toEqual(['indicative 6@105 buy 4']);
  });

  it('tells when nothing would trade any more, once', () => {
    const market = crossed();
    market.tick(2_000);
    market.cancelAll(ALICE);
    expect(market.tick(3_000).map(brief)).toEqual(['indicative 0@0 none 0']);
    expect(market.tick(4_000)).toEqual([]);
  });

  it('tells anew when it is another one', () => {
    const market = crossed();
    market.tick(2_000);
    market.setStatus('pre_open');
    market.setStatus('auction');
    expect(market.tick(2_001).map(brief)).toEqual(['indicative 5@102 none 0']);
  });

  it('counts what icebergs hide, and tells of lots up to 2^53 - 1', () => {
    const market = TestMarket.open();
    market.setStatus('auction');
    const hides = { displayLots: 2 ** 52 };
    for (let user = 1; user <= 4; user += 1) market.rest('buy', user, 100, LOTS_MAX, hides);
    for (let user = 5; user <= 6; user += 1) market.rest('sell', user, 100, LOTS_MAX);
    expect(market.tick(1_000).map(brief)).toEqual([`indicative ${LOTS_MAX}@100 buy ${LOTS_MAX}`]);
  });

  it('goes on across a saved state', () => {
    const market = crossed();
    market.tick(2_000);
    const reloaded = market.reload();
    expect(reloaded.tick(2_500)).toEqual([]);
    expect(reloaded.tick(3_000)).toEqual([]);
    reloaded.cancelAll(ALICE);
    expect(reloaded.tick(4_000).map(brief)).toEqual(['indicative 0@0 none 0']);
  });
});
