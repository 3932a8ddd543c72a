// One order that sets off a cascade: each stop trades one lot a tick lower, which reaches the next.
// A step has so many turns; ticks do the rest.
import { performance } from 'node:perf_hooks';
import { MarketBook } from '../../../engine-daemon/core/market-book.ts';
import { configureCommand, makePlace } from './commands.ts';

const TOP_TICKS = 1_000_000;
const BUYERS = 1;
const SELLERS = 2;

export interface CascadeFigures {
  readonly orders: number;
  /** Of all steps together. */
  readonly milliseconds: number;
  readonly nanosecondsPerOrder: number;
  /** In which the market answers nobody else. */
  readonly longestStepMilliseconds: number;
}

export function cascade(orders: number): CascadeFigures {
  const book = new MarketBook('BTC-USD');
  book.apply(configureCommand());
  let number = 1;
  const place = (words: object): void => {
    number += 1;
    book.apply({ ...makePlace(), number, quantityLots: 1, ...words });
    if (number % 64 === 0) book.events.clear();
  };
  for (let at = 0; at < orders + 2; at += 1) {
    place({ userNumber: BUYERS, priceTicks: TOP_TICKS - at });
  }
  const sell = { side: 'sell', type: 'market', timeInForce: 'IOC', priceTicks: 1 } as const;
  place({ ...sell, userNumber: SELLERS });
  for (let at = 1; at <= orders; at += 1) {
    const trigger = { kind: 'stop_loss', priceTicks: TOP_TICKS - at } as const;
    place({ ...sell, userNumber: SELLERS, trigger });
  }
  book.events.clear();
  const steps: number[] = [];
  const step = (act: () => void): void => {
    const started = performance.now();
    act();
    steps.push(performance.now() - started);
    book.events.clear();
  };
  step(() => {
    place({ ...sell, userNumber: SELLERS });
  });
  while (book.state.isQueueMoving) {
    step(() => {
      book.apply({ kind: 'tick', timeMs: book.nowMs });
    });
  }
  const milliseconds = steps.reduce((sum, each) => sum + each, 0);
  if (book.openOrders !== 0) throw new Error(`${book.openOrders} orders were not reached`);
  return {
    orders,
    milliseconds: Math.round(milliseconds * 100) / 100,
    nanosecondsPerOrder: Math.round((milliseconds * 1e6) / orders),
    longestStepMilliseconds: Math.round(Math.max(...steps) * 100) / 100,
  };
}
