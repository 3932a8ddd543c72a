// The ledger as anybody would write it in memory: the model that the real one is compared with.
import type { HoldTake, JournalEntry } from '../domain/journal.ts';

interface NaiveState {
  readonly totals: Map<string, bigint>;
  readonly holds: Map<string, { readonly account: string; readonly remaining: bigint }>;
  /** The summed postings of each entry, as text. */
  readonly entries: Map<string, string>;
}

/** Every command answers `done`, or the constraint that refuses it, and then changes nothing. */
export class NaiveLedger {
  #state: NaiveState = { totals: new Map(), holds: new Map(), entries: new Map() };

  /** Total and held of every account that is not empty, by name. */
  balances(): Record<string, string> {
    const held = heldByAccount(this.#state);
    const names = new Set([...this.#state.totals.keys(), ...held.keys()]);
    const balances: [string, string][] = [];
    for (const name of [...names].sort()) {
      const total = this.#state.totals.get(name) ?? 0n;
      const locked = held.get(name) ?? 0n;
      if (total !== 0n || locked !== 0n) {
        balances.push([name, `${total.toString()}/${locked.toString()}`]);
      }
    }
    return Object.fromEntries(balances);
  }

  fund(owner: string, asset: string, amount: bigint): string {
    return this.#attempt((state) => {
      addTo(state.totals, `${owner} ${asset}`, amount);
      return null;
    });
  }

  hold(name: string, owner: string, asset: string, amount: bigint): string {
    return this.#attempt((state) => {
      const account = `${owner} ${asset}`;
      if (!state.totals.has(account)) return 'balances_available_not_negative';
      if (state.holds.has(name)) return 'holds_pkey';
      state.holds.set(name, { account, remaining: amount });
      return null;
    });
  }

  increase(name: string, amount: bigint): string {
    return this.#attempt((state) => {
      const hold = state.holds.get(name);
      if (hold === undefined) return 'holds_known';
      state.holds.set(name, { ...hold, remaining: hold.remaining + amount });
      return null;
    });
  }

  settle(entries: readonly JournalEntry[], releases: readonly HoldTake[]): string {
    return this.#attempt((state) => {
      let refusal: string | null = null;
      const takes = [...releases];
      for (const entry of entries) {
        const content = sumPostings(entry);
        const known = state.entries.get(entry.key);
        if (known !== undefined && known !== content) refusal = 'entries_business_key_reused';
        if (known !== undefined) continue;
        state.entries.set(entry.key, content);
        takes.push(...entry.takes);
        for (const posting of entry.postings) {
          addTo(state.totals, `${posting.owner} ${posting.asset}`, posting.amountMinor);
        }
      }
      return takeAll(state, takes) ?? findOverdrawn(state) ?? refusal;
    });
  }

  #attempt(change: (state: NaiveState) => string | null): string {
    const state: NaiveState = {
      totals: new Map(this.#state.totals),
      holds: new Map(this.#state.holds),
      entries: new Map(this.#state.entries),
    };
    const refusal = change(state) ?? findOverdrawn(state);
    if (refusal !== null) return refusal;
    this.#state = state;
    return 'done';
  }
}

/** The order of these refusals is the order in which the database meets them. */
function takeAll(state: NaiveState, takes: readonly HoldTake[]): string | null {
  for (const take of takes) {
    const hold = state.holds.get(take.holdId);
    if (hold === undefined) continue;
    state.holds.set(take.holdId, { ...hold, remaining: hold.remaining - take.amountMinor });
  }
  for (const hold of state.holds.values()) {
    if (hold.remaining < 0n) return 'holds_remaining_not_negative';
  }
  const overdrawn = findOverdrawn(state);
  if (overdrawn !== null) return overdrawn;
  return takes.every((take) => state.holds.has(take.holdId)) ? null : 'holds_known';
}

function findOverdrawn(state: NaiveState): string | null {
  const held = heldByAccount(state);
  for (const [account, total] of state.totals) {
    const user = account.startsWith('usr_');
    if (user && total < (held.get(account) ?? 0n)) return 'balances_available_not_negative';
  }
  return null;
}

function heldByAccount(state: NaiveState): Map<string, bigint> {
  const held = new Map<string, bigint>();
  for (const hold of state.holds.values()) addTo(held, hold.account, hold.remaining);
  return held;
}

function sumPostings(entry: JournalEntry): string {
  const sums = new Map<string, bigint>();
  for (const posting of entry.postings) {
    addTo(sums, `${posting.owner} ${posting.asset}`, posting.amountMinor);
  }
  return [...sums]
    .map(([account, sum]) => `${account} ${sum.toString()}`)
    .sort()
    .join();
}

function addTo(sums: Map<string, bigint>, key: string, amount: bigint): void {
  sums.set(key, (sums.get(key) ?? 0n) + amount);
}
