// THE place where a trading fee is computed. Settlement posts it, the orders function shows it.
import { mulPpmRoundUp } from '../money/rounding.ts';
import type { AssetId } from './ids.ts';
import type { FeePolicy } from './market.ts';
import type { Side } from './order.ts';

/** The facts of one trade that fees follow from; all of them are in the trade event. */
export interface FeeFacts {
  readonly base: AssetId;
  readonly quote: AssetId;
  readonly feePolicy: FeePolicy;
  readonly baseMinor: bigint;
  readonly quoteMinor: bigint;
  /** What the buyer's hold gives up for this trade, in quote units; at least `quoteMinor`. */
  readonly buyerHoldMinor: bigint;
  readonly buyerFeePpm: number;
  readonly sellerFeePpm: number;
}

export interface Fee {
  readonly asset: AssetId;
  /** Base units; negative for a rebate. */
  readonly amountMinor: bigint;
}

/**
 * Fee of one side of a trade. Rounded up to the asset's smallest unit, in the house's favour, and
 * never above the gross; a rebate (negative rate) is rounded down. Where buyers pay in quote, the
 * buyer's fee is also never above what was held for it.
 */
export function tradeFee(facts: FeeFacts, side: Side): Fee {
  if (side === 'sell') {
    const fee = mulPpmRoundUp(facts.quoteMinor, facts.sellerFeePpm);
    return { asset: facts.quote, amountMinor: lesser(fee, facts.quoteMinor) };
  }
  if (facts.feePolicy === 'received') {
    const fee = mulPpmRoundUp(facts.baseMinor, facts.buyerFeePpm);
    return { asset: facts.base, amountMinor: lesser(fee, facts.baseMinor) };
  }
  const fee = mulPpmRoundUp(facts.quoteMinor, facts.buyerFeePpm);
  return { asset: facts.quote, amountMinor: lesser(fee, facts.buyerHoldMinor - facts.quoteMinor) };
}

function lesser(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
