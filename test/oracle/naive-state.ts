// The lines that the state hash is taken of: "State hash" in docs/engine.md.
import type { NaiveBook } from './naive-book.ts';
import type { Order, Waiting } from './naive-types.ts';

export function stateLines(book: NaiveBook): string[] {
  const waiting = [...book.waiting].sort((a, b) => a.order.number - b.order.number);
  return [
    `market ${book.market}`,
    `version ${book.config?.version ?? 0} status ${book.status}`,
    `now ${book.nowMs}`,
    `sequence ${book.sequence}`,
    `highest ${book.highest}`,
    `last ${book.lastTicks ?? 0}`,
    ...book.buys.map(orderText),
    ...book.sells.map(orderText),
    ...waiting.map(waitingText),
  ];
}

function orderText(order: Order): string {
  return [
    order.number,
    order.user,
    order.side === 'buy' ? 'b' : 's',
    order.limit,
    order.original,
    order.remaining,
    order.timeInForce,
    order.postOnly ? 1 : 0,
    order.mode,
    order.expiresAtMs ?? 0,
    order.makerFeePpm,
    order.takerFeePpm,
  ].join(' ');
}

function waitingText({ order, command, trigger }: Waiting): string {
  return [
    'waiting',
    orderText(order),
    command.type,
    command.holdMinor,
    order.byQuote?.budgetLeft ?? '-',
    trigger.kind,
    trigger.priceTicks,
  ].join(' ');
}
