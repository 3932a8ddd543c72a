// The facts of a trade event that its fees follow from: settlement posts by them, orders shows
// them.
import type { FeeFacts } from '../domain/fee.ts';
import type { Executions, TradeEvent } from './executions.ts';

/** What a record says about the money of its events. */
export type MarketFacts = Pick<Executions, 'market' | 'base' | 'quote' | 'feePolicy'>;

export interface TradeParties {
  readonly buyer: TradeEvent['taker'];
  readonly seller: TradeEvent['taker'];
}

/** Who buys and who sells, whichever of them came second. */
export function tradeParties(trade: TradeEvent): TradeParties {
  return trade.takerSide === 'buy'
    ? { buyer: trade.taker, seller: trade.maker }
    : { buyer: trade.maker, seller: trade.taker };
}

/** For `tradeFee`; amounts in base units of their asset. */
export function feeFactsOf(market: MarketFacts, trade: TradeEvent): FeeFacts {
  const { buyer, seller } = tradeParties(trade);
  return {
    base: market.base,
    quote: market.quote,
    feePolicy: market.feePolicy,
    baseMinor: BigInt(trade.baseMinor),
    quoteMinor: BigInt(trade.quoteMinor),
    buyerHoldMinor: BigInt(buyer.holdMinor),
    buyerFeePpm: buyer.feePpm,
    sellerFeePpm: seller.feePpm,
  };
}
