// An example of a user's flags and limits, for the OpenAPI page; a test holds it to its schema.

export const LIMITS = [
  {
    trading: { on: true, since: null },
    withdrawal: { on: false, since: '2026-01-31T12:00:00.000Z' },
    frozen: { on: false, since: null },
    limits: [
      {
        name: 'open_notional_max',
        market: 'BTC-USD',
        asset: 'USD',
        limit: '100000',
        used: '15000.5',
      },
    ],
  },
];
