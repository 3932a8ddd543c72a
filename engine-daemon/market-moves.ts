// Markets that leave the shard and come to it: docs/decisions/0007-moving-a-market.md. Decides from
// the log alone, so that a replay does the same. Publishing is the loop's.
import type { OutgoingRecord } from '../shared/bus/bus.ts';
import { assert, AssertionError, TerminalError } from '../shared/domain/failure.ts';
import type { MarketId } from '../shared/domain/ids.ts';
import { encodeEvent } from '../shared/events/envelope.ts';
import type { MarketHandedOver, MarketTakenOver } from '../shared/events/market-moves.ts';
import { cutState, StatePieces, type MovedState } from '../shared/markets/state-pieces.ts';
import { decodeMarketState, encodeMarketState } from './core/book-bytes.ts';
import type { MarketBook } from './core/market-book.ts';
import type { MarketMove, Shard } from './core/shard.ts';
import { hashState } from './hash.ts';

/** `refused`: the record goes to the dead letters. `known`: it was done before, nothing happens. */
export type HandedOver =
  | { readonly kind: 'published'; readonly records: readonly OutgoingRecord[] }
  | { readonly kind: 'known' }
  | { readonly kind: 'refused'; readonly cause: string };

export type TakenOver =
  | { readonly kind: 'known' }
  | { readonly kind: 'waiting' }
  | { readonly kind: 'arrived'; readonly book: MarketBook }
  | { readonly kind: 'refused'; readonly cause: string };

export class MarketMoves {
  readonly #shard: Shard;
  readonly #pieceBytesMax: number | undefined;
  /** Markets of which some pieces are here and some are not. */
  readonly #arriving = new Map<MarketId, StatePieces>();

  /** `pieceBytesMax` is for tests: smaller pieces than a record can hold. */
  constructor(shard: Shard, pieceBytesMax?: number) {
    this.#shard = shard;
    this.#pieceBytesMax = pieceBytesMax;
  }

  /** True while pieces are missing: the state is then not all in the books. */
  get isArriving(): boolean {
    return this.#arriving.size > 0;
  }

  /** Why commands of this market cannot be done here; null when they can. */
  findObstacle(market: MarketId): string | null {
    const arriving = this.#arriving.get(market);
    if (arriving !== undefined) {
      return `${market} is not here yet: pieces of move ${arriving.moveNumber} are missing`;
    }
    const tombstone = this.#shard.findTombstone(market);
    if (tombstone === null) return null;
    return `${market} has moved to shard ${tombstone.toShard} by move ${tombstone.number}`;
  }

  /**
   * Takes a market off the books and answers its state as records for the new shard. Events that
   * its book still holds must be taken out by who applied the commands.
   */
  handOver(move: MarketHandedOver): HandedOver {
    const { market } = move;
    if (this.#isKnown(move)) return { kind: 'known' };
    if (this.#shard.find(market) === null) {
      return { kind: 'refused', cause: `${market} is not on shard ${move.fromShard}` };
    }
    const book = this.#shard.release(toMove(move));
    const { sequence } = book;
    const state = { sequence, stateHash: hashState(book), bytes: encodeMarketState(book) };
    const pieces = cutState(move, state, this.#pieceBytesMax);
    return { kind: 'published', records: pieces.map((piece) => pieceRecord(piece, book.nowMs)) };
  }

  /**
   * Collects a piece; with the last one that was missing the market is taken over. Throws
   * TerminalError when the bytes are whole but not the state that they claim to be: no engine of
   * this build may go on, because the market would begin anew.
   */
  takeOver(piece: MarketTakenOver): TakenOver {
    const { market } = piece;
    if (this.#isKnown(piece)) return { kind: 'known' };
    if (this.#shard.find(market) !== null) {
      return { kind: 'refused', cause: `${market} is on shard ${piece.toShard} already` };
    }
    const pieces = this.#arriving.get(market) ?? new StatePieces(piece);
    if (pieces.moveNumber !== piece.moveNumber) {
      const cause = `${market} is arriving by move ${pieces.moveNumber}, not ${piece.moveNumber}`;
      return { kind: 'refused', cause };
    }
    const taken = pieces.take(piece);
    if (taken.kind === 'faulty') return { kind: 'refused', cause: taken.cause };
    this.#arriving.set(market, pieces);
    if (taken.kind === 'waiting') return { kind: 'waiting' };
    const book = restore(market, taken.state);
    this.#shard.takeOver(book, toMove(piece));
    this.#arriving.delete(market);
    return { kind: 'arrived', book };
  }

  #isKnown({ market, moveNumber }: MarketHandedOver): boolean {
    return moveNumber <= (this.#shard.findMove(market)?.number ?? 0);
  }
}

function toMove({ market, moveNumber, toShard }: MarketHandedOver): MarketMove {
  return { market, number: moveNumber, toShard };
}

function restore(market: MarketId, state: MovedState): MarketBook {
  try {
    const book = decodeMarketState(state.bytes);
    assert(book.market === market, `it is the state of ${book.market}`);
    assert(book.sequence === state.sequence, `its sequence is ${book.sequence}`);
    assert(hashState(book) === state.stateHash, 'it has another state hash');
    return book;
  } catch (error) {
    if (!(error instanceof AssertionError || error instanceof RangeError)) throw error;
    const cause = { cause: error };
    throw new TerminalError(`the state of ${market} cannot be taken over: ${error.message}`, cause);
  }
}

/** Made from the log alone: a replay publishes the same bytes. */
function pieceRecord(piece: MarketTakenOver, timeMs: number): OutgoingRecord {
  const { market, moveNumber, fromShard, toShard } = piece;
  const { topic, key, headers, data } = encodeEvent('marketTakenOver', market, piece, {
    id: `${market}:move-${moveNumber}:${piece.piece}`,
    source: `/engine-daemon/${fromShard}`,
    timeMs,
  });
  return { topic, partition: toShard, key, headers, value: Buffer.from(data) };
}
