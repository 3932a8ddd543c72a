// The sequence and the state hash of every market, as they stand in a snapshot's header.
import { createHash } from 'node:crypto';
import { setImmediate as yieldToOthers } from 'node:timers/promises';
import type { MarketBook } from '../core/market-book.ts';
import type { Shard } from '../core/shard.ts';
import { stateLines } from '../core/state-hash.ts';
import type { MarketDigest } from './format.ts';

/** Lines hashed before others get their turn: about a millisecond. */
const LINES_PER_SLICE = 2_048;

/**
 * In rising market id. Lets the event loop run between slices, so the shard must be one that nobody
 * changes meanwhile.
 */
export async function digestMarkets(shard: Shard): Promise<MarketDigest[]> {
  const digests: MarketDigest[] = [];
  for (const book of shard.markets()) {
    const { market, sequence, openOrders } = book;
    digests.push({ market, sequence, openOrders, stateHash: await hashInSlices(book) });
  }
  return digests;
}

/** The same digest as `hashState`. */
async function hashInSlices(book: MarketBook): Promise<string> {
  const hash = createHash('sha256');
  let lines: string[] = [];
  for (const line of stateLines(book)) {
    lines.push(line);
    if (lines.length < LINES_PER_SLICE) continue;
    hash.update(`${lines.join('\n')}\n`);
    lines = [];
    await yieldToOthers();
  }
  if (lines.length > 0) hash.update(`${lines.join('\n')}\n`);
  return hash.digest('hex');
}
