// The book that a run leaves: its digest, to compare runs, and whether it is what the model
// expects.
import { createHash } from 'node:crypto';
import { formatSteps } from '../../../shared/domain/market.ts';
import type { Book } from '../client/exchange-api.ts';
import type { MarketSteps } from '../flow.ts';
import type { ModelBook } from '../order/model-book.ts';

export interface FinalBook {
  readonly market: string;
  readonly sequence: number;
  readonly bids: number;
  readonly asks: number;
  /** Of the levels alone: two runs of one recording end in the same digest. */
  readonly sha256: string;
  /** Null when the flow was not sent in order, so that no book can be expected. */
  readonly asExpected: boolean | null;
}

export function describeBook(
  steps: MarketSteps,
  book: Book,
  model: ModelBook | null,
  depth: number,
): FinalBook {
  const levels = { bids: book.bids, asks: book.asks };
  return {
    market: steps.market,
    sequence: book.sequence,
    bids: book.bids.length,
    asks: book.asks.length,
    sha256: digest(levels),
    asExpected: model === null ? null : digest(levels) === digest(expected(steps, model, depth)),
  };
}

function expected(
  steps: MarketSteps,
  model: ModelBook,
  depth: number,
): Pick<Book, 'bids' | 'asks'> {
  const side = (name: 'buy' | 'sell'): [string, string][] =>
    model
      .levels(name, depth)
      .map(([ticks, lots]) => [
        formatSteps(ticks, steps.tickSize),
        formatSteps(lots, steps.lotSize),
      ]);
  return { bids: side('buy'), asks: side('sell') };
}

function digest(levels: Pick<Book, 'bids' | 'asks'>): string {
  const text = JSON.stringify([levels.bids, levels.asks]);
  return createHash('sha256').update(text).digest('hex');
}
