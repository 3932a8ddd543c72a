// What is held for each order, or for each pair of orders, against what was locked for it and what
// settled events took: L4.
import type pg from 'pg';
import type { Settled } from './check-settlement.ts';
import { readRows } from './database.ts';
import type { Findings } from './findings.ts';
import {
  isWaiting,
  numberIn,
  type OrderChange,
  type OrderStories,
  type OrderStory,
} from './order-stories.ts';
import type { Replay } from './replay.ts';
import { listIdOf, orderIdOf, userIdOf } from '../oracle/naive-amounts.ts';

interface HoldRow {
  readonly hold: string;
  readonly owner: string | null;
  readonly asset: string | null;
  readonly made: bigint;
  readonly remaining: bigint;
}

/** One hold, and the orders that it is for: one, or the two of a pair. */
export interface HoldStory {
  readonly id: string;
  readonly orders: readonly [OrderStory, ...OrderStory[]];
  readonly madeMinor: bigint;
}

/** Answers how many holds there are. */
export async function checkHolds(
  client: pg.Client,
  replay: Replay,
  settled: Settled,
  findings: Findings,
): Promise<number> {
  const seen = new Set<string>();
  const rows = readRows<HoldRow>(
    client,
    `SELECT h.hold, a.owner, a.asset, h.made, h.remaining
     FROM ledger.holds h LEFT JOIN ledger.accounts a USING (account) ORDER BY h.hold`,
  );
  for await (const row of rows) {
    const hold = findHold(row.hold, replay.orders);
    if (hold === null) {
      findings.violate('L4', 'a hold is of no accepted order', { ...row });
      continue;
    }
    seen.add(hold.id);
    checkHold(row, hold, replay, settled, findings);
  }
  for (const story of replay.orders.all()) {
    const { id, madeMinor } = holdOf(story, replay.orders);
    if (seen.has(id) || madeMinor === 0n) continue;
    const row = { hold: id, market: story.market, made: madeMinor };
    findings.violate('L4', 'nothing was ever held for an accepted order', row);
  }
  for (const amend of replay.orders.strayAmends) {
    findings.violate('L4', 'an amend was accepted for an unknown order', { amend });
  }
  return seen.size;
}

/** The hold that an order takes out of: its own, or that of its pair, which is made once. */
export function holdOf(story: OrderStory, orders: OrderStories): HoldStory {
  const { list, number, madeMinor } = story;
  const [first, second] = list?.isPair ? (orders.lists.get(list.listNumber)?.pair ?? []) : [];
  if (list === null || first === undefined || second === undefined) {
    return { id: orderIdOf(number), orders: [story], madeMinor };
  }
  const made = first.madeMinor > second.madeMinor ? first.madeMinor : second.madeMinor;
  return { id: listIdOf(list.listNumber), orders: [first, second], madeMinor: made };
}

/** Null for an id that no hold can have. */
function findHold(id: string, orders: OrderStories): HoldStory | null {
  const number = numberIn(id);
  const isOfPair = id.startsWith('lst_');
  const story = isOfPair ? orders.lists.get(number)?.pair[0] : orders.find(number);
  if (story === null || story === undefined) return null;
  const hold = holdOf(story, orders);
  return hold.id === id ? hold : null;
}

function checkHold(
  row: HoldRow,
  hold: HoldStory,
  replay: Replay,
  settled: Settled,
  findings: Findings,
): void {
  const [{ market, place }] = hold.orders;
  const [base, quote] = market.split('-');
  const asset = place.side === 'buy' ? quote : base;
  const owner = userIdOf(place.userNumber);
  if (row.owner !== owner || row.asset !== asset) {
    findings.violate('L4', 'a hold locks the wrong account', {
      ...row,
      expected: { owner, asset },
    });
  }
  if (row.made !== hold.madeMinor) {
    const problem = 'a hold was made for another amount than its commands say';
    findings.violate('L4', problem, { ...row, expected: hold.madeMinor });
  }
  const takes = takesOf(hold);
  const taken = takes.filter(({ sequence }) => settled.has(market, sequence));
  const expected = hold.madeMinor - sum(taken);
  if (row.remaining !== expected) {
    const problem = 'a hold is not what was locked less what settled events took';
    findings.violate('L4', problem, { ...row, expected });
    return;
  }
  // Nothing of it is under way: the hold must be exactly what the book says it locks.
  const isUnderWay = hold.orders.some(({ hasPending }) => hasPending);
  if (isUnderWay || taken.length < takes.length) return;
  const locked = lockedFor(hold, replay);
  if (row.remaining === locked) return;
  findings.violate('L4', 'a hold is not what its open order locks', { ...row, expected: locked });
}

/** Every event that took something out of the hold. */
export function takesOf({ orders }: HoldStory): OrderChange[] {
  return orders.flatMap(({ changes, refusals }) => [...changes, ...refusals]);
}

/** What is locked by where the orders are: by both of a pair its hold, by one its own part. */
export function lockedFor({ orders, madeMinor }: HoldStory, replay: Replay): bigint {
  const open = orders.filter((story) => isWaiting(story) || replay.restingOf(story) !== null);
  if (open.length > 1) return madeMinor;
  const [story] = open;
  return story === undefined ? 0n : lockedByOne(story, replay);
}

/** All of its hold while it waits. */
function lockedByOne(story: OrderStory, replay: Replay): bigint {
  if (isWaiting(story)) return BigInt(story.place.holdMinor);
  const resting = replay.restingOf(story);
  const book = replay.markets.get(story.market)?.book;
  return resting === null || book === undefined ? 0n : book.holdLeft(resting);
}

export function sum(changes: readonly OrderChange[]): bigint {
  return changes.reduce((total, { takenMinor }) => total + takenMinor, 0n);
}
