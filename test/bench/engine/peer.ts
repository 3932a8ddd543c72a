// Drives nodejs-order-book through the same flow. Ids and options are made before the clock starts.
import { OrderBook, Side } from 'nodejs-order-book';
import { Stopwatch, type Rate } from './stopwatch.ts';
import { CANCEL, PLACE_BUY, numberOf, type Flow } from './flow.ts';

export const PEER_NAME = 'nodejs-order-book 10.1.1';

export interface PeerRun {
  readonly rate: Rate;
  readonly tradedLots: number;
}

export function runPeer(flow: Flow, operations: number): PeerRun {
  const book = new OrderBook();
  const end = flow.prefill + operations;
  const ids = Array.from({ length: numberOf(end) }, (_, number) => `${number}`);
  for (let at = 0; at < flow.prefill; at += 1) step(book, flow, ids, at);
  let tradedLots = 0;
  const stopwatch = new Stopwatch();
  for (let at = flow.prefill; at < end; at += 1) tradedLots += step(book, flow, ids, at);
  return { rate: stopwatch.rate(operations), tradedLots };
}

/** Answers the lots that traded. */
function step(book: OrderBook, flow: Flow, ids: readonly string[], at: number): number {
  const kind = flow.kinds[at] as number;
  if (kind === CANCEL) {
    book.cancel(ids[flow.targets[at] as number] as string);
    return 0;
  }
  const size = flow.lots[at] as number;
  const result = book.limit({
    id: ids[numberOf(at)] as string,
    side: kind === PLACE_BUY ? Side.BUY : Side.SELL,
    size,
    price: flow.prices[at] as number,
  });
  let left = result.quantityLeft;
  if (result.partial !== null && result.done.length === 0)
    left = size - result.partialQuantityProcessed;
  return size - left;
}
