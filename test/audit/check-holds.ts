// What is held for each order against what was locked for it and what settled events took: L4.
import type pg from 'pg';
import type { Settled } from './check-settlement.ts';
import { readRows } from './database.ts';
import type { Findings } from './findings.ts';
import { isWaiting, numberIn, type OrderChange, type OrderStory } from './order-stories.ts';
import type { Replay } from './replay.ts';
import { orderIdOf, userIdOf } from '../oracle/naive-amounts.ts';

interface HoldRow {
  readonly hold: string;
  readonly owner: string | null;
  readonly asset: string | null;
  readonly made: bigint;
  readonly remaining: bigint;
}

/** Answers how many holds there are. */
export async function checkHolds(
  client: pg.Client,
  replay: Replay,
  settled: Settled,
  findings: Findings,
): Promise<number> {
  const seen = new Set<number>();
  const rows = readRows<HoldRow>(
    client,
    `SELECT h.hold, a.owner, a.asset, h.made, h.remaining
     FROM ledger.holds h LEFT JOIN ledger.accounts a USING (account) ORDER BY h.hold`,
  );
  for await (const row of rows) {
    const story = row.hold.startsWith('ord_') ? replay.orders.find(numberIn(row.hold)) : null;
    if (story === null) {
      findings.violate('L4', 'a hold is of no accepted order', { ...row });
      continue;
    }
    seen.add(story.number);
    checkHold(row, story, replay, settled, findings);
  }
  for (const story of replay.orders.all()) {
    if (seen.has(story.number) || story.madeMinor === 0n) continue;
    const row = { hold: orderIdOf(story.number), market: story.market, made: story.madeMinor };
    findings.violate('L4', 'nothing was ever held for an accepted order', row);
  }
  for (const amend of replay.orders.strayAmends) {
    findings.violate('L4', 'an amend was accepted for an unknown order', { amend });
  }
  return seen.size;
}

function checkHold(
  row: HoldRow,
  story: OrderStory,
  replay: Replay,
  settled: Settled,
  findings: Findings,
): void {
  const [base, quote] = story.market.split('-');
  const asset = story.place.side === 'buy' ? quote : base;
  const owner = userIdOf(story.place.userNumber);
  if (row.owner !== owner || row.asset !== asset) {
    findings.violate('L4', 'a hold locks the wrong account', {
      ...row,
      expected: { owner, asset },
    });
  }
  if (row.made !== story.madeMinor) {
    const problem = 'a hold was made for another amount than its commands say';
    findings.violate('L4', problem, { ...row, expected: story.madeMinor });
  }
  const takes = takesOf(story);
  const taken = takes.filter(({ sequence }) => settled.has(story.market, sequence));
  const expected = story.madeMinor - sum(taken);
  if (row.remaining !== expected) {
    const problem = 'a hold is not what was locked less what settled events took';
    findings.violate('L4', problem, { ...row, expected });
    return;
  }
  // Nothing of this order is under way: its hold must be exactly what the book says it locks.
  if (story.hasPending || taken.length < takes.length) return;
  const locked = lockedFor(story, replay);
  if (row.remaining === locked) return;
  findings.violate('L4', 'a hold is not what its open order locks', { ...row, expected: locked });
}

/** Every event that took something out of the order's hold. */
export function takesOf(story: OrderStory): OrderChange[] {
  return [...story.changes, ...story.refusals];
}

/** What an order locks by where it is: all of its hold while it waits, nothing once it ended. */
export function lockedFor(story: OrderStory, replay: Replay): bigint {
  if (isWaiting(story)) return BigInt(story.place.holdMinor);
  const resting = replay.restingOf(story);
  const book = replay.markets.get(story.market)?.book;
  return resting === null || book === undefined ? 0n : book.holdLeft(resting);
}

export function sum(changes: readonly OrderChange[]): bigint {
  return changes.reduce((total, { takenMinor }) => total + takenMinor, 0n);
}
