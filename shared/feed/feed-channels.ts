// Where the engine tells what happened, in the cache: one name for who writes and who reads.
import type { MarketId } from '../domain/ids.ts';

/** Levels that changed. */
export function depthChannel(market: MarketId): string {
  return `market.${market}.depth`;
}

/** Public trades. */
export function tradesChannel(market: MarketId): string {
  return `market.${market}.trades`;
}

/** The best levels of a book as a whole; a key, not a channel. */
export function bookKey(market: MarketId): string {
  return `market.${market}.book`;
}

/**
 * Whole records of engine.executions, as they are in that partition of the log. Not by market:
 * who cancels an order knows its market only after the cancel is accepted, and must listen before.
 */
export function outcomesChannel(shard: number): string {
  return `shard.${shard}.outcomes`;
}
