// Which status of a market may follow which, what a status brings, and how time changes it:
// "Phases" in docs/engine.md.
import { uncross } from './naive-auction.ts';
import type { NaiveBook } from './naive-book.ts';
import { changePhase, endHaltOrAuction } from './naive-interruption.ts';
import type { MarketStatus } from './naive-types.ts';

export function isContinuous(status: MarketStatus | 'none'): boolean {
  return status === 'trading' || status === 'limit_only' || status === 'post_only';
}

export function isCollecting(status: MarketStatus | 'none'): boolean {
  return status === 'pre_open' || status === 'auction';
}

/** `none` is the status of a market without configuration. */
export function mayFollow(present: MarketStatus | 'none', next: MarketStatus): boolean {
  if (present === 'delisted') return false;
  if (present === 'closing') return next === 'closing' || next === 'delisted';
  return next !== 'delisted';
}

/** What a new status does to the orders. */
export function bringStatus(book: NaiveBook): void {
  if (book.status === 'delisted') {
    const waiting = book.waiting.map(({ order }) => order);
    book.endAll([...book.buys, ...book.sells, ...waiting], 'MARKET_DELISTED');
  }
  if (!isContinuous(book.status)) return;
  uncross(book);
}

/** Makes the changes that are due, the earliest first; at one time that of the schedule first. */
export function changePhases(book: NaiveBook): void {
  for (;;) {
    const scheduledMs = book.schedule[0]?.atMs ?? Infinity;
    const untilMs = book.interruption?.untilMs ?? Infinity;
    if (Math.min(scheduledMs, untilMs) > book.nowMs) return;
    if (scheduledMs <= untilMs) followSchedule(book);
    else if (endHaltOrAuction(book)) bringStatus(book);
  }
}

function followSchedule(book: NaiveBook): void {
  const entry = book.schedule.shift();
  if (entry === undefined || !mayFollow(book.status, entry.status)) return;
  book.interruption = null;
  changePhase(book, entry.status, 'schedule');
  bringStatus(book);
}
