// The engine core behind the interface that the twins are driven through: its public API only.
import { decodeEvents } from '../../engine-daemon/core/facts.ts';
import { decodeSnapshot, encodeSnapshot } from '../../engine-daemon/core/snapshot.ts';
import { Shard } from '../../engine-daemon/core/shard.ts';
import { stateLines } from '../../engine-daemon/core/state-hash.ts';
import type { MarketBook } from '../../engine-daemon/core/market-book.ts';
import type { DepthLine, Market, MarketCommand } from './naive-types.ts';
import type { Subject, SubjectOutput } from './twin.ts';

export class EngineSubject implements Subject {
  #shard = new Shard();

  apply(market: Market, command: MarketCommand): SubjectOutput {
    this.#shard.find(market)?.clearTouched();
    this.#shard.apply(market, command);
    return new EngineOutput(this.#shard.get(market));
  }

  tick(timeMs: number): ReadonlyMap<Market, SubjectOutput> {
    const books = [...this.#shard.markets()];
    for (const book of books) book.clearTouched();
    this.#shard.tick(timeMs);
    return new Map(books.map((book) => [book.market, new EngineOutput(book)]));
  }

  stateText(market: Market): string {
    const book = this.#shard.find(market);
    if (book === null) return '';
    return [...stateLines(book)].map((line) => `${line}\n`).join('');
  }

  restore(): void {
    this.#shard = decodeSnapshot(encodeSnapshot(this.#shard));
  }
}

/** What came of one call to a market. */
class EngineOutput implements SubjectOutput {
  readonly events: readonly unknown[];
  readonly #book: MarketBook;

  constructor(book: MarketBook) {
    this.events = decodeEvents(book);
    book.events.clear();
    this.#book = book;
  }

  /** Found only when it is asked for. */
  get depth(): readonly DepthLine[] {
    return this.#book.touchedLevels();
  }
}
