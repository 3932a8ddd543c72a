// The words of the ledger: accounts, journal entries, and what an entry takes out of holds.
import type { AssetId, MarketId, UserId } from './ids.ts';

/** The other side of every deposit: what the exchange keeps for its users, as a negative total. */
export const CUSTODY_OWNER = 'custody';

/** Who can own a ledger account; the database refuses any other spelling. */
export type LedgerOwner = UserId | `fees:${string}` | `house:${AssetId}` | typeof CUSTODY_OWNER;

/** A ledger account: one owner's one asset. It is opened by its first posting. */
export interface AccountName {
  readonly owner: LedgerOwner;
  readonly asset: AssetId;
}

/** Fee revenue is one account a market, so that it is not one row that every trade waits for. */
export function feesOwner(market: MarketId): LedgerOwner {
  return `fees:${market}`;
}

/** What the exchange credits its users from: one account an asset, which never owes. */
export function houseOwner(asset: AssetId): LedgerOwner {
  return `house:${asset}`;
}

/** One leg of an entry: adds a signed amount, in base units, to an account. Never zero. */
export interface Posting extends AccountName {
  readonly amountMinor: bigint;
}

/** Takes a positive amount, in base units, out of a hold, back to what its owner may use. */
export interface HoldTake {
  readonly holdId: string;
  readonly amountMinor: bigint;
}

export interface JournalEntry {
  /** Unique within the kind of entry, for ever: the same key again is a repeat. */
  readonly key: string;
  /** What the entry is about, for statements, such as `{type: 'trade', id: 'trd_...'}`. */
  readonly reference: { readonly type: string; readonly id: string };
  /** They sum to zero in each asset. */
  readonly postings: readonly Posting[];
  /** Hold amounts that this entry consumes; a repeat consumes none. */
  readonly takes: readonly HoldTake[];
}
