// What a random run must have seen of orders that show a part of their quantity: "Icebergs" in
// docs/engine.md.
import { makerLotsOf, type Acts, type Context, type Hit, type Resting } from './coverage-acts.ts';
import { SELF_TRADE_MODES } from './command-specs.ts';
import { orderIdOf } from './naive-amounts.ts';
import type { Execution } from './naive-events.ts';
import { hasSameOwner, orderOf } from './naive-orders.ts';
import type { Amend, MarketCommand, Place } from './naive-types.ts';

export const ICEBERG_OUTCOMES: readonly string[] = [
  'iceberg refused: display quantity below the minimum',
  'iceberg refused: more than 100 parts',
  'iceberg refused: quantity too large',
  'display quantity ignored: not below the quantity',
  'display quantity ignored: limit IOC',
  'display quantity ignored: limit FOK',
  'display quantity ignored: market',
  ...['GTC', 'GTD', 'post-only'].map((rest) => `iceberg opened ${rest}`),
  'iceberg took and its rest opened',
  'iceberg took more than it displays',
  'iceberg armed',
  'iceberg triggered and opened',
  'iceberg kept its place after a trade',
  'iceberg kept its place after a decrement',
  'iceberg showed more after a trade',
  'iceberg showed more after a decrement',
  'iceberg behind others that were behind it',
  'iceberg gave several parts to one taker',
  'icebergs at one price took turns',
  'iceberg filled as a maker',
  'iceberg showed less than its display quantity',
  ...SELF_TRADE_MODES.map((mode) => `own iceberg met ${mode}`),
  'FOK filled from what is hidden',
  'FOK not fillable although enough is hidden',
  'iceberg amended in place',
  'iceberg amended in place to less than it showed',
  'iceberg amended in place, what it shows is as before',
  'iceberg amended to the back',
  'iceberg amended and traded',
  'iceberg cancelled with hidden lots',
  'iceberg expired with hidden lots',
];

export function noteIcebergs(
  command: MarketCommand,
  { own, triggered }: Acts,
  context: Context,
  hit: Hit,
): void {
  if (command.kind === 'place') notePlace(command, own, context, hit);
  if (command.kind === 'amend') noteAmend(command, own, context, hit);
  for (const act of triggered) {
    const isOpened = act.events.some(({ kind }) => kind === 'opened');
    if (act.waiting.order.iceberg !== null && isOpened) hit('iceberg triggered and opened');
  }
  noteMakers(own, context, hit);
  noteIcebergEnds(own, context, hit);
}

/** Counts icebergs that ended with more than they showed. */
export function noteIcebergEnds(
  events: readonly Execution[],
  { resting }: Context,
  hit: Hit,
): void {
  for (const event of events) {
    if (event.kind !== 'ended') continue;
    const before = resting.get(event.orderId);
    if (before === undefined || before.shown === null || event.cancelledLots <= before.shown) {
      continue;
    }
    if (event.reason === 'ORDER_CANCELLED_BY_USER') hit('iceberg cancelled with hidden lots');
    if (event.reason === 'ORDER_EXPIRED') hit('iceberg expired with hidden lots');
  }
}

function notePlace(command: Place, own: readonly Execution[], context: Context, hit: Hit): void {
  const { displayLots, timeInForce, type, quantityLots } = command;
  const id = orderIdOf(command.number);
  const order = orderOf(command);
  const end = own.find((event) => event.kind === 'ended' && event.orderId === id);
  const hasTraded = own.some(({ kind }) => kind === 'trade');
  if (timeInForce === 'FOK') noteFillOrKill(command, own, context, hit);
  if (displayLots === undefined) return;
  if (order.iceberg === null) {
    const isAccepted = own.some(({ kind }) => kind === 'opened' || kind === 'trade');
    if (!isAccepted) return;
    if (type === 'market') hit('display quantity ignored: market');
    else if (timeInForce === 'IOC' || timeInForce === 'FOK') {
      hit(`display quantity ignored: limit ${timeInForce}`);
    } else hit('display quantity ignored: not below the quantity');
    return;
  }
  if (end?.kind === 'ended' && end.reason === 'ORDER_DISPLAY_QUANTITY_TOO_SMALL') {
    const isBelowMinimum = BigInt(displayLots) < context.book.rules.scale.minLots;
    if (isBelowMinimum) hit('iceberg refused: display quantity below the minimum');
    else hit('iceberg refused: more than 100 parts');
  }
  if (end?.kind === 'ended' && end.reason === 'ORDER_QUANTITY_TOO_LARGE') {
    hit('iceberg refused: quantity too large');
  }
  if (own.some(({ kind }) => kind === 'armed')) hit('iceberg armed');
  const trades = own.filter((event) => event.kind === 'trade');
  const taken = trades.reduce((sum, trade) => sum + trade.quantityLots, 0);
  if (taken > displayLots) hit('iceberg took more than it displays');
  const opened = own.find((event) => event.kind === 'opened');
  if (opened?.kind !== 'opened' || opened.orderId !== id) return;
  hit(`iceberg opened ${command.postOnly ? 'post-only' : timeInForce}`);
  if (hasTraded && opened.remainingLots < quantityLots) hit('iceberg took and its rest opened');
}

function noteFillOrKill(
  command: Place,
  own: readonly Execution[],
  { resting, book }: Context,
  hit: Hit,
): void {
  const lost = makerLotsOf(own);
  for (const [id, lots] of lost) {
    const shown = resting.get(id)?.shown ?? null;
    if (shown !== null && lots > shown) hit('FOK filled from what is hidden');
  }
  const isUnfillable = own.some(
    (event) => event.kind === 'ended' && event.reason === 'ORDER_FOK_NOT_FILLABLE',
  );
  if (!isUnfillable || command.type !== 'limit') return;
  // Nothing was taken: the book is as it was when the order came.
  const taker = orderOf(command);
  const isInReach = (limit: bigint): boolean =>
    taker.side === 'buy' ? limit <= taker.limit : limit >= taker.limit;
  const others = book
    .opposite(taker.side)
    .filter((maker) => isInReach(maker.limit) && !hasSameOwner(maker, taker));
  const hasIceberg = others.some(({ iceberg }) => iceberg !== null);
  const lots = others.reduce((sum, { remaining }) => sum + remaining, 0n);
  if (hasIceberg && lots >= taker.remaining) hit('FOK not fillable although enough is hidden');
}

function noteMakers(own: readonly Execution[], context: Context, hit: Hit): void {
  const { resting, book } = context;
  for (const event of own) {
    if (event.kind === 'prevented' && resting.get(event.maker.orderId)?.shown) {
      hit(`own iceberg met ${event.mode}`);
    }
    if (event.kind !== 'trade') continue;
    const isOwn = event.taker.userId === event.maker.userId;
    if (isOwn && resting.get(event.maker.orderId)?.shown) hit('own iceberg met none');
  }
  const decremented = new Set(
    own.flatMap((event) => (event.kind === 'prevented' ? [event.maker.orderId] : [])),
  );
  const turns: string[] = [];
  for (const event of own) {
    if (event.kind === 'trade' && resting.get(event.maker.orderId)?.shown) {
      turns.push(`${event.priceTicks} ${event.maker.orderId}`);
    }
  }
  // The same maker at the same price, and another one in between.
  const isTurn = turns.some(
    (maker, at) => at > 1 && turns[at - 1] !== maker && turns.slice(0, at - 1).includes(maker),
  );
  if (isTurn) hit('icebergs at one price took turns');
  for (const [id, lots] of makerLotsOf(own)) {
    const before = resting.get(id);
    if (before === undefined || before.shown === null) continue;
    const cause = decremented.has(id) ? 'decrement' : 'trade';
    noteMaker({ id, lots: BigInt(lots), cause, before, shown: before.shown }, book, hit);
  }
}

interface Maker {
  readonly id: string;
  readonly lots: bigint;
  readonly cause: string;
  readonly before: Resting;
  readonly shown: bigint;
}

function noteMaker(maker: Maker, book: Context['book'], hit: Hit): void {
  const { id, lots, cause, before, shown } = maker;
  const order = book.find(Number(id.slice(4)));
  if (order?.iceberg) {
    if (lots < shown) {
      hit(`iceberg kept its place after a ${cause}`);
      return;
    }
    hit(`iceberg showed more after a ${cause}`);
    if (order.iceberg.shown < order.iceberg.displayLots) {
      hit('iceberg showed less than its display quantity');
    }
    const level = book.side(order.side).filter(({ limit }) => limit === order.limit);
    if (level.length > 1 && level.at(-1) === order)
      hit('iceberg behind others that were behind it');
  } else if (cause === 'trade' && lots === before.remaining) {
    hit('iceberg filled as a maker');
  }
  if (lots > shown) hit('iceberg gave several parts to one taker');
}

function noteAmend(command: Amend, own: readonly Execution[], context: Context, hit: Hit): void {
  const before = context.resting.get(orderIdOf(command.orderNumber));
  const amended = own.find((event) => event.kind === 'amended');
  if (before === undefined || before.shown === null || amended?.kind !== 'amended') return;
  if (own.some(({ kind }) => kind === 'trade')) hit('iceberg amended and traded');
  if (!amended.priorityKept) {
    hit('iceberg amended to the back');
    return;
  }
  hit('iceberg amended in place');
  if (amended.remainingLots < before.shown) hit('iceberg amended in place to less than it showed');
  else if (amended.remainingLots < before.remaining) {
    hit('iceberg amended in place, what it shows is as before');
  }
}
