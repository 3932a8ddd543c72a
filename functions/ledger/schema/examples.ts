// Examples of a user's own money, for the OpenAPI page; a test holds them to the schemas that they
// belong to.

export const BALANCES = [
  {
    items: [
      { asset: 'BTC', available: '1', held: '0.5', total: '1.5' },
      { asset: 'USD', available: '20000.25', held: '0', total: '20000.25' },
    ],
  },
];

export const ENTRIES = [
  {
    entryId: 'pst_0000000000000205',
    kind: 'trade',
    asset: 'BTC',
    amount: '0.499',
    balanceAfter: '1.5',
    reference: { type: 'trade', id: 'trd_BTC-USD_0000000000000042' },
    createdAt: '2026-01-31T12:00:00.000Z',
  },
];
