// The waiting orders of a market as bytes and back: the last part of a market's state.
import { assert } from '../../shared/domain/failure.ts';
import { PRICE_TICKS_MAX } from '../../shared/domain/market.ts';
import {
  ORDER_TYPES,
  SELF_TRADE_PREVENTIONS,
  SIDES,
  TIMES_IN_FORCE,
  TRIGGER_KINDS,
} from '../../shared/domain/order.ts';
import { placeCommandSchema } from '../../shared/events/commands.ts';
import { NEVER_MS, type BookState } from './book-state.ts';
import type { SnapshotReader, SnapshotWriter } from './snapshot-bytes.ts';
import { isReached, isRising, waitingOrder, type WaitingOrder } from './waiting-order.ts';

/** In place of a number that an order does not have. */
const NONE = 0;

export function writeWaiting(writer: SnapshotWriter, state: BookState): void {
  writer.double(state.lastTicks);
  writer.word(state.waiting.count);
  for (const order of state.waiting.sorted()) {
    writer.double(order.number);
    writer.double(order.timeMs);
    writer.double(order.userNumber);
    writer.byte(SIDES.indexOf(order.side));
    writer.byte(ORDER_TYPES.indexOf(order.type));
    writer.byte(TIMES_IN_FORCE.indexOf(order.timeInForce));
    writer.byte(order.postOnly ? 1 : 0);
    writer.byte(SELF_TRADE_PREVENTIONS.indexOf(order.selfTradePrevention));
    writer.double(order.priceTicks);
    writer.double(order.quantityLots);
    writer.text(order.quoteBudgetMinor ?? '');
    writer.double(order.expiresAtMs ?? NEVER_MS);
    writer.double(order.makerFeePpm);
    writer.double(order.takerFeePpm);
    writer.text(order.holdMinor);
    writer.double(order.displayLots ?? NONE);
    writer.double(order.tradeGroup ?? NONE);
    writeTrigger(writer, state, order);
  }
  writeQueue(writer, state);
}

function writeTrigger(writer: SnapshotWriter, state: BookState, order: WaitingOrder): void {
  const { trigger } = order;
  writer.byte(TRIGGER_KINDS.indexOf(trigger.kind));
  if (trigger.kind === 'trailing_stop') {
    writer.double(trigger.trailBps);
    writer.double(trigger.activationPriceTicks ?? NONE);
    writer.double(state.waiting.extremeOf(order));
  } else {
    writer.double(trigger.priceTicks);
  }
}

function writeQueue(writer: SnapshotWriter, state: BookState): void {
  const queued = state.waiting.queued();
  writer.word(queued.length);
  for (const { order, tradeSequence } of queued) {
    writer.double(order.number);
    writer.double(tradeSequence);
  }
}

/** Throws AssertionError when the bytes are no waiting orders of this market. */
export function readWaiting(reader: SnapshotReader, state: BookState): void {
  state.lastTicks = reader.integer(0, PRICE_TICKS_MAX);
  const extremes = new Map<WaitingOrder, number>();
  for (let left = reader.word(); left > 0; left -= 1) readOrder(reader, state, extremes);
  const orders = new Map([...extremes.keys()].map((order) => [order.number, order]));
  assert(orders.size === extremes.size, 'snapshot: an order number stands there twice');
  for (let left = reader.word(); left > 0; left -= 1) {
    const order = orders.get(reader.integer(1));
    assert(order !== undefined, 'snapshot: an order in the queue does not wait');
    extremes.delete(order);
    orders.delete(order.number);
    state.waiting.restoreQueued(order, reader.integer(1, state.events.sequence));
  }
  const byExtreme = [...extremes].sort(([, a], [, b]) => a - b);
  for (const [order, extreme] of byExtreme) restore(state, order, extreme);
}

/** Active trailing stops must come back by falling extreme level: buys by rising price. */
function restore(state: BookState, order: WaitingOrder, extremeLevel: number): void {
  const { trigger } = order;
  if (trigger.kind === 'trailing_stop') {
    state.waiting.restoreTrailing(order, Math.abs(extremeLevel));
    return;
  }
  const reached = isReached(isRising(order), trigger.priceTicks, state.lastTicks);
  assert(!reached, 'snapshot: a waiting order was reached before');
  state.waiting.add(order, state.lastTicks);
}

function readOrder(
  reader: SnapshotReader,
  state: BookState,
  extremes: Map<WaitingOrder, number>,
): void {
  const parsed = placeCommandSchema.safeParse(readFields(reader));
  const { trigger, extremeTicks } = readTrigger(reader);
  const triggerParsed = placeCommandSchema.shape.trigger.safeParse(trigger);
  assert(parsed.success && triggerParsed.success, 'snapshot: a waiting order is malformed');
  assert(triggerParsed.data !== undefined, 'snapshot: a waiting order has no trigger');
  const order = waitingOrder(parsed.data, triggerParsed.data);
  assert(state.ids.find(order.number) === 0, 'snapshot: an order number stands there twice');
  assert(order.number <= state.window.highest, 'snapshot: a waiting order was never placed');
  // With the sign turned for sells, so that rising numbers are falling levels on both sides.
  extremes.set(order, order.side === 'buy' ? extremeTicks : -extremeTicks);
}

/** In the order in which they were written; whether they fit is the schema's to say. */
function readFields(reader: SnapshotReader): Record<string, unknown> {
  return {
    kind: 'place',
    number: reader.double(),
    timeMs: reader.double(),
    userNumber: reader.double(),
    side: SIDES[reader.byte()],
    type: ORDER_TYPES[reader.byte()],
    timeInForce: TIMES_IN_FORCE[reader.byte()],
    postOnly: reader.byte() === 1,
    selfTradePrevention: SELF_TRADE_PREVENTIONS[reader.byte()],
    priceTicks: reader.double(),
    quantityLots: reader.double(),
    quoteBudgetMinor: textOrNull(reader.text()),
    expiresAtMs: timeOrNull(reader.double()),
    makerFeePpm: reader.double(),
    takerFeePpm: reader.double(),
    holdMinor: reader.text(),
    ...optional('displayLots', reader.double()),
    ...optional('tradeGroup', reader.double()),
  };
}

function readTrigger(reader: SnapshotReader): { trigger: unknown; extremeTicks: number } {
  const kind = TRIGGER_KINDS[reader.byte()];
  if (kind !== 'trailing_stop') {
    return { trigger: { kind, priceTicks: reader.double() }, extremeTicks: 0 };
  }
  const trailBps = reader.double();
  const activation = optional('activationPriceTicks', reader.double());
  const extremeTicks = reader.integer(0, PRICE_TICKS_MAX);
  return { trigger: { kind, trailBps, ...activation }, extremeTicks };
}

function optional(name: string, value: number): Record<string, number> {
  return value === NONE ? {} : { [name]: value };
}

function textOrNull(text: string): string | null {
  return text === '' ? null : text;
}

function timeOrNull(timeMs: number): number | null {
  return timeMs === NEVER_MS ? null : timeMs;
}
