// Reads from the engine's events how one command ended.
import type {
  AmendedEvent,
  ArmedEvent,
  EndedEvent,
  ExecutionEvent,
  Executions,
  OpenedEvent,
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
  /** The last word on the order: it rests, waits, ended, was amended, or nothing changed. */
  readonly final: OpenedEvent | ArmedEvent | EndedEvent | AmendedEvent | RefusedEvent;
}

/** The command whose outcome is waited for. */
export interface Awaited {
  readonly kind: 'place' | 'cancel' | 'amend';
  readonly commandNumber: number;
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
  const own = events.slice(begin);
  const [first] = own;
  const isDone = first?.kind === 'refused' || (first?.kind === 'amended' && first.priorityKept);
  // An amend that lost its place is matched anew: what follows `amended` is its outcome.
  const from = first?.kind === 'amended' && !isDone ? 1 : 0;
  const end = own.findIndex((event, at) => at >= from && isFinal(event));
  const final = own[end];
  if (final === undefined || !isFinal(final)) return null;
  // What happens to the order after its command, happens to it as a maker.
  const trades = own.slice(0, end).filter((event) => event.kind === 'trade');
  return { record, trades, amended: first?.kind === 'amended' ? first : null, final };
}

/** True when the events tell the outcome in part or in full. */
export function hasBegun(events: readonly ExecutionEvent[], awaited: Awaited): boolean {
  return events.some((event) => beginsOutcome(event, awaited));
}

/** Events of the order itself, and trades in which it was the taker. */
export function concerns(event: ExecutionEvent, orderId: string): boolean {
  if (event.kind === 'trade') return event.taker.orderId === orderId;
  return event.kind !== 'configured' && event.orderId === orderId;
}

/** What follows on these, in the same step of the engine, is the last word. */
const MIDDLE_KINDS = ['trade', 'reduced', 'triggered', 'configured'] as const;

function isFinal(event: ExecutionEvent): event is Outcome['final'] {
  return !(MIDDLE_KINDS as readonly string[]).includes(event.kind);
}

function beginsOutcome(event: ExecutionEvent, awaited: Awaited): boolean {
  if (awaited.kind === 'place') return true;
  if (event.kind === 'refused' || event.kind === 'amended') {
    return event.commandNumber === awaited.commandNumber;
  }
  // The engine answers every amend by its number; a cancel ends the order, unless that has ended.
  return awaited.kind === 'cancel' && event.kind === 'ended';
}
