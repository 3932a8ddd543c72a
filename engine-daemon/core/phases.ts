// Changes of a market's status and what they bring: by configuration, by schedule, at the end of
// an interruption. The rules: docs/engine.md, "Phases".
import { assert } from '../../shared/domain/failure.ts';
import {
  isContinuous,
  mayFollow,
  type MarketStatus,
  type ScheduledStatus,
} from '../../shared/domain/market.ts';
import type { BookState, Interrupted } from './book-state.ts';
import { cancelEvery } from './cancel-orders.ts';
import { BY_INTERRUPTION, BY_RESUMPTION, BY_SCHEDULE, reasonCode, statusCode } from './codes.ts';
import { findAuctionPrice, toldLots, uncross } from './uncross.ts';

const MARKET_DELISTED = reasonCode('MARKET_DELISTED');
/** In place of a time: no end is set. */
const OPEN_END = -1;
const SECOND_MS = 1_000;

/** Carries out what is due by now: the earlier first, the schedule if both are due at once. */
export function advancePhases(book: BookState): void {
  if (book.schedule.length === 0 && book.interrupted === null) return;
  for (;;) {
    const [next] = book.schedule;
    const { interrupted } = book;
    const scheduledMs = next?.atMs ?? Infinity;
    const untilMs = interrupted?.untilMs ?? Infinity;
    if (Math.min(scheduledMs, untilMs) > book.nowMs) return;
    if (next !== undefined && scheduledMs <= untilMs) takeScheduled(book, next);
    else if (interrupted !== null) endInterruption(book, interrupted);
  }
}

/** When the next change is due, or an auction is looked at next; Infinity when never. */
export function nextPhaseMs(book: BookState): number {
  const scheduledMs = book.schedule[0]?.atMs ?? Infinity;
  const untilMs = book.interrupted?.untilMs ?? Infinity;
  const second = book.rules?.status === 'auction' ? secondOf(book.nowMs) + 1 : Infinity;
  return Math.min(scheduledMs, untilMs, second * SECOND_MS);
}

/** What a status brings when the market has just taken it. Its event is written already. */
export function enterStatus(book: BookState, status: MarketStatus): void {
  book.indicated = null;
  if (status === 'delisted') cancelEvery(book, MARKET_DELISTED);
  else if (isContinuous(status)) uncross(book);
}

/** In an auction, once a second: tells what it would come to, if that has changed. */
export function indicate(book: BookState): void {
  if (book.rules?.status !== 'auction') return;
  const second = secondOf(book.nowMs);
  const before = book.indicated;
  if (before !== null && second <= before.second) return;
  const auction = findAuctionPrice(book);
  const priceTicks = auction?.priceTicks ?? 0;
  const lots = auction === null ? 0 : toldLots(auction.lots);
  book.indicated = { second, priceTicks, lots };
  if (priceTicks === (before?.priceTicks ?? 0) && lots === (before?.lots ?? 0)) return;
  book.events.indicative(priceTicks, lots, auction === null ? 0 : toldLots(auction.surplusLots));
}

function takeScheduled(book: BookState, { status }: ScheduledStatus): void {
  book.schedule = book.schedule.slice(1);
  if (!mayFollow(book.rules?.status ?? null, status)) return;
  book.interrupted = null;
  change(book, status, BY_SCHEDULE, OPEN_END);
}

function endInterruption(book: BookState, { before, untilMs }: Interrupted): void {
  const status = book.rules?.status;
  const rule = book.range?.rule;
  if (status === 'halted') {
    assert(rule !== undefined, 'a market without interruptions is interrupted');
    const endMs = untilMs + rule.auctionMs;
    book.interrupted = { before, untilMs: endMs };
    change(book, 'auction', BY_INTERRUPTION, endMs);
  } else {
    book.interrupted = null;
    change(book, before, BY_RESUMPTION, OPEN_END);
  }
}

function change(book: BookState, status: MarketStatus, cause: number, untilMs: number): void {
  book.setStatus(status);
  book.events.phaseChanged(statusCode(status), cause, untilMs, 0);
  enterStatus(book, status);
}

function secondOf(timeMs: number): number {
  return Math.floor(timeMs / SECOND_MS);
}
