// Hashes a market's canonical state text; see docs/engine.md "State hash".
import { createHash } from 'node:crypto';
import type { MarketBook } from './core/market-book.ts';
import { stateLines } from './core/state-hash.ts';

/**
 * Lines that are joined before they are hashed: one by one spends most of its time in the calls.
 */
const LINES_MAX = 1_024;

/** SHA-256 in lower-case hex. */
export function hashState(book: MarketBook): string {
  const hash = createHash('sha256');
  let lines: string[] = [];
  for (const line of stateLines(book)) {
    lines.push(line);
    if (lines.length === LINES_MAX) {
      hash.update(`${lines.join('\n')}\n`);
      lines = [];
    }
  }
  if (lines.length > 0) hash.update(`${lines.join('\n')}\n`);
  return hash.digest('hex');
}
