// The lines that the state hash is taken of: "State hash" in docs/engine.md.
import type { NaiveBook } from './naive-book.ts';
import type { OrderList } from './naive-lists.ts';
import type { Order, Waiting } from './naive-orders.ts';
import { isPegged } from './naive-pegs.ts';
import { slotsOf } from './naive-range.ts';
import { triggerTicksOf } from './naive-triggers.ts';
import type { Place } from './naive-types.ts';

export function stateLines(book: NaiveBook): string[] {
  const waiting = [...book.waiting].sort((a, b) => a.order.number - b.order.number);
  const blocked = [...book.blocked].sort((a, b) => a - b);
  const lists = [...book.lists.values()].sort((a, b) => a.number - b.number);
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
    ...lists.map(listText),
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
  const { order, command, trigger } = waiting;
  const line = [
    'waiting',
    orderText(order),
    command.type,
    command.holdMinor,
    order.byQuote?.budgetLeft ?? '-',
    trigger.kind,
    isQueued && trigger.kind === 'trailing_stop' ? 0 : (triggerTicksOf(waiting) ?? 0),
  ].join(' ');
  const display = order.iceberg === null ? '' : ` display ${order.iceberg.displayLots}`;
  const then = thenText(waiting);
  const trail = trailText(waiting, isQueued);
  return `${line}${then}${trail}${display}${groupText(order)}${pegText(command)}`;
}

/** The trigger that a pending order will have when its working order is filled. */
function thenText({ trigger, command }: Waiting): string {
  const own = command.trigger;
  if (trigger.kind !== 'working_order' || own === undefined) return '';
  return ` then ${own.kind} ${own.kind === 'trailing_stop' ? 0 : own.priceTicks}`;
}

function trailText({ command, extreme }: Waiting, isQueued: boolean): string {
  const { trigger } = command;
  if (trigger?.kind !== 'trailing_stop') return '';
  const { trailBps, activationPriceTicks } = trigger;
  return ` trail ${trailBps} ${isQueued ? 0 : (extreme ?? 0)} ${activationPriceTicks ?? 0}`;
}

function pegText(command: Place): string {
  const { peg } = command;
  return peg === undefined || !isPegged(command) ? '' : ` peg ${peg.to} ${peg.offsetLevels}`;
}

function listText({ number, working, orders, decision }: OrderList): string {
  const line = `list ${number} ${working === null || working.hasEnded ? 0 : working.number}`;
  const [first, second] = orders;
  if (second === undefined) return `${line} ${first?.number ?? 0}`;
  const each = orders.map(({ number: order, command }) => `${order} ${command.holdMinor}`);
  return `${line} ${each.join(' ')} ${decision === null ? 'undecided' : 'decided'}`;
}
