// Moves a market to another shard, step by step, from wherever an earlier run has stopped. A run
// that is killed, or gives up waiting, leaves the market closed and harms nothing: the same call
// goes on. Steps and reasons: docs/decisions/0007-moving-a-market.md.
import type { Bus, IncomingRecord } from '../bus/bus.ts';
import type { Outbox } from '../bus/outbox.ts';
import { isRetryableDatabaseError } from '../db/failure.ts';
import type { Pool } from '../db/pool.ts';
import { RetryableError, TerminalError } from '../domain/failure.ts';
import type { MarketId } from '../domain/ids.ts';
import { EVENTS, TOPICS } from '../events/catalog.ts';
import { decodeEvent, isDecodeFailure } from '../events/envelope.ts';
import type { MarketTakenOver } from '../events/market-moves.ts';
import { findMarket } from './market-store.ts';
import {
  closeMarket,
  decideMove,
  findMove,
  handOverMarket,
  openMarket,
  type StoredMove,
} from './move-store.ts';
import { StatePieces } from './state-pieces.ts';

const INPUT = TOPICS['orders.accepted'].name;
const OUTPUT = TOPICS['engine.executions'].name;

/** How long a step is tried. The market stays closed after it, and the next run goes on. */
const STEP_TIMEOUT_MS = 60_000;
const PAUSE_MS = 100;
/** Between attempts to close: while one waits for its lock, everybody who accepts waits. */
const CLOSE_PAUSE_MS = 1_000;
const BATCH_RECORDS_MAX = 256;

export interface MoveOptions {
  /** As a role that may write the schema reference. */
  readonly pool: Pool;
  readonly outbox: Outbox;
  readonly bus: Bus;
  readonly market: MarketId;
  readonly toShard: number;
  /** Says what was done, for a person. */
  readonly tell: (line: string) => void;
  readonly stepTimeoutMs?: number;
}

/**
 * Resolves when the market is open on the new shard. Throws TerminalError when it cannot be moved
 * there (nothing was changed then), RetryableError when something did not come in time.
 */
export async function moveMarket(options: MoveOptions): Promise<StoredMove> {
  const { pool, market, toShard, tell } = options;
  await refuseUnknownShard(options);
  const latest = await findMove(pool, market);
  const next = decideMove(market, await findMarket(pool, market), latest, toShard);
  if (next !== 'begin' && next.step === 'opened') {
    tell(`${market} is on shard ${toShard} since move ${next.moveNumber}`);
    return next;
  }
  let move = next === 'begin' ? await close(options) : next;
  tell(`${market} is closed: move ${move.moveNumber}, shard ${move.fromShard} to ${toShard}`);
  if (move.step === 'closed') move = await handOver(options, move);
  if (move.step === 'handed_over') {
    tell(`${market} is handed over behind its last command`);
    // What an earlier run has not published, if it was killed in between.
    await options.outbox.sweep(0);
    await untilStateIsThere(options, move);
    move = await openMarket(pool, move);
  }
  tell(`${market} is open on shard ${toShard}`);
  return move;
}

async function refuseUnknownShard({ bus, toShard }: MoveOptions): Promise<void> {
  for (const topic of [INPUT, OUTPUT]) {
    const shards = await bus.partitions(topic);
    if (toShard < shards) continue;
    throw new TerminalError(`there is no shard ${toShard}: ${topic} has ${shards} partitions`);
  }
}

async function close(options: MoveOptions): Promise<StoredMove> {
  const { pool, market, toShard } = options;
  const attempt = async (): Promise<StoredMove | null> => {
    try {
      return await closeMarket(pool, market, toShard);
    } catch (error) {
      if (isRetryableDatabaseError(error)) return null;
      throw error;
    }
  };
  const obstacle = 'a transaction that has read the markets does not come to its end';
  return repeat(options, obstacle, attempt, CLOSE_PAUSE_MS);
}

async function handOver(options: MoveOptions, move: StoredMove): Promise<StoredMove> {
  const { pool, outbox, bus, toShard } = options;
  // Nothing of this move is published before: all of its pieces lie from here on.
  const { next } = await bus.offsets(INPUT, toShard);
  return repeat(options, 'commands of the market are not published', async () => {
    await outbox.sweep(0);
    return handOverMarket(pool, outbox, move, next);
  });
}

/** Tries until there is a result; `obstacle` says what it waited for in vain. */
async function repeat<Result>(
  options: MoveOptions,
  obstacle: string,
  work: () => Promise<Result | null>,
  pauseMs = PAUSE_MS,
): Promise<Result> {
  const untilMs = performance.now() + timeoutMs(options);
  for (;;) {
    const result = await work();
    if (result !== null) return result;
    if (performance.now() > untilMs) throw gaveUp(options, obstacle);
    await new Promise((done) => setTimeout(done, pauseMs));
  }
}

/** Reads the new partition as its engine does, until all pieces are in it. */
async function untilStateIsThere(options: MoveOptions, move: StoredMove): Promise<void> {
  const obstacle = `the engine of shard ${move.fromShard} has not published its state`;
  let end: (error?: unknown) => void = () => undefined;
  const ended = new Promise<void>((done, fail) => {
    end = (error) => {
      if (error === undefined) done();
      // What the tail fails with is an Error; the type of its callback cannot say so.
      else fail(error instanceof Error ? error : new RetryableError(obstacle, { cause: error }));
    };
  });
  const pieces = new PieceReader(move);
  const tail = await options.bus.tail({
    topic: INPUT,
    partition: move.toShard,
    from: move.piecesFrom ?? 0,
    batchMax: BATCH_RECORDS_MAX,
    onBatch: (records) => {
      if (records.some((record) => pieces.isCompletedBy(record))) end();
      return Promise.resolve();
    },
    onError: end,
  });
  const timer = setTimeout(() => end(gaveUp(options, obstacle)), timeoutMs(options));
  try {
    await ended;
  } finally {
    clearTimeout(timer);
    await tail.stop();
  }
}

class PieceReader {
  readonly #move: StoredMove;
  #pieces: StatePieces | null = null;

  constructor(move: StoredMove) {
    this.#move = move;
  }

  isCompletedBy(record: IncomingRecord): boolean {
    const piece = readPiece(record);
    const { market, moveNumber } = this.#move;
    if (piece?.market !== market || piece.moveNumber !== moveNumber) return false;
    this.#pieces ??= new StatePieces(piece);
    return this.#pieces.take(piece).kind === 'complete';
  }
}

function readPiece(record: IncomingRecord): MarketTakenOver | null {
  const type = record.headers['ce_type'];
  if (type !== EVENTS.marketTakenOver.type) return null;
  const piece = decodeEvent('marketTakenOver', type, record.value.toString('utf8'));
  return isDecodeFailure(piece) ? null : piece;
}

function timeoutMs({ stepTimeoutMs }: MoveOptions): number {
  return stepTimeoutMs ?? STEP_TIMEOUT_MS;
}

function gaveUp({ market }: MoveOptions, obstacle: string): RetryableError {
  return new RetryableError(`${market}: ${obstacle}; the same command goes on with the move`);
}
