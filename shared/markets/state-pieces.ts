// The state of a market that moves, cut into records and put together again. Pieces may come more
// than once and in any order: a replay of the old shard's log publishes them anew.
import { createHash } from 'node:crypto';
import { assert } from '../domain/failure.ts';
import {
  PIECE_BYTES_MAX,
  PIECES_MAX,
  type MarketHandedOver,
  type MarketTakenOver,
} from '../events/market-moves.ts';

export interface MovedState {
  readonly sequence: number;
  readonly stateHash: string;
  readonly bytes: Uint8Array;
}

/** Throws AssertionError for a state that no move can carry. */
export function cutState(
  move: MarketHandedOver,
  state: MovedState,
  pieceBytesMax = PIECE_BYTES_MAX,
): MarketTakenOver[] {
  const { sequence, stateHash } = state;
  const bytes = Buffer.from(state.bytes);
  const pieces = Math.ceil(bytes.length / pieceBytesMax);
  assert(pieces >= 1 && pieces <= PIECES_MAX, `${move.market}: a state of ${pieces} pieces`);
  const stateSha256 = sha256(bytes);
  return Array.from({ length: pieces }, (_, at) => ({
    ...move,
    piece: at + 1,
    pieces,
    sequence,
    stateHash,
    stateSha256,
    bytes: bytes.subarray(at * pieceBytesMax, (at + 1) * pieceBytesMax).toString('base64'),
  }));
}

/** `faulty`: the piece contradicts what is here and must be set aside. */
export type PieceTaken =
  | { readonly kind: 'waiting'; readonly missing: number }
  | { readonly kind: 'complete'; readonly state: MovedState }
  | { readonly kind: 'faulty'; readonly cause: string };

/** Collects the pieces of one move of one market. */
export class StatePieces {
  readonly moveNumber: number;
  readonly #first: MarketTakenOver;
  /** By content: another build of the old engine may write and cut the same state differently. */
  readonly #makings = new Map<string, Map<number, Buffer>>();

  /** `first` is any piece of the move; it must still be given to `take`. */
  constructor(first: MarketTakenOver) {
    this.moveNumber = first.moveNumber;
    this.#first = first;
  }

  /** What the piece leads to depends only on the pieces before it. */
  take(piece: MarketTakenOver): PieceTaken {
    const cause = this.#findFault(piece);
    if (cause !== null) return { kind: 'faulty', cause };
    const bytes = this.#making(piece);
    const content = Buffer.from(piece.bytes, 'base64');
    const known = bytes.get(piece.piece);
    if (known !== undefined && !known.equals(content)) {
      return { kind: 'faulty', cause: `${nameOf(piece)} differs from its first copy` };
    }
    bytes.set(piece.piece, content);
    if (bytes.size < piece.pieces) return { kind: 'waiting', missing: piece.pieces - bytes.size };
    const whole = Buffer.concat(
      Array.from({ length: piece.pieces }, (_, at) => bytes.get(at + 1) ?? Buffer.alloc(0)),
    );
    if (sha256(whole) !== piece.stateSha256) {
      // One of them is wrong, and nobody knows which: all must come again.
      this.#makings.delete(makingKey(piece));
      return { kind: 'faulty', cause: `${nameOf(piece)} completes bytes of another SHA-256` };
    }
    const { sequence, stateHash } = piece;
    return { kind: 'complete', state: { sequence, stateHash, bytes: whole } };
  }

  #findFault(piece: MarketTakenOver): string | null {
    const first = this.#first;
    assert(piece.moveNumber === first.moveNumber, 'pieces of one move are collected together');
    if (piece.piece > piece.pieces) return `${nameOf(piece)}: there are only ${piece.pieces}`;
    if (piece.fromShard !== first.fromShard) return `${nameOf(piece)} comes from another shard`;
    if (piece.sequence !== first.sequence || piece.stateHash !== first.stateHash) {
      return `${nameOf(piece)} is of another state: two engines of the old shard disagree`;
    }
    return null;
  }

  #making(piece: MarketTakenOver): Map<number, Buffer> {
    const key = makingKey(piece);
    const making = this.#makings.get(key) ?? new Map<number, Buffer>();
    this.#makings.set(key, making);
    return making;
  }
}

function makingKey({ stateSha256, pieces }: MarketTakenOver): string {
  return `${stateSha256} ${pieces}`;
}

function nameOf({ market, moveNumber, piece }: MarketTakenOver): string {
  return `piece ${piece} of move ${moveNumber} of ${market}`;
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
