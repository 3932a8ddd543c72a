// The engine core behind the interface that the twins are driven through: its public API only.
import { decodeEvents } from '../../engine-daemon/core/facts.ts';
import { decodeSnapshot, encodeSnapshot } from '../../engine-daemon/core/snapshot.ts';
import { Shard } from '../../engine-daemon/core/shard.ts';
import { stateLines } from '../../engine-daemon/core/state-hash.ts';
import type { MarketBook } from '../../engine-daemon/core/market-book.ts';
import type { Market, MarketCommand } from './naive-types.ts';
import type { Subject, SubjectOutput } from './twin.ts';

export class EngineSubject implements Subject {
  #shard = new Shard();

  apply(market: Market, command: MarketCommand): SubjectOutput {
    this.#shard.apply(market, command);
    return takeOutput(this.#shard.get(market));
  }

  tick(timeMs: number): ReadonlyMap<Market, SubjectOutput> {
    this.#shard.tick(timeMs);
    const books = [...this.#shard.markets()];
    return new Map(books.map((book) => [book.market, takeOutput(book)]));
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

function takeOutput(book: MarketBook): SubjectOutput {
  const events = decodeEvents(book);
  const depth = book.touchedLevels();
  book.events.clear();
  book.clearTouched();
  return { events, depth };
}
