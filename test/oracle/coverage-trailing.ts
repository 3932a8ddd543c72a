// What a random run must have seen of trailing stops: "Trailing stops" in docs/engine.md.
import type { Acts, Context, Hit, TriggeredAct } from './coverage-acts.ts';
import { orderIdOf } from './naive-amounts.ts';
import type { Execution } from './naive-events.ts';
import type { Waiting } from './naive-orders.ts';
import { triggerTicksOf } from './naive-triggers.ts';
import type { MarketCommand, Place } from './naive-types.ts';

const SIDES = ['buy', 'sell'] as const;

export const TRAILING_OUTCOMES: readonly string[] = [
  ...SIDES.flatMap((side) => [
    `trailing ${side} active without an activation price`,
    `trailing ${side} active by its activation price at once`,
    `trailing ${side} not active yet`,
    `trailing ${side} made active by a trade`,
    `trailing ${side} moved by a trade`,
    `trailing ${side} stayed where it was`,
    `trailing ${side} triggered where it was placed`,
    `trailing ${side} triggered after it had moved`,
    `trailing ${side} moved and triggered by one command`,
  ]),
  'trailing activation price out of band',
  'trailing order not active cancelled',
  'trailing order moved by the trade of a triggered order',
  'trailing order triggered by the trade of a triggered order',
  'fixed and trailing orders in one cascade',
  'fixed and trailing orders reached by one trade',
  'trailing order before a fixed one with a lower number',
  'fixed order before a trailing one with a lower number',
];

/** Extremes of trailing stops when they were placed. */
const placedAt = new WeakMap<Waiting, number | null>();

export function noteTrailing(
  command: MarketCommand,
  acts: Acts,
  events: readonly Execution[],
  context: Context,
  hit: Hit,
): void {
  const { waiting, extremes, book } = context;
  if (command.kind === 'place') notePlace(command, acts.own, context, hit);
  for (const event of acts.own) {
    if (event.kind !== 'ended' || event.reason !== 'ORDER_CANCELLED_BY_USER') continue;
    const isTrailing = waiting.get(event.orderId)?.trigger.kind === 'trailing_stop';
    if (isTrailing && extremes.get(event.orderId) === null) {
      hit('trailing order not active cancelled');
    }
  }
  const prices = events.flatMap((event) => (event.kind === 'trade' ? [event.priceTicks] : []));
  const later = acts.triggered.flatMap(({ events: each }) =>
    each.flatMap((event) => (event.kind === 'trade' ? [event.priceTicks] : [])),
  );
  for (const [id, { order, trigger, extreme }] of waiting) {
    if (trigger.kind !== 'trailing_stop' || prices.length === 0) continue;
    const before = extremes.get(id) ?? null;
    if (book.findWaiting(order.number) === null) continue;
    if (extreme === null) continue;
    if (before === null) hit(`trailing ${order.side} made active by a trade`);
    else if (before === extreme) hit(`trailing ${order.side} stayed where it was`);
    else {
      hit(`trailing ${order.side} moved by a trade`);
      const isLater =
        later.includes(extreme) &&
        !acts.own.some((e) => e.kind === 'trade' && e.priceTicks === extreme);
      if (isLater) hit('trailing order moved by the trade of a triggered order');
    }
  }
  noteTriggered(acts, context, hit);
}

function notePlace(
  { trigger, side, number }: Place,
  own: readonly Execution[],
  { book }: Context,
  hit: Hit,
): void {
  if (trigger?.kind !== 'trailing_stop') return;
  const end = own.find((event) => event.kind === 'ended' && event.orderId === orderIdOf(number));
  if (end?.kind === 'ended' && end.reason === 'ORDER_PRICE_OUT_OF_BAND') {
    hit('trailing activation price out of band');
  }
  const waiting = book.findWaiting(number);
  if (waiting === null) return;
  placedAt.set(waiting, waiting.extreme);
  if (waiting.extreme === null) hit(`trailing ${side} not active yet`);
  else if (trigger.activationPriceTicks === undefined) {
    hit(`trailing ${side} active without an activation price`);
  } else hit(`trailing ${side} active by its activation price at once`);
}

function noteTriggered({ own, triggered }: Acts, { extremes }: Context, hit: Hit): void {
  const ownTrades = new Set(own.flatMap((e) => (e.kind === 'trade' ? [e.sequence] : [])));
  for (const [at, act] of triggered.entries()) {
    const { event, waiting, command } = act;
    noteMix(act, triggered[at - 1], hit);
    if (!isTrailing(act)) continue;
    const before = extremes.get(event.orderId) ?? null;
    const isMoved = before !== waiting.extreme;
    if (isMoved) hit(`trailing ${command.side} moved and triggered by one command`);
    else if (waiting.extreme === placedAt.get(waiting)) {
      hit(`trailing ${command.side} triggered where it was placed`);
    } else hit(`trailing ${command.side} triggered after it had moved`);
    if (!ownTrades.has(event.tradeSequence)) {
      hit('trailing order triggered by the trade of a triggered order');
    }
  }
  if (new Set(triggered.map(isTrailing)).size === 2)
    hit('fixed and trailing orders in one cascade');
}

function isTrailing({ waiting }: TriggeredAct): boolean {
  return waiting.trigger.kind === 'trailing_stop';
}

function noteMix(act: TriggeredAct, before: TriggeredAct | undefined, hit: Hit): void {
  if (before?.event.tradeSequence !== act.event.tradeSequence) return;
  if (isTrailing(act) === isTrailing(before)) return;
  hit('fixed and trailing orders reached by one trade');
  const isOnePrice = triggerTicksOf(before.waiting) === triggerTicksOf(act.waiting);
  if (isOnePrice || before.command.number < act.command.number) return;
  hit(
    isTrailing(before)
      ? 'trailing order before a fixed one with a lower number'
      : 'fixed order before a trailing one with a lower number',
  );
}
