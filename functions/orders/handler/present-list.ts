// Order lists on the wire. What a list is at the moment follows from its orders. Pure.
import { listId } from '../../../shared/domain/ids.ts';
import { isEndStatus } from '../../../shared/domain/order.ts';
import type { AcceptedList } from '../decide/list.ts';
import { acceptedRow } from '../decide/place.ts';
import type { OrderAnswer } from '../schema.ts';
import type { OrderListAnswer } from '../schema/order-lists.ts';
import type { ListRow, ListWithOrders } from '../store/lists.ts';
import { formatTime, presentAccepted, presentOrder } from './present.ts';

export function presentList(list: ListWithOrders): OrderListAnswer {
  return present(list, list.orders.map(presentOrder));
}

/** What was answered when the list was accepted, for a repeat of the same request. */
export function presentRepeated(list: ListWithOrders): OrderListAnswer {
  return present(list, list.orders.map(presentAccepted));
}

export function presentPlaced(list: AcceptedList): OrderListAnswer {
  return present(
    list,
    list.orders.map((order) => presentAccepted(acceptedRow(order))),
  );
}

export function isDone(orders: readonly Pick<OrderAnswer, 'status'>[]): boolean {
  return orders.every(({ status }) => isEndStatus(status));
}

function present(list: ListRow, orders: OrderAnswer[]): OrderListAnswer {
  return {
    id: listId(list.listNumber),
    clientListId: list.clientListId,
    type: list.type,
    market: list.market,
    status: isDone(orders) ? 'done' : 'executing',
    orders,
    createdAt: formatTime(list.acceptedAtMs),
  };
}
