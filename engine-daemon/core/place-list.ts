// The command `place_list`: two or three orders of which one decides about another.
import type { PlaceCommand, PlaceListCommand } from '../../shared/events/commands.ts';
import { listOrders } from '../../shared/events/order-lists.ts';
import type { BookState } from './book-state.ts';
import { endUnplaced } from './cancel-orders.ts';
import { REJECTED, armedCode, reasonCode } from './codes.ts';
import type { MarketRules } from './market-rules.ts';
import { OrderList } from './order-lists.ts';
import { placeOrder } from './place-order.ts';
import { waitingOrder } from './waiting-order.ts';

const WAITING_TOO_MANY = reasonCode('ORDERS_WAITING_TOO_MANY');
const WORKING_ORDER = armedCode('working_order');

/** What is not placed here, as another order was refused, ends when its events are followed. */
export function placeList(book: BookState, command: PlaceListCommand): void {
  const { lists, rules } = book;
  const orders = listOrders(command);
  const list = new OrderList(command.number, command.working?.number ?? 0, command.orders);
  lists.add(list);
  lists.await(orders);
  if (list.isPair) {
    for (const { number } of list.legs) book.events.sharedHolds.share(number, list.number);
  }
  if (rules === null) for (const order of orders) placeNow(book, order);
  else if (command.working === undefined) placePair(book, orders);
  else placeBehind(book, rules, orders);
}

function placePair(book: BookState, orders: readonly PlaceCommand[]): void {
  for (const order of orders) {
    placeNow(book, order);
    if (!book.isOpen(order.number)) return;
  }
}

/** The orders behind the working one become pending before it is placed. */
function placeBehind(
  book: BookState,
  rules: MarketRules,
  [working, ...pending]: readonly PlaceCommand[],
): void {
  const { maxWaitingOrders } = rules.config;
  for (const order of pending) {
    book.lists.takeUnplaced(order.number);
    const waits = book.waiting.countOf(order.userNumber);
    if (maxWaitingOrders !== undefined && waits >= maxWaitingOrders) {
      endUnplaced(book, order, REJECTED, WAITING_TOO_MANY);
      return;
    }
    book.waiting.addPending(waitingOrder(order));
    book.events.armed(order, WORKING_ORDER, 0);
  }
  if (working !== undefined) placeNow(book, working);
}

function placeNow(book: BookState, order: PlaceCommand): void {
  book.lists.takeUnplaced(order.number);
  placeOrder(book, order);
}
