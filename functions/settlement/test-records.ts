// Engine records for tests: small, by hand, complete.
import { orderId, tradeId, userId, type MarketId } from '../../shared/domain/ids.ts';
import type { FeePolicy } from '../../shared/domain/market.ts';
import type { Side } from '../../shared/domain/order.ts';
import type { ExecutionEvent, Executions, TradeEvent } from '../../shared/events/executions.ts';

/** 2026-03-01T12:00:00Z */
export const NOON_MS = 1_772_366_400_000;

export interface TradeFacts {
  readonly sequence: number;
  readonly buyer: { readonly user: number; readonly order: number };
  readonly seller: { readonly user: number; readonly order: number };
  readonly base: bigint;
  readonly quote: bigint;
  readonly buyerHold: bigint;
  readonly sellerHold: bigint;
  readonly takerSide?: Side;
  readonly makerPpm?: number;
  readonly takerPpm?: number;
  readonly market?: MarketId;
}

/** Fees 0.1 % maker and 0.2 % taker, the buyer takes, unless said otherwise. */
export function makeTrade(facts: TradeFacts): TradeEvent {
  const { sequence, buyer, seller, takerSide = 'buy', market = 'BTC-USD' } = facts;
  const side = (of: { user: number; order: number }, feePpm: number, hold: bigint) => ({
    orderId: orderId(of.order),
    userId: userId(of.user),
    feePpm,
    remainingLots: 0,
    holdMinor: hold.toString(),
  });
  const { makerPpm = 1_000, takerPpm = 2_000 } = facts;
  const buys = takerSide === 'buy';
  const buyerSide = side(buyer, buys ? takerPpm : makerPpm, facts.buyerHold);
  const sellerSide = side(seller, buys ? makerPpm : takerPpm, facts.sellerHold);
  return {
    kind: 'trade',
    sequence,
    timeMs: NOON_MS,
    tradeId: tradeId(market, sequence),
    priceTicks: 100,
    quantityLots: 1,
    baseMinor: facts.base.toString(),
    quoteMinor: facts.quote.toString(),
    takerSide,
    taker: buys ? buyerSide : sellerSide,
    maker: buys ? sellerSide : buyerSide,
  };
}

/** An event of one order that releases `release`. */
export function makeRelease(
  kind: 'ended' | 'reduced' | 'amended' | 'refused',
  of: { sequence: number; user: number; order: number; release: bigint },
): ExecutionEvent {
  const head = {
    sequence: of.sequence,
    timeMs: NOON_MS,
    orderId: orderId(of.order),
    userId: userId(of.user),
    releaseMinor: of.release.toString(),
  };
  const left = { remainingLots: 1 };
  switch (kind) {
    case 'ended':
      return {
        kind,
        ...head,
        status: 'cancelled',
        reason: 'ORDER_IOC_REMAINDER',
        cancelledLots: 1,
      };
    case 'reduced':
      return { kind, ...head, ...left, preventedLots: 1 };
    case 'amended': {
      const terms = { commandNumber: 7, priceTicks: 1, quantityLots: 1, priorityKept: true };
      return { kind, ...head, ...left, ...terms };
    }
    case 'refused':
      return { kind, ...head, commandNumber: 8, reason: 'MARKET_HALTED' };
  }
}

export function makeOpened(of: { sequence: number; user: number; order: number }): ExecutionEvent {
  return {
    kind: 'opened',
    sequence: of.sequence,
    timeMs: NOON_MS,
    orderId: orderId(of.order),
    userId: userId(of.user),
    side: 'buy',
    priceTicks: 1,
    remainingLots: 1,
  };
}

export function makeRecord(
  events: readonly ExecutionEvent[],
  facts: { market?: MarketId; feePolicy?: FeePolicy; epoch?: number } = {},
): Executions {
  const { market = 'BTC-USD', feePolicy = 'received', epoch = 1 } = facts;
  const [base = '', quote = ''] = market.split('-');
  const sequences = events.map((event) => event.sequence);
  return {
    market,
    base,
    quote,
    feePolicy,
    epoch,
    firstSequence: Math.min(...sequences),
    lastSequence: Math.max(...sequences),
    events: [...events],
    depth: [],
  };
}
