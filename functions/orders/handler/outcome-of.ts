// Reads from the engine's events how one command ended.
import type { OrderId } from '../../../shared/domain/ids.ts';
import type {
  AmendedEvent,
  ArmedEvent,
  EndedEvent,
  ExecutionEvent,
  Executions,
  OpenedEvent,
  PeggedEvent,
  RefusedEvent,
  TradeEvent,
} from '../../../shared/events/executions.ts';

/** How one command ended in the engine. */
export interface Outcome {
  readonly record: Executions;
  /** Trades that the command made as taker. */
  readonly trades: readonly TradeEvent[];
  /** The amend itself, for an amend that was carried out. */
  readonly amended: AmendedEvent | null;
  /** The price that a pegged order has taken from the book; null for any other. */
  readonly pegged: PeggedEvent | null;
  /** How the order ended that this one has taken the place of; null when it has taken none's. */
  readonly replaced: EndedEvent | null;
  /** The last word on the order: it rests, waits, ended, was amended, or nothing changed. */
  readonly final: OpenedEvent | ArmedEvent | EndedEvent | AmendedEvent | RefusedEvent;
}

/** The command whose outcome is waited for. */
export interface Awaited {
  readonly kind: 'place' | 'cancel' | 'amend';
  readonly commandNumber: number;
  readonly orderId: OrderId;
  /** The order that a placed one is to replace; null for any other command. */
  readonly replacesId: OrderId | null;
}

/**
 * Reads an outcome from the events of its order so far, or null when they do not tell it yet: a
 * long outcome may be cut over two records.
 */
export function outcomeOf(
  record: Executions,
  events: readonly ExecutionEvent[],
  awaited: Awaited,
): Outcome | null {
  const begin = events.findIndex((event) => beginsOutcome(event, awaited));
  if (begin < 0) return null;
  const own = events.slice(begin).filter((event) => isOf(event, awaited.orderId));
  const [first] = own;
  const isDone = first?.kind === 'refused' || (first?.kind === 'amended' && first.priorityKept);
  // An amend that lost its place is matched anew: what follows `amended` is its outcome.
  const from = first?.kind === 'amended' && !isDone ? 1 : 0;
  const end = own.findIndex((event, at) => at >= from && isFinal(event));
  const final = own[end];
  if (final === undefined || !isFinal(final)) return null;
  // What happens to the order after its command, happens to it as a maker.
  const before = own.slice(0, end);
  const trades = before.filter((event) => event.kind === 'trade');
  const amended = first?.kind === 'amended' ? first : null;
  const pegged = before.find((event) => event.kind === 'pegged') ?? null;
  return { record, trades, amended, pegged, final, replaced: findReplaced(events, first) };
}

/** The order that was replaced ended right before the new one did anything: nobody else's doing. */
function findReplaced(
  events: readonly ExecutionEvent[],
  first: ExecutionEvent | undefined,
): EndedEvent | null {
  for (const event of events) {
    if (event.kind !== 'ended' || event.reason !== 'ORDER_REPLACED') continue;
    if (event.sequence + 1 === first?.sequence) return event;
  }
  return null;
}

/** True when the events tell the outcome in part or in full. */
export function hasBegun(events: readonly ExecutionEvent[], awaited: Awaited): boolean {
  return events.some((event) => beginsOutcome(event, awaited));
}

/** Events of the order itself, and the end of one that it replaced. */
export function concerns(event: ExecutionEvent, awaited: Awaited): boolean {
  if (isOf(event, awaited.orderId)) return true;
  if (event.kind !== 'ended' || event.reason !== 'ORDER_REPLACED') return false;
  return event.orderId === awaited.replacesId;
}

/** True when the order is what the event is about, or its taker. */
function isOf(event: ExecutionEvent, orderId: OrderId): boolean {
  switch (event.kind) {
    case 'trade':
    case 'prevented':
      return event.taker.orderId === orderId;
    case 'opened':
    case 'pegged':
    case 'armed':
    case 'triggered':
    case 'reduced':
    case 'ended':
    case 'amended':
    case 'refused':
      return event.orderId === orderId;
    case 'deadman_set':
    case 'deadman_fired':
    case 'user_blocked':
    case 'configured':
    case 'phase_changed':
    case 'indicative':
    case 'uncrossed':
      return false;
  }
}

function isFinal(event: ExecutionEvent): event is Outcome['final'] {
  switch (event.kind) {
    case 'opened':
    case 'armed':
    case 'ended':
    case 'amended':
    case 'refused':
      return true;
    // What follows on these, in the same step of the engine, is the last word.
    case 'trade':
    case 'prevented':
    case 'reduced':
    case 'pegged':
    case 'triggered':
      return false;
    case 'deadman_set':
    case 'deadman_fired':
    case 'user_blocked':
    case 'configured':
    case 'phase_changed':
    case 'indicative':
    case 'uncrossed':
      return false;
  }
}

function beginsOutcome(event: ExecutionEvent, awaited: Awaited): boolean {
  if (awaited.kind === 'place') return true;
  if (event.kind === 'refused' || event.kind === 'amended') {
    return event.commandNumber === awaited.commandNumber;
  }
  // The engine answers every amend by its number; a cancel ends the order, unless that has ended.
  return awaited.kind === 'cancel' && event.kind === 'ended';
}
