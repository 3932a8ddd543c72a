// What a random run must have seen of markets that move too fast: "Interruptions" in
// docs/engine.md.
import { shapeOf, type Acts, type Context, type Hit } from './coverage-acts.ts';
import type { Execution, PhaseChanged } from './naive-events.ts';
import { hasSameOwner, orderOf } from './naive-orders.ts';
import type { MarketCommand, Place } from './naive-types.ts';

const ENDS = ['cancelled', 'expired'];

export const INTERRUPTION_OUTCOMES: readonly string[] = [
  'interrupted: halted',
  'interrupted: auction at once',
  'interrupted: price too high',
  'interrupted: price too low',
  ...['limit GTC', 'limit GTD', 'limit IOC', 'market IOC', 'quote IOC', 'amend'].map(
    (taker) => `interrupted: ${taker}`,
  ),
  'interrupted: a triggered order',
  'interrupted after trades of the same taker',
  'interrupted: far from recent trades',
  'interrupted: far from the reference',
  'interrupted from limit_only',
  'trade in a market with a rule but without a range',
  'recent trade that counts no more',
  'FOK not fillable because of the range',
  'auction after the halt',
  'resumed',
  'resumed and uncrossed',
  'resumed limit_only',
  'auction and resumption in one step',
  'ended by configuration',
  'ended by schedule',
  'phases of schedule and interruption in one step',
  'queue left standing',
  ...ENDS.map((end) => `queued order ${end}`),
  'queue went on after the resumption',
  'queue went on after a configuration',
  'queue went on before what the uncrossing reached',
];

/** What a command did, orders that it triggered included. */
export function noteInterruptions(
  command: MarketCommand,
  { own, triggered }: Acts,
  context: Context,
  hit: Hit,
): void {
  const { book, queue, interruption, status } = context;
  noteStart(own, command.kind === 'place' ? shapeOf(command) : command.kind, context, hit);
  for (const { events } of triggered) {
    if (events.some(isStart)) hit('interrupted: a triggered order');
  }
  const hasStarted = [own, ...triggered.map(({ events }) => events)].some((e) => e.some(isStart));
  if (hasStarted && book.queue.length > 0) hit('queue left standing');
  noteQueued(own, queue, hit);
  if (command.kind === 'configure_market') {
    const isDone = own.some(({ kind }) => kind === 'configured');
    if (isDone && interruption !== null && interruption.untilMs > book.nowMs) {
      hit('ended by configuration');
    }
    if (triggered.some(({ event }) => queue.includes(event.orderId))) {
      hit('queue went on after a configuration');
    }
  }
  if (command.kind !== 'place' || book.config?.interruption === undefined) return;
  if (status === 'trading') noteFillOrKill(command, own, context, hit);
  const hasRange = context.reference !== null || countingSlots(context).length > 0;
  if (own.some(({ kind }) => kind === 'trade') && !hasRange) {
    hit('trade in a market with a rule but without a range');
  }
}

function isStart(event: Execution): event is PhaseChanged {
  return event.kind === 'phase_changed' && event.referenceTicks > 0;
}

function noteStart(own: readonly Execution[], taker: string, context: Context, hit: Hit): void {
  const at = own.findIndex(isStart);
  const start = own.find(isStart);
  if (start === undefined) return;
  hit(`interrupted: ${start.status === 'halted' ? 'halted' : 'auction at once'}`);
  hit(`interrupted: ${taker}`);
  if (context.status === 'limit_only') hit('interrupted from limit_only');
  const hasTraded = own.slice(0, at).some(({ kind }) => kind === 'trade');
  if (hasTraded) hit('interrupted after trades of the same taker');
  else if (countingSlots(context).length > 0) hit('interrupted: far from recent trades');
  else hit('interrupted: far from the reference');
  // The order that it would have traded with is still the first one of the other side.
  const [buy, sell] = [context.book.buys[0], context.book.sells[0]];
  const isHigh = sell !== undefined && sell.limit > start.referenceTicks;
  const isLow = buy !== undefined && buy.limit < start.referenceTicks;
  if (isHigh && !isLow) hit('interrupted: price too high');
  if (isLow && !isHigh) hit('interrupted: price too low');
}

/** Slots whose trades count at the time of the command. */
function countingSlots({ slots, book }: Context): readonly number[] {
  const windowMs = book.config?.interruption?.windowMs;
  if (windowMs === undefined) return [];
  const now = Math.floor(book.nowMs / (windowMs / 60));
  return slots.filter((slot) => slot > now - 60);
}

function noteFillOrKill(
  command: Place,
  own: readonly Execution[],
  { book }: Context,
  hit: Hit,
): void {
  if (command.timeInForce !== 'FOK' || command.type !== 'limit') return;
  const isUnfillable = own.some(
    (event) => event.kind === 'ended' && event.reason === 'ORDER_FOK_NOT_FILLABLE',
  );
  if (!isUnfillable) return;
  // Nothing was taken: the book is as it was when the order came.
  const taker = orderOf(command);
  const makers = book
    .opposite(taker.side)
    .filter(({ limit }) => (taker.side === 'buy' ? limit <= taker.limit : limit >= taker.limit));
  if (makers.some((maker) => hasSameOwner(maker, taker))) return;
  const lots = makers.reduce((sum, { remaining }) => sum + remaining, 0n);
  if (lots >= taker.original) hit('FOK not fillable because of the range');
}

function noteQueued(events: readonly Execution[], queue: readonly string[], hit: Hit): void {
  for (const event of events) {
    if (event.kind !== 'ended' || !queue.includes(event.orderId)) continue;
    if (event.reason === 'ORDER_CANCELLED_BY_USER') hit('queued order cancelled');
    if (event.reason === 'ORDER_EXPIRED') hit('queued order expired');
  }
}

/** What the clock did: phases that followed an interruption, and the queue. */
export function noteResumptions(events: readonly Execution[], context: Context, hit: Hit): void {
  const { interruption, queue, slots, book } = context;
  if (slots.length > countingSlots(context).length) hit('recent trade that counts no more');
  noteQueued(events, queue, hit);
  const changes = events.filter((event) => event.kind === 'phase_changed');
  const [auction] = changes.filter(({ cause }) => cause === 'interruption');
  const resumption = changes.find(({ cause }) => cause === 'resumption');
  const scheduled = changes.find(({ cause }) => cause === 'schedule');
  if (auction !== undefined && auction.referenceTicks === 0) hit('auction after the halt');
  if (auction !== undefined && resumption !== undefined) hit('auction and resumption in one step');
  if (scheduled !== undefined && interruption !== null) {
    if (resumption === undefined) hit('ended by schedule');
    if (auction ?? resumption) hit('phases of schedule and interruption in one step');
  }
  const triggered = events.filter((event) => event.kind === 'triggered');
  const isQueued = triggered.map(({ orderId }) => queue.includes(orderId));
  if (isQueued[0] === true && resumption !== undefined) hit('queue went on after the resumption');
  if (isQueued[0] === true && isQueued.includes(false)) {
    hit('queue went on before what the uncrossing reached');
  }
  if (resumption === undefined) return;
  hit('resumed');
  if (resumption.status === 'limit_only') hit('resumed limit_only');
  const uncrossed = events.find(({ kind }) => kind === 'uncrossed');
  const isAfter = uncrossed !== undefined && uncrossed.sequence > resumption.sequence;
  if (isAfter && book.sequence > 0) hit('resumed and uncrossed');
}
