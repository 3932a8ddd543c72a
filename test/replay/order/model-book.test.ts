// The local model of a market against the plainest one.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { flowArbitrary } from '../testing/flow-arbitrary.ts';
import { NaiveExchange } from '../testing/naive-exchange.ts';
import { ModelBook } from './model-book.ts';

describe('the model of a book', () => {
  it('refuses to place a name twice', () => {
    const book = new ModelBook();
    book.place('a', 'buy', 5, 1, false);
    expect(() => {
      book.place('a', 'buy', 6, 1, false);
    }).toThrow('rests already');
  });

  it('knows nothing of orders that do not rest', () => {
    const book = new ModelBook();
    book.place('a', 'buy', 5, 1, true);
    expect([book.cancel('a'), book.reduce('a', 1), book.find('a')]).toEqual([false, false, null]);
  });

  it('does not reduce an order to nothing', () => {
    const book = new ModelBook();
    book.place('a', 'buy', 5, 3, false);
    expect([book.reduce('a', 3), book.reduce('a', 2)]).toEqual([false, true]);
    expect(book.levels('buy', 10)).toEqual([[5, 1]]);
  });

  it('shows the best levels first and no more than asked', () => {
    const book = new ModelBook();
    for (const price of [3, 1, 2]) book.place(`b${price}`, 'buy', price, 1, false);
    for (const price of [6, 4, 5]) book.place(`s${price}`, 'sell', price, 1, false);
    expect(book.levels('buy', 2).map(([price]) => price)).toEqual([3, 2]);
    expect(book.levels('sell', 2).map(([price]) => price)).toEqual([4, 5]);
  });

  it('trades and rests as a list of orders does', () => {
    const property = fc.property(flowArbitrary, ({ steps }) => {
      const book = new ModelBook();
      const exchange = new NaiveExchange();
      const totals = new Map<string, number>();
      for (const step of steps) {
        exchange.accept(step);
        if (step.kind === 'cancel') book.cancel(step.name);
        else if (step.kind === 'place') {
          const { name, side, priceTicks, quantityLots } = step;
          book.place(name, side, priceTicks, quantityLots, step.timeInForce === 'IOC');
          totals.set(name, quantityLots);
        } else {
          const by = (totals.get(step.name) ?? 0) - step.quantityLots;
          if (book.reduce(step.name, by)) totals.set(step.name, step.quantityLots);
        }
        expect(book.levels('buy', 100)).toEqual(exchange.levels('buy'));
        expect(book.levels('sell', 100)).toEqual(exchange.levels('sell'));
      }
      expect([...book.filledLots].sort()).toEqual(exchange.fills().sort());
    });
    fc.assert(property, { numRuns: 500 });
  });
});
