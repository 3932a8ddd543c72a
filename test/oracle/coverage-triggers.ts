// What a random run must have seen of orders with a trigger: "Triggers" in docs/engine.md.
import {
  hasWordsOfLimit,
  REJECTIONS_OF_ANY_ORDER,
  shapeOf,
  TAKER_SHAPES,
  type Acts,
  type Context,
  type Hit,
  type TriggeredAct,
} from './coverage-acts.ts';
import { orderIdOf } from './naive-amounts.ts';
import type { Waiting } from './naive-orders.ts';
import { isRising, triggerTicksOf } from './naive-triggers.ts';
import type { Ended, Execution, Trade } from './naive-events.ts';
import type { MarketCommand, Place } from './naive-types.ts';

const REJECTIONS = [
  ...REJECTIONS_OF_ANY_ORDER,
  'ORDERS_WAITING_TOO_MANY',
  'ORDER_TRIGGER_REFERENCE_NONE',
  'ORDER_TRIGGER_REFERENCE_STALE',
  'ORDER_TRIGGER_PRICE_REACHED',
];
/** Possible when the market changed while the order waited, and for what the book decides. */
const REJECTIONS_LATER = [
  'MARKET_LIMIT_ONLY',
  'ORDER_QUANTITY_TOO_LARGE',
  'ORDER_QUANTITY_TOO_SMALL',
  'ORDER_DISPLAY_QUANTITY_TOO_SMALL',
  'ORDER_PRICE_OUT_OF_BAND',
  'ORDER_PRICE_OUT_OF_DYNAMIC_BAND',
  'ORDER_NOTIONAL_TOO_LARGE',
  'ORDER_SELF_TRADE_MODE_NOT_ALLOWED',
  'ORDER_POST_ONLY_WOULD_TAKE',
];
const EXPIRIES_LATER = [
  'ORDER_FOK_NOT_FILLABLE',
  'ORDER_QUOTE_AMOUNT_REACHED',
  'ORDER_LIQUIDITY_NONE',
  'ORDER_PRICE_PROTECTED',
  'ORDER_IOC_REMAINDER',
];
const KINDS = ['stop_loss', 'take_profit', 'trailing_stop'].flatMap((kind) => [
  `${kind} buy`,
  `${kind} sell`,
]);

export const TRIGGER_OUTCOMES: readonly string[] = [
  ...REJECTIONS.map((reason) => `armed not: rejected ${reason}`),
  'armed not: expired ORDER_EXPIRED',
  'place with trigger refused COMMAND_TOO_OLD',
  'trigger price out of band',
  ...KINDS.flatMap((kind) => [`armed ${kind}`, `triggered ${kind}`]),
  ...TAKER_SHAPES.flatMap((shape) => [`armed ${shape}`, `triggered trade ${shape}`]),
  'armed post-only',
  'armed market order with words of a limit order',
  'armed limit order with a budget',
  'waiting cancelled by cancel',
  'waiting cancelled by cancel_all',
  'waiting and resting cancelled by cancel_all',
  'waiting expired by tick',
  'waiting expired by place',
  'waiting and resting expired at once',
  'waiting order of another: cancel refused',
  'waiting order of another: amend refused',
  'amend of a waiting order in a halted market',
  'configured while orders wait',
  'configure_market ignored because of waiting orders alone',
  'triggered by place',
  'triggered by amend',
  ...['limit GTC', 'limit GTD', 'post-only'].map((rest) => `triggered opened ${rest}`),
  'triggered ended filled null',
  'triggered ended filled ORDER_QUOTE_AMOUNT_REACHED',
  'triggered ended cancelled ORDER_SELF_TRADE_PREVENTED',
  ...EXPIRIES_LATER.map((reason) => `triggered ended expired ${reason}`),
  ...REJECTIONS_LATER.map((reason) => `triggered ended rejected ${reason}`),
  ...['rising', 'falling'].flatMap((way) => [
    `${way} reached at its price`,
    `${way} reached beyond its price`,
    `several ${way} reached by one trade at one price`,
    `several ${way} reached by one trade at several prices`,
    `${way} in order of price although numbered in another`,
  ]),
  'at one price in order of number although armed in another',
  'reached by a trade that others followed',
  'cascade of at least 3',
  'triggered by a triggered order',
  'queued behind orders reached before it',
  'rising and falling in one cascade',
];

/** Counts what a command did with waiting orders. */
export function noteTriggers(
  command: MarketCommand,
  { own, triggered }: Acts,
  context: Context,
  hit: Hit,
): void {
  noteWaitingEnds(command.kind, own, context.waiting, hit);
  if (command.kind === 'place') noteArming(command, own, hit);
  if (command.kind === 'amend' || command.kind === 'cancel') {
    const isWaiting = context.waiting.has(orderIdOf(command.orderNumber));
    const refusal = own.find((event) => event.kind === 'refused');
    if (isWaiting && refusal?.reason === 'ORDER_NOT_FOUND') {
      hit(`waiting order of another: ${command.kind} refused`);
    }
    if (refusal?.reason === 'ORDER_AMEND_NOT_ALLOWED' && context.status === 'halted') {
      hit('amend of a waiting order in a halted market');
    }
  }
  if (command.kind === 'configure_market' && context.waiting.size > 0) {
    if (own.some((event) => event.kind === 'configured')) {
      hit('configured while orders wait');
    } else if (command.config.version > context.versionBefore && context.resting.size === 0) {
      hit('configure_market ignored because of waiting orders alone');
    }
  }
  if (triggered.length > 0) {
    hit(`triggered by ${command.kind}`);
    hit(`${context.status}: triggered by ${command.kind}`);
  }
  for (const act of triggered) noteAct(act, hit);
  noteCascade({ own, triggered }, context, hit);
}

/** Counts waiting orders that ended without having taken part. */
export function noteWaitingEnds(
  cause: string,
  events: readonly Execution[],
  waiting: ReadonlyMap<string, Waiting>,
  hit: Hit,
): void {
  const ends = events.filter((event) => event.kind === 'ended');
  for (const status of ['cancelled', 'expired'] as const) {
    const some = ends.filter((end) => end.status === status);
    const waited = some.filter(({ orderId }) => waiting.has(orderId));
    if (waited.length > 0) hit(`waiting ${status} by ${cause}`);
    if (waited.length === 0 || waited.length === some.length) continue;
    if (status === 'expired') hit('waiting and resting expired at once');
    else hit(`waiting and resting cancelled by ${cause}`);
  }
}

/** A triggered order can be ended by its own doing only; the ends of its makers are not counted. */
function ownEndOf(command: Place, events: readonly Execution[]): Ended | undefined {
  const id = orderIdOf(command.number);
  return events.filter((event) => event.kind === 'ended').find(({ orderId }) => orderId === id);
}

/** Who expires on the way is not counted: only what becomes of the order itself. */
function noteArming(command: Place, events: readonly Execution[], hit: Hit): void {
  if (command.trigger === undefined) return;
  const end = ownEndOf(command, events);
  if (end !== undefined) hit(`armed not: ${end.status} ${end.reason ?? 'null'}`);
  // The worst price of a market order is never compared with the band.
  if (end?.reason === 'ORDER_PRICE_OUT_OF_BAND' && command.type === 'market') {
    hit('trigger price out of band');
  }
  if (!events.some((event) => event.kind === 'armed')) return;
  hit(`armed ${command.trigger.kind} ${command.side}`);
  hit(`armed ${shapeOf(command)}`);
  if (command.postOnly && command.type === 'limit') hit('armed post-only');
  if (hasWordsOfLimit(command)) hit('armed market order with words of a limit order');
  if (command.type === 'limit' && command.quoteBudgetMinor !== null) {
    hit('armed limit order with a budget');
  }
}

function noteAct({ command, events }: TriggeredAct, hit: Hit): void {
  hit(`triggered ${command.trigger?.kind ?? ''} ${command.side}`);
  if (events.some((event) => event.kind === 'trade')) hit(`triggered trade ${shapeOf(command)}`);
  if (events.some((event) => event.kind === 'opened')) {
    hit(`triggered opened ${command.postOnly ? 'post-only' : shapeOf(command)}`);
  }
  const end = ownEndOf(command, events);
  if (end !== undefined) hit(`triggered ended ${end.status} ${end.reason ?? 'null'}`);
}

function wayOf({ side, trigger }: Place): string {
  return trigger !== undefined && isRising(side, trigger.kind) ? 'rising' : 'falling';
}

function noteCascade(
  { own, triggered }: Omit<Acts, 'listed'>,
  { waiting }: Context,
  hit: Hit,
): void {
  if (triggered.length >= 3) hit('cascade of at least 3');
  if (new Set(triggered.map(({ command }) => wayOf(command))).size === 2) {
    hit('rising and falling in one cascade');
  }
  const armed = [...waiting.keys()];
  const tradesByAct = [own, ...triggered.map(({ events }) => events)].map((events) =>
    events.filter((event) => event.kind === 'trade'),
  );
  for (const [at, act] of triggered.entries()) {
    const { event, command } = act;
    const cause = tradesByAct.findIndex((trades) =>
      trades.some(({ sequence }) => sequence === event.tradeSequence),
    );
    if (cause > 0) hit('triggered by a triggered order');
    // Acts are counted from the command's own: the order before this one in the queue is act `at`.
    if (cause > 0 && cause < at) hit('queued behind orders reached before it');
    // What stood in the queue was reached by a command before.
    if (cause >= 0) noteReach(act, tradesByAct[cause] ?? [], hit);
    const before = triggered[at - 1];
    if (before?.event.tradeSequence !== event.tradeSequence) continue;
    const way = wayOf(command);
    const isOnePrice = triggerTicksOf(before.waiting) === triggerTicksOf(act.waiting);
    const isNumbered = before.command.number < command.number;
    const isArmed = armed.indexOf(before.event.orderId) < armed.indexOf(event.orderId);
    hit(`several ${way} reached by one trade at ${isOnePrice ? 'one price' : 'several prices'}`);
    if (isOnePrice && !isArmed) hit('at one price in order of number although armed in another');
    if (!isOnePrice && !isNumbered) hit(`${way} in order of price although numbered in another`);
  }
}

function noteReach(act: TriggeredAct, trades: readonly Trade[], hit: Hit): void {
  const { command, waiting, event } = act;
  const trade = trades.find(({ sequence }) => sequence === event.tradeSequence);
  const isAtPrice = trade?.priceTicks === triggerTicksOf(waiting);
  hit(`${wayOf(command)} reached ${isAtPrice ? 'at' : 'beyond'} its price`);
  if (trade !== trades.at(-1)) hit('reached by a trade that others followed');
}
