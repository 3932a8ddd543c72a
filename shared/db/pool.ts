// Postgres connections. int8 and numeric arrive as text from the driver; we turn int8 into a safe
// number (ids, counts, offsets) and leave numeric as text (money goes through BigInt, never
// floats).
import pg from 'pg';
import { crashPoint } from '../config/crash-point.ts';

export type Pool = pg.Pool;
/** A connection inside a transaction. */
export type Tx = pg.PoolClient;
/** Anything a statement can be sent to. */
export type Queryable = Pick<pg.Pool, 'query'> | Pick<pg.PoolClient, 'query'>;

export interface PoolOptions {
  readonly url: string;
  readonly applicationName: string;
  readonly connectionsMax: number;
  /** A statement that runs longer is cancelled by the server. */
  readonly statementTimeoutMs?: number;
  /**
   * An answer that does not come, as from a server behind a broken network, is given up, and the
   * connection with it. Unless given, a little longer than a statement may take.
   */
  readonly queryTimeoutMs?: number;
  /**
   * A transaction that sends nothing for so long is ended by the server: its owner is cut off or
   * stopped, and what it has locked stands in everybody's way.
   */
  readonly idleTransactionTimeoutMs?: number;
  readonly onError?: (error: Error) => void;
}

const CONNECT_TIMEOUT_MS = 5_000;
const IDLE_TIMEOUT_MS = 60_000;
const STATEMENT_TIMEOUT_MS = 30_000;
/** For processes that serve: a statement that takes longer is stuck, and better repeated. */
export const SERVICE_STATEMENT_TIMEOUT_MS = 10_000;
/** What an answer may take on its way, beyond the time of its statement. */
const ANSWER_MARGIN_MS = 2_000;
const IDLE_TRANSACTION_TIMEOUT_MS = 20_000;

/**
 * Every statement of ours joins a small set to tables through their keys. Left alone, the planner
 * cannot know how small, and reads whole tables into a hash: measured at ten times the time on
 * 20,000 orders, and rising with them. Generic plans also save planning the same thing anew.
 */
const PLAN_SETTINGS = [
  'enable_hashjoin=off',
  'enable_mergejoin=off',
  'enable_seqscan=off',
  'jit=off',
  'plan_cache_mode=force_generic_plan',
]
  .map((setting) => `-c ${setting}`)
  .join(' ');

const types = new pg.TypeOverrides();
types.setTypeParser(pg.types.builtins.INT8, parseSafeInteger);

/** A connection pool. Broken idle connections are reported to `onError` and replaced. */
export function createPool(options: PoolOptions): Pool {
  const statementTimeoutMs = options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS;
  const pool = new pg.Pool({
    connectionString: options.url,
    application_name: options.applicationName,
    max: options.connectionsMax,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    idleTimeoutMillis: IDLE_TIMEOUT_MS,
    statement_timeout: statementTimeoutMs,
    // Neither the server's limit nor keep-alive helps where packets vanish without a word.
    query_timeout: options.queryTimeoutMs ?? statementTimeoutMs + ANSWER_MARGIN_MS,
    idle_in_transaction_session_timeout:
      options.idleTransactionTimeoutMs ?? IDLE_TRANSACTION_TIMEOUT_MS,
    options: PLAN_SETTINGS,
    // What is sent without waiting for answers goes out at once: see `sendTogether`.
    pipeline: true,
    keepAlive: true,
    types,
  });
  // Without a listener an idle connection that breaks would end the process.
  pool.on('error', (error) => options.onError?.(error));
  // The same holds for one that is in use: its caller learns of it from the next query.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

/**
 * Sends the statements that `send` makes before its first await in one packet; the server runs them
 * in order. Resolves with all results; rejects with the first failure when all have ended. On a
 * busy machine the round trips of a small transaction cost more than its statements.
 */
export async function sendTogether<const Results extends readonly unknown[]>(
  tx: Tx,
  send: () => Results,
): Promise<{ -readonly [At in keyof Results]: Awaited<Results[At]> }> {
  const { stream } = tx.connection;
  let sent: Results;
  stream.cork();
  try {
    sent = send();
  } finally {
    stream.uncork();
  }
  try {
    return await Promise.all(sent);
  } catch (error) {
    await Promise.allSettled(sent);
    throw error;
  }
}

/** A connection of its own, for LISTEN; the caller connects and ends it. */
export function createClient(url: string, applicationName: string): pg.Client {
  return new pg.Client({
    connectionString: url,
    application_name: applicationName,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    types,
  });
}

/**
 * Runs `work` in one transaction: commits when it resolves, rolls back when it rejects. A
 * connection whose rollback fails is thrown away rather than handed to the next caller.
 */
export async function withTransaction<Result>(
  pool: Pool,
  work: (tx: Tx) => Promise<Result>,
  begin: 'BEGIN' | 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY' = 'BEGIN',
): Promise<Result> {
  return runTransaction(pool, async (tx) => {
    await tx.query(begin);
    return work(tx);
  });
}

/**
 * Like `withTransaction`, for work that begins with one statement whose result it needs: `open`
 * travels with the BEGIN. It may only read and lock, for should the BEGIN alone fail, it would run
 * outside of any transaction.
 */
export async function withOpenedTransaction<Opening, Result>(
  pool: Pool,
  open: (tx: Tx) => Promise<Opening>,
  work: (tx: Tx, opening: Opening) => Promise<Result>,
): Promise<Result> {
  return runTransaction(pool, async (tx) => work(tx, await begin(tx, open)));
}

/**
 * A transaction whose writes need no answer before it is committed: `open` is that of
 * `withOpenedTransaction`, `decide` asks what else it must know and plans, and what `write` sends
 * before its first await is followed by the COMMIT at once. Whichever write fails, nothing is
 * committed, and its error is thrown. Answers the plan.
 */
export async function withDecidedTransaction<Opening, Plan>(
  pool: Pool,
  phases: {
    readonly open: (tx: Tx) => Promise<Opening>;
    readonly decide: (tx: Tx, opening: Opening) => Plan | Promise<Plan>;
    readonly write: (tx: Tx, plan: Plan) => readonly Promise<unknown>[];
  },
): Promise<Plan> {
  return runTransaction(
    pool,
    async (tx) => phases.decide(tx, await begin(tx, phases.open)),
    (tx, plan) => commitBehind(tx, () => phases.write(tx, plan)),
  );
}

async function begin<Opening>(tx: Tx, open: (tx: Tx) => Promise<Opening>): Promise<Opening> {
  const [, opening] = await sendTogether(tx, () => [tx.query('BEGIN'), open(tx)]);
  return opening;
}

/**
 * The server has the COMMIT when it is done with the writes, so nobody waits for a round trip with
 * its locks. A write that the driver itself refuses is never sent, and the server would commit
 * without it: that is known one turn later, before the COMMIT goes out.
 */
async function commitBehind(tx: Tx, write: () => readonly Promise<unknown>[]): Promise<void> {
  const failures: unknown[] = [];
  const written = sendTogether(tx, () => {
    const sent = write();
    for (const each of sent) each.catch((error: unknown) => failures.push(error));
    return sent;
  });
  // It is awaited below, later than it may fail.
  written.catch(() => undefined);
  await new Promise((turn) => setImmediate(turn));
  if (failures.length > 0) {
    await written;
    return;
  }
  crashPoint('transaction.written');
  const committed = tx.query('COMMIT');
  crashPoint('transaction.commit-sent');
  const [writes, commit] = await Promise.allSettled([written, committed]);
  if (writes.status === 'rejected') throw writes.reason;
  if (commit.status === 'rejected') throw commit.reason;
}

/**
 * Runs work that begins its transaction itself; for those above, and for other ways to begin one.
 */
export async function runTransaction<Result>(
  pool: Pool,
  work: (tx: Tx) => Promise<Result>,
  commit: (tx: Tx, result: Result) => Promise<unknown> = (tx) => tx.query('COMMIT'),
): Promise<Result> {
  const tx = await pool.connect();
  let broken: Error | undefined;
  try {
    const result = await work(tx);
    await commit(tx, result);
    return result;
  } catch (error) {
    try {
      // A COMMIT behind a write that has failed has rolled back already.
      if (tx.getTransactionStatus() !== 'I') await tx.query('ROLLBACK');
    } catch (rollbackError) {
      broken = new Error('rollback failed', { cause: rollbackError });
    }
    throw error;
  } finally {
    tx.release(broken);
  }
}

function parseSafeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`int8 beyond 2^53: ${text}`);
  return value;
}
