// Triggers that follow the market: docs/engine.md, "Trailing stops".
import { describe, expect, it } from 'vitest';
import { ALICE, BOB, CAROL, DAVE, TestMarket, brief } from './test-market.ts';

const PRICE_MAX = 4_294_967_295;

/** A tenth behind the best price unless another distance is given. */
function trail(activationPriceTicks?: number, trailBps = 1_000) {
  const kind = 'trailing_stop';
  return activationPriceTicks === undefined
    ? ({ trigger: { kind, trailBps } } as const)
    : ({ trigger: { kind, trailBps, activationPriceTicks } } as const);
}

/** A market whose last trade was at this price, with nothing on the book; the next order is 4. */
function tradedAt(priceTicks: number, words = {}): TestMarket {
  const market = TestMarket.open(words);
  tradeAt(market, priceTicks);
  return market;
}

/** Trades one lot at this price between Alice and Bob; answers what else happened. */
function tradeAt(market: TestMarket, priceTicks: number): string[] {
  market.rest('sell', ALICE, priceTicks, 1);
  return market
    .buy(BOB, priceTicks, 1)
    .map(brief)
    .filter((line) => !line.startsWith('trade 1@') && !line.includes('filled'));
}

/** Places Carol's order, which does not trade when it is triggered: its limit is far away. */
function wait(market: TestMarket, side: 'buy' | 'sell', words: object): string[] {
  const priceTicks = side === 'buy' ? 1 : PRICE_MAX;
  return market.place({ userNumber: CAROL, side, priceTicks, ...words }).map(brief);
}

/** The trigger price in the state hash, and what follows it. */
function waiting(market: TestMarket): (string | undefined)[] {
  return market.lines('waiting').map((line) => line.split(' trailing_stop ')[1]);
}

describe('a trailing stop is refused', () => {
  it('while the market has never traded', () => {
    const market = TestMarket.open();
    expect(wait(market, 'sell', trail())).toEqual([
      'ended 2 rejected ORDER_TRIGGER_REFERENCE_NONE 10',
    ]);
  });

  it('with an activation price outside the band, and has no other price to be there', () => {
    const market = tradedAt(1_000, { minPrice: '995', maxPrice: '1005' });
    const sell = { side: 'sell', priceTicks: 1_000, userNumber: CAROL } as const;
    for (const ticks of [994, 1_006]) {
      expect(market.place({ ...sell, ...trail(ticks) })).toMatchObject([
        { status: 'rejected', reason: 'ORDER_PRICE_OUT_OF_BAND' },
      ]);
    }
    // Its trigger price is 900.
    expect(market.place({ ...sell, ...trail(995) })).toMatchObject([{ triggerPriceTicks: 900 }]);
  });

  it('to be amended', () => {
    const market = tradedAt(1_000);
    wait(market, 'sell', trail());
    expect(market.amend(CAROL, 4, 900, 5).map(brief)).toEqual(['refused ORDER_AMEND_NOT_ALLOWED']);
  });
});

describe('a trailing stop is armed', () => {
  it.each([
    ['sell', 1_000, 900],
    ['buy', 1_000, 1_100],
    // 899.1 and 1098.9: away from the extreme for a sell, and for a buy.
    ['sell', 999, 899],
    ['buy', 999, 1_099],
    ['sell', 1, 1],
    ['buy', PRICE_MAX, PRICE_MAX],
  ] as const)('%s after a trade at %i with trigger price %i', (side, last, ticks) => {
    expect(wait(tradedAt(last), side, trail())).toEqual([`armed 4 trailing_stop ${ticks}`]);
  });

  it.each([
    ['sell', 1_001, 0],
    ['sell', 1_000, 900],
    ['sell', 999, 900],
    ['buy', 999, 0],
    ['buy', 1_000, 1_100],
    ['buy', 1_001, 1_100],
  ] as const)('%s with activation price %i at 1000: %i', (side, activation, ticks) => {
    expect(wait(tradedAt(1_000), side, trail(activation))).toEqual([
      `armed 4 trailing_stop ${ticks}`,
    ]);
  });
});

describe('a trailing stop follows', () => {
  it('the highest price, to sell', () => {
    const market = tradedAt(1_000);
    wait(market, 'sell', trail());
    expect(tradeAt(market, 1_100)).toEqual([]);
    expect(tradeAt(market, 1_050)).toEqual([]);
    expect(waiting(market)).toEqual(['990 trail 1000 1100 0']);
    expect(tradeAt(market, 991)).toEqual([]);
    const sequence = market.book.sequence + 2;
    expect(tradeAt(market, 990)).toEqual([`triggered 4 by ${sequence}`, `opened 10@${PRICE_MAX}`]);
  });

  it('the lowest price, to buy', () => {
    const market = tradedAt(1_000);
    wait(market, 'buy', trail());
    expect(tradeAt(market, 900)).toEqual([]);
    expect(tradeAt(market, 950)).toEqual([]);
    expect(waiting(market)).toEqual(['990 trail 1000 900 0']);
    expect(tradeAt(market, 989)).toEqual([]);
    expect(tradeAt(market, 990)).toContain('opened 10@1');
  });

  it('no price on the other side', () => {
    const market = tradedAt(1_000);
    wait(market, 'sell', trail());
    expect(tradeAt(market, 950)).toEqual([]);
    expect(tradeAt(market, 901)).toEqual([]);
    expect(tradeAt(market, 900)).toContain(`opened 10@${PRICE_MAX}`);
  });

  it('nothing before its activation price is reached, and from there the trade that did', () => {
    const market = tradedAt(1_000);
    wait(market, 'sell', trail(1_050));
    wait(market, 'buy', trail(950));
    expect(tradeAt(market, 951)).toEqual([]);
    expect(tradeAt(market, 1_049)).toEqual([]);
    expect(waiting(market)).toEqual(['0 trail 1000 0 1050', '0 trail 1000 0 950']);
    expect(tradeAt(market, 1_060)).toEqual([]);
    expect(waiting(market)).toEqual(['954 trail 1000 1060 1050', '0 trail 1000 0 950']);
    // The trade that makes the buy active reaches the sell, not the buy.
    expect(tradeAt(market, 500).filter((line) => line.startsWith('triggered'))).toHaveLength(1);
    expect(waiting(market)).toEqual(['550 trail 1000 500 950']);
    expect(tradeAt(market, 550)).toContain('opened 10@1');
  });

  it('and is reached at its extreme, where its trigger price can be no other', () => {
    const market = tradedAt(2);
    wait(market, 'sell', trail(undefined, 5_000));
    const low = tradedAt(1);
    wait(low, 'sell', trail());
    expect(waiting(low)).toEqual(['1 trail 1000 1 0']);
    expect(tradeAt(market, 2)).toEqual([]);
    expect(tradeAt(low, 1)).toContain(`opened 10@${PRICE_MAX}`);
    expect(tradeAt(market, 1)).toContain(`opened 10@${PRICE_MAX}`);
  });

  it('the best of all trades of a step, before a later one reaches it', () => {
    const market = tradedAt(1_000);
    market.rest('buy', DAVE, 985, 1);
    market.rest('buy', DAVE, 940, 1);
    market.sell(CAROL, 1, 1, trail());
    const trigger = { kind: 'take_profit', priceTicks: 1_100 } as const;
    market.sell(CAROL, 1, 1, { trigger });
    market.rest('sell', ALICE, 1_100, 1);
    // 1100 becomes the extreme and makes 990 the trigger price, which the trade at 985 reaches.
    expect(market.buy(BOB, 1_100, 1).map(brief)).toEqual([
      'trade 1@1100',
      'ended 8 filled - 0',
      'ended 9 filled - 0',
      'triggered 7 by 11',
      'trade 1@985',
      'ended 4 filled - 0',
      'ended 7 filled - 0',
      'triggered 6 by 15',
      'trade 1@940',
      'ended 5 filled - 0',
      'ended 6 filled - 0',
    ]);
  });
});

describe('one trade reaches', () => {
  it('trailing stops among the fixed ones, by trigger price, then by number', () => {
    const market = tradedAt(1_000);
    const stop = (priceTicks: number) => ({ trigger: { kind: 'stop_loss', priceTicks } }) as const;
    wait(market, 'sell', { ...stop(895), number: 10 });
    wait(market, 'sell', { ...trail(), number: 40 });
    wait(market, 'sell', { ...stop(900), number: 50 });
    wait(market, 'sell', { ...trail(undefined, 1_050), number: 20 });
    wait(market, 'sell', { ...stop(900), number: 30 });
    wait(market, 'sell', { ...trail(undefined, 500), number: 60 });
    market.rest('sell', ALICE, 890, 1, { number: 71 });
    const turns = market.buy(BOB, 890, 1, { number: 72 }).map(brief);
    expect(turns.filter((line) => line.startsWith('triggered')).map((line) => line.slice(0, 12)))
      // Trigger prices: 950; three at 900; two at 895.
      .toEqual(['triggered 60', ...[30, 40, 50, 10, 20].map((number) => `triggered ${number}`)]);
  });

  it('all that have the same extreme, whenever each of them began', () => {
    const market = tradedAt(1_000);
    wait(market, 'sell', trail());
    tradeAt(market, 950);
    wait(market, 'sell', trail());
    expect(waiting(market)).toEqual(['900 trail 1000 1000 0', '855 trail 1000 950 0']);
    tradeAt(market, 975);
    expect(waiting(market)).toEqual(['900 trail 1000 1000 0', '877 trail 1000 975 0']);
    tradeAt(market, 1_000);
    expect(waiting(market)).toEqual(['900 trail 1000 1000 0', '900 trail 1000 1000 0']);
    tradeAt(market, 1_010);
    expect(waiting(market)).toEqual(['909 trail 1000 1010 0', '909 trail 1000 1010 0']);
    const triggered = tradeAt(market, 909).filter((line) => line.startsWith('triggered'));
    expect(triggered).toHaveLength(2);
  });
});

describe('a trailing stop leaves', () => {
  it('by cancel and by expiry, active or not, and the others go on', () => {
    const market = tradedAt(1_000);
    const gtd = { timeInForce: 'GTD', expiresAtMs: 50 } as const;
    wait(market, 'sell', trail());
    wait(market, 'sell', trail());
    wait(market, 'sell', { ...trail(2_000), ...gtd });
    wait(market, 'buy', { ...trail(), ...gtd });
    wait(market, 'buy', trail(500));
    expect(market.cancel(CAROL, 5)).toMatchObject([{ cancelledLots: 10, releaseMinor: '10' }]);
    expect(market.cancel(CAROL, 8)).toMatchObject([{ kind: 'ended' }]);
    expect(market.tick(50).map(brief)).toEqual([
      'ended 6 expired ORDER_EXPIRED 10',
      'ended 7 expired ORDER_EXPIRED 10',
    ]);
    expect(tradeAt(market, 900)).toContain(`opened 10@${PRICE_MAX}`);
    expect(market.book.state.waiting.count).toBe(0);
  });

  it('and leaves nothing behind that later ones could run into', () => {
    const market = tradedAt(1_000);
    wait(market, 'sell', trail());
    tradeAt(market, 990);
    wait(market, 'sell', trail());
    market.cancel(CAROL, 7);
    // Reaches the first alone: that of the second would have been 891.
    expect(tradeAt(market, 900)).toContain(`opened 10@${PRICE_MAX}`);
    tradeAt(market, 995);
    wait(market, 'sell', trail());
    expect(waiting(market)).toEqual(['895 trail 1000 995 0']);
  });

  it('however many have come and gone on the way down', () => {
    const market = tradedAt(1_000);
    wait(market, 'sell', { ...trail(undefined, 5_000), number: 10_000 });
    for (let ticks = 999; ticks > 700; ticks -= 1) {
      const number = 10_000 + 4 * (1_000 - ticks);
      wait(market, 'sell', { ...trail(undefined, 5_000), number });
      market.cancel(CAROL, number, { number: number + 1 });
      market.rest('sell', ALICE, ticks, 1, { number: number + 2 });
      market.buy(BOB, ticks, 1, { number: number + 3 });
    }
    expect(waiting(market)).toEqual(['500 trail 5000 1000 0']);
    expect(waiting(market.reload())).toEqual(['500 trail 5000 1000 0']);
    market.rest('sell', ALICE, 500, 1, { number: 20_001 });
    expect(market.buy(BOB, 500, 1, { number: 20_002 }).map(brief)).toContain(
      `opened 10@${PRICE_MAX}`,
    );
  });
});

describe('a saved state', () => {
  it('brings back extremes of both sides, and what is not active', () => {
    const market = tradedAt(1_000);
    for (const last of [990, 1_010, 1_000]) {
      wait(market, 'sell', trail());
      wait(market, 'buy', trail());
      wait(market, 'sell', trail(1_200));
      wait(market, 'buy', trail(800));
      tradeAt(market, last);
    }
    const reloaded = market.reload();
    for (const each of [1_200, 1_080, 800, 880]) {
      const events = tradeAt(market, each);
      expect(tradeAt(reloaded, each)).toEqual(events);
    }
    expect(market.book.state.waiting.count).toBe(0);
  });
});
