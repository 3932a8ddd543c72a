// Attack T15 without servers: a hundred thousand of the smallest trades, their sizes and prices
// chosen so that fees come to less than one unit, under both fee policies, with and without
// rebates. Every amount is judged by fractions of our own, which know nothing of the code's
// rounding.
import { strict as assert } from 'node:assert';
import { describe, it } from 'vitest';
import { findVariable } from '../../shared/config/environment.ts';
import type { FeePolicy, MarketScale } from '../../shared/domain/market.ts';
import { feeReservePpm, holdMinor } from '../../shared/domain/hold.ts';
import { settleTrade } from './decide.ts';
import { makeTrade } from './test-records.ts';

const TRADES = 100_000;
const MILLION = 1_000_000n;
const SEED = Number(findVariable('BOURSE_SEED') ?? Math.floor(Math.random() * 2 ** 31));
process.stdout.write(`rounding farm: BOURSE_SEED=${SEED}\n`);

/** One unit of either asset is the least that can be traded. */
const SCALE = {
  lotMinor: 1n,
  tickLotMinor: 1n,
  minQuantityLots: 1,
  maxQuantityLots: Number.MAX_SAFE_INTEGER,
  minNotionalMinor: 1n,
  minPriceTicks: 1,
  maxPriceTicks: 4_294_967_295,
  maxNotionalMinor: null,
  staticTicks: null,
} as const satisfies MarketScale;

/** Rates that an operator may set: a rebate is at most the fee that pays for it. */
const RATES = [
  { makerPpm: 1_000, takerPpm: 2_000 },
  { makerPpm: 1_900, takerPpm: 2_000 },
  { makerPpm: 0, takerPpm: 2_000 },
  { makerPpm: 0, takerPpm: 1 },
  { makerPpm: -500, takerPpm: 500 },
  { makerPpm: -1, takerPpm: 1 },
  { makerPpm: -999_999, takerPpm: 1_000_000 },
] as const;

/** Small, repeatable and good enough to draw sizes (mulberry32). */
function drawer(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * below);
  };
}

interface Farm {
  readonly policy: FeePolicy;
  readonly makerPpm: number;
  readonly takerPpm: number;
}

/** What both farmers together, and the house, have gained of each asset. */
interface Gains {
  trades: number;
  readonly farmers: { BTC: bigint; USD: bigint };
  readonly house: { BTC: bigint; USD: bigint };
  /** At the price of each trade, in quote units. */
  houseWorth: bigint;
}

/** A buy that many small sells fill, or that fills many: the last of it is cancelled. */
function farmOneOrder(farm: Farm, draw: (below: number) => number, gains: Gains): void {
  const { policy, makerPpm, takerPpm } = farm;
  const price = draw(3) === 0 ? 1 + draw(50) : 1;
  const buyerTakes = draw(2) === 0;
  const limit = price + draw(2);
  const reserve = feeReservePpm(policy, 'buy', makerPpm, takerPpm);
  const terms = { side: 'buy', limitPriceTicks: limit, feeReservePpm: reserve } as const;
  const original = 1 + draw(2_000);
  const whole = holdMinor(SCALE, terms, original);
  let left = original;
  let taken = 0n;
  let spent = 0n;
  for (let fills = 1 + draw(12); fills > 0 && left > 0; fills -= 1) {
    const lots = Math.min(left, chooseLots(price, draw, takerPpm));
    const hold = holdMinor(SCALE, terms, left) - holdMinor(SCALE, terms, left - lots);
    left -= lots;
    taken += hold;
    spent += settleOne({ ...farm, buyerTakes, base: BigInt(lots), price, hold }, gains);
  }
  // What trades took and what the end gives back is what was held: nothing is left, nothing lacks.
  assert.equal(taken + holdMinor(SCALE, terms, left), whole);
  assert.ok(spent <= taken, `${spent} spent of a hold that gave ${taken}`);
}

/** One lot, anything small, or just below and just above where the fee becomes one unit more. */
function chooseLots(price: number, draw: (below: number) => number, ppm: number): number {
  const unit = Math.max(1, Math.floor(1_000_000 / (Math.max(1, ppm) * price)));
  const near = unit * (1 + draw(2)) - 1 + draw(3);
  return Math.max(1, [1, 1 + draw(40), near, near][draw(4)] ?? 1);
}

interface Small extends Farm {
  readonly buyerTakes: boolean;
  readonly base: bigint;
  readonly price: number;
  readonly hold: bigint;
}

/** Settles one trade, judges it alone, and answers what the buyer paid in quote. */
function settleOne(small: Small, gains: Gains): bigint {
  const { policy, makerPpm, takerPpm, buyerTakes, base, hold } = small;
  const quote = base * BigInt(small.price);
  gains.trades += 1;
  const trade = makeTrade({
    sequence: gains.trades,
    buyer: { user: 1, order: 1 },
    seller: { user: 2, order: 2 },
    base,
    quote,
    buyerHold: hold,
    sellerHold: base,
    takerSide: buyerTakes ? 'buy' : 'sell',
    makerPpm,
    takerPpm,
  });
  const market = { market: 'BTC-USD', base: 'BTC', quote: 'USD', feePolicy: policy } as const;
  const sums = new Map<string, bigint>();
  for (const { owner, asset, amountMinor } of settleTrade(market, trade).postings) {
    const key = `${owner.startsWith('fees') ? 'house' : owner} ${asset}`;
    sums.set(key, (sums.get(key) ?? 0n) + amountMinor);
  }
  const sum = (owner: string, asset: string): bigint => sums.get(`${owner} ${asset}`) ?? 0n;
  const buyer = 'usr_0000000000000001';
  const seller = 'usr_0000000000000002';
  for (const asset of ['BTC', 'USD'] as const) {
    assert.equal(sum(buyer, asset) + sum(seller, asset) + sum('house', asset), 0n);
    gains.house[asset] += sum('house', asset);
    gains.farmers[asset] += sum(buyer, asset) + sum(seller, asset);
  }
  const buyerPpm = buyerTakes ? takerPpm : makerPpm;
  const sellerPpm = buyerTakes ? makerPpm : takerPpm;
  const paid = -sum(buyer, 'USD');
  const sellerFee = quote - sum(seller, 'USD');
  judgeFee(sellerFee, quote, sellerPpm, quote);
  if (policy === 'received') judgeFee(base - sum(buyer, 'BTC'), base, buyerPpm, base);
  else judgeHeldFee(paid - quote, quote, buyerPpm, hold - quote);
  if (policy === 'quote') assert.ok(sum('house', 'USD') >= 0n, 'a rebate that no fee pays');
  gains.houseWorth += sum('house', 'BTC') * BigInt(small.price) + sum('house', 'USD');
  return paid;
}

/** The least whole number that is not below the exact fee, or all that there is. */
function judgeFee(fee: bigint, amount: bigint, ppm: number, most: bigint): void {
  const exact = amount * BigInt(ppm);
  const isLeast = fee * MILLION >= exact && (fee - 1n) * MILLION < exact;
  const isAll = fee === most && exact > (most - 1n) * MILLION;
  assert.ok(isLeast || isAll, `a fee of ${fee} on ${amount} at ${ppm} ppm`);
}

/**
 * A buyer's fee in quote comes out of his hold, whose reserve is rounded once for the whole order
 * and not for each trade: so of each trade it may lack less than one unit, never more.
 */
function judgeHeldFee(fee: bigint, amount: bigint, ppm: number, held: bigint): void {
  const exact = amount * BigInt(ppm);
  const isFair = fee <= held && (ppm < 0 || fee >= 0n) && (fee + 1n) * MILLION > exact;
  assert.ok(isFair, `a fee of ${fee} on ${amount} at ${ppm} ppm, ${held} held for it`);
  if (fee < held) judgeFee(fee, amount, ppm, amount);
}

describe('a rounding farm', () => {
  const farms = (['quote', 'received'] as const).flatMap((policy) =>
    RATES.map((rates): Farm => ({ policy, ...rates })),
  );

  it.each(farms)('gains nothing: $policy, maker $makerPpm, taker $takerPpm', (farm) => {
    const draw = drawer(SEED);
    const farmers = { BTC: 0n, USD: 0n };
    const gains: Gains = { trades: 0, farmers, house: { BTC: 0n, USD: 0n }, houseWorth: 0n };
    while (gains.trades < TRADES / farms.length) farmOneOrder(farm, draw, gains);
    assert.ok(gains.houseWorth >= 0n, `the house has ${gains.houseWorth}`);
    // A rebate is paid in what the maker receives; the fee that covers it may be another asset.
    if (farm.policy === 'received' && farm.makerPpm < 0) return;
    for (const asset of ['BTC', 'USD'] as const) {
      assert.ok(gains.house[asset] >= 0n, `the house has ${gains.house[asset]} ${asset}`);
      assert.ok(gains.farmers[asset] <= 0n, `the farmers won ${gains.farmers[asset]} ${asset}`);
    }
  });
});
