// Orders as an attacker would send them: one field of a good order is replaced or added.
/** Spellings of numbers that a careless parser takes, and numbers that overflow a careless one. */
const NUMBERS: readonly unknown[] = [
  '-1',
  '-0',
  '0',
  '0.0',
  '+1',
  '.5',
  '5.',
  '01',
  ' 1',
  '1 ',
  '1\n',
  '1\u0000',
  '',
  'NaN',
  'Infinity',
  '1e-30',
  '1e30',
  '0x10',
  '1_000',
  '1,000',
  '\uff11\uff12',
  '\u0661',
  '1.0000000000000000001',
  '0.0000000000001',
  '9'.repeat(40),
  String(2 ** 32),
  String(2 ** 53 - 2),
  String(2 ** 53 - 1),
  String(2 ** 53),
  String(2n ** 63n - 1n),
  String(2n ** 63n),
  String(2n ** 64n),
  '99999999999999999999.999999999999999999',
  0,
  -1,
  1e400,
  null,
  true,
  [],
  ['1'],
  {},
];

/** Whose money it is, and in what, is never the caller's to say. */
const OWNERS: readonly Record<string, unknown>[] = [
  { userId: 'usr_0000000000000002' },
  { userNumber: 2 },
  { accountId: 'usr_0000000000000002' },
  { walletId: 'BTC' },
  { sourceAccount: 'usr_0000000000000002' },
  { asset: 'ETH' },
  { base: 'SOL' },
  { hold: '0' },
  { fee: '-1' },
  { makerFeePpm: -1_000_000 },
  { tradeGroup: 1 },
  { status: 'filled' },
];

export function hostileOrders(good: Readonly<Record<string, unknown>>): object[] {
  const rest = { market: good['market'], side: 'sell' };
  const byQuote = { ...rest, type: 'market', side: 'buy' };
  return [
    ...NUMBERS.flatMap((value) => [
      { ...good, price: value },
      { ...good, quantity: value },
      { ...byQuote, quoteAmount: value },
      { ...rest, type: 'market', quantity: '0.1', trigger: { type: 'stop_loss', price: value } },
    ]),
    ...OWNERS.map((more) => ({ ...good, ...more })),
    // The largest price times the largest quantity that the market takes.
    { ...good, side: 'buy', price: '9000000', quantity: '10000' },
    { ...good, price: '9000000.01' },
    { ...good, quantity: '10000.00000001' },
    { ...good, market: 'USD-BTC' },
    { ...good, market: 'BTC-BTC' },
    { ...good, market: 'btc-usd' },
  ];
}
