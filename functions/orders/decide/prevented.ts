// What a prevented match leaves for those whose orders met: each reads of his own orders, and
// nobody of another's. Pure.
import { parseOrderId, parseUserId } from '../../../shared/domain/ids.ts';
import type { SelfTradePrevention, Side } from '../../../shared/domain/order.ts';
import { TerminalError } from '../../../shared/domain/failure.ts';
import type { Executions, PreventedEvent } from '../../../shared/events/executions.ts';

export interface PreventedMatch {
  readonly userNumber: number;
  readonly market: string;
  readonly sequence: number;
  readonly priceTicks: number;
  readonly mode: SelfTradePrevention;
  readonly takerSide: Side;
  /** Null when the order is of another account of the same trade group. */
  readonly takerOrderNumber: number | null;
  /** What the match took off the order; perhaps nothing. */
  readonly takerLots: number | null;
  readonly makerOrderNumber: number | null;
  readonly makerLots: number | null;
  readonly preventedAtMs: number;
}

/** One row a user: both orders of one user in one, those of two users in two. */
export function preventedMatches(record: Executions, event: PreventedEvent): PreventedMatch[] {
  const taker = sideOf(event.taker);
  const maker = sideOf(event.maker);
  return [...new Set([taker.userNumber, maker.userNumber])].map((userNumber) => {
    const ownTaker = taker.userNumber === userNumber ? taker : null;
    const ownMaker = maker.userNumber === userNumber ? maker : null;
    return {
      userNumber,
      market: record.market,
      sequence: event.sequence,
      priceTicks: event.priceTicks,
      mode: event.mode,
      takerSide: event.takerSide,
      takerOrderNumber: ownTaker?.orderNumber ?? null,
      takerLots: ownTaker?.lots ?? null,
      makerOrderNumber: ownMaker?.orderNumber ?? null,
      makerLots: ownMaker?.lots ?? null,
      preventedAtMs: event.timeMs,
    };
  });
}

function sideOf(side: PreventedEvent['taker']) {
  const orderNumber = parseOrderId(side.orderId);
  const userNumber = parseUserId(side.userId);
  if (orderNumber === null) throw new TerminalError(`not an order id: ${side.orderId}`);
  if (userNumber === null) throw new TerminalError(`not a user id: ${side.userId}`);
  return { orderNumber, userNumber, lots: side.lots };
}
