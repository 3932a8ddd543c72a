// Postgres connections and transactions.
import pg from 'pg';
import { crashPoint } from '../config/crash-point.ts';
import { Bundle, type Statement } from './bundle.ts';
import { types } from './types.ts';

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

/** Named, so that a connection parses them once. */
const BEGIN = { name: 'begin', text: 'BEGIN' };
const COMMIT = { name: 'commit', text: 'COMMIT' };

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
    // What is sent without waiting for an answer goes out at once.
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
 * Sends the statements that `send` makes before its first await, by what it is given, in one message
 * with one answer; the server runs them in order. Resolves with all results. When one fails, none
 * behind it is run, and all of them fail. When `send` itself fails by then, nothing is sent. What is
 * asked later goes out on its own. On a busy machine the messages of a small transaction cost more
 * than its statements.
 */
export async function sendTogether<const Results extends readonly unknown[]>(
  tx: Tx,
  send: (together: Tx) => Results,
): Promise<{ -readonly [At in keyof Results]: Awaited<Results[At]> }> {
  const bundle = new Bundle();
  let isGone = false;
  const query = (statement: Statement, values?: unknown[]): Promise<unknown> =>
    isGone ? tx.query(statement, values) : bundle.add(statement, values);
  const together = Object.create(tx, { query: { value: query, configurable: true } }) as Tx;
  const sent = send(together);
  const results = Promise.all(sent);
  const failures: unknown[] = [];
  results.catch((error: unknown) => failures.push(error));
  await untilNothingIsLeftToDo();
  isGone = true;
  if (failures.length > 0) bundle.drop(new Error('not sent, as another statement cannot be made'));
  else if (bundle.members.length > 0) tx.query(bundle);
  await Promise.allSettled(sent);
  return results;
}

/** What can be done without a new event has been done then, such as failing. */
function untilNothingIsLeftToDo(): Promise<void> {
  return new Promise((turn) => process.nextTick(turn));
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
 * Like `withTransaction`, for work that begins with statements whose results it needs: `open`
 * travels with the BEGIN.
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
 * before its first await travels with the COMMIT. Whichever write fails, nothing is committed, and
 * its error is thrown. Answers the plan.
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
    (tx, plan) => sendAndCommit(tx, (together) => phases.write(together, plan)),
  );
}

/**
 * A transaction of writes alone: its BEGIN, what `write` sends before its first await and its COMMIT
 * are one message. Whichever write fails, nothing is committed, and its error is thrown.
 */
export async function withWritingTransaction(
  pool: Pool,
  write: (tx: Tx) => readonly Promise<unknown>[],
): Promise<void> {
  await runTransaction(
    pool,
    () => Promise.resolve(),
    (tx) => sendAndCommit(tx, (together) => [together.query(BEGIN), ...write(together)]),
  );
}

async function sendAndCommit(
  tx: Tx,
  write: (tx: Tx) => readonly Promise<unknown>[],
): Promise<void> {
  const committed = sendTogether(tx, (together) => [...write(together), together.query(COMMIT)]);
  // It goes out when those who make the statements have come to rest.
  await untilNothingIsLeftToDo();
  crashPoint('transaction.commit-sent');
  await committed;
}

async function begin<Opening>(tx: Tx, open: (tx: Tx) => Promise<Opening>): Promise<Opening> {
  const [, opening] = await sendTogether(tx, (together) => [together.query(BEGIN), open(together)]);
  return opening;
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
      // Whether one is open is known only when the server is ready again, and this is never wrong.
      await tx.query('ROLLBACK');
    } catch (rollbackError) {
      broken = new Error('rollback failed', { cause: rollbackError });
    }
    throw error;
  } finally {
    tx.release(broken);
  }
}
