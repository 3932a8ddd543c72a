// Judges the ledger at every commit by running sums of its own: L1, L2, L3 and that the held
// balances are the sums of their holds.
import type { Findings } from '../../audit/findings.ts';
import {
  ACCOUNTS,
  ENTRIES,
  HOLDS,
  mayOwe,
  type AccountRow,
  type EntryRow,
  type HoldRow,
} from '../store/ledger-statements.ts';
import type { View } from '../store/tables.ts';

export class LedgerJudge {
  readonly #findings: Findings;
  /** Sum of the postings of each account. */
  readonly #postings = new Map<string, bigint>();
  /** Sum of what is left of the holds of each account. */
  readonly #holds = new Map<string, bigint>();
  readonly #remaining = new Map<string, bigint>();
  readonly #assets = new Map<string, bigint>();

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  onCommit(view: View): void {
    for (const row of view.written.get(ENTRIES)?.values() ?? []) {
      if (row === null) this.#findings.violate('L6', 'an entry was deleted', {});
      else this.#post(row as unknown as EntryRow);
    }
    for (const row of view.written.get(HOLDS)?.values() ?? []) {
      if (row !== null) this.#keepHold(row as unknown as HoldRow);
    }
    for (const [name, row] of view.written.get(ACCOUNTS) ?? []) {
      if (row !== null) this.#check(name, row as unknown as AccountRow);
    }
    for (const [asset, sum] of this.#assets) {
      if (sum !== 0n)
        this.#findings.violate('L1', 'the ledger does not sum to zero', { asset, sum });
    }
  }

  #post(entry: EntryRow): void {
    for (const { account, amount } of entry.postings) {
      const asset = account.slice(account.indexOf(' ') + 1);
      this.#assets.set(asset, (this.#assets.get(asset) ?? 0n) + amount);
      this.#postings.set(account, (this.#postings.get(account) ?? 0n) + amount);
    }
  }

  #keepHold({ hold, account, remaining }: HoldRow): void {
    const change = remaining - (this.#remaining.get(hold) ?? 0n);
    this.#remaining.set(hold, remaining);
    this.#holds.set(account, (this.#holds.get(account) ?? 0n) + change);
    if (remaining < 0n) this.#findings.violate('L3', 'a hold is negative', { hold, remaining });
  }

  #check(name: string, { owner, total, held }: AccountRow): void {
    if (total !== (this.#postings.get(name) ?? 0n)) {
      this.#findings.violate('L2', 'a balance is not the sum of its postings', { name, total });
    }
    if (held !== (this.#holds.get(name) ?? 0n)) {
      this.#findings.violate('L4', 'held is not the sum of its holds', { name, held });
    }
    if (held < 0n || (!mayOwe(owner) && total < held)) {
      this.#findings.violate('L3', 'a balance is negative', { name, total, held });
    }
  }
}
