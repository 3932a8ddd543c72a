// Examples of what the orders API takes and answers, for the OpenAPI page; a test holds them to the
// schemas that they belong to.

const LIMIT = {
  market: 'BTC-USD',
  side: 'buy',
  type: 'limit',
  price: '30000',
  quantity: '0.5',
} as const;

export const PLACE_EXAMPLES = [
  { ...LIMIT, clientOrderId: 'mine-1' },
  { ...LIMIT, quantity: '10', displayQuantity: '0.5', postOnly: true },
  { ...LIMIT, timeInForce: 'DAY' },
  { ...LIMIT, peg: { to: 'same', offsetLevels: 1 } },
  { market: 'BTC-USD', side: 'buy', type: 'market', quoteAmount: '1000' },
  {
    market: 'BTC-USD',
    side: 'sell',
    type: 'market',
    quantity: '0.5',
    trigger: { type: 'stop_loss', price: '29000' },
  },
  {
    market: 'BTC-USD',
    side: 'sell',
    type: 'market',
    quantity: '0.5',
    trigger: { type: 'trailing_stop', trailBps: 150, activationPrice: '31000' },
  },
];

export const REPLACE_EXAMPLES = [
  { ...LIMIT, price: '30010' },
  { ...LIMIT, price: '30010', onFailure: 'proceed', onlyIf: 'new' },
];

export const PLACE_BATCH_EXAMPLES = [
  {
    orders: [LIMIT, { ...LIMIT, side: 'sell', price: '31000', postOnly: true }],
    allOrNone: true,
  },
];

export const CANCEL_BATCH_EXAMPLES = [
  { orders: [{ id: 'ord_0000000000000017', onlyIf: 'new' }, { clientOrderId: 'mine-1' }] },
];

export const CANCEL_ALL_AFTER_EXAMPLES = [
  { seconds: 60 },
  { seconds: 0 },
  { seconds: 30, market: 'BTC-USD' },
];

export const ORDER = {
  id: 'ord_0000000000000018',
  clientOrderId: 'mine-1',
  market: 'BTC-USD',
  side: 'buy',
  type: 'limit',
  timeInForce: 'GTC',
  postOnly: false,
  selfTradePrevention: 'cancel_taker',
  price: '30010',
  quantity: '0.5',
  quoteAmount: null,
  displayQuantity: null,
  expiresAt: null,
  trigger: null,
  peg: null,
  orderListId: null,
  replaces: 'ord_0000000000000017',
  replacedBy: null,
  filledQuantity: '0',
  filledQuote: '0',
  averagePrice: null,
  remainingQuantity: '0.5',
  status: 'open',
  reason: null,
  fees: [],
  createdAt: '2026-01-31T12:00:00.000Z',
  updatedAt: '2026-01-31T12:00:00.010Z',
} as const;

export const ORDER_EXAMPLES = [ORDER];

export const REPLACE_ANSWER_EXAMPLES = [
  {
    result: 'replaced',
    replaced: { id: 'ord_0000000000000017', cancelled: true, cancelledQuantity: '0.4' },
    order: { ...ORDER, trades: [] },
  },
  {
    result: 'place_failed',
    replaced: { id: 'ord_0000000000000017', cancelled: true, cancelledQuantity: '0.4' },
    order: {
      ...ORDER,
      postOnly: true,
      status: 'rejected',
      reason: 'ORDER_POST_ONLY_WOULD_TAKE',
      remainingQuantity: '0',
      trades: [],
    },
  },
];

export const BATCH_ANSWER_EXAMPLES = [
  {
    items: [
      { order: { ...ORDER, replaces: null, status: 'accepted' } },
      {
        problem: {
          type: 'urn:bourse:error:ORDER_FUNDS_INSUFFICIENT',
          title: 'The available balance does not cover the hold.',
          status: 422,
          detail: 'the available USD does not cover the hold',
          instance: '/v1/orders/batch',
          code: 'ORDER_FUNDS_INSUFFICIENT',
          requestId: 'b7f3c1d2',
        },
      },
    ],
  },
];

export const CANCEL_ALL_EXAMPLES = [
  { markets: ['BTC-USD', 'ETH-USD'] },
  { market: 'BTC-USD', markets: ['BTC-USD'] },
];

export const DEADLINE_EXAMPLES = [
  { markets: [{ market: 'BTC-USD', deadline: '2026-01-31T12:01:00.000Z' }] },
  { markets: [{ market: 'BTC-USD', deadline: null }] },
];

export const PREVENTED_EXAMPLES = [
  {
    market: 'BTC-USD',
    price: '30000',
    selfTradePrevention: 'cancel_maker',
    orders: [
      {
        orderId: 'ord_0000000000000018',
        side: 'buy',
        liquidity: 'taker',
        preventedQuantity: '0',
      },
      {
        orderId: 'ord_0000000000000016',
        side: 'sell',
        liquidity: 'maker',
        preventedQuantity: '0.25',
      },
    ],
    time: '2026-01-31T12:00:00.000Z',
  },
];

export const AMEND_EXAMPLES = [{ quantity: '0.4' }, { price: '30005', quantity: '0.4' }];

const FEE = { asset: 'BTC', amount: '0.0002' } as const;
const TRADE_ID = 'trd_BTC-USD_0000000000000042';

export const OUTCOME_EXAMPLES = [
  { ...ORDER, replaces: null, status: 'accepted' },
  {
    ...ORDER,
    replaces: null,
    filledQuantity: '0.2',
    filledQuote: '6002',
    averagePrice: '30010',
    remainingQuantity: '0.3',
    fees: [FEE],
    trades: [{ tradeId: TRADE_ID, price: '30010', quantity: '0.2', fee: FEE, liquidity: 'taker' }],
  },
];

export const TRADE_EXAMPLES = [
  {
    tradeId: TRADE_ID,
    orderId: ORDER.id,
    market: 'BTC-USD',
    side: 'buy',
    price: '30010',
    quantity: '0.2',
    quoteQuantity: '6002',
    fee: FEE,
    liquidity: 'taker',
    time: '2026-01-31T12:00:00.010Z',
  },
];

export const TEST_EXAMPLES = [
  {
    market: 'BTC-USD',
    hold: { asset: 'USD', amount: '15000' },
    estimatedFee: { asset: 'BTC', amount: '0.001' },
  },
];
