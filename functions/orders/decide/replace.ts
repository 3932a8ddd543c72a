// Whether an order can be replaced, as far as that can be seen before the engine: what has happened
// to it since is the engine's to judge.
import { isEndStatus } from '../../../shared/domain/order.ts';
import { reject, type Rejection } from '../../../shared/domain/rejection.ts';
import type { PlaceOrderBody } from '../schema.ts';
import type { Replacement } from './intent.ts';
import type { LockedOrder } from './order-row.ts';

/** `order`: null when there is no such order of the caller. */
export function checkReplacement(
  order: LockedOrder | null,
  body: PlaceOrderBody,
  { onFailure }: Replacement,
): Rejection | null {
  if (order === null) return reject('ORDER_NOT_FOUND');
  if (order.market !== body.market) {
    return reject('ORDER_REPLACE_MARKET_DIFFERS', `the order is of ${order.market}`);
  }
  const isLost = isEndStatus(order.status) && onFailure === 'stop';
  return isLost ? reject('ORDER_REPLACE_CANCEL_FAILED', `it is ${order.status}`) : null;
}
