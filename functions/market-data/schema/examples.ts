// Examples of public market data, for the OpenAPI page; a test holds them to the schemas that they
// belong to.

export const ASSETS = [
  {
    items: [
      { asset: 'BTC', name: 'Bitcoin', decimals: 8 },
      { asset: 'USD', name: 'US dollar', decimals: 2 },
    ],
  },
];

const MARKET = {
  market: 'BTC-USD',
  base: 'BTC',
  quote: 'USD',
  tickSize: '0.01',
  lotSize: '0.00000001',
  minQuantity: '0.00001',
  maxQuantity: '9000',
  minNotional: '1',
  maxNotional: '1000000',
  minPrice: '0.01',
  maxPrice: '1000000',
  priceBand: { staticPrice: '30000', staticBps: 2_000, dynamicBps: 500 },
  interruption: { moveBps: 500, windowMs: 300_000, haltMs: 0, auctionMs: 120_000 },
  maxOpenOrders: 200,
  maxWaitingOrders: 50,
  referenceMaxAgeMs: null,
  selfTradeModes: ['cancel_taker', 'cancel_maker', 'cancel_both', 'decrement'],
  status: 'auction',
  phase: {
    cause: 'interruption',
    since: '2026-03-02T09:14:07.250Z',
    until: '2026-03-02T09:16:07.250Z',
    referencePrice: '30012.5',
    sequence: 48_213,
  },
  schedule: [{ at: '2026-03-02T21:00:00.000Z', status: 'cancel_only' }],
  makerFeeRate: '0.001',
  takerFeeRate: '0.002',
};

export const MARKETS = [MARKET];
export const MARKET_LISTS = [{ items: [MARKET] }];

export const AUCTIONS = [
  {
    market: 'BTC-USD',
    status: 'auction',
    until: '2026-03-02T09:16:07.250Z',
    indicativePrice: '29875.5',
    indicativeQuantity: '3.25',
    surplusSide: 'sell',
    surplusQuantity: '0.4',
    sequence: 48_377,
    time: '2026-03-02T09:15:31.006Z',
    last: null,
  },
];

export const BOOKS = [
  {
    market: 'BTC-USD',
    sequence: 48_377,
    time: '2026-03-02T09:15:31.006Z',
    bids: [
      ['29999.5', '0.75'],
      ['29999', '2.1'],
    ],
    asks: [['30000.5', '0.25']],
  },
];

export const PUBLIC_TRADES = [
  {
    tradeId: 'trd_BTC-USD_0000000000000042',
    sequence: 42,
    price: '30000',
    quantity: '0.5',
    takerSide: 'buy',
    time: '2026-03-02T09:15:31.006Z',
  },
];
