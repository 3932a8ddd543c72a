// What rows of books and trades mean on the wire. Pure.
import { tradeId } from '../../../shared/domain/ids.ts';
import { formatSteps } from '../../../shared/domain/market.ts';
import { formatDecimal } from '../../../shared/money/decimal.ts';
import type { BookAnswer, PublicTradeAnswer } from '../schema.ts';
import type { MarketRow } from './present-market.ts';
import type { PublicTrade } from './records.ts';

const DECIMALS_IN_TABLES = 18;

/** Price in ticks and quantity in lots. */
export type Level = readonly [number, number];

export interface BookRow {
  readonly sequence: number;
  readonly timeMs: number;
  readonly bids: readonly Level[];
  readonly asks: readonly Level[];
}

/** A market without a book yet answers an empty one, as of when it was listed. */
export function bookAnswerOf(market: MarketRow, book: BookRow | null): BookAnswer {
  const format = ([ticks, lots]: Level): [string, string] => [
    formatSteps(ticks, market.config.tickSize),
    formatSteps(lots, market.config.lotSize),
  ];
  return {
    market: market.market,
    sequence: book?.sequence ?? 0,
    time: new Date(book?.timeMs ?? market.updatedAtMs).toISOString(),
    bids: (book?.bids ?? []).map(format),
    asks: (book?.asks ?? []).map(format),
  };
}

export function tradeAnswerOf(market: MarketRow, trade: PublicTrade): PublicTradeAnswer {
  const baseMinor = BigInt(trade.baseMinor);
  return {
    tradeId: tradeId(market.market, trade.sequence),
    sequence: trade.sequence,
    price: priceOf(market, baseMinor, BigInt(trade.quoteMinor)),
    quantity: formatDecimal(baseMinor, market.config.baseDecimals),
    takerSide: trade.takerSide,
    time: new Date(trade.timeMs).toISOString(),
  };
}

/** Quote per base: exact, because the notional was made from a price on the wire's decimals. */
function priceOf(market: MarketRow, baseMinor: bigint, quoteMinor: bigint): string {
  const scaled = quoteMinor * 10n ** BigInt(DECIMALS_IN_TABLES + market.config.baseDecimals);
  const price = scaled / (baseMinor * 10n ** BigInt(market.config.quoteDecimals));
  return formatDecimal(price, DECIMALS_IN_TABLES);
}
