// What execution events mean for orders: fills to store and the newest state of each order. Pure,
// and indifferent to the order, repetition and cutting of records.
import { tradeFee } from '../../../shared/domain/fee.ts';
import {
  parseOrderId,
  parseUserId,
  type OrderId,
  type UserId,
} from '../../../shared/domain/ids.ts';
import type { EndStatus, Side } from '../../../shared/domain/order.ts';
import { TerminalError } from '../../../shared/domain/failure.ts';
import type { ExecutionEvent, Executions, TradeEvent } from '../../../shared/events/executions.ts';
import { feeFactsOf } from '../../../shared/events/trade-facts.ts';
import { preventedMatches, type PreventedMatch } from './prevented.ts';

export interface NewFill {
  readonly orderNumber: number;
  readonly userNumber: number;
  readonly market: string;
  readonly sequence: number;
  readonly side: Side;
  readonly liquidity: 'maker' | 'taker';
  readonly priceTicks: number;
  readonly quantityLots: number;
  readonly quoteMinor: string;
  readonly feeAsset: string;
  readonly feeMinor: string;
  readonly tradedAtMs: number;
}

/** What a batch of events says about one order. Null: the batch says nothing of it. */
export interface OrderUpdate {
  readonly orderNumber: number;
  /** Of the first event in which the order took part; null when the batch has none. */
  firstSequence: number | null;
  lastSequence: number;
  /** Null: as it was before. */
  remainingLots: number | null;
  /** True when the newest of its events says that it waits for its trigger price. */
  isUntriggered: boolean;
  timeMs: number;
  end: { readonly status: EndStatus; readonly reason: string | null } | null;
  /** The newest change of its price: by an amend, or taken from the book by a pegged order. */
  amend: {
    readonly sequence: number;
    readonly priceTicks: number;
    /** Null: as it was before. */
    readonly quantityLots: number | null;
  } | null;
  /** Command numbers of amends that the engine has answered. */
  readonly answeredAmends: number[];
}

export interface Projection {
  readonly fills: readonly NewFill[];
  readonly prevented: readonly PreventedMatch[];
  readonly updates: readonly OrderUpdate[];
}

/** Folds records into fills and one update an order, sorted by order number. */
export function projectExecutions(records: readonly Executions[]): Projection {
  const fills: NewFill[] = [];
  const prevented: PreventedMatch[] = [];
  const updates = new Map<number, OrderUpdate>();
  for (const record of records) {
    for (const event of record.events) {
      if (event.kind === 'trade') fills.push(...tradeFills(record, event));
      if (event.kind === 'prevented') prevented.push(...preventedMatches(record, event));
      for (const change of changesOf(event)) fold(updates, event, change);
    }
  }
  const sorted = [...updates.values()].sort((a, b) => a.orderNumber - b.orderNumber);
  return { fills, prevented, updates: sorted };
}

interface Change {
  readonly orderId: OrderId;
  /** Null when the event changes nothing in what remains. */
  readonly remainingLots: number | null;
}

function changesOf(event: ExecutionEvent): readonly Change[] {
  switch (event.kind) {
    case 'opened':
    case 'pegged':
    case 'armed':
    case 'reduced':
    case 'amended':
      return [event];
    case 'trade':
      return [event.taker, event.maker];
    case 'prevented':
      return [event.taker, event.maker].map(({ orderId }) => ({ orderId, remainingLots: null }));
    case 'ended':
      return [{ orderId: event.orderId, remainingLots: event.cancelledLots }];
    case 'triggered':
      return [{ orderId: event.orderId, remainingLots: null }];
    case 'refused':
      return event.orderId === null ? [] : [{ orderId: event.orderId, remainingLots: null }];
    // The ends of the user's orders follow these.
    case 'deadman_set':
    case 'deadman_fired':
    case 'user_blocked':
    case 'configured':
    case 'phase_changed':
    case 'indicative':
    case 'uncrossed':
      return [];
  }
}

function fold(updates: Map<number, OrderUpdate>, event: ExecutionEvent, change: Change): void {
  const orderNumber = orderNumberOf(change.orderId);
  const update = updates.get(orderNumber) ?? {
    orderNumber,
    firstSequence: null,
    lastSequence: 0,
    remainingLots: null,
    isUntriggered: false,
    timeMs: 0,
    end: null,
    amend: null,
    answeredAmends: [],
  };
  updates.set(orderNumber, update);
  if (event.kind !== 'refused') {
    update.firstSequence = Math.min(update.firstSequence ?? event.sequence, event.sequence);
  }
  // A refusal leaves the order as it is; what a prevented match takes off it, the next events tell.
  if (changesOrder(event) && event.sequence > update.lastSequence) {
    update.lastSequence = event.sequence;
    update.remainingLots = change.remainingLots ?? update.remainingLots;
    update.isUntriggered = event.kind === 'armed';
    update.timeMs = event.timeMs;
  }
  if (event.kind === 'ended') update.end = { status: event.status, reason: event.reason };
  if (event.kind === 'refused') update.answeredAmends.push(event.commandNumber);
  if (event.kind === 'amended') update.answeredAmends.push(event.commandNumber);
  const isPriced = event.kind === 'amended' || event.kind === 'pegged';
  if (isPriced && event.sequence > (update.amend?.sequence ?? 0)) {
    const { sequence, priceTicks } = event;
    const quantityLots = event.kind === 'amended' ? event.quantityLots : null;
    update.amend = { sequence, priceTicks, quantityLots };
  }
}

function changesOrder(event: ExecutionEvent): boolean {
  return event.kind !== 'refused' && event.kind !== 'prevented';
}

function tradeFills(record: Executions, event: TradeEvent): NewFill[] {
  const facts = feeFactsOf(record, event);
  const fillOf = (party: TradeEvent['taker'], side: Side, liquidity: 'maker' | 'taker') => {
    const fee = tradeFee(facts, side);
    return {
      orderNumber: orderNumberOf(party.orderId),
      userNumber: userNumberOf(party.userId),
      market: record.market,
      sequence: event.sequence,
      side,
      liquidity,
      priceTicks: event.priceTicks,
      quantityLots: event.quantityLots,
      quoteMinor: event.quoteMinor,
      feeAsset: fee.asset,
      feeMinor: fee.amountMinor.toString(),
      tradedAtMs: event.timeMs,
    };
  };
  const makerSide = event.takerSide === 'buy' ? 'sell' : 'buy';
  return [fillOf(event.taker, event.takerSide, 'taker'), fillOf(event.maker, makerSide, 'maker')];
}

function orderNumberOf(id: OrderId): number {
  const number = parseOrderId(id);
  if (number === null) throw new TerminalError(`not an order id: ${id}`);
  return number;
}

function userNumberOf(id: UserId): number {
  const number = parseUserId(id);
  if (number === null) throw new TerminalError(`not a user id: ${id}`);
  return number;
}
