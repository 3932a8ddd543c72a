// Follows markets from one shard's books to another's, as the records of their moves say, and checks
// what they claim: the sequence, the state hash, and that the bytes are whole (M3).
import { createHash } from 'node:crypto';
import type { NaiveBook } from '../oracle/naive-book.ts';
import type { NaiveShard } from '../oracle/naive-shard.ts';
import type { Market } from '../oracle/naive-types.ts';
import type { Findings } from './findings.ts';
import type { Move, StatePiece } from './wire.ts';

/** A book between two shards. */
interface Transit {
  readonly moveNumber: number;
  readonly toShard: number;
  readonly book: NaiveBook;
  readonly stateHash: string;
}

interface Arriving {
  readonly moveNumber: number;
  /** By SHA-256 and count: an engine of another build may have written the state anew. */
  readonly makings: Map<string, Map<number, string>>;
}

/** What one shard has seen of moves. */
interface Passage {
  /** Number of the latest move that each market left or came by. */
  readonly known: Map<Market, number>;
  readonly arriving: Map<Market, Arriving>;
}

export class ShardMoves {
  /** `refused`: hand-overs and pieces that the engine sets aside. */
  readonly counts = { moves: 0, repeats: 0, refused: 0 };
  readonly #findings: Findings;
  readonly #passages = new Map<number, Passage>();
  readonly #transits = new Map<Market, Transit>();
  /** Latest move that each market was handed over by, on any shard. */
  readonly #handedOver = new Map<Market, number>();

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  /** Markets that have left their old shard and are not on the new one. */
  get inTransit(): readonly Market[] {
    return [...this.#transits.keys()];
  }

  /** False when the move has not been handed over yet by what was read: read elsewhere first. */
  isHandedOver({ market, moveNumber }: Move): boolean {
    return (this.#handedOver.get(market) ?? 0) >= moveNumber;
  }

  /** True when commands of the market cannot be done on this shard now. */
  isAway(partition: number, shard: NaiveShard, market: Market): boolean {
    const { known, arriving } = this.#passage(partition);
    return arriving.has(market) || (known.has(market) && !shard.books.has(market));
  }

  handOver(partition: number, shard: NaiveShard, move: Move): void {
    const { market, moveNumber, toShard } = move;
    const { known } = this.#passage(partition);
    if (moveNumber <= (known.get(market) ?? 0)) {
      this.counts.repeats += 1;
      return;
    }
    const book = shard.books.get(market);
    if (book === undefined) {
      this.counts.refused += 1;
      return;
    }
    const expected = (this.#handedOver.get(market) ?? 0) + 1;
    if (moveNumber !== expected) {
      const problem = 'the moves of a market are not counted one by one';
      this.#findings.violate('M3', problem, { ...move, expected });
    }
    shard.books.delete(market);
    known.set(market, moveNumber);
    this.#handedOver.set(market, moveNumber);
    const stateHash = createHash('sha256').update(book.stateText()).digest('hex');
    this.#transits.set(market, { moveNumber, toShard, book, stateHash });
    this.counts.moves += 1;
  }

  takePiece(partition: number, shard: NaiveShard, piece: StatePiece): void {
    const { market, moveNumber } = piece;
    const { known, arriving } = this.#passage(partition);
    if (moveNumber <= (known.get(market) ?? 0)) {
      this.counts.repeats += 1;
      return;
    }
    const transit = this.#transits.get(market);
    if (transit?.moveNumber !== moveNumber || transit.toShard !== partition) {
      const problem = 'a state came of a market that was not handed over';
      this.#refuse(problem, piece, { handedOver: transit?.moveNumber ?? null });
      return;
    }
    const { sequence } = transit.book;
    if (piece.sequence !== sequence || piece.stateHash !== transit.stateHash) {
      const expected = { sequence, stateHash: transit.stateHash };
      this.#refuse('a market moved with another state than its log replays to', piece, expected);
      return;
    }
    const pieces = arriving.get(market) ?? { moveNumber, makings: new Map() };
    arriving.set(market, pieces);
    if (!this.#collect(pieces, piece)) return;
    arriving.delete(market);
    known.set(market, moveNumber);
    this.#transits.delete(market);
    shard.books.set(market, transit.book);
  }

  /** True when the piece completes the bytes. */
  #collect({ makings }: Arriving, piece: StatePiece): boolean {
    const { piece: place, pieces, stateSha256, bytes } = piece;
    if (place > pieces) {
      this.#refuse('a piece is beyond the last', piece, {});
      return false;
    }
    const key = `${stateSha256} ${pieces}`;
    const making = makings.get(key) ?? new Map<number, string>();
    makings.set(key, making);
    if ((making.get(place) ?? bytes) !== bytes) {
      this.#refuse('a piece is not what it was before', piece, {});
      return false;
    }
    making.set(place, bytes);
    if (making.size < pieces) return false;
    const hash = createHash('sha256');
    for (let at = 1; at <= pieces; at += 1) {
      hash.update(Buffer.from(making.get(at) ?? '', 'base64'));
    }
    if (hash.digest('hex') === stateSha256) return true;
    makings.delete(key);
    this.#refuse('the bytes of a state have another SHA-256', piece, {});
    return false;
  }

  #refuse(problem: string, piece: StatePiece, more: object): void {
    const { market, moveNumber, piece: place } = piece;
    this.counts.refused += 1;
    this.#findings.violate('M3', problem, { market, moveNumber, piece: place, ...more });
  }

  #passage(partition: number): Passage {
    const passage = this.#passages.get(partition) ?? { known: new Map(), arriving: new Map() };
    this.#passages.set(partition, passage);
    return passage;
  }
}
