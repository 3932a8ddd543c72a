// Orders that wait for a price: which of them a command's trades reach, and in which order those
// take their turns. The rules: docs/engine.md "Triggers".
import { isContinuous } from '../../shared/domain/market.ts';
import type { BookState } from './book-state.ts';
import { ROW_DOUBLES, TRADE } from './event-buffer.ts';
import { placeTriggered } from './place-order.ts';

/**
 * Puts every order into the queue that was reached by trades since the row `at` of the event
 * buffer, which comes after the event `sequence`, and gives those in the queue their turns while
 * the market is continuous; those that their trades reach stand behind them.
 */
export function runTriggers(book: BookState, at: number, sequence: number): void {
  const { events, waiting } = book;
  let row = at;
  let rowSequence = sequence;
  for (;;) {
    while (row < events.length) {
      const kind = events.data[row] as number;
      rowSequence += 1;
      if (kind === TRADE) waiting.reach(events.data[row + 2] as number, rowSequence);
      row += ROW_DOUBLES[kind] ?? Number.POSITIVE_INFINITY;
    }
    if (!waiting.hasQueued || book.rules === null || !isContinuous(book.rules.status)) return;
    const next = waiting.takeQueued();
    if (next === null) return;
    events.triggered(next.order.number, next.order.userNumber, next.tradeSequence);
    placeTriggered(book, next.order);
  }
}
