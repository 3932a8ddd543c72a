// The waiting orders of a market as bytes and back: a part of a market's state.
import { assert } from '../../shared/domain/failure.ts';
import { PRICE_TICKS_MAX } from '../../shared/domain/market.ts';
import {
  ORDER_TYPES,
  PEG_SIDES,
  SELF_TRADE_PREVENTIONS,
  SIDES,
  TIMES_IN_FORCE,
  TRIGGER_KINDS,
} from '../../shared/domain/order.ts';
import { placeCommandSchema } from '../../shared/events/commands.ts';
import { NEVER_MS, type BookState } from './book-state.ts';
import type { SnapshotReader, SnapshotWriter } from './snapshot-bytes.ts';
import {
  hasTrigger,
  isReached,
  isRising,
  waitingOrder,
  type TriggerOrder,
  type WaitingOrder,
} from './waiting-order.ts';

/** In place of a number that an order does not have. */
const NONE = 0;
/** In place of a trigger's kind, or of a side to peg to. */
const NO_KIND = 255;

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
    writer.byte(order.peg === undefined ? NO_KIND : PEG_SIDES.indexOf(order.peg.to));
    writer.double(order.peg?.offsetLevels ?? NONE);
    writer.byte(state.waiting.isPending(order) ? 1 : 0);
    if (hasTrigger(order)) writeTrigger(writer, state, order);
    else writer.byte(NO_KIND);
  }
  writeQueue(writer, state);
}

function writeTrigger(writer: SnapshotWriter, state: BookState, order: TriggerOrder): void {
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

/** An order as it was written, with what its trigger has come to. */
interface Saved {
  readonly order: WaitingOrder;
  readonly isPending: boolean;
  /** 0 for all but an active trailing stop. */
  readonly extremeTicks: number;
}

/** Throws AssertionError when the bytes are no waiting orders of this market. */
export function readWaiting(reader: SnapshotReader, state: BookState): void {
  state.lastTicks = reader.integer(0, PRICE_TICKS_MAX);
  const saved = new Map<number, Saved>();
  for (let left = reader.word(); left > 0; left -= 1) {
    const each = readOrder(reader, state);
    assert(!saved.has(each.order.number), 'snapshot: an order number stands there twice');
    saved.set(each.order.number, each);
  }
  for (let left = reader.word(); left > 0; left -= 1) {
    const number = reader.integer(1);
    const each = saved.get(number);
    assert(each !== undefined, 'snapshot: an order in the queue does not wait');
    saved.delete(number);
    const tradeSequence = reader.integer(1, state.events.sequence);
    state.waiting.restoreQueued(each.order, tradeSequence, each.isPending);
  }
  const byExtreme = [...saved.values()].sort((a, b) => extremeLevel(a) - extremeLevel(b));
  for (const each of byExtreme) restore(state, each);
}

/** Active trailing stops must come back by falling extreme level: buys by rising price. */
function extremeLevel({ order, extremeTicks }: Saved): number {
  return order.side === 'buy' ? extremeTicks : -extremeTicks;
}

function restore({ waiting, lastTicks }: BookState, { order, isPending, extremeTicks }: Saved) {
  if (isPending) {
    waiting.addPending(order);
    return;
  }
  assert(hasTrigger(order), 'snapshot: a waiting order has no trigger');
  if (order.trigger.kind === 'trailing_stop') {
    waiting.restoreTrailing(order, extremeTicks);
    return;
  }
  const reached = isReached(isRising(order), order.trigger.priceTicks, lastTicks);
  assert(!reached, 'snapshot: a waiting order was reached before');
  waiting.add(order, lastTicks);
}

function readOrder(reader: SnapshotReader, state: BookState): Saved {
  const fields = readFields(reader);
  const pending = reader.byte();
  assert(pending <= 1, 'snapshot: an order is pending or it is not');
  const isPending = pending === 1;
  const { trigger, extremeTicks } = readTrigger(reader);
  const parsed = placeCommandSchema.safeParse({ ...fields, ...trigger });
  assert(parsed.success, 'snapshot: a waiting order is malformed');
  const order = waitingOrder(parsed.data);
  assert(state.ids.find(order.number) === 0, 'snapshot: an order number stands there twice');
  assert(order.number <= state.window.highest, 'snapshot: a waiting order was never placed');
  assert(extremeTicks === 0 || !isPending, 'snapshot: a pending order has an extreme');
  return { order, isPending, extremeTicks };
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
    ...readPeg(reader),
  };
}

function readPeg(reader: SnapshotReader): Record<string, unknown> {
  const side = reader.byte();
  const offsetLevels = reader.double();
  return side === NO_KIND ? {} : { peg: { to: PEG_SIDES[side], offsetLevels } };
}

function readTrigger(reader: SnapshotReader): {
  trigger: Record<string, unknown>;
  extremeTicks: number;
} {
  const code = reader.byte();
  if (code === NO_KIND) return { trigger: {}, extremeTicks: 0 };
  const kind = TRIGGER_KINDS[code];
  if (kind !== 'trailing_stop') {
    return { trigger: { trigger: { kind, priceTicks: reader.double() } }, extremeTicks: 0 };
  }
  const trailBps = reader.double();
  const activation = optional('activationPriceTicks', reader.double());
  const extremeTicks = reader.integer(0, PRICE_TICKS_MAX);
  return { trigger: { trigger: { kind, trailBps, ...activation } }, extremeTicks };
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
