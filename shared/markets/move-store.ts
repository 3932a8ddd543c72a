// The transactions of a market's move: each does one step, once, whoever repeats it and however
// often. What the steps are for: docs/decisions/0007-moving-a-market.md.
import { randomUUID } from 'node:crypto';
import type { Outbox } from '../bus/outbox.ts';
import { crashPoint } from '../config/crash-point.ts';
import { withTransaction, type Pool, type Tx } from '../db/pool.ts';
import { assert, TerminalError } from '../domain/failure.ts';
import type { MarketId } from '../domain/ids.ts';
import { TOPICS } from '../events/catalog.ts';
import { encodeEvent } from '../events/envelope.ts';
import { findMarket, type StoredMarket } from './market-store.ts';

const LOG = TOPICS['orders.accepted'].name;
/** Everybody who reads a market waits behind the lock that is waited for: so not for long. */
const LOCK_TIMEOUT_MS = 100;

/** How far a move has come: what was done last. */
export type MoveStep = 'closed' | 'handed_over' | 'opened';

export interface StoredMove {
  readonly market: MarketId;
  readonly moveNumber: number;
  readonly fromShard: number;
  readonly toShard: number;
  readonly step: MoveStep;
  /** The pieces of the state lie in the new partition, from this offset on; null when closed. */
  readonly piecesFrom: number | null;
}

/** The latest move of a market, or null when it never moved. */
export async function findMove(db: Pool | Tx, market: MarketId): Promise<StoredMove | null> {
  const result = await db.query<StoredMove>(
    `SELECT market, move_number AS "moveNumber", from_shard AS "fromShard", to_shard AS "toShard",
       step, pieces_from AS "piecesFrom"
     FROM reference.market_moves WHERE market = $1 ORDER BY move_number DESC LIMIT 1`,
    [market],
  );
  return result.rows[0] ?? null;
}

/**
 * What there is to do so that the market comes to the shard: 'begin' a move, go on with the one
 * that is answered, or nothing, because its latest move has brought it there. Throws TerminalError
 * when it cannot be done.
 */
export function decideMove(
  market: MarketId,
  stored: StoredMarket | null,
  latest: StoredMove | null,
  toShard: number,
): 'begin' | StoredMove {
  if (stored === null) throw new TerminalError(`no market ${market}`);
  if (latest !== null && latest.step !== 'opened') {
    if (latest.toShard === toShard) return latest;
    const { toShard: other } = latest;
    throw new TerminalError(`${market} is moving to shard ${other}: finish the move first`);
  }
  if (stored.shard !== toShard) return 'begin';
  if (latest?.toShard === toShard) return latest;
  throw new TerminalError(`${market} is on shard ${toShard}`);
}

/**
 * Step 1: no command of the market is accepted from here on, and none that was is still to be
 * committed. The lock is granted only when nobody is left who has read the market as open; who
 * waits behind it reads it as closed. Rejects with a retryable database error when some reader
 * does not come to an end in time: try again.
 */
export async function closeMarket(
  pool: Pool,
  market: MarketId,
  toShard: number,
): Promise<StoredMove> {
  const move = await withTransaction(pool, async (tx) => {
    await tx.query(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`);
    await tx.query('LOCK TABLE reference.markets IN ACCESS EXCLUSIVE MODE');
    const stored = await findMarket(tx, market);
    const latest = await findMove(tx, market);
    const next = decideMove(market, stored, latest, toShard);
    if (next !== 'begin') return next;
    assert(stored !== null, 'a market that begins to move is there');
    await tx.query(
      `INSERT INTO reference.market_moves (market, move_number, from_shard, to_shard, step)
       VALUES ($1, $2, $3, $4, 'closed')`,
      [market, (latest?.moveNumber ?? 0) + 1, stored.shard, toShard],
    );
    await tx.query('UPDATE reference.markets SET moving_to = $2 WHERE market = $1', [
      market,
      toShard,
    ]);
    crashPoint('move.close.before-commit');
    return getMove(tx, market);
  });
  crashPoint('move.close.after-commit');
  return move;
}

/**
 * Step 2: the hand-over, behind every command of the market. Answers null while some of them are
 * not published yet. `piecesFrom` is an offset that the new partition had before the call.
 */
export async function handOverMarket(
  pool: Pool,
  outbox: Outbox,
  move: StoredMove,
  piecesFrom: number,
): Promise<StoredMove | null> {
  const { market } = move;
  const done = await withTransaction(pool, async (tx) => {
    const now = await lockMove(tx, move);
    if (now.step !== 'closed') return { move: now, outboxIds: [] };
    if (await hasUnpublished(tx, market)) return null;
    const outboxIds = await saveHandOver(tx, outbox, now);
    await tx.query(
      `UPDATE reference.market_moves
       SET step = 'handed_over', pieces_from = $3, handed_over_at = clock_timestamp()
       WHERE market = $1 AND move_number = $2`,
      [market, now.moveNumber, piecesFrom],
    );
    crashPoint('move.hand-over.before-commit');
    return { move: await getMove(tx, market), outboxIds };
  });
  if (done === null) return null;
  crashPoint('move.hand-over.after-commit');
  await outbox.publishNow(done.outboxIds);
  return done.move;
}

/** Step 4: what is accepted from here on goes to the new shard, behind the pieces. */
export async function openMarket(pool: Pool, move: StoredMove): Promise<StoredMove> {
  const { market, moveNumber, toShard } = move;
  const opened = await withTransaction(pool, async (tx) => {
    const now = await lockMove(tx, move);
    if (now.step === 'opened') return now;
    assert(now.step === 'handed_over', `${market} cannot be opened: it is ${now.step}`);
    const flipped = await tx.query(
      `UPDATE reference.markets SET shard = $2, moving_to = NULL, updated_at = now()
       WHERE market = $1 AND moving_to = $2`,
      [market, toShard],
    );
    assert(flipped.rowCount === 1, `${market} is not moving to shard ${toShard}`);
    await tx.query(
      `UPDATE reference.market_moves SET step = 'opened', opened_at = clock_timestamp()
       WHERE market = $1 AND move_number = $2`,
      [market, moveNumber],
    );
    crashPoint('move.open.before-commit');
    return getMove(tx, market);
  });
  crashPoint('move.open.after-commit');
  return opened;
}

/** The move as it is now: another operator may have gone on with it. */
async function lockMove(tx: Tx, { market, moveNumber }: StoredMove): Promise<StoredMove> {
  await tx.query(
    'SELECT FROM reference.market_moves WHERE market = $1 AND move_number = $2 FOR UPDATE',
    [market, moveNumber],
  );
  const move = await getMove(tx, market);
  if (move.moveNumber === moveNumber) return move;
  throw new TerminalError(`${market} has moved again since: move ${move.moveNumber}`);
}

async function getMove(tx: Tx, market: MarketId): Promise<StoredMove> {
  const move = await findMove(tx, market);
  assert(move !== null, `${market} has a move`);
  return move;
}

async function hasUnpublished(tx: Tx, market: MarketId): Promise<boolean> {
  const result = await tx.query<{ waiting: boolean }>(
    `SELECT orders.has_unpublished($1) OR EXISTS (
       SELECT FROM reference.outbox o WHERE o.key = $1) AS waiting`,
    [market],
  );
  return result.rows[0]?.waiting !== false;
}

async function saveHandOver(tx: Tx, outbox: Outbox, move: StoredMove): Promise<readonly number[]> {
  const { market, moveNumber, fromShard, toShard } = move;
  const time = await tx.query<{ timeMs: number }>(
    'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS "timeMs"',
  );
  const { topic, key, headers, data } = encodeEvent(
    'marketHandedOver',
    market,
    { market, moveNumber, fromShard, toShard },
    { id: randomUUID(), source: '/bourse/markets', timeMs: time.rows[0]?.timeMs ?? 0 },
  );
  assert(topic === LOG, 'a hand-over goes where the commands go');
  return outbox.insert(tx, [{ topic, partition: fromShard, key, headers, value: data }]);
}
