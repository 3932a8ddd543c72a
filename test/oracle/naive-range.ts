// The range of a market's recent trades, which an interruption is measured by: "Interruptions" in
// docs/engine.md.
import type { NaiveBook } from './naive-book.ts';

/** Slots of a window; the oldest is given up when a new one begins. */
const SLOTS = 60;

export interface Range {
  readonly lowest: number;
  readonly highest: number;
}

/** Number of the slot that the clock is in. */
function slotOf(book: NaiveBook, windowMs: number): number {
  return Math.floor(book.nowMs / (windowMs / SLOTS));
}

/** Notes the price of a trade, one of an uncrossing too. */
export function noteTrade(book: NaiveBook, priceTicks: number): void {
  book.lastTicks = priceTicks;
  book.lastTradeMs = book.nowMs;
  book.referenceTicks = priceTicks;
  const rule = book.rules.config.interruption;
  if (rule === undefined) return;
  const slot = slotOf(book, rule.windowMs);
  const range = book.slots.get(slot) ?? null;
  book.slots.set(slot, widened(range, priceTicks));
}

export function widened(range: Range | null, priceTicks: number): Range {
  if (range === null) return { lowest: priceTicks, highest: priceTicks };
  const { lowest, highest } = range;
  return { lowest: Math.min(lowest, priceTicks), highest: Math.max(highest, priceTicks) };
}

/** Slots with trades that still count, by rising number. */
export function slotsOf(book: NaiveBook): (readonly [number, Range])[] {
  const rule = book.config?.interruption;
  if (rule === undefined) return [];
  const now = slotOf(book, rule.windowMs);
  const slots = [...book.slots].filter(([slot]) => slot > now - SLOTS);
  return slots.sort(([a], [b]) => a - b);
}

/** The trades that count; null if there are none. */
export function tradedRangeOf(book: NaiveBook): Range | null {
  const ranges = slotsOf(book).map(([, range]) => range);
  if (ranges.length === 0) return null;
  return {
    lowest: Math.min(...ranges.map(({ lowest }) => lowest)),
    highest: Math.max(...ranges.map(({ highest }) => highest)),
  };
}

/**
 * What a trade at the price would be too far away from; null if it may happen. `traded` are the
 * trades that count at that moment.
 */
export function farFrom(book: NaiveBook, traded: Range | null, priceTicks: number): number | null {
  const rule = book.rules.config.interruption;
  if (rule === undefined) return null;
  const reference = book.referenceTicks;
  const range = traded ?? (reference === null ? null : widened(null, reference));
  if (range === null) return null;
  const moveBps = BigInt(rule.moveBps);
  const price = BigInt(priceTicks) * 10_000n;
  if (price > BigInt(range.lowest) * (10_000n + moveBps)) return range.lowest;
  if (price < BigInt(range.highest) * (10_000n - moveBps)) return range.highest;
  return null;
}
