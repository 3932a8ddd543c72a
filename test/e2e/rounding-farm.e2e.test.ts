// Attack T15: a rounding farm, over HTTP, all processes real. Thousands of the smallest trades, to
// and fro between two users, with fees below one unit and rebates as large as the fees: together
// they never have a unit more than before, and what they have less is the house's, to the unit. A
// hundred thousand trades without servers: functions/settlement/rounding-farm.test.ts.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findVariable } from '../../shared/config/environment.ts';
import { createPool, type Pool } from '../../shared/db/pool.ts';
import { eventually, Exchange } from './exchange.ts';
import { expectCleanAudit, operate } from './operator.ts';
import { RoundingFarmers, unitsOf, type Ground, type OwnTrade } from './rounding-farmer.ts';

const SEED = Number(findVariable('BOURSE_SEED') ?? Math.floor(Math.random() * 2 ** 31));
const ROUNDS = 8;
const MILLION = 1_000_000n;
const ASSETS = { BTC: 8, SOL: 9, USD: 10 } as const;
type Asset = keyof typeof ASSETS;
const STANDARD = { makerPpm: 1_000, takerPpm: 2_000 };

/** Each pays in what it receives: a satoshi costs five units of USD. */
const RECEIVED = {
  market: 'BTC-USD',
  base: 'BTC',
  quote: 'USD',
  price: '0.05',
  lotQuote: 5,
  lotBase: 1,
  baseDecimals: 8,
  quoteDecimals: 10,
} as const satisfies Ground;

/** Both pay in quote: a lot costs one satoshi, the least there is. */
const IN_QUOTE = {
  market: 'SOL-BTC',
  base: 'SOL',
  quote: 'BTC',
  price: '0.00001',
  lotQuote: 1,
  lotBase: 1_000_000,
  baseDecimals: 9,
  quoteDecimals: 8,
} as const satisfies Ground;

/** Nothing is too small to be traded here. */
const RULES = {
  maxQuantity: '1000000',
  minPrice: '0.00001',
  maxPrice: '1000',
  protectionBps: 1_000,
  selfTradeAllowed: false,
};
const MARKETS = [
  {
    ...RULES,
    ...{ market: 'BTC-USD', base: 'BTC', quote: 'USD', feePolicy: 'received' },
    ...{ tickSize: '0.01', lotSize: '0.00000001', minQuantity: '0.00000001' },
    ...{ minNotional: '0.0000000001', minPrice: '0.01' },
  },
  {
    ...RULES,
    ...{ market: 'SOL-BTC', base: 'SOL', quote: 'BTC', feePolicy: 'quote' },
    ...{ tickSize: '0.00001', lotSize: '0.001', minQuantity: '0.001', minNotional: '0.00000001' },
  },
];

let exchange: Exchange;
let farmers: RoundingFarmers;
let pool: Pool;
let trades = 0;

beforeAll(async () => {
  process.stdout.write(`rounding farm over HTTP: BOURSE_SEED=${SEED}\n`);
  exchange = await Exchange.create();
  pool = createPool({
    url: exchange.databaseUrl,
    applicationName: 'rounding-farm',
    connectionsMax: 1,
  });
  const users = ['usr_0000000000000003', 'usr_0000000000000004'];
  for (const user of users) {
    for (const asset of Object.keys(ASSETS)) {
      const funded = await exchange.own('POST', '/fund', { user, asset, amount: '1000' });
      expect(funded.status).toBe(201);
    }
  }
  const [one = '', other = ''] = await Promise.all(users.map((user) => exchange.token(user)));
  farmers = new RoundingFarmers(exchange, [one, other], drawer());
  for (const market of MARKETS) await apply('markets', 'apply', market);
}, 120_000);
afterAll(async () => {
  await pool.end();
  await exchange.remove();
}, 60_000);

/** Whole numbers from the seed alone. */
function drawer(): (below: number) => number {
  const numbers = fc.sample(fc.nat(), { seed: SEED, numRuns: 1_000 });
  let at = 0;
  return (below) => (numbers[at++ % numbers.length] ?? 0) % below;
}

async function apply(tool: 'markets' | 'fees', word: string, description: object): Promise<void> {
  const file = join(exchange.dataDir, `${tool}.json`);
  writeFileSync(file, JSON.stringify(description));
  await operate(exchange, tool, word, file);
}

/** What both farmers have together, once nothing is held. */
async function wealth(): Promise<Record<Asset, bigint>> {
  const all = await eventually(
    () => Promise.all(farmers.tokens.map((token) => exchange.balances(token))),
    (both) => both.every((one) => Object.values(one).every(({ held }) => held === '0')),
  );
  const sum = (asset: Asset) =>
    all.reduce((has, one) => has + unitsOf(one[asset]?.['total'] ?? '0', ASSETS[asset]), 0n);
  return { BTC: sum('BTC'), SOL: sum('SOL'), USD: sum('USD') };
}

async function house(market: string): Promise<Record<string, bigint>> {
  const rows = await pool.query<{ asset: string; total: string }>(
    `SELECT asset, (available + held)::text AS total FROM ledger.balances WHERE owner = $1`,
    [`fees:${market}`],
  );
  return Object.fromEntries(rows.rows.map(({ asset, total }) => [asset, BigInt(total)]));
}

interface Rates {
  readonly makerPpm: number;
  readonly takerPpm: number;
}

/** Farms, and judges every trade and what it all came to. */
async function farmAndJudge(ground: Ground, rates: Rates): Promise<void> {
  const before = { users: await wealth(), house: await house(ground.market) };
  const known = new Set((await ownTrades(ground, 0)).map(({ tradeId }) => tradeId));
  await farmers.farm(ground, rates.takerPpm, ROUNDS);
  const after = { users: await wealth(), house: await house(ground.market) };
  const own: OwnTrade[] = [];
  for (const farmer of [0, 1] as const) {
    const all = await ownTrades(ground, farmer);
    own.push(...all.filter(({ tradeId }) => !known.has(tradeId)));
  }
  trades += own.length / 2;
  const fees = new Map<string, bigint>();
  for (const trade of own) {
    const amount = unitsOf(trade.fee.amount, ASSETS[trade.fee.asset as Asset]);
    judgeFee(ground, rates, trade, amount);
    fees.set(trade.fee.asset, (fees.get(trade.fee.asset) ?? 0n) + amount);
  }
  let worth = 0n;
  for (const asset of ['BTC', 'SOL', 'USD'] as const) {
    const paid = fees.get(asset) ?? 0n;
    expect(before.users[asset] - after.users[asset], `users, ${asset}`).toBe(paid);
    const earned = (after.house[asset] ?? 0n) - (before.house[asset] ?? 0n);
    expect(earned, `house, ${asset}`).toBe(paid);
    // By each asset alone, unless a rebate is paid in another one than the fee that covers it.
    const isMixed = rates.makerPpm < 0 && ground === RECEIVED;
    if (!isMixed) expect(earned, `house, ${asset}`).toBeGreaterThanOrEqual(0n);
    worth +=
      asset === ground.base ? (earned * BigInt(ground.lotQuote)) / BigInt(ground.lotBase) : 0n;
    worth += asset === ground.quote ? earned : 0n;
  }
  expect(worth).toBeGreaterThanOrEqual(0n);
}

/** All of one farmer's: what is settled is told a little later, in no order. */
async function ownTrades({ market }: Ground, farmer: 0 | 1): Promise<OwnTrade[]> {
  const { rows } = await pool.query<{ settled: number }>(
    `SELECT count(*)::integer AS settled FROM settlement.executions
     WHERE market = $1 AND kind = 'trade'`,
    [market],
  );
  const settled = rows[0]?.settled ?? 0;
  return eventually(
    () => farmers.trades(farmers.tokens[farmer], market),
    (told) => told.length === settled,
  );
}

/** By fractions: the fee is the exact one rounded up, or all there is. */
function judgeFee(ground: Ground, rates: Rates, trade: OwnTrade, fee: bigint): void {
  const ppm = BigInt(trade.liquidity === 'maker' ? rates.makerPpm : rates.takerPpm);
  const quote = unitsOf(trade.quoteQuantity, ground.quoteDecimals);
  const inBase = trade.side === 'buy' && ground === RECEIVED;
  const amount = inBase ? unitsOf(trade.quantity, ground.baseDecimals) : quote;
  const exact = amount * ppm;
  const isRoundedUp = fee * MILLION >= exact && (fee - 1n) * MILLION < exact;
  // A buyer's fee in quote comes out of his hold, which was rounded once for all of the order.
  const isOfHold = trade.side === 'buy' && !inBase && ppm > 0n;
  const isHeld = isOfHold && fee >= 0n && (fee + 1n) * MILLION > exact && fee * MILLION < exact;
  expect(isRoundedUp || isHeld, JSON.stringify({ trade, rates })).toBe(true);
}

describe('a rounding farm', () => {
  it.each([
    ['received', RECEIVED],
    ['quote', IN_QUOTE],
  ])(
    'gains nothing from fees below one unit, fee policy %s',
    async (_policy, ground) => {
      await farmAndJudge(ground, STANDARD);
    },
    60_000,
  );

  it.each([
    ['received', RECEIVED],
    ['quote', IN_QUOTE],
  ])(
    'gains nothing from a rebate as large as the fee, fee policy %s',
    async (_policy, ground) => {
      const rates = { makerPpm: -500, takerPpm: 500 };
      const tier = { tier: 'standard', leastVolume: '0', ...rates };
      await apply('fees', 'schedule', { schedule: ground.market, tiers: [tier] });
      await farmAndJudge(ground, rates);
    },
    60_000,
  );

  it('has traded thousands of times, and the audit finds nothing', async () => {
    process.stdout.write(`rounding farm over HTTP: ${trades} trades\n`);
    expect(trades).toBeGreaterThan(2_000);
    await expectCleanAudit(exchange);
  }, 120_000);
}, 120_000);
