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
  const limits = [config.minQuantity, config.maxQuantity, config.minPrice, config.maxPrice];
  if (limits.some((limit) => big(limit) === 0n)) throw new Error('a limit of the market is zero');
  return {
    lotMinor: exact(lot * 10n ** BigInt(config.baseDecimals), one),
    tickLotMinor: exact(tick * lot * 10n ** BigInt(config.quoteDecimals), one * one),
    minLots: exact(big(config.minQuantity), lot),
    maxLots: exact(big(config.maxQuantity), lot),
    minTicks: exact(big(config.minPrice), tick),
    maxTicks: exact(big(config.maxPrice), tick),
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
  const areSteps = (limits: readonly string[], step: bigint, stepsMax: bigint): boolean =>
    limits.map(big).every((n) => n > 0n && n % step === 0n && n / step <= stepsMax);
  return (
    (lot * 10n ** BigInt(config.baseDecimals)) % one === 0n &&
    (tick * lot * quoteUnits) % (one * one) === 0n &&
    (big(config.minNotional) * quoteUnits) % one === 0n &&
    areSteps([config.minQuantity, config.maxQuantity], lot, 2n ** 53n - 1n) &&
    areSteps([config.minPrice, config.maxPrice], tick, 2n ** 32n - 1n)
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

export function tradeIdOf(market: string, sequence: number): string {
  return `trd_${market}_${String(sequence).padStart(16, '0')}`;
}
