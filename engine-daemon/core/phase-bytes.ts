// What a market does by itself later, as bytes and back: a part of a market's state.
import { assert } from '../../shared/domain/failure.ts';
import { MARKET_STATUSES, PRICE_TICKS_MAX, type MarketStatus } from '../../shared/domain/market.ts';
import type { BookState } from './book-state.ts';
import { statusCode } from './codes.ts';
import type { RangeSlot } from './price-range.ts';
import type { SnapshotReader, SnapshotWriter } from './snapshot-bytes.ts';

export function writePhase(writer: SnapshotWriter, state: BookState): void {
  const { schedule, interrupted, indicated, range } = state;
  writer.double(state.lastTradeMs);
  writer.byte(state.hasReference ? 1 : 0);
  writeList(writer, [...Float64Array.from(state.blocked).sort()], (user) => {
    writer.double(user);
  });
  writeList(writer, state.deadmen.all(), ([user, deadlineMs]) => {
    writer.double(user);
    writer.double(deadlineMs);
  });
  writeList(writer, schedule, ({ atMs, status }) => {
    writer.double(atMs);
    writer.byte(statusCode(status));
  });
  writeList(writer, interrupted === null ? [] : [interrupted], ({ before, untilMs }) => {
    writer.byte(statusCode(before));
    writer.double(untilMs);
  });
  writeList(writer, indicated === null ? [] : [indicated], ({ second, priceTicks, lots }) => {
    writer.double(second);
    writer.double(priceTicks);
    writer.double(lots);
  });
  writeList(writer, range?.present() ?? [], ({ slot, lowest, highest }) => {
    writer.double(slot);
    writer.double(lowest);
    writer.double(highest);
  });
}

/** Throws AssertionError when the bytes do not fit the market. */
export function readPhase(reader: SnapshotReader, state: BookState): void {
  state.lastTradeMs = reader.integer(0);
  const hasReference = reader.byte();
  assert(hasReference <= 1, 'snapshot: a reference is there or it is not');
  state.hasReference = hasReference === 1;
  for (const user of readList(reader, () => reader.integer(1))) state.blocked.add(user);
  readList(reader, () => {
    state.deadmen.set(reader.integer(1), reader.integer(0));
  });
  state.schedule = readList(reader, () => ({
    atMs: reader.integer(0),
    status: readStatus(reader),
  }));
  const [interrupted] = readList(reader, () => ({
    before: readStatus(reader),
    untilMs: reader.integer(0),
  }));
  state.interrupted = interrupted ?? null;
  const [indicated] = readList(reader, () => ({
    second: reader.integer(0),
    priceTicks: reader.integer(0, PRICE_TICKS_MAX),
    lots: reader.integer(0),
  }));
  state.indicated = indicated ?? null;
  const slots = readList<RangeSlot>(reader, () => ({
    slot: reader.integer(0),
    lowest: reader.integer(1, PRICE_TICKS_MAX),
    highest: reader.integer(1, PRICE_TICKS_MAX),
  }));
  assert(slots.length === 0 || state.range !== null, 'snapshot: a range that nobody keeps');
  state.range?.restore(slots);
  state.range?.advance(state.nowMs);
}

function readStatus(reader: SnapshotReader): MarketStatus {
  const status = MARKET_STATUSES[reader.byte()];
  assert(status !== undefined, 'snapshot: no such market status');
  return status;
}

function writeList<Item>(
  writer: SnapshotWriter,
  items: readonly Item[],
  write: (item: Item) => void,
): void {
  writer.word(items.length);
  for (const item of items) write(item);
}

function readList<Item>(reader: SnapshotReader, read: () => Item): Item[] {
  const items: Item[] = [];
  for (let left = reader.word(); left > 0; left -= 1) items.push(read());
  return items;
}
