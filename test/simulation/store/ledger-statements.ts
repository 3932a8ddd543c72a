// The ledger's functions, written out again as anybody would: no plans, no sets, no cleverness.
import { type Statement, type StatementContext, textsOf, violation } from './statement.ts';
import type { View } from './tables.ts';

export interface AccountRow {
  readonly account: number;
  readonly owner: string;
  readonly asset: string;
  readonly total: bigint;
  readonly held: bigint;
}

export interface HoldRow {
  readonly hold: string;
  /** `owner asset` */
  readonly account: string;
  readonly made: bigint;
  readonly remaining: bigint;
}

export interface PostingRow {
  readonly account: string;
  readonly amount: bigint;
}

export interface EntryRow {
  readonly entry: number;
  readonly kind: string;
  readonly key: string;
  readonly reference: string;
  readonly postings: readonly PostingRow[];
}

export const ACCOUNTS = 'ledger.accounts';
export const HOLDS = 'ledger.holds';
export const ENTRIES = 'ledger.entries';

/** House accounts may owe. */
export function mayOwe(owner: string): boolean {
  return owner === 'custody' || owner.startsWith('fees:');
}

export function openAccount(view: View, owner: string, asset: string): AccountRow {
  const name = `${owner} ${asset}`;
  const known = view.find<AccountRow>(ACCOUNTS, name);
  if (known !== null) return known;
  const account = view.tables.nextNumber(ACCOUNTS);
  const made = { account, owner, asset, total: 0n, held: 0n };
  view.put(ACCOUNTS, name, made);
  return made;
}

/** Posts an entry: sums to zero per asset, moves totals. */
export function postEntry(view: View, entry: Omit<EntryRow, 'entry'>): void {
  const sums = new Map<string, bigint>();
  for (const { account, amount } of entry.postings) {
    if (amount === 0n) throw violation('postings_amount_not_zero');
    const [owner = '', asset = ''] = account.split(' ');
    sums.set(asset, (sums.get(asset) ?? 0n) + amount);
    const row = openAccount(view, owner, asset);
    view.put(ACCOUNTS, account, { ...row, total: row.total + amount });
  }
  if ([...sums.values()].some((sum) => sum !== 0n)) throw violation('entries_zero_sum');
  const number = view.tables.nextNumber(ENTRIES);
  view.put(ENTRIES, `${entry.kind} ${entry.key}`, { ...entry, entry: number });
}

function changeHold(view: View, hold: string, change: bigint): string {
  const row = view.find<HoldRow>(HOLDS, hold);
  if (row === null) throw violation('holds_known');
  const remaining = row.remaining + change;
  if (remaining < 0n) throw violation('holds_remaining_not_negative');
  const made = change > 0n ? row.made + change : row.made;
  view.put(HOLDS, hold, { ...row, made, remaining });
  const account = view.find<AccountRow>(ACCOUNTS, row.account);
  if (account === null) throw new Error(`the hold ${hold} has no account`);
  view.put(ACCOUNTS, row.account, { ...account, held: account.held + change });
  return row.account;
}

function checkAccounts(view: View, names: Iterable<string>): void {
  for (const name of names) {
    const row = view.find<AccountRow>(ACCOUNTS, name);
    if (row === null) continue;
    if (row.held < 0n) throw violation('balances_held_not_negative');
    if (!mayOwe(row.owner) && row.total < row.held) {
      throw violation('balances_available_not_negative');
    }
  }
}

function namesOf(owners: unknown, assets: unknown): string[] {
  const all = textsOf(assets);
  return textsOf(owners).map((owner, at) => `${owner} ${all[at] ?? ''}`);
}

/** Accounts that exist, in rising number: the order in which everybody locks them. */
function accountLocks(view: View, names: readonly string[]): string[] {
  const found = [...new Set(names)].flatMap((name) => view.find<AccountRow>(ACCOUNTS, name) ?? []);
  found.sort((a, b) => a.account - b.account);
  return found.map(({ owner, asset }) => `account ${owner} ${asset}`);
}

function holdAccounts(view: View, holds: readonly string[]): string[] {
  return holds.flatMap((hold) => view.find<HoldRow>(HOLDS, hold)?.account ?? []);
}

function settleTrades({ view, values }: StatementContext): readonly object[] {
  const names = namesOf(values[0], values[1]);
  const keys = textsOf(values[2]);
  const references = textsOf(values[3]);
  const postingEntries = textsOf(values[4]).map(Number);
  const postingAccounts = textsOf(values[5]).map(Number);
  const amounts = textsOf(values[6]).map(BigInt);
  const takeEntries = textsOf(values[7]).map(Number);
  const takeHolds = textsOf(values[8]);
  const takeAmounts = textsOf(values[9]).map(BigInt);
  const touched = new Set(names);
  const repeats: number[] = [];
  keys.forEach((key, at) => {
    const postings = postingEntries.flatMap((entry, leg) =>
      entry === at + 1
        ? [{ account: names[(postingAccounts[leg] ?? 0) - 1] ?? '', amount: amounts[leg] ?? 0n }]
        : [],
    );
    const known = view.find<EntryRow>(ENTRIES, `trade ${key}`);
    if (known === null) {
      postEntry(view, { kind: 'trade', key, reference: references[at] ?? '', postings });
      return;
    }
    if (textOf(known.postings) !== textOf(postings)) throw violation('entries_business_key_reused');
    repeats.push(at + 1);
  });
  takeHolds.forEach((hold, at) => {
    if (repeats.includes(takeEntries[at] ?? 0)) return;
    touched.add(changeHold(view, hold, -(takeAmounts[at] ?? 0n)));
  });
  checkAccounts(view, touched);
  return [{ repeats }];
}

function textOf(postings: readonly PostingRow[]): string {
  return postings.map(({ account, amount }) => `${account} ${amount}`).join();
}

export const LEDGER_STATEMENTS: readonly Statement[] = [
  {
    pattern: /ledger\.lock_balances\(/,
    locks: ({ view, values }) => accountLocks(view, namesOf(values[0], values[1])),
    run: ({ view, values }) =>
      [...new Set(namesOf(values[0], values[1]))].flatMap((name) => {
        const row = view.find<AccountRow>(ACCOUNTS, name);
        if (row === null) return [];
        const { owner, asset, total, held } = row;
        return [{ owner, asset, total: total.toString(), held: held.toString() }];
      }),
  },
  {
    pattern: /ledger\.make_holds\(/,
    locks: ({ view, values }) => accountLocks(view, namesOf(values[1], values[2])),
    run: ({ view, values }) => {
      const names = namesOf(values[1], values[2]);
      const amounts = textsOf(values[3]).map(BigInt);
      textsOf(values[0]).forEach((hold, at) => {
        const account = names[at] ?? '';
        const amount = amounts[at] ?? 0n;
        if (amount <= 0n) throw violation('amounts_whole_and_positive');
        if (view.find(HOLDS, hold) !== null) throw violation('holds_pkey');
        if (view.find(ACCOUNTS, account) === null) {
          throw violation('balances_available_not_negative');
        }
        view.put(HOLDS, hold, { hold, account, made: 0n, remaining: 0n });
        changeHold(view, hold, amount);
      });
      checkAccounts(view, names);
      return [];
    },
  },
  {
    pattern: /ledger\.increase_holds\(/,
    locks: ({ view, values }) => accountLocks(view, holdAccounts(view, textsOf(values[0]))),
    run: ({ view, values }) => {
      const amounts = textsOf(values[1]).map(BigInt);
      const touched = textsOf(values[0]).map((hold, at) =>
        changeHold(view, hold, amounts[at] ?? 0n),
      );
      checkAccounts(view, touched);
      return [];
    },
  },
  {
    pattern: /ledger\.settle_trades\(/,
    locks: ({ view, values }) => {
      const names = namesOf(values[0], values[1]);
      // Accounts that are opened are locked by their openers: nobody else knows them yet.
      const fresh = names.filter((name) => view.find(ACCOUNTS, name) === null);
      const known = accountLocks(view, [...names, ...holdAccounts(view, textsOf(values[8]))]);
      return [...fresh.sort().map((name) => `account ${name}`), ...known];
    },
    run: settleTrades,
  },
];
