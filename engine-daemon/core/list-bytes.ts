// The order lists of a market as bytes and back: the last part of a market's state.
import { assert } from '../../shared/domain/failure.ts';
import { minorField } from '../../shared/events/fields.ts';
import type { BookState } from './book-state.ts';
import { OrderList, type Leg } from './order-lists.ts';
import type { SnapshotReader, SnapshotWriter } from './snapshot-bytes.ts';

const LEGS_MAX = 2;

export function writeLists(writer: SnapshotWriter, { lists }: BookState): void {
  const all = lists.all();
  writer.word(all.length);
  for (const { number, working, legs, isDecided } of all) {
    writer.double(number);
    writer.double(working);
    writer.byte(isDecided ? 1 : 0);
    writer.byte(legs.length);
    for (const leg of legs) {
      writer.double(leg.number);
      writer.text(leg.holdMinor);
    }
  }
}

/** Comes after the orders. Throws AssertionError when the lists do not fit them. */
export function readLists(reader: SnapshotReader, state: BookState): void {
  const { lists, events, window } = state;
  for (let left = reader.word(); left > 0; left -= 1) {
    const number = reader.integer(1, window.highest);
    const working = reader.integer(0);
    const isDecided = reader.byte();
    const legs = readLegs(reader);
    const list = new OrderList(number, working, legs);
    assert(isDecided <= (list.isPair ? 1 : 0), 'snapshot: a list is decided that decides nothing');
    list.isDecided = isDecided === 1;
    const orders = [working, ...legs.map((leg) => leg.number)];
    for (const each of orders) {
      assert(lists.find(each) === null, 'snapshot: an order is in two lists');
    }
    lists.add(list);
    for (const leg of legs) {
      if (!state.isOpen(leg.number)) lists.forget(leg.number);
      else if (list.isPair) events.sharedHolds.share(leg.number, number);
    }
    const isOver = orders.every((each) => lists.find(each) === null);
    assert(!isOver, 'snapshot: a list is over');
  }
}

function readLegs(reader: SnapshotReader): Leg[] {
  const legs: Leg[] = [];
  const count = reader.byte();
  assert(count >= 1 && count <= LEGS_MAX, 'snapshot: no list has so many orders');
  for (let left = count; left > 0; left -= 1) {
    const number = reader.integer(1);
    const holdMinor = reader.text();
    assert(minorField.safeParse(holdMinor).success, 'snapshot: a hold is no amount');
    legs.push({ number, holdMinor });
  }
  return legs;
}
