// The markets that one engine process serves. Each is independent; the clock is given to all.
import type { MarketId } from '../../shared/domain/ids.ts';
import { assert } from '../../shared/domain/failure.ts';
import type { MarketCommand } from '../../shared/events/commands.ts';
import { MarketBook } from './market-book.ts';

export class Shard {
  private readonly books = new Map<MarketId, MarketBook>();
  /** In rising market id, the order in which a tick reaches them. */
  private sorted: MarketBook[] = [];

  /** Does one command; a market is made when it is first named. */
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
    this.sorted = [...this.books.values()].sort((a, b) => (a.market < b.market ? -1 : 1));
  }

  private open(market: MarketId): MarketBook {
    const book = new MarketBook(market);
    this.adopt(book);
    return book;
  }
}
