// The kill switch of an account: the block in the books and the command to every market's engine in
// one transaction, published right after. Written in the schema of the orders function, which reads
// the block in the transaction of every order.
import { randomUUID } from 'node:crypto';
import { appendAudit } from '../audit/append.ts';
import type { Outbox, OutboxRow } from '../bus/outbox.ts';
import { withTransaction, type Pool, type Tx } from '../db/pool.ts';
import { RetryableError } from '../domain/failure.ts';
import { userId, type MarketId } from '../domain/ids.ts';
import { encodeEvent } from '../events/envelope.ts';

/** Every order of the exchange waits behind the lock that is waited for: so not for long. */
const LOCK_TIMEOUT_MS = 100;

export interface AccountBlock {
  readonly isBlocked: boolean;
  /** Who has done it. */
  readonly operator: string;
  readonly reason: string;
  readonly since: Date;
}

export interface BlockChange {
  readonly userNumber: number;
  readonly isBlocked: boolean;
  readonly operator: string;
  readonly reason: string;
}

/** What was ever done with the account, the newest first: that holds. */
export async function listBlocks(db: Pool | Tx, userNumber: number): Promise<AccountBlock[]> {
  const result = await db.query<AccountBlock>(
    `SELECT is_blocked AS "isBlocked", operator, reason, since FROM orders.account_blocks
     WHERE user_number = $1 ORDER BY block_number DESC`,
    [userNumber],
  );
  return result.rows;
}

/**
 * Blocks an account, or ends its block; answers the markets whose engines are told. Blocking one
 * that is blocked already tells them again. When it resolves the commands are in the log.
 *
 * Nothing slips through: the lock is granted only when no order is left whose transaction has read
 * the account as free, and whoever waits behind it reads it as blocked. An order that was accepted
 * before may come to the log before the command, which ends it, or behind, where the engine refuses
 * it. Throws RetryableError while a market moves, and a retryable database error when some reader
 * does not come to an end in time: nothing is done then.
 */
export async function changeBlock(
  pool: Pool,
  outbox: Outbox,
  change: BlockChange,
): Promise<readonly MarketId[]> {
  const done = await withTransaction(pool, async (tx) => {
    await tx.query(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`);
    await tx.query('SELECT orders.lock_account_blocks()');
    const markets = await readMarkets(tx);
    const [held] = await listBlocks(tx, change.userNumber);
    const earlier = await findUnpublished(tx, change.userNumber);
    const commands = await makeCommands(tx, markets, change);
    const outboxIds = await outbox.insert(tx, [...earlier, ...commands]);
    await tx.query(
      `INSERT INTO orders.account_blocks (user_number, is_blocked, operator, reason, outbox_ids)
       VALUES ($1, $2, $3, $4, $5::bigint[])`,
      [change.userNumber, change.isBlocked, change.operator, change.reason, outboxIds],
    );
    await appendAudit(tx, {
      stream: 'accounts',
      actor: { kind: 'operator', id: change.operator },
      action: change.isBlocked ? 'accounts.block' : 'accounts.unblock',
      subject: userId(change.userNumber),
      before: { isBlocked: held?.isBlocked ?? false },
      after: { isBlocked: change.isBlocked },
      reason: change.reason,
      requestId: null,
    });
    return { markets: markets.map(({ market }) => market), outboxIds };
  });
  await outbox.publishNow(done.outboxIds);
  return done.markets;
}

interface TargetMarket {
  readonly market: MarketId;
  readonly shard: number;
}

async function readMarkets(tx: Tx): Promise<TargetMarket[]> {
  const result = await tx.query<TargetMarket & { readonly isMoving: boolean }>(
    `SELECT market, shard, moving_to IS NOT NULL AS "isMoving"
     FROM reference.markets ORDER BY market`,
  );
  const moving = result.rows.find(({ isMoving }) => isMoving);
  // Its command would come to the old shard behind the hand-over, or to the new one before it.
  if (moving !== undefined) throw new RetryableError(`${moving.market} is moving to another shard`);
  return result.rows;
}

/**
 * The commands of earlier changes of this account that are not known to be in the log, to be
 * appended again: or the end of a block might come behind the block that follows it.
 */
async function findUnpublished(tx: Tx, userNumber: number): Promise<OutboxRow[]> {
  const result = await tx.query<OutboxRow>(
    `SELECT x.topic, x.partition, x.key, x.headers, x.value
     FROM orders.account_blocks b
     JOIN orders.outbox x ON x.id = ANY (b.outbox_ids)
     WHERE b.user_number = $1 ORDER BY x.id`,
    [userNumber],
  );
  return result.rows;
}

async function makeCommands(
  tx: Tx,
  markets: readonly TargetMarket[],
  { userNumber, isBlocked }: BlockChange,
): Promise<OutboxRow[]> {
  const drawn = await tx.query<{ number: number; timeMs: number }>(
    `SELECT nextval('orders.command_number') AS number,
       (extract(epoch FROM statement_timestamp()) * 1000)::bigint AS "timeMs"
     FROM generate_series(1, $1)`,
    [markets.length],
  );
  return markets.map(({ market, shard }, at) => {
    const head = drawn.rows[at];
    if (head === undefined) throw new Error('fewer command numbers than markets');
    const command = { kind: 'block_user', ...head, userNumber, isBlocked } as const;
    const { topic, key, headers, data } = encodeEvent(
      'commandsAccepted',
      market,
      { market, commands: [command] },
      { id: randomUUID(), source: '/bourse/accounts', timeMs: head.timeMs },
    );
    return { topic, partition: shard, key, headers, value: data };
  });
}
