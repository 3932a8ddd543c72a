// The price of a pegged order: docs/engine.md, "Pegs".
import type { PlaceCommand } from '../../shared/events/commands.ts';
import type { BookState } from './book-state.ts';
import { BUY, sideCode } from './codes.ts';

/** What the book gives now, within the order's own limit; 0 when it has no such level. */
export function pegTicks(
  book: BookState,
  { side, priceTicks }: PlaceCommand,
  { to, offsetLevels }: NonNullable<PlaceCommand['peg']>,
): number {
  const code = sideCode(side);
  const levels = to === 'same' ? book.levelsOf(code) : book.levelsAgainst(code);
  let level = levels.best;
  for (let left = offsetLevels; left > 0 && level !== 0; left -= 1) level = levels.next(level);
  if (level === 0) return 0;
  const ticks = levels.priceOf(level);
  return code === BUY ? Math.min(ticks, priceTicks) : Math.max(ticks, priceTicks);
}
