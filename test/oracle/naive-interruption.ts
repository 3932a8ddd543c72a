// How a market stops that moves too fast, and goes on: "Interruptions" in docs/engine.md.
import type { NaiveBook } from './naive-book.ts';
import type { MarketStatus, PhaseCause } from './naive-types.ts';

/** A trade would have moved too far away from `referenceTicks`: nothing trades from here on. */
export function interrupt(book: NaiveBook, referenceTicks: number): void {
  const rule = book.rules.config.interruption;
  if (rule === undefined || book.status === 'none') throw new Error('there is no rule for it');
  const { haltMs, auctionMs } = rule;
  const untilMs = book.nowMs + (haltMs > 0 ? haltMs : auctionMs);
  book.interruption = { before: book.status, untilMs };
  book.slots.clear();
  book.referenceTicks = null;
  changePhase(book, haltMs > 0 ? 'halted' : 'auction', 'interruption', referenceTicks);
}

/** The next phase of an interruption; true when it is over. */
export function endHaltOrAuction(book: NaiveBook): boolean {
  const { interruption, status } = book;
  const rule = book.rules.config.interruption;
  if (interruption === null) throw new Error('there is no interruption');
  if (rule === undefined) throw new Error('a market without a rule was interrupted');
  const { before, untilMs } = interruption;
  if (status === 'halted') {
    book.interruption = { before, untilMs: untilMs + rule.auctionMs };
    changePhase(book, 'auction', 'interruption');
    return false;
  }
  book.interruption = null;
  changePhase(book, before, 'resumption');
  return true;
}

export function changePhase(
  book: NaiveBook,
  status: MarketStatus,
  cause: PhaseCause,
  referenceTicks = 0,
): void {
  book.enter(status);
  const untilMs = book.interruption?.untilMs ?? null;
  book.emit({ kind: 'phase_changed', status, cause, untilMs, referenceTicks });
}
