// Examples of order lists for the OpenAPI page; a test holds them to their schemas.
import { ORDER } from './examples.ts';

const SELL = { side: 'sell', quantity: '0.5' } as const;
const PROFIT = { ...SELL, type: 'limit', price: '31000', postOnly: true } as const;
const STOP = { ...SELL, type: 'market', trigger: { type: 'stop_loss', price: '29000' } } as const;
const WORKING = { side: 'buy', type: 'limit', price: '30000', quantity: '0.5' } as const;

export const PLACE_LIST_EXAMPLES = [
  { type: 'oco', market: 'BTC-USD', orders: [PROFIT, STOP], clientListId: 'exit-1' },
  { type: 'oto', market: 'BTC-USD', orders: [WORKING, STOP] },
  {
    type: 'otoco',
    market: 'BTC-USD',
    orders: [
      { ...WORKING, peg: { to: 'same' } },
      { ...PROFIT, postOnly: false, trigger: { type: 'take_profit', price: '31000' } },
      { ...STOP, trigger: { type: 'trailing_stop', trailBps: 150 } },
    ],
  },
];

const LEG = {
  ...ORDER,
  clientOrderId: null,
  side: 'sell',
  orderListId: 'lst_0000000000000020',
  replaces: null,
} as const;

export const LIST_ANSWER_EXAMPLES = [
  {
    id: 'lst_0000000000000020',
    clientListId: 'exit-1',
    type: 'oco',
    market: 'BTC-USD',
    status: 'executing',
    orders: [
      { ...LEG, price: '31000', postOnly: true },
      {
        ...LEG,
        id: 'ord_0000000000000019',
        type: 'market',
        timeInForce: 'IOC',
        price: null,
        trigger: { type: 'stop_loss', price: '29000' },
        status: 'untriggered',
      },
    ],
    createdAt: '2026-01-31T12:00:00.000Z',
  },
];
