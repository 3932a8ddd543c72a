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
import { isReached } from './waiting-orders.ts';

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
    writer.byte(TRIGGER_KINDS.indexOf(order.trigger.kind));
    writer.double(order.trigger.priceTicks);
  }
}

/** Throws AssertionError when the bytes are no waiting orders of this market. */
export function readWaiting(reader: SnapshotReader, state: BookState): void {
  state.lastTicks = reader.integer(0, PRICE_TICKS_MAX);
  for (let left = reader.word(); left > 0; left -= 1) {
    const parsed = placeCommandSchema.safeParse(readFields(reader));
    assert(parsed.success, 'snapshot: a waiting order is malformed');
    const { trigger, ...command } = parsed.data;
    assert(trigger !== undefined, 'snapshot: a waiting order has no trigger');
    const order = { ...command, trigger };
    const isKnown = state.ids.find(order.number) !== 0 || state.waiting.find(order.number) !== null;
    assert(!isKnown, 'snapshot: an order number stands there twice');
    assert(order.number <= state.window.highest, 'snapshot: a waiting order was never placed');
    assert(!isReached(order, state.lastTicks), 'snapshot: a waiting order was reached before');
    state.waiting.add(order);
  }
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
    trigger: { kind: TRIGGER_KINDS[reader.byte()], priceTicks: reader.double() },
  };
}

function textOrNull(text: string): string | null {
  return text === '' ? null : text;
}

function timeOrNull(timeMs: number): number | null {
  return timeMs === NEVER_MS ? null : timeMs;
}
