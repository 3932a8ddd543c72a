// The lines that the state hash is taken of: "State hash" in docs/engine.md.
import type { NaiveBook } from './naive-book.ts';
import type { Order, Waiting } from './naive-orders.ts';
import { slotsOf } from './naive-range.ts';
import { triggerTicksOf } from './naive-triggers.ts';

export function stateLines(book: NaiveBook): string[] {
  const waiting = [...book.waiting].sort((a, b) => a.order.number - b.order.number);
  const blocked = [...book.blocked].sort((a, b) => a - b);
  const deadlines = [...book.deadlines].sort(([a], [b]) => a - b);
  return [
    `market ${book.market}`,
    `version ${book.config?.version ?? 0} status ${book.status}`,
    `now ${book.nowMs}`,
    `sequence ${book.sequence}`,
    `highest ${book.highest}`,
    `last ${book.lastTicks ?? 0} ${book.lastTradeMs ?? 0}`,
    ...book.buys.map(restingText),
    ...book.sells.map(restingText),
    ...waiting.map((each) => waitingText(each, book.queue.includes(each))),
    ...blocked.map((user) => `blocked ${user}`),
    ...deadlines.map(([user, deadlineMs]) => `deadman ${user} ${deadlineMs}`),
    ...phaseLines(book),
  ];
}

function phaseLines(book: NaiveBook): string[] {
  const { schedule, interruption, indicated, queue } = book;
  const hasRule = book.config?.interruption !== undefined;
  return [
    ...schedule.map(({ atMs, status }) => `schedule ${atMs} ${status}`),
    ...(interruption === null
      ? []
      : [`interrupted ${interruption.before} ${interruption.untilMs}`]),
    ...(hasRule && book.referenceTicks !== null ? [`reference ${book.referenceTicks}`] : []),
    ...slotsOf(book).map(([slot, { lowest, highest }]) => `slot ${slot} ${lowest} ${highest}`),
    ...queue.map(({ order, reachedBy }) => `queued ${order.number} ${reachedBy ?? 0}`),
    ...(indicated === null
      ? []
      : [`indicated ${indicated.second} ${indicated.ticks} ${indicated.lots}`]),
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

function restingText(order: Order): string {
  const { iceberg } = order;
  const display = iceberg === null ? '' : ` display ${iceberg.shown} ${iceberg.displayLots}`;
  return `${orderText(order)}${display}${groupText(order)}`;
}

function groupText({ tradeGroup }: Order): string {
  return tradeGroup === null ? '' : ` group ${tradeGroup}`;
}

function waitingText(waiting: Waiting, isQueued: boolean): string {
  const { order, command, trigger, extreme } = waiting;
  const line = [
    'waiting',
    orderText(order),
    command.type,
    command.holdMinor,
    order.byQuote?.budgetLeft ?? '-',
    trigger.kind,
    isQueued && trigger.kind === 'trailing_stop' ? 0 : (triggerTicksOf(waiting) ?? 0),
  ].join(' ');
  const trail =
    trigger.kind === 'trailing_stop'
      ? ` trail ${trigger.trailBps} ${isQueued ? 0 : (extreme ?? 0)} ${trigger.activationPriceTicks ?? 0}`
      : '';
  const display = order.iceberg === null ? '' : ` display ${order.iceberg.displayLots}`;
  return `${line}${trail}${display}${groupText(order)}`;
}
