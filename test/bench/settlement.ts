// Settlement on a real Postgres with synchronous_commit on: whole settlement transactions (dedupe
// by content hash, journal, holds, balances, volumes) of 100 trades, beside pgbench TPC-B on the
// same server. One trade is four transfers: quote, base, buyer's fee, seller's fee. With more
// postings it prints the curve: the ledger must not slow down as it grows.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHistogram, performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { settleRecords } from '../../functions/settlement/settle.ts';
import { migrate, readMigrations } from '../../shared/db/migrate.ts';
import { createPool, withTransaction, type Pool } from '../../shared/db/pool.ts';
import { orderId, tradeId, userId, type UserId } from '../../shared/domain/ids.ts';
import type { ExecutionEvent, Executions } from '../../shared/events/executions.ts';
import { deposit } from '../../shared/ledger/deposit.ts';
import { makeHolds, type NewHold } from '../../shared/ledger/make-holds.ts';
import { startEmbeddedPostgres } from '../../shared/testing/embedded-postgres.ts';

const HELP = `npm run bench -- settlement [options]

  --postings 240000   how many to write, in rounds of 240000; 10000000 takes a while`;

const BATCH_TRADES = 100;
/** Of one round: its holds are made before it, untimed. */
const BATCHES = 300;
const POSTINGS_PER_TRADE = 8;
const POSTINGS_PER_ROUND = BATCHES * BATCH_TRADES * POSTINGS_PER_TRADE;
const WARM_UP_BATCHES = 30;
/** As the settlement function does. */
const WRITERS = 2;
const USERS = 200;
const MARKETS = ['BTC-USD', 'ETH-USD', 'ETH-BTC', 'SOL-USD'] as const;
const TRANSFERS_PER_TRADE = 4;
const FUNDS_MINOR = 10n ** 24n;
const QUANTITY_LOTS = 1_000;
const LOT_MINOR = 1_000n;
const QUOTE_MINOR = 3_000_000_007n;

const PGBENCH_SCALE = 10;
const PGBENCH_CLIENTS = 8;
const PGBENCH_SECONDS = 10;

interface Settlement {
  readonly transfersPerSecond: number;
  readonly [figure: string]: unknown;
}

interface Peer {
  readonly name: string;
  readonly transactionsPerSecond: number | null;
  readonly note?: string;
}

export async function run(args: readonly string[]): Promise<unknown> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      postings: { type: 'string', default: String(POSTINGS_PER_ROUND) },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return { usage: HELP.split('\n') };
  const rounds = Math.ceil(Number(values.postings) / POSTINGS_PER_ROUND);
  const dir = mkdtempSync(join(tmpdir(), 'bourse-bench-'));
  chmodSync(dir, 0o755);
  const postgres = await startEmbeddedPostgres({ dir });
  try {
    const ours = await measureSettlement(postgres.url, rounds);
    const peer = await measurePgbench(postgres.url);
    const tps = peer.transactionsPerSecond;
    return { ours, peer, ratio: tps === null ? null : ours.transfersPerSecond / tps };
  } finally {
    await postgres.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

interface Round {
  /** Postings of trades when the round began. */
  readonly postingsBefore: number;
  readonly transfersPerSecond: number;
  readonly batchP50Ms: number;
  readonly batchP99Ms: number;
}

async function measureSettlement(url: string, rounds: number): Promise<Settlement> {
  const pool = createPool({
    url,
    applicationName: 'bench',
    connectionsMax: 1 + WRITERS,
    statementTimeoutMs: 600_000,
  });
  try {
    await migrate(pool, await readMigrations());
    await seed(pool);
    await settleRound(pool, 0, WARM_UP_BATCHES);
    const curve: Round[] = [];
    for (let round = 0; round < rounds; round++) {
      const firstBatch = WARM_UP_BATCHES + round * BATCHES;
      const figures = await settleRound(pool, firstBatch, BATCHES);
      const postingsBefore = firstBatch * BATCH_TRADES * POSTINGS_PER_TRADE;
      curve.push({ postingsBefore, ...figures });
      process.stderr.write(`${postingsBefore} postings: ${figures.transfersPerSecond}/s\n`);
    }
    const [first] = curve;
    if (first === undefined) throw new RangeError('no postings to write');
    return {
      ...(await describe(pool)),
      tradesPerBatch: BATCH_TRADES,
      writers: WRITERS,
      transfersPerTrade: TRANSFERS_PER_TRADE,
      transfersPerSecond: median(curve.map((each) => each.transfersPerSecond)),
      batchP50Ms: median(curve.map((each) => each.batchP50Ms)),
      batchP99Ms: median(curve.map((each) => each.batchP99Ms)),
      ...(curve.length > 1 ? { curve } : {}),
    };
  } finally {
    await pool.end();
  }
}

/** Makes the holds of some batches, and settles these as fast as it goes. */
async function settleRound(
  pool: Pool,
  firstBatch: number,
  batches: number,
): Promise<Omit<Round, 'postingsBefore'>> {
  const records = Array.from({ length: batches }, (_, at) => makeRecord(firstBatch + at));
  for (const record of records) await holdFor(pool, record);
  await pool.query('VACUUM ANALYZE ledger.accounts, ledger.holds');
  await pool.query('CHECKPOINT');
  const batchMs = createHistogram();
  const start = performance.now();
  const write = async (): Promise<void> => {
    for (let record = records.shift(); record !== undefined; record = records.shift()) {
      const batchStart = performance.now();
      await settleRecords(pool, [record]);
      batchMs.record(Math.max(1, Math.round((performance.now() - batchStart) * 1_000)));
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, write));
  const seconds = (performance.now() - start) / 1_000;
  return {
    transfersPerSecond: Math.round((batches * BATCH_TRADES * TRANSFERS_PER_TRADE) / seconds),
    batchP50Ms: batchMs.percentile(50) / 1_000,
    batchP99Ms: batchMs.percentile(99) / 1_000,
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** What was measured, from the database itself: nobody has to believe the arithmetic above. */
async function describe(pool: Pool): Promise<object> {
  const result = await pool.query<Record<string, unknown>>(
    `SELECT current_setting('server_version') AS "postgresVersion",
       current_setting('synchronous_commit') AS "synchronousCommit",
       current_setting('fsync') AS fsync,
       (SELECT count(*) FROM ledger.entries WHERE kind = 'trade') AS "tradeEntries",
       (SELECT count(*) FROM ledger.postings p JOIN ledger.entries e USING (entry)
        WHERE e.kind = 'trade') AS "tradePostings"`,
  );
  return result.rows[0] ?? {};
}

async function seed(pool: Pool): Promise<void> {
  await pool.query(
    `INSERT INTO reference.assets VALUES
       ('USD', 'US dollar', 10), ('BTC', 'Bitcoin', 8), ('ETH', 'Ether', 18), ('SOL', 'Solana', 9)`,
  );
  const deposits = Array.from({ length: USERS }, (_, at) => userId(at + 1)).flatMap((user) =>
    ['USD', 'BTC', 'ETH', 'SOL'].map((asset) => ({
      depositId: `${user}:${asset}`,
      userId: user,
      asset,
      amountMinor: FUNDS_MINOR,
    })),
  );
  await withTransaction(pool, (tx) => deposit(tx, deposits));
}

/** The record of one engine batch: trades between changing users, each ending both orders. */
function makeRecord(at: number): Executions {
  const market = MARKETS[at % MARKETS.length] ?? 'BTC-USD';
  const [base = '', quote = ''] = market.split('-');
  const perTrade = 3;
  const firstSequence = Math.floor(at / MARKETS.length) * BATCH_TRADES * perTrade + 1;
  const events: ExecutionEvent[] = [];
  for (let trade = 0; trade < BATCH_TRADES; trade++) {
    const number = at * BATCH_TRADES + trade;
    const taker = { orderId: orderId(2 * number + 1), userId: pickUser(number) };
    const maker = { orderId: orderId(2 * number + 2), userId: pickUser(7 * number + 3) };
    const sequence = firstSequence + trade * perTrade;
    const timeMs = 1_767_225_600_000 + number;
    const baseMinor = (BigInt(QUANTITY_LOTS) * LOT_MINOR).toString();
    const side = { feePpm: 1_000, remainingLots: 0 };
    events.push({
      kind: 'trade',
      sequence,
      timeMs,
      tradeId: tradeId(market, sequence),
      priceTicks: 3_000_000,
      quantityLots: QUANTITY_LOTS,
      baseMinor,
      quoteMinor: QUOTE_MINOR.toString(),
      takerSide: 'buy',
      taker: { ...taker, ...side, holdMinor: QUOTE_MINOR.toString() },
      maker: { ...maker, ...side, holdMinor: baseMinor },
    });
    [maker, taker].forEach((order, ended) => {
      events.push({
        kind: 'ended',
        sequence: sequence + 1 + ended,
        timeMs,
        ...order,
        status: 'filled',
        reason: null,
        cancelledLots: 0,
        releaseMinor: '0',
      });
    });
  }
  const lastSequence = firstSequence + events.length - 1;
  const head = { market, base, quote, feePolicy: 'received' as const, epoch: 1 };
  return { ...head, firstSequence, lastSequence, events, depth: [] };
}

function pickUser(number: number): UserId {
  return userId((number % USERS) + 1);
}

/** The holds of the orders that traded: they are made when an order is accepted, so not timed. */
async function holdFor(pool: Pool, record: Executions): Promise<void> {
  const holds: NewHold[] = [];
  for (const event of record.events) {
    if (event.kind !== 'trade') continue;
    const { taker, maker } = event;
    for (const [order, asset] of [
      [taker, record.quote],
      [maker, record.base],
    ] as const) {
      const amountMinor = BigInt(order.holdMinor);
      holds.push({ holdId: order.orderId, owner: order.userId, asset, amountMinor });
    }
  }
  await withTransaction(pool, (tx) => makeHolds(tx, holds));
}

async function measurePgbench(url: string): Promise<Peer> {
  const name = `pgbench TPC-B, ${PGBENCH_CLIENTS} clients, scale ${PGBENCH_SCALE}`;
  if (spawnSync('pgbench', ['--version']).error !== undefined) {
    return {
      name,
      transactionsPerSecond: null,
      note: 'pgbench is not on PATH: install it to compare',
    };
  }
  const pool = createPool({ url, applicationName: 'bench', connectionsMax: 1 });
  await pool.query('CREATE DATABASE pgbench');
  await pool.end();
  const target = new URL(url);
  target.pathname = '/pgbench';
  pgbench(['--initialize', '--quiet', `--scale=${PGBENCH_SCALE}`, target.toString()]);
  const output = pgbench([
    `--client=${PGBENCH_CLIENTS}`,
    '--jobs=2',
    `--time=${PGBENCH_SECONDS}`,
    target.toString(),
  ]);
  const tps = /tps = ([0-9.]+) \(without/.exec(output)?.[1];
  return { name, transactionsPerSecond: tps === undefined ? null : Number(tps) };
}

function pgbench(args: readonly string[]): string {
  const result = spawnSync('pgbench', args, { encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`pgbench failed: ${result.stderr}`);
  return result.stdout;
}
