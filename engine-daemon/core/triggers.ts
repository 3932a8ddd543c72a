// Orders that wait for a price: which of them a command's trades reach, and in which order those
// take their turns. The rules: docs/engine.md "Triggers".
import type { BookState } from './book-state.ts';
import { ROW_DOUBLES, TRADE } from './event-buffer.ts';
import { placeTriggered } from './place-order.ts';
import type { WaitingOrder } from './waiting-orders.ts';

interface Reached {
  readonly order: WaitingOrder;
  readonly tradeSequence: number;
}

/**
 * Gives every order its turn that was reached by trades since the row `at` of the event buffer,
 * which comes after the event `sequence`; those that their trades reach stand behind them.
 */
export function runTriggers(book: BookState, at: number, sequence: number): void {
  const { events, waiting } = book;
  // Made with the first order that is reached: most commands reach none, and make no garbage.
  let queue: Reached[] | null = null;
  let row = at;
  let tradeSequence = sequence;
  let served = 0;
  for (;;) {
    while (row < events.length) {
      const kind = events.data[row] as number;
      tradeSequence += 1;
      if (kind === TRADE) {
        const price = events.data[row + 2] as number;
        while (waiting.isAnyReached(price)) {
          queue ??= [];
          queue.push({ order: waiting.takeReached(price), tradeSequence });
        }
      }
      row += ROW_DOUBLES[kind] ?? Number.POSITIVE_INFINITY;
    }
    const next = queue?.[served];
    if (next === undefined) return;
    served += 1;
    events.triggered(next.order.number, next.order.userNumber, next.tradeSequence);
    placeTriggered(book, next.order);
  }
}
