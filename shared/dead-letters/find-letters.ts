// Finds letters in the topic: by position, or by what an operator asks for. Bounded: a scan reads
// so many records and says where it stopped.
import type { Bus } from '../bus/bus.ts';
import { readRange } from '../bus/read-range.ts';
import type { Queryable } from '../db/pool.ts';
import { readLetter, type DeadLetter } from './letter.ts';
import type { Filter } from './options.ts';
import { formatPosition, LETTERS_TOPIC, type Position } from './position.ts';
import { findLatest, type Action } from './store.ts';

/** Records that one command reads at most, however few of them are asked for. */
export const SCAN_RECORDS_MAX = 20_000;
const PORTION_RECORDS = 500;

export type LetterState = 'open' | 'interrupted' | 'failed' | 'redriven' | 'dropped';

export interface KnownLetter {
  readonly letter: DeadLetter;
  readonly state: LetterState;
  readonly latest: Action | null;
}

export interface Found {
  readonly items: readonly KnownLetter[];
  /** Where to go on; null when everything was looked at. */
  readonly next: Position | null;
}

/** `interrupted`: a tool died before it knew the outcome; the consumer may have taken it. */
function stateOf(latest: Action | null): LetterState {
  switch (latest?.action) {
    case undefined:
      return 'open';
    case 'started':
      return 'interrupted';
    case 'failed':
      return 'failed';
    case 'redriven':
      return 'redriven';
    case 'dropped':
      return 'dropped';
  }
}

/** Open also after a failure: only success and a decision to drop settle a letter. */
export function isOpen(state: LetterState): boolean {
  return state !== 'redriven' && state !== 'dropped';
}

export async function getLetters(
  bus: Bus,
  db: Queryable,
  positions: readonly Position[],
): Promise<Map<string, KnownLetter | null>> {
  const found = new Map<string, KnownLetter | null>();
  for (const position of positions) {
    const letter = await readOne(bus, position);
    const [known] = letter === null ? [] : await withStates(db, [letter]);
    found.set(formatPosition(position), known ?? null);
  }
  return found;
}

async function readOne(bus: Bus, { partition, offset }: Position): Promise<DeadLetter | null> {
  if (partition >= (await bus.partitions(LETTERS_TOPIC))) return null;
  const range = { topic: LETTERS_TOPIC, partition, from: offset, countMax: 1 };
  const [record] = await readRange(bus, range);
  return record?.offset === offset ? readLetter(record) : null;
}

export async function findLetters(bus: Bus, db: Queryable, filter: Filter): Promise<Found> {
  const items: KnownLetter[] = [];
  const partitions = await bus.partitions(LETTERS_TOPIC);
  let scanned = 0;
  for (let partition = filter.after?.partition ?? 0; partition < partitions; partition += 1) {
    let from = partition === filter.after?.partition ? filter.after.offset + 1 : 0;
    for (;;) {
      const countMax = PORTION_RECORDS;
      const records = await readRange(bus, { topic: LETTERS_TOPIC, partition, from, countMax });
      const last = records.at(-1);
      if (last === undefined) break;
      scanned += records.length;
      for (const known of await withStates(db, records.map(readLetter))) {
        if (!matches(known, filter)) continue;
        items.push(known);
        if (items.length === filter.limit) return { items, next: known.letter.position };
      }
      if (scanned >= SCAN_RECORDS_MAX) {
        return { items, next: { partition, offset: last.offset } };
      }
      from = last.offset + 1;
      if (records.length < countMax) break;
    }
  }
  return { items, next: null };
}

async function withStates(db: Queryable, letters: readonly DeadLetter[]): Promise<KnownLetter[]> {
  const actions = await findLatest(
    db,
    letters.map((letter) => letter.position),
  );
  return letters.map((letter) => {
    const latest = actions.get(formatPosition(letter.position)) ?? null;
    return { letter, state: stateOf(latest), latest };
  });
}

function matches({ letter, state }: KnownLetter, filter: Filter): boolean {
  if (filter.source !== null && letter.consumer !== filter.source) return false;
  if (filter.topic !== null && letter.originTopic !== filter.topic) return false;
  if (filter.sinceMs !== null && letter.at.getTime() < filter.sinceMs) return false;
  return !filter.openOnly || isOpen(state);
}
