// The markets that one engine process serves. Each is independent; the clock is given to all.
// Markets come and go by moves: docs/decisions/0007-moving-a-market.md.
import type { MarketId } from '../../shared/domain/ids.ts';
import { assert } from '../../shared/domain/failure.ts';
import type { MarketCommand } from '../../shared/events/commands.ts';
import { MarketBook } from './market-book.ts';

/**
 * The latest move of a market that this shard had a part in. With a book beside it the market came
 * by it; without one it went by it, and this is its tombstone.
 */
export interface MarketMove {
  readonly market: MarketId;
  /** Counts the moves of this market, from 1. */
  readonly number: number;
  readonly toShard: number;
}

export class Shard {
  private readonly books = new Map<MarketId, MarketBook>();
  private readonly latestMoves = new Map<MarketId, MarketMove>();
  /** In rising market id, the order in which a tick reaches them. */
  private sorted: MarketBook[] = [];

  /** Does one command; a market is made when it is first named. It must not have moved away. */
  apply(market: MarketId, command: MarketCommand): void {
    (this.books.get(market) ?? this.open(market)).apply(command);
  }

  /** Moves the clock of every market. */
  tick(timeMs: number): void {
    for (const book of this.sorted) book.apply({ kind: 'tick', timeMs });
  }

  /** In rising market id. */
  markets(): Iterable<MarketBook> {
    return this.sorted;
  }

  find(market: MarketId): MarketBook | null {
    return this.books.get(market) ?? null;
  }

  get(market: MarketId): MarketBook {
    const book = this.books.get(market);
    assert(book !== undefined, `market ${market} is not on this shard`);
    return book;
  }

  /** Takes in a market that was restored. */
  adopt(book: MarketBook): void {
    assert(!this.books.has(book.market), `market ${book.market} is there twice`);
    this.books.set(book.market, book);
    this.sort();
  }

  /** In rising market id. */
  moves(): readonly MarketMove[] {
    return [...this.latestMoves.values()].sort((a, b) => (a.market < b.market ? -1 : 1));
  }

  findMove(market: MarketId): MarketMove | null {
    return this.latestMoves.get(market) ?? null;
  }

  /** The move by which the market has left, or null: then it may be here, or never was. */
  findTombstone(market: MarketId): MarketMove | null {
    return this.books.has(market) ? null : this.findMove(market);
  }

  /** Takes the market off the shard and leaves its tombstone. */
  release(move: MarketMove): MarketBook {
    const book = this.get(move.market);
    this.note(move);
    this.books.delete(move.market);
    this.sort();
    return book;
  }

  /** Takes in a market that has moved here. */
  takeOver(book: MarketBook, move: MarketMove): void {
    assert(book.market === move.market, `a state of ${book.market} for ${move.market}`);
    this.note(move);
    this.adopt(book);
  }

  /** As it stood in a snapshot. */
  restoreMove(move: MarketMove): void {
    assert(!this.latestMoves.has(move.market), `a move of ${move.market} is there twice`);
    this.note(move);
  }

  private note(move: MarketMove): void {
    const before = this.latestMoves.get(move.market)?.number ?? 0;
    assert(move.number > before, `${move.market}: move ${move.number} comes after ${before}`);
    this.latestMoves.set(move.market, move);
  }

  private open(market: MarketId): MarketBook {
    assert(!this.latestMoves.has(market), `market ${market} has moved away`);
    const book = new MarketBook(market);
    this.adopt(book);
    return book;
  }

  private sort(): void {
    this.sorted = [...this.books.values()].sort((a, b) => (a.market < b.market ? -1 : 1));
  }
}
