// What rows mean on the wire.
import { describe, expect, it } from 'vitest';
import { BTC_USD } from '../../../shared/markets/testing/btc-usd.ts';
import type { StatusTold } from './phases.ts';
import { bookAnswerOf, tradeAnswerOf } from './present.ts';
import {
  auctionAnswerOf,
  marketAnswerOf,
  type MarketRow,
  type PhaseRow,
} from './present-market.ts';

const MARKET: MarketRow = {
  market: 'BTC-USD',
  config: {
    ...BTC_USD,
    baseDecimals: 8,
    quoteDecimals: 10,
    lotSize: '0.00000001',
    version: 3,
  },
  status: 'trading',
  schedule: [
    { atMs: 1_000, status: 'halted' },
    { atMs: 3_000, status: 'trading' },
  ],
  makerFeePpm: -50,
  takerFeePpm: 2_000,
  updatedAtMs: 1_700_000_000_000,
  readAtMs: 2_000,
  phase: null,
};

const AUCTION: StatusTold = {
  sequence: 10,
  timeMs: 1_000,
  status: 'auction',
  cause: 'interruption',
  untilMs: 5_000,
  referenceTicks: 23_647,
};

const INDICATION = {
  sequence: 12,
  timeMs: 2_000,
  priceTicks: 23_500,
  lots: 250,
  surplusSide: 'sell' as const,
  surplusLots: 50,
};

const UNCROSSING = { sequence: 8, timeMs: 500, priceTicks: 23_400, lots: 100 };

function withPhase(change: Partial<PhaseRow>): MarketRow {
  const phase = { version: 3, status: AUCTION, indication: INDICATION, uncrossing: UNCROSSING };
  return { ...MARKET, phase: { ...phase, ...change } };
}

describe('a market on the wire', () => {
  it('has null for what is not limited, signed rates, and the schedule to come', () => {
    expect(marketAnswerOf(MARKET)).toEqual({
      market: 'BTC-USD',
      base: 'BTC',
      quote: 'USD',
      tickSize: '0.01',
      lotSize: '0.00000001',
      minQuantity: '0.0001',
      maxQuantity: '1000',
      minNotional: '1',
      maxNotional: null,
      minPrice: '0.01',
      maxPrice: '1000000',
      priceBand: null,
      interruption: null,
      maxOpenOrders: null,
      maxWaitingOrders: null,
      referenceMaxAgeMs: null,
      selfTradeModes: ['cancel_taker', 'cancel_maker', 'cancel_both', 'decrement'],
      status: 'trading',
      phase: null,
      schedule: [{ at: '1970-01-01T00:00:03.000Z', status: 'trading' }],
      makerFeeRate: '-0.00005',
      takerFeeRate: '0.002',
    });
  });

  it('without a fee schedule says so', () => {
    const answer = marketAnswerOf({ ...MARKET, makerFeePpm: null, takerFeePpm: null });
    expect([answer.makerFeeRate, answer.takerFeeRate]).toEqual([null, null]);
  });

  it('names its limits and the modes that orders may ask for', () => {
    const config = {
      ...MARKET.config,
      selfTradeAllowed: true,
      selfTradeModes: ['decrement'] as const,
      priceBand: { dynamicBps: 7 },
      maxNotional: '5',
    };
    expect(marketAnswerOf({ ...MARKET, config })).toMatchObject({
      selfTradeModes: ['decrement', 'none'],
      priceBand: { staticPrice: null, staticBps: null, dynamicBps: 7 },
      maxNotional: '5',
    });
  });

  it('is in the status that the engine has told, with how it came there', () => {
    expect(marketAnswerOf(withPhase({}))).toMatchObject({
      status: 'auction',
      phase: {
        cause: 'interruption',
        since: '1970-01-01T00:00:01.000Z',
        until: '1970-01-01T00:00:05.000Z',
        referencePrice: '236.47',
        sequence: 10,
      },
    });
  });

  it('is as configured while the engine has told nothing of the newest configuration', () => {
    for (const row of [withPhase({ version: 2 }), withPhase({ status: null })]) {
      expect(marketAnswerOf(row)).toMatchObject({ status: 'trading', phase: null });
    }
  });

  it('stays as the engine has told when a configuration came too late to follow that', () => {
    const closing = { ...AUCTION, status: 'closing' as const, cause: 'schedule' as const };
    const row = withPhase({ version: 2, status: closing });
    expect(marketAnswerOf(row)).toMatchObject({ status: 'closing' });
  });
});

describe('an auction on the wire', () => {
  const NOTHING = {
    indicativePrice: null,
    indicativeQuantity: null,
    surplusSide: null,
    surplusQuantity: null,
  };

  it('has an indication, and what the last uncrossing came to', () => {
    expect(auctionAnswerOf(withPhase({}))).toEqual({
      market: 'BTC-USD',
      status: 'auction',
      until: '1970-01-01T00:00:05.000Z',
      indicativePrice: '235',
      indicativeQuantity: '0.0000025',
      surplusSide: 'sell',
      surplusQuantity: '0.0000005',
      sequence: 12,
      time: '1970-01-01T00:00:02.000Z',
      last: {
        price: '234',
        quantity: '0.000001',
        sequence: 8,
        time: '1970-01-01T00:00:00.500Z',
      },
    });
  });

  it('says when it was told that nothing would trade', () => {
    const none = { ...INDICATION, priceTicks: 0, lots: 0, surplusSide: null, surplusLots: 0 };
    const answer = auctionAnswerOf(withPhase({ indication: none }));
    expect(answer).toMatchObject({ ...NOTHING, sequence: 12, time: '1970-01-01T00:00:02.000Z' });
  });

  it.each([
    ['the engine has told nothing at all', MARKET],
    ['none was told yet', withPhase({ indication: null })],
    ['it is of an auction before', withPhase({ indication: { ...INDICATION, sequence: 9 } })],
    ['no auction is held', withPhase({ status: { ...AUCTION, status: 'trading' } })],
  ])('has no indication when %s', (_name, row) => {
    expect(auctionAnswerOf(row)).toMatchObject({ ...NOTHING, sequence: null, time: null });
  });
});

describe('on the wire', () => {
  it('a book is in decimals, in the order of its rows', () => {
    const book = bookAnswerOf(MARKET, {
      sequence: 9,
      timeMs: 1_430_438_404_518,
      bids: [
        [23_647, 200_000_000],
        [1, 1],
      ],
      asks: [],
    });
    expect(book).toEqual({
      market: 'BTC-USD',
      sequence: 9,
      time: '2015-05-01T00:00:04.518Z',
      bids: [
        ['236.47', '2'],
        ['0.01', '0.00000001'],
      ],
      asks: [],
    });
  });

  it('a market without a book is empty, as of its listing', () => {
    const book = bookAnswerOf(MARKET, null);
    expect(book).toMatchObject({ sequence: 0, bids: [], asks: [] });
    expect(book.time).toBe('2023-11-14T22:13:20.000Z');
  });

  it('a trade keeps its price when the market changes its steps later', () => {
    const trade = {
      market: MARKET.market,
      sequence: 3,
      baseMinor: '250',
      quoteMinor: '5911750',
      takerSide: 'sell' as const,
      timeMs: 1_003,
    };
    const config = { ...MARKET.config, tickSize: '0.5', lotSize: '0.001' };
    const changed = { ...MARKET, config };
    for (const market of [MARKET, changed]) {
      expect(tradeAnswerOf(market, trade)).toEqual({
        tradeId: 'trd_BTC-USD_0000000000000003',
        sequence: 3,
        price: '236.47',
        quantity: '0.0000025',
        takerSide: 'sell',
        time: '1970-01-01T00:00:01.003Z',
      });
    }
  });
});
