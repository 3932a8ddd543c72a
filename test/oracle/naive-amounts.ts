// Amounts, spelled out from docs/engine.md: scale of a market, holds, fees, ids. Only bigint.
import type { MarketConfig, Side } from './naive-types.ts';

/** The integers of a market. */
export interface Scale {
  readonly lotMinor: bigint;
  readonly tickLotMinor: bigint;
  readonly minLots: bigint;
  readonly maxLots: bigint;
  readonly minTicks: bigint;
  readonly maxTicks: bigint;
  readonly minNotional: bigint;
  /** Null where there is none. */
  readonly maxNotional: bigint | null;
  readonly staticTicks: bigint | null;
}

export interface Rules {
  readonly config: MarketConfig;
  readonly scale: Scale;
}

export interface HoldTerms {
  readonly side: Side;
  readonly makerFeePpm: number;
  readonly takerFeePpm: number;
}

/** Decimal places that every text is brought to before numbers are compared or divided. */
const PLACES = 36;

export const LOTS_MAX = BigInt(Number.MAX_SAFE_INTEGER);
export const PRICE_TICKS_MAX = 4_294_967_295n;

/** "1.5" as 1.5 x 10^36. */
function big(text: string): bigint {
  const [whole = '', fraction = ''] = text.split('.');
  return BigInt(whole + fraction.padEnd(PLACES, '0'));
}

function exact(numerator: bigint, denominator: bigint): bigint {
  if (numerator % denominator !== 0n) throw new Error('the market needs a rounding that is not');
  return numerator / denominator;
}

export function scaleOf(config: MarketConfig): Scale {
  const one = 10n ** BigInt(PLACES);
  const tick = big(config.tickSize);
  const lot = big(config.lotSize);
  const { maxNotional, priceBand } = config;
  const notional = (text: string): bigint =>
    exact(big(text) * 10n ** BigInt(config.quoteDecimals), one);
  const steps = (text: string, step: bigint, most: bigint): bigint => {
    const count = exact(big(text), step);
    if (count === 0n || count > most) throw new Error(`${text} is no number of steps`);
    return count;
  };
  const staticPrice = priceBand?.staticPrice;
  return {
    lotMinor: exact(lot * 10n ** BigInt(config.baseDecimals), one),
    tickLotMinor: exact(tick * lot * 10n ** BigInt(config.quoteDecimals), one * one),
    minLots: steps(config.minQuantity, lot, LOTS_MAX),
    maxLots: steps(config.maxQuantity, lot, LOTS_MAX),
    minTicks: steps(config.minPrice, tick, PRICE_TICKS_MAX),
    maxTicks: steps(config.maxPrice, tick, PRICE_TICKS_MAX),
    minNotional: notional(config.minNotional),
    maxNotional: maxNotional === undefined ? null : notional(maxNotional),
    staticTicks: staticPrice === undefined ? null : steps(staticPrice, tick, PRICE_TICKS_MAX),
  };
}

/** amount x ppm / 1,000,000 rounded towards plus infinity. */
export function partsPerMillionUp(amount: bigint, ppm: number): bigint {
  const product = amount * BigInt(ppm);
  const cut = product / 1_000_000n;
  return product > 0n && product % 1_000_000n !== 0n ? cut + 1n : cut;
}

/** The fee set aside on top of a buy where buyers pay in quote: the worse of both roles. */
export function reservePpm(config: MarketConfig, order: HoldTerms): number {
  if (config.feePolicy === 'received' || order.side === 'sell') return 0;
  return Math.max(0, order.makerFeePpm, order.takerFeePpm);
}

/** What `lots` of an order lock at `limit`: base units for a sell, quote units for a buy. */
export function holdOf(rules: Rules, order: HoldTerms, limit: bigint, lots: bigint): bigint {
  if (order.side === 'sell') return lots * rules.scale.lotMinor;
  const cost = limit * lots * rules.scale.tickLotMinor;
  return cost + partsPerMillionUp(cost, reservePpm(rules.config, order));
}

/** Whether every step, limit and least notional of the market is a whole number, and in range. */
export function isScalable(config: MarketConfig): boolean {
  const one = 10n ** BigInt(PLACES);
  const [tick, lot] = [big(config.tickSize), big(config.lotSize)];
  if (tick === 0n || lot === 0n) return false;
  const quoteUnits = 10n ** BigInt(config.quoteDecimals);
  const staticPrice = config.priceBand?.staticPrice;
  const areSteps = (limits: readonly string[], step: bigint, stepsMax: bigint): boolean =>
    limits.map(big).every((n) => n > 0n && n % step === 0n && n / step <= stepsMax);
  return (
    (lot * 10n ** BigInt(config.baseDecimals)) % one === 0n &&
    (tick * lot * quoteUnits) % (one * one) === 0n &&
    [config.minNotional, config.maxNotional ?? '0'].every(
      (notional) => (big(notional) * quoteUnits) % one === 0n,
    ) &&
    areSteps([config.minQuantity, config.maxQuantity], lot, 2n ** 53n - 1n) &&
    areSteps([config.minPrice, config.maxPrice], tick, 2n ** 32n - 1n) &&
    areSteps(staticPrice === undefined ? [] : [staticPrice], tick, 2n ** 32n - 1n)
  );
}

export interface TradeAmounts {
  readonly baseMinor: bigint;
  readonly quoteMinor: bigint;
  readonly buyerHoldMinor: bigint;
  readonly buyerFeePpm: number;
  readonly sellerFeePpm: number;
}

/** Fees of a trade: rounded up, never above the gross, nor above what was held for them. */
export function feesOf(
  policy: 'received' | 'quote',
  t: TradeAmounts,
): {
  readonly buyerFeeAsset: 'base' | 'quote';
  readonly buyerFeeMinor: bigint;
  readonly sellerFeeMinor: bigint;
} {
  const sellerFeeMinor = least(partsPerMillionUp(t.quoteMinor, t.sellerFeePpm), t.quoteMinor);
  if (policy === 'received') {
    const buyerFeeMinor = least(partsPerMillionUp(t.baseMinor, t.buyerFeePpm), t.baseMinor);
    return { buyerFeeAsset: 'base', buyerFeeMinor, sellerFeeMinor };
  }
  const reserved = t.buyerHoldMinor - t.quoteMinor;
  const buyerFeeMinor = least(partsPerMillionUp(t.quoteMinor, t.buyerFeePpm), reserved);
  return { buyerFeeAsset: 'quote', buyerFeeMinor, sellerFeeMinor };
}

export function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

export function orderIdOf(number: number): string {
  return `ord_${String(number).padStart(16, '0')}`;
}

export function userIdOf(number: number): string {
  return `usr_${String(number).padStart(16, '0')}`;
}

/** The id of a list, and of the hold of its pair. */
export function listIdOf(number: number): string {
  return `lst_${String(number).padStart(16, '0')}`;
}

export function tradeIdOf(market: string, sequence: number): string {
  return `trd_${market}_${String(sequence).padStart(16, '0')}`;
}
