// What the exchange already has of a run: orders by their names, for resuming and for the
// comparison at the end.
import { parseSteps, QUANTITY_LOTS_MAX, PRICE_TICKS_MAX } from '../../../shared/domain/market.ts';
import { isEndStatus, type Side } from '../../../shared/domain/order.ts';
import type { Book, ExchangeApi, Order, Trader } from '../client/exchange-api.ts';
import { UnexpectedAnswerError } from '../client/exchange-api.ts';
import type { MarketSteps } from '../flow.ts';
import type { ModelBook } from '../order/model-book.ts';

export interface KnownOrder {
  readonly name: string;
  readonly orderId: string;
  readonly trader: Trader;
  readonly side: Side;
  readonly priceTicks: number;
  readonly quantityLots: number;
  readonly filledLots: number;
  /** 0 when the order has ended. */
  readonly openLots: number;
  readonly ended: boolean;
}

export function clientOrderId(run: string, name: string): string {
  return `r-${run}-${name}`;
}

/** All orders of the run in one market, by name. */
export async function listKnownOrders(
  api: ExchangeApi,
  traders: readonly Trader[],
  steps: MarketSteps,
  run: string,
): Promise<Map<string, KnownOrder>> {
  const prefix = clientOrderId(run, '');
  const lists = traders.map(async (trader) => {
    const found: KnownOrder[] = [];
    for await (const order of api.listOrders(trader, steps.market, 'all')) {
      if (order.clientOrderId?.startsWith(prefix) !== true) continue;
      const name = order.clientOrderId.slice(prefix.length);
      found.push({ ...readOrder(order, name, steps), trader });
    }
    return found;
  });
  const orders = (await Promise.all(lists)).flat();
  // Ids sort by age, and so do orders in the queue of a price.
  orders.sort((a, b) => (a.orderId < b.orderId ? -1 : 1));
  return new Map(orders.map((order) => [order.name, order]));
}

/**
 * Fills the model with what rests now: the run's own orders, and before them what is not its own.
 */
export function fillModel(
  model: ModelBook,
  steps: MarketSteps,
  book: Book,
  known: Iterable<KnownOrder>,
): void {
  const open = [...known].filter((order) => order.openLots > 0);
  const ownLots = new Map<string, number>();
  for (const order of open) {
    const key = `${order.side} ${order.priceTicks}`;
    ownLots.set(key, (ownLots.get(key) ?? 0) + order.openLots);
  }
  for (const side of ['buy', 'sell'] as const) {
    for (const [price, quantity] of side === 'buy' ? book.bids : book.asks) {
      const priceTicks = stepsOf(price, steps.tickSize, PRICE_TICKS_MAX);
      const key = `${side} ${priceTicks}`;
      const others = stepsOf(quantity, steps.lotSize) - (ownLots.get(key) ?? 0);
      if (others > 0) model.place(`other ${key}`, side, priceTicks, others, false);
    }
  }
  for (const order of open) {
    model.place(order.name, order.side, order.priceTicks, order.openLots, false);
  }
}

function readOrder(order: Order, name: string, steps: MarketSteps): Omit<KnownOrder, 'trader'> {
  const ended = isEndStatus(order.status);
  return {
    name,
    orderId: order.id,
    side: order.side,
    priceTicks: stepsOf(order.price ?? '0', steps.tickSize, PRICE_TICKS_MAX),
    quantityLots: stepsOf(order.quantity ?? '0', steps.lotSize),
    filledLots: stepsOf(order.filledQuantity, steps.lotSize),
    openLots: ended ? 0 : stepsOf(order.remainingQuantity ?? '0', steps.lotSize),
    ended,
  };
}

function stepsOf(text: string, stepSize: string, stepsMax: number = QUANTITY_LOTS_MAX): number {
  const count = parseSteps(text, stepSize, stepsMax);
  if (typeof count === 'number') return count;
  throw new UnexpectedAnswerError(`${text} is ${count} at steps of ${stepSize}`);
}
