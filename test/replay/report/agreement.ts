// How far the exchange's fills agree with what the recording says was filled. Recordings are
// nearly, not exactly, in the order in which things happened, so near agreement is what to expect.

export interface Agreement {
  /** Orders that were accepted. */
  readonly orders: number;
  /** Orders whose filled quantity is exactly the recorded one. */
  readonly exact: number;
  readonly exactPercent: number;
  /** Orders filled at least in part: in the recording, here, and in both. */
  readonly filledRecorded: number;
  readonly filledHere: number;
  readonly filledBoth: number;
  /** Of the orders filled in either, those with exactly the same quantity. */
  readonly filledExactPercent: number;
  readonly lotsRecorded: number;
  readonly lotsHere: number;
}

export function compareFills(
  names: Iterable<string>,
  recorded: ReadonlyMap<string, number>,
  here: ReadonlyMap<string, number>,
): Agreement {
  const counts = { orders: 0, exact: 0, recorded: 0, here: 0, both: 0, either: 0, same: 0 };
  let lotsRecorded = 0;
  let lotsHere = 0;
  for (const name of names) {
    const theirs = recorded.get(name) ?? 0;
    const ours = here.get(name) ?? 0;
    lotsRecorded += theirs;
    lotsHere += ours;
    counts.orders += 1;
    if (theirs === ours) counts.exact += 1;
    if (theirs > 0) counts.recorded += 1;
    if (ours > 0) counts.here += 1;
    if (theirs > 0 && ours > 0) counts.both += 1;
    if (theirs === 0 && ours === 0) continue;
    counts.either += 1;
    if (theirs === ours) counts.same += 1;
  }
  return {
    orders: counts.orders,
    exact: counts.exact,
    exactPercent: percent(counts.exact, counts.orders),
    filledRecorded: counts.recorded,
    filledHere: counts.here,
    filledBoth: counts.both,
    filledExactPercent: percent(counts.same, counts.either),
    lotsRecorded,
    lotsHere,
  };
}

function percent(part: number, whole: number): number {
  return whole === 0 ? 100 : Math.round((part / whole) * 10_000) / 100;
}
