// What the events of a command bring about: waiting orders that its trades reach have their turns,
// and lists end or place orders. The rules: docs/engine.md, "Following".
import type { BookState } from './book-state.ts';
import { ROW_DOUBLES, TRADE } from './event-rows.ts';
import { decidePair, followList } from './list-steps.ts';
import { placePending, placeTriggered } from './place-order.ts';
import { hasTrigger } from './waiting-order.ts';

/** Turns of one step: so many a command waits for. docs/engine.md, "Following". */
export const CASCADE_MAX = 10_000;

/**
 * Takes the events from the row `at` of the event buffer on, which comes after the event
 * `sequence`, and gives orders in the queue their turns while the market is continuous; what
 * follows for their events stands behind them.
 */
export function followEvents(book: BookState, at: number, sequence: number): void {
  const { events, waiting, lists } = book;
  let row = at;
  let rowSequence = sequence;
  let tradeSequence = 0;
  let turns = 0;
  for (;;) {
    while (row < events.length) {
      const kind = events.data[row] as number;
      rowSequence += 1;
      if (kind === TRADE) {
        tradeSequence = rowSequence;
        if (waiting.count > 0) waiting.reach(events.data[row + 2] as number, rowSequence);
      }
      if (lists.size > 0) followList(book, row, tradeSequence);
      row += ROW_DOUBLES[kind] ?? Number.POSITIVE_INFINITY;
    }
    if (!book.isQueueMoving || turns === CASCADE_MAX) return;
    const next = waiting.takeQueued();
    if (next === null) return;
    turns += 1;
    const { order, wasPending } = next;
    events.triggered(order.number, order.userNumber, next.tradeSequence);
    if (wasPending && hasTrigger(order)) {
      placePending(book, order);
    } else {
      if (!wasPending) decidePair(book, order.number);
      placeTriggered(book, order);
    }
  }
}
