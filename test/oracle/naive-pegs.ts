// Where a pegged order takes its price from: "Pegs" in docs/engine.md.
import type { NaiveBook } from './naive-book.ts';
import type { Place } from './naive-types.ts';

/** False for a market order, whatever it says. */
export function isPegged({ type, peg }: Place): boolean {
  return type === 'limit' && peg !== undefined;
}

/** The price that the order has when it enters the book now; null where there is no such level. */
export function pegTicksOf(book: NaiveBook, { peg, side, priceTicks }: Place): number | null {
  if (peg === undefined) return null;
  const orders = peg.to === 'same' ? book.side(side) : book.opposite(side);
  const levels = [...new Set(orders.map(({ limit }) => limit))];
  const level = levels[peg.offsetLevels];
  if (level === undefined) return null;
  const ticks = Number(level);
  return side === 'buy' ? Math.min(ticks, priceTicks) : Math.max(ticks, priceTicks);
}
