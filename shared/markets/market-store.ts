// Writes of the reference schema: assets, and markets with the command that tells the engine.
import { randomUUID } from 'node:crypto';
import type { Outbox } from '../bus/outbox.ts';
import { withTransaction, type Pool, type Tx } from '../db/pool.ts';
import { TerminalError } from '../domain/failure.ts';
import { marketScale, type MarketConfig, type MarketStatus } from '../domain/market.ts';
import { encodeEvent } from '../events/envelope.ts';

export interface Asset {
  readonly asset: string;
  readonly name: string;
  /** Digits after the point that the ledger keeps. */
  readonly decimals: number;
}

/** A market as an operator describes it: the version is counted by the database. */
export type MarketDescription = Omit<MarketConfig, 'version' | 'baseDecimals' | 'quoteDecimals'>;

export interface StoredMarket {
  readonly config: MarketConfig;
  readonly status: MarketStatus;
  /** Partition of the command log that the market's commands go to. */
  readonly shard: number;
  /** The shard that it is on its way to: closed to every command meanwhile. */
  readonly movingTo: number | null;
}

/** Adds assets that are missing. Refuses to change the decimals of one that exists. */
export async function saveAssets(pool: Pool, assets: readonly Asset[]): Promise<void> {
  await withTransaction(pool, async (tx) => {
    for (const asset of assets) {
      const result = await tx.query<{ decimals: number }>(
        `INSERT INTO reference.assets AS a (asset, name, decimals) VALUES ($1, $2, $3)
         ON CONFLICT (asset) DO UPDATE SET name = excluded.name RETURNING a.decimals`,
        [asset.asset, asset.name, asset.decimals],
      );
      if (result.rows[0]?.decimals !== asset.decimals) {
        throw new TerminalError(`the decimals of ${asset.asset} cannot change`);
      }
    }
  });
}

export async function listMarkets(db: Pool | Tx): Promise<StoredMarket[]> {
  return readMarkets(db, '');
}

export async function findMarket(db: Pool | Tx, market: string): Promise<StoredMarket | null> {
  const found = await readMarkets(db, 'WHERE m.market = $1', [market]);
  return found[0] ?? null;
}

/** What a market is to become. */
interface Wanted {
  readonly description: MarketDescription;
  readonly status: MarketStatus;
  readonly shard: number;
}

export interface Applied {
  readonly version: number;
  /** False when the market was so already: nothing is written then. */
  readonly changed: boolean;
}

/**
 * Creates or changes a market: the row and the command for the engine in one transaction, published
 * right after. Without a status or a shard a market keeps its own; a new one trades, on shard 0.
 * Throws RangeError for a market that must be refused (see `marketScale`), TerminalError for an
 * unknown asset, a market that is moving, or a change of what can never change so.
 */
export async function applyMarket(
  pool: Pool,
  outbox: Outbox,
  description: MarketDescription,
  status?: MarketStatus,
  shard?: number,
): Promise<Applied> {
  return change(pool, outbox, description.market, (before) => ({
    description,
    status: status ?? before?.status ?? 'trading',
    shard: shard ?? before?.shard ?? 0,
  }));
}

/** Changes only the status, whatever else is changed at the same time. */
export async function applyStatus(
  pool: Pool,
  outbox: Outbox,
  market: MarketConfig['market'],
  status: MarketStatus,
): Promise<Applied> {
  return change(pool, outbox, market, (before) => {
    if (before === null) throw new TerminalError(`no market ${market}`);
    return { description: before.config, status, shard: before.shard };
  });
}

async function change(
  pool: Pool,
  outbox: Outbox,
  market: MarketConfig['market'],
  decide: (before: StoredMarket | null) => Wanted,
): Promise<Applied> {
  const applied = await withTransaction(pool, async (tx) => {
    // Two operators at once: the second sees what the first has done.
    await tx.query('LOCK TABLE reference.markets IN SHARE ROW EXCLUSIVE MODE');
    const before = await findMarket(tx, market);
    const { description, status, shard } = decide(before);
    const config = {
      ...description,
      baseDecimals: await decimalsOf(tx, description.base),
      quoteDecimals: await decimalsOf(tx, description.quote),
      version: (before?.config.version ?? 0) + 1,
    };
    marketScale(config);
    const after = { config, status, shard, movingTo: null };
    if (before !== null) {
      refuseWhileMoving(before);
      refuseWhatCannotChange(before, after);
      if (isSame(before, after)) return { version: before.config.version, outboxIds: [] };
    }
    await saveMarket(tx, after);
    const outboxIds = await saveCommand(tx, outbox, config, status, shard);
    return { version: config.version, outboxIds };
  });
  await outbox.publishNow(applied.outboxIds);
  return { version: applied.version, changed: applied.outboxIds.length > 0 };
}

/** Its command would come to the old shard behind the hand-over, or to the new one before it. */
function refuseWhileMoving({ config: { market }, movingTo }: StoredMarket): void {
  if (movingTo === null) return;
  throw new TerminalError(`${market} is moving to shard ${movingTo}: finish the move first`);
}

/**
 * Orders are accepted in the market's steps and held by its fee policy: an order on its way, or
 * resting, would mean something else after such a change. A new market is the way; to another
 * shard, a move.
 */
function refuseWhatCannotChange(before: StoredMarket, after: StoredMarket): void {
  const fixed = ['base', 'quote', 'tickSize', 'lotSize', 'feePolicy'] as const;
  const changed: string[] = fixed.filter((key) => before.config[key] !== after.config[key]);
  if (before.shard !== after.shard) changed.push('shard');
  if (changed.length === 0) return;
  throw new TerminalError(`${changed.join(', ')} of ${before.config.market} cannot change`);
}

async function decimalsOf(tx: Tx, asset: string): Promise<number> {
  const result = await tx.query<{ decimals: number }>(
    'SELECT decimals FROM reference.assets WHERE asset = $1',
    [asset],
  );
  const row = result.rows[0];
  if (row === undefined) throw new TerminalError(`no asset ${asset}`);
  return row.decimals;
}

function isSame(before: StoredMarket, after: StoredMarket): boolean {
  if (before.status !== after.status || before.shard !== after.shard) return false;
  const keys = Object.keys(before.config) as (keyof MarketConfig)[];
  return keys.every((key) => key === 'version' || before.config[key] === after.config[key]);
}

async function saveMarket(tx: Tx, { config, status, shard }: StoredMarket): Promise<void> {
  await tx.query(
    `INSERT INTO reference.markets (market, base, quote, tick_size, lot_size, min_quantity,
       max_quantity, min_notional, min_price, max_price, protection_bps, fee_policy,
       self_trade_allowed, status, version, shard)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
     ON CONFLICT (market) DO UPDATE SET tick_size = excluded.tick_size,
       lot_size = excluded.lot_size, min_quantity = excluded.min_quantity,
       max_quantity = excluded.max_quantity, min_notional = excluded.min_notional,
       min_price = excluded.min_price, max_price = excluded.max_price,
       protection_bps = excluded.protection_bps, fee_policy = excluded.fee_policy,
       self_trade_allowed = excluded.self_trade_allowed, status = excluded.status,
       version = excluded.version, updated_at = now()`,
    [
      config.market,
      config.base,
      config.quote,
      config.tickSize,
      config.lotSize,
      config.minQuantity,
      config.maxQuantity,
      config.minNotional,
      config.minPrice,
      config.maxPrice,
      config.protectionBps,
      config.feePolicy,
      config.selfTradeAllowed,
      status,
      config.version,
      shard,
    ],
  );
}

async function saveCommand(
  tx: Tx,
  outbox: Outbox,
  config: MarketConfig,
  status: MarketStatus,
  shard: number,
): Promise<readonly number[]> {
  const result = await tx.query<{ number: number; timeMs: number }>(
    `SELECT orders.next_command_number() AS number,
       (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS "timeMs"`,
  );
  const head = result.rows[0];
  if (head === undefined) throw new Error('no command number');
  const event = encodeEvent(
    'commandsAccepted',
    config.market,
    { market: config.market, commands: [{ kind: 'configure_market', ...head, config, status }] },
    { id: randomUUID(), source: '/bourse/markets', timeMs: head.timeMs },
  );
  const { topic, key, headers, data } = event;
  return outbox.insert(tx, [{ topic, partition: shard, key, headers, value: data }]);
}

async function readMarkets(
  db: Pool | Tx,
  where: '' | 'WHERE m.market = $1',
  values: readonly string[] = [],
): Promise<StoredMarket[]> {
  const result = await db.query<MarketConfig & Omit<StoredMarket, 'config'>>(
    `SELECT m.market, m.base, m.quote, b.decimals AS "baseDecimals", q.decimals AS "quoteDecimals",
       trim_scale(m.tick_size)::text AS "tickSize", trim_scale(m.lot_size)::text AS "lotSize",
       trim_scale(m.min_quantity)::text AS "minQuantity",
       trim_scale(m.max_quantity)::text AS "maxQuantity",
       trim_scale(m.min_notional)::text AS "minNotional",
       trim_scale(m.min_price)::text AS "minPrice", trim_scale(m.max_price)::text AS "maxPrice",
       m.protection_bps AS "protectionBps", m.fee_policy AS "feePolicy",
       m.self_trade_allowed AS "selfTradeAllowed", m.version, m.status, m.shard,
       m.moving_to AS "movingTo"
     FROM reference.markets m
     JOIN reference.assets b ON b.asset = m.base
     JOIN reference.assets q ON q.asset = m.quote ${where} ORDER BY m.market`,
    [...values],
  );
  return result.rows.map(({ status, shard, movingTo, ...config }) => {
    return { config, status, shard, movingTo };
  });
}
