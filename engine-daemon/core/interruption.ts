// A market that moves too fast is interrupted: docs/engine.md, "Interruptions". How it goes on from
// there is one of its phases.
import type { InterruptionRule } from '../../shared/domain/market.ts';
import { assert } from '../../shared/domain/failure.ts';
import type { BookState } from './book-state.ts';
import { BY_INTERRUPTION, statusCode } from './codes.ts';

/** `referenceTicks` is what the trade that did not happen was too far away from. */
export function interrupt(book: BookState, rule: InterruptionRule, referenceTicks: number): void {
  assert(book.rules !== null, 'a market without configuration is interrupted');
  const { haltMs, auctionMs } = rule;
  const status = haltMs > 0 ? 'halted' : 'auction';
  const untilMs = book.nowMs + (haltMs > 0 ? haltMs : auctionMs);
  book.interrupted = { before: book.rules.status, untilMs };
  book.setStatus(status);
  book.indicated = null;
  book.hasReference = false;
  book.range?.clear();
  book.events.phaseChanged(statusCode(status), BY_INTERRUPTION, untilMs, referenceTicks);
}
