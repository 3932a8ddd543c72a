// Examples of fee rates, for the OpenAPI page; a test holds them to the schemas that they belong
// to.

export const FEES = [
  {
    tierVolume: { asset: 'USD', amount: '61250.75', day: '2026-01-31' },
    items: [
      {
        market: 'BTC-USD',
        makerFeeRate: '0.0008',
        takerFeeRate: '0.0018',
        tier: 'silver',
        isOwnTerms: false,
        discountRate: '0',
        nextTier: {
          tier: 'gold',
          makerFeeRate: '0.0005',
          takerFeeRate: '0.0015',
          leastVolume: '100000',
          missingVolume: '38749.25',
        },
        volume30d: '61250.75',
        volumeAsset: 'USD',
      },
    ],
  },
];

export const PREVIEWS = [
  {
    market: 'BTC-USD',
    side: 'buy',
    type: 'limit',
    price: '30000',
    quantity: '0.5',
    notional: { asset: 'USD', amount: '15000' },
    maker: { rate: '0.001', fee: { asset: 'BTC', amount: '0.0005' } },
    taker: { rate: '0.002', fee: { asset: 'BTC', amount: '0.001' } },
    hold: { asset: 'USD', amount: '15000' },
  },
];
