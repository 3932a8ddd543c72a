// What a random run must have seen of markets that take only some orders, of cancels with a
// condition and of cancels of one side.
import type { Context, Hit } from './coverage-acts.ts';
import { orderIdOf } from './naive-amounts.ts';
import type { Execution } from './naive-events.ts';
import type { Amend, Cancel, CancelAll, MarketCommand, Place } from './naive-types.ts';

export const STATUS_OUTCOMES: readonly string[] = [
  'post_only: post-only limit order opened',
  'post_only: post-only limit order armed',
  'post_only: post-only limit order rejected ORDER_POST_ONLY_WOULD_TAKE',
  'post_only: limit order rejected MARKET_POST_ONLY',
  'post_only: limit order with trigger rejected MARKET_POST_ONLY',
  'post_only: market order rejected MARKET_POST_ONLY',
  'post_only: market order with trigger rejected MARKET_POST_ONLY',
  'post_only: post-only market order rejected MARKET_POST_ONLY',
  'post_only: amend of a limit order refused MARKET_POST_ONLY',
  'post_only: amend of a post-only limit order refused MARKET_POST_ONLY',
  'post_only: amended in place',
  'post_only: amended to the back',
  'limit_only: limit order opened',
  'limit_only: limit order traded',
  'limit_only: limit order armed',
  'limit_only: market order rejected MARKET_LIMIT_ONLY',
  'limit_only: market order with trigger rejected MARKET_LIMIT_ONLY',
  'limit_only: triggered by place',
  'cancel if new of a resting order: met',
  'cancel if new of a resting order: unmet',
  'cancel if partially_filled of a resting order: met',
  'cancel if partially_filled of a resting order: unmet',
  'cancel if new of a waiting order: met',
  'cancel if partially_filled of a waiting order: unmet',
  'cancel with a condition of the order of another: refused',
  ...['buy', 'sell'].flatMap((side) => [
    `cancel_all of one side, ${side}: carried out`,
    `cancel_all of one side, ${side}: resting orders of the other side stay`,
    `cancel_all of one side, ${side}: waiting orders of the other side stay`,
  ]),
  'cancel_all of one side: carried out on resting and waiting orders',
  'cancel_all of one side: refused although orders of the other side stay',
];

/** `own` are the events of the command itself, without those of orders that it triggered. */
export function noteStatuses(
  command: MarketCommand,
  own: readonly Execution[],
  context: Context,
  hit: Hit,
): void {
  if (command.kind === 'place') notePlace(command, own, context, hit);
  if (command.kind === 'amend') noteAmend(command, own, context, hit);
  if (command.kind === 'cancel') noteCancel(command, own, context, hit);
  if (command.kind === 'cancel_all') noteCancelAll(command, own, context, hit);
}

function notePlace(command: Place, own: readonly Execution[], { status }: Context, hit: Hit): void {
  const id = orderIdOf(command.number);
  const name = `${status}: ${command.postOnly ? 'post-only ' : ''}${command.type} order`;
  for (const event of own) {
    if (event.kind === 'trade') hit(`${name} traded`);
    if (event.kind === 'opened' || event.kind === 'armed') hit(`${name} ${event.kind}`);
    if (event.kind !== 'ended' || event.orderId !== id || event.status !== 'rejected') continue;
    const trigger = command.trigger === undefined ? '' : ' with trigger';
    hit(`${name}${trigger} rejected ${event.reason ?? 'null'}`);
  }
}

function noteAmend(
  command: Amend,
  own: readonly Execution[],
  { status, book }: Context,
  hit: Hit,
): void {
  for (const event of own) {
    if (event.kind === 'amended') {
      hit(`${status}: amended ${event.priorityKept ? 'in place' : 'to the back'}`);
    } else if (event.kind === 'refused') {
      // An order whose amend is refused rests as before.
      const name = book.find(command.orderNumber)?.postOnly === true ? 'post-only limit' : 'limit';
      hit(`${status}: amend of a ${name} order refused ${event.reason}`);
    }
  }
}

/** Who expires on the way is not counted. */
function isCancelled(event: Execution): boolean {
  return event.kind === 'ended' && event.reason === 'ORDER_CANCELLED_BY_USER';
}

function noteCancel(
  { onlyIf, orderNumber }: Cancel,
  own: readonly Execution[],
  { waiting, book }: Context,
  hit: Hit,
): void {
  if (onlyIf === undefined) return;
  const order = waiting.has(orderIdOf(orderNumber)) ? 'waiting' : 'resting';
  const name = `cancel if ${onlyIf} of a ${order} order`;
  if (own.some(isCancelled)) hit(`${name}: met`);
  const refusal = own.find((event) => event.kind === 'refused')?.reason;
  if (refusal === 'ORDER_CANCEL_CONDITION_UNMET') hit(`${name}: unmet`);
  const isPresent = book.find(orderNumber) !== null || book.findWaiting(orderNumber) !== null;
  if (refusal === 'ORDER_NOT_FOUND' && isPresent) {
    hit('cancel with a condition of the order of another: refused');
  }
}

function noteCancelAll(
  { side, userNumber }: CancelAll,
  own: readonly Execution[],
  { waiting, book }: Context,
  hit: Hit,
): void {
  if (side === undefined) return;
  const stayed = book.ordersOf(userNumber);
  const name = 'cancel_all of one side';
  const ids = own.flatMap((e) => (e.kind === 'ended' && isCancelled(e) ? [e.orderId] : []));
  const isRefused = own.some((e) => e.kind === 'refused' && e.reason === 'ORDER_NOT_FOUND');
  if (isRefused && stayed.length > 0) {
    hit(`${name}: refused although orders of the other side stay`);
  }
  if (ids.length === 0) return;
  hit(`${name}, ${side}: carried out`);
  const waited = ids.filter((id) => waiting.has(id));
  if (waited.length > 0 && waited.length < ids.length) {
    hit(`${name}: carried out on resting and waiting orders`);
  }
  for (const { number } of stayed) {
    const order = book.find(number) === null ? 'waiting' : 'resting';
    hit(`${name}, ${side}: ${order} orders of the other side stay`);
  }
}
