// A batch of journal entries as the database takes it: parallel arrays, each account named once.
import type { AccountName, HoldTake, JournalEntry } from '../domain/journal.ts';
import { integerArray } from './sql-array.ts';

/** The parallel arrays of `ledger.post_entries`, in the order of its parameters. */
export interface PackedEntries {
  readonly accountOwners: string[];
  readonly accountAssets: string[];
  readonly keys: string[];
  readonly referenceTypes: string[];
  readonly referenceIds: string[];
  readonly postingEntries: string;
  readonly postingAccounts: string;
  readonly postingAmounts: string;
  readonly takeEntries: string;
  readonly takeHolds: string[];
  readonly takeAmounts: string;
}

/** Releases are takes that belong to no entry: ownership does not change. */
export function packEntries(
  entries: readonly JournalEntry[],
  releases: readonly HoldTake[],
): PackedEntries {
  const accounts = new AccountList();
  const postingEntries: number[] = [];
  const postingAccounts: number[] = [];
  const postingAmounts: bigint[] = [];
  const takeEntries: number[] = [];
  const takes: HoldTake[] = [];
  entries.forEach((entry, at) => {
    for (const posting of entry.postings) {
      postingEntries.push(at + 1);
      postingAccounts.push(accounts.position(posting));
      postingAmounts.push(posting.amountMinor);
    }
    for (const take of entry.takes) {
      takeEntries.push(at + 1);
      takes.push(take);
    }
  });
  for (const release of releases) {
    takeEntries.push(0);
    takes.push(release);
  }
  return {
    accountOwners: accounts.owners,
    accountAssets: accounts.assets,
    keys: entries.map((entry) => entry.key),
    referenceTypes: entries.map((entry) => entry.reference.type),
    referenceIds: entries.map((entry) => entry.reference.id),
    postingEntries: integerArray(postingEntries),
    postingAccounts: integerArray(postingAccounts),
    postingAmounts: integerArray(postingAmounts),
    takeEntries: integerArray(takeEntries),
    takeHolds: takes.map((take) => take.holdId),
    takeAmounts: integerArray(takes.map((take) => take.amountMinor)),
  };
}

/** The accounts of a batch, each once: the database resolves and locks each once. */
class AccountList {
  readonly owners: string[] = [];
  readonly assets: string[] = [];
  readonly #positions = new Map<string, number>();

  /** Position from 1, as SQL counts. */
  position(account: AccountName): number {
    const name = `${account.owner} ${account.asset}`;
    const known = this.#positions.get(name);
    if (known !== undefined) return known;
    const position = this.owners.push(account.owner);
    this.assets.push(account.asset);
    this.#positions.set(name, position);
    return position;
  }
}
