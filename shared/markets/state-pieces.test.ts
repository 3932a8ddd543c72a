// Putting a moved state together: nothing that is not exactly the state that was cut gets through.
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AssertionError } from '../domain/failure.ts';
import {
  marketTakenOverSchema,
  PIECE_BYTES_MAX,
  type MarketTakenOver,
} from '../events/market-moves.ts';
import { cutState, StatePieces, type PieceTaken } from './state-pieces.ts';

const HASH = createHash('sha256').update('state').digest('hex');
const MOVE = { market: 'BTC-USD', moveNumber: 3, fromShard: 0, toShard: 1 } as const;

function cut(bytes: Uint8Array, pieceBytesMax = 10, stateHash = HASH): MarketTakenOver[] {
  return cutState(MOVE, { sequence: 42, stateHash, bytes }, pieceBytesMax);
}

function bytesOf(length: number, from = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (from + at * 7) % 256);
}

/** Gives the pieces one after the other; answers what the last one led to. */
function takeAll(pieces: readonly MarketTakenOver[]): PieceTaken {
  const [first] = pieces;
  if (first === undefined) throw new Error('no pieces');
  const collected = new StatePieces(first);
  const results = pieces.map((piece) => collected.take(piece));
  return results.at(-1) ?? { kind: 'waiting', missing: 0 };
}

function matching(pattern: RegExp): string {
  return expect.stringMatching(pattern) as string;
}

function pick<Item>(items: readonly Item[], ...places: readonly number[]): Item[] {
  return places.flatMap((at) => items[at] ?? []);
}

describe('pieces of a moved state', () => {
  const bytes = bytesOf(35);
  const pieces = cut(bytes);

  it('are not the state while one is missing', () => {
    expect(pieces).toHaveLength(4);
    for (const missing of [0, 1, 2, 3]) {
      const others = pieces.filter((_, at) => at !== missing);
      expect(takeAll(others)).toEqual({ kind: 'waiting', missing: 1 });
      expect(takeAll([...others, ...others])).toEqual({ kind: 'waiting', missing: 1 });
    }
  });

  it('are set aside when they are of another state, and the right ones still count', () => {
    const other = cut(bytes, 10, createHash('sha256').update('other').digest('hex'));
    const result = takeAll([...pick(pieces, 0), ...pick(other, 1)]);
    expect(result).toMatchObject({ kind: 'faulty', cause: matching(/disagree/) });
    expect(takeAll([...pick(pieces, 0, 1, 2), ...pick(other, 3), ...pick(pieces, 3)])).toEqual({
      kind: 'complete',
      state: { sequence: 42, stateHash: HASH, bytes: Buffer.from(bytes) },
    });
  });

  it.each([
    ['another sequence', { sequence: 41 }, /disagree/],
    ['another origin', { fromShard: 2 }, /another shard/],
    ['a place beyond the last', { piece: 5 }, /only 4/],
    ['other bytes in the same place', { piece: 1 }, /differs from its first copy/],
  ])('are set aside with %s', (_, change, cause) => {
    const changed = pick(pieces, 1).map((piece) => ({ ...piece, ...change }));
    const result = takeAll([...pick(pieces, 0), ...changed]);
    expect(result).toMatchObject({ kind: 'faulty', cause: matching(cause) });
  });

  it('must all come again when together they have another SHA-256', () => {
    const damaged = pieces.map((piece) => ({ ...piece, stateSha256: HASH }));
    expect(takeAll(damaged)).toMatchObject({ kind: 'faulty', cause: matching(/another SHA-256/) });
    expect(takeAll([...damaged, ...pick(pieces, 0, 1, 2)])).toMatchObject({ missing: 1 });
    expect(takeAll([...damaged, ...pieces])).toMatchObject({ kind: 'complete' });
  });

  it('of two makings are not mixed: the first that is whole counts', () => {
    const finer = cut(bytes, 7);
    expect(takeAll([...pick(pieces, 0, 1, 2), ...pick(finer, 0, 1, 2, 3)])).toEqual({
      kind: 'waiting',
      missing: 1,
    });
    expect(takeAll([...pick(pieces, 0, 1, 2), ...finer])).toMatchObject({ kind: 'complete' });
  });

  it('give back every state, whatever their order and however often they come', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 200 }),
        fc.integer({ min: 1, max: 50 }),
        fc.array(fc.nat()),
        (state, size, order) => {
          const all = cut(state, size);
          const repeats = order.flatMap((at) => all[at % all.length] ?? []);
          const collected = new StatePieces(all[0] as MarketTakenOver);
          for (const piece of repeats) {
            const taken = collected.take(piece);
            expect(taken.kind).not.toBe('faulty');
            if (taken.kind === 'complete') expect(taken.state.bytes).toEqual(Buffer.from(state));
          }
          const last = all.reverse().map((piece) => collected.take(piece));
          expect(last.at(-1)).toMatchObject({ kind: 'complete' });
        },
      ),
      { verbose: true },
    );
  });

  it('fit into records, and a state that would need too many is not cut', () => {
    for (const piece of cut(bytesOf(PIECE_BYTES_MAX + 1), PIECE_BYTES_MAX)) {
      expect(marketTakenOverSchema.safeParse(piece).success).toBe(true);
      expect(JSON.stringify(piece).length).toBeLessThan(990_000);
    }
    expect(() => cut(bytesOf(1_001), 1)).toThrow(AssertionError);
    expect(() => cut(new Uint8Array(0))).toThrow(AssertionError);
  });
});
