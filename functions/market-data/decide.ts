// What a batch of execution records means for the tables, and what a row means on the wire. Pure.
import { tradeId, type MarketId } from '../../shared/domain/ids.ts';
import { formatSteps, type MarketStatus } from '../../shared/domain/market.ts';
import type { Side } from '../../shared/domain/order.ts';
import type { ExecutionEvent, Executions } from '../../shared/events/executions.ts';
import { formatDecimal, toMinor } from '../../shared/money/decimal.ts';
import { RATE_DECIMALS } from '../../shared/money/rounding.ts';
import type { BookAnswer, MarketAnswer, PublicTradeAnswer } from './schema.ts';

const DECIMALS_IN_TABLES = 18;

/** What one record covers of its market's sequence. */
export interface AppliedRange {
  readonly market: MarketId;
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly timeMs: number;
}

/** A level as it was after `sequence`. */
export interface LevelChange {
  readonly market: MarketId;
  readonly side: Side;
  readonly priceTicks: number;
  readonly quantityLots: number;
  readonly sequence: number;
}

export interface PublicTrade {
  readonly market: MarketId;
  readonly sequence: number;
  readonly baseMinor: string;
  readonly quoteMinor: string;
  readonly takerSide: Side;
  readonly timeMs: number;
}

export interface ProjectionBatch {
  readonly ranges: readonly AppliedRange[];
  readonly levels: readonly LevelChange[];
  readonly trades: readonly PublicTrade[];
}

/**
 * Why a record must not be taken in, or null. A record that claims sequences it does not carry
 * would mark what was never seen as seen, and then the missing record would be ignored.
 */
export function findRecordFault(record: Executions): string | null {
  const { firstSequence, lastSequence, events } = record;
  if (lastSequence - firstSequence + 1 !== events.length) {
    return `${events.length} events cannot be sequences ${firstSequence} to ${lastSequence}`;
  }
  const at = events.findIndex((event, index) => event.sequence !== firstSequence + index);
  return at < 0 ? null : `event ${at} has sequence ${events[at]?.sequence ?? 0}`;
}

/** Folds records into one write: each level once, at its newest, and each trade once. */
export function mergeRecords(records: readonly Executions[]): ProjectionBatch {
  const ranges: AppliedRange[] = [];
  const levels = new Map<string, LevelChange>();
  const trades = new Map<string, PublicTrade>();
  for (const record of records) {
    const { market, firstSequence, lastSequence: sequence } = record;
    let timeMs = 0;
    for (const event of record.events) {
      timeMs = Math.max(timeMs, event.timeMs);
      const trade = publicTradeOf(market, event);
      if (trade !== null) trades.set(`${market} ${trade.sequence}`, trade);
    }
    ranges.push({ market, firstSequence, lastSequence: sequence, timeMs });
    for (const [side, priceTicks, quantityLots] of record.depth) {
      const key = `${market} ${side} ${priceTicks}`;
      if ((levels.get(key)?.sequence ?? 0) >= sequence) continue;
      levels.set(key, { market, side, priceTicks, quantityLots, sequence });
    }
  }
  return { ranges, levels: [...levels.values()], trades: [...trades.values()] };
}

/** Books come from the depth of a record; of its events only trades are public. */
function publicTradeOf(market: MarketId, event: ExecutionEvent): PublicTrade | null {
  switch (event.kind) {
    case 'trade': {
      const { sequence, baseMinor, quoteMinor, takerSide, timeMs } = event;
      return { market, sequence, baseMinor, quoteMinor, takerSide, timeMs };
    }
    case 'opened':
    case 'armed':
    case 'triggered':
    case 'prevented':
    case 'reduced':
    case 'ended':
    case 'amended':
    case 'refused':
    case 'deadman_set':
    case 'deadman_fired':
    case 'user_blocked':
    case 'configured':
      return null;
  }
}

/** A row of the catalog of markets, with its assets' decimals and its fee schedule. */
export interface MarketRow {
  readonly market: MarketId;
  readonly base: string;
  readonly quote: string;
  readonly baseDecimals: number;
  readonly quoteDecimals: number;
  readonly tickSize: string;
  readonly lotSize: string;
  readonly minQuantity: string;
  readonly maxQuantity: string;
  readonly minNotional: string;
  readonly status: MarketStatus;
  readonly makerFeePpm: number | null;
  readonly takerFeePpm: number | null;
  readonly updatedAtMs: number;
}

export function marketAnswerOf(row: MarketRow): MarketAnswer {
  return {
    market: row.market,
    base: row.base,
    quote: row.quote,
    tickSize: canonical(row.tickSize),
    lotSize: canonical(row.lotSize),
    minQuantity: canonical(row.minQuantity),
    maxQuantity: canonical(row.maxQuantity),
    minNotional: canonical(row.minNotional),
    status: row.status,
    makerFeeRate: rateOf(row.makerFeePpm),
    takerFeeRate: rateOf(row.takerFeePpm),
  };
}

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
    formatSteps(ticks, market.tickSize),
    formatSteps(lots, market.lotSize),
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
    quantity: formatDecimal(baseMinor, market.baseDecimals),
    takerSide: trade.takerSide,
    time: new Date(trade.timeMs).toISOString(),
  };
}

/** Quote per base: exact, because the notional was made from a price on the wire's decimals. */
function priceOf(market: MarketRow, baseMinor: bigint, quoteMinor: bigint): string {
  const scaled = quoteMinor * 10n ** BigInt(DECIMALS_IN_TABLES + market.baseDecimals);
  const price = scaled / (baseMinor * 10n ** BigInt(market.quoteDecimals));
  return formatDecimal(price, DECIMALS_IN_TABLES);
}

function canonical(text: string): string {
  // A numeric column writes its zeros after the point; the wire does not.
  return formatDecimal(toMinor(text, DECIMALS_IN_TABLES), DECIMALS_IN_TABLES);
}

function rateOf(feePpm: number | null): string | null {
  return feePpm === null ? null : formatDecimal(BigInt(feePpm), RATE_DECIMALS);
}
