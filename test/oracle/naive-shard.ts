// The markets of one shard, each a naive book; the clock's tick goes to all of them.
import { NaiveBook } from './naive-book.ts';
import type { Execution } from './naive-events.ts';
import type { Market, MarketCommand } from './naive-types.ts';

export class NaiveShard {
  readonly books = new Map<Market, NaiveBook>();

  /** The market's book; a market exists from the first command that names it. */
  book(market: Market): NaiveBook {
    let book = this.books.get(market);
    if (book === undefined) {
      book = new NaiveBook(market);
      this.books.set(market, book);
    }
    return book;
  }

  apply(market: Market, command: MarketCommand): readonly Execution[] {
    return this.book(market).apply(command);
  }

  /** Moves every market's clock; events by market, markets in rising order of their id. */
  tick(timeMs: number): Map<Market, readonly Execution[]> {
    const rising = [...this.books.keys()].sort();
    return new Map(rising.map((id) => [id, this.book(id).apply({ kind: 'tick', timeMs })]));
  }
}
