// Writes of the reference schema: assets, and markets with the command that tells the engine.
import { z } from 'zod';
import type { Outbox } from '../bus/outbox.ts';
import { withTransaction, type Pool, type Tx } from '../db/pool.ts';
import { TerminalError } from '../domain/failure.ts';
import { marketScale, type MarketConfig, type MarketStatus } from '../domain/market.ts';
import { marketConfigSchema } from '../events/fields.ts';
import {
  drawCommandHead,
  recordChange,
  saveChange,
  saveCommand,
  saveMarket,
  type ChangeFacts,
} from './change-store.ts';
import { decideChange, marketNow } from './decide-change.ts';
import type {
  Applied,
  ChangeNote,
  MarketDescription,
  MarketNow,
  StoredMarket,
  Wanted,
} from './stored-market.ts';

export type { MarketDescription, StoredMarket } from './stored-market.ts';

export interface Asset {
  readonly asset: string;
  readonly name: string;
  /** Digits after the point that the ledger keeps. */
  readonly decimals: number;
}

/** Of what no person changes. */
const NO_PERSON: ChangeNote = { actor: 'system', reason: null };

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

/**
 * Creates or changes a market: the row and the command for the engine in one transaction, published
 * right after. Without a status or a shard a market keeps its own; a new one trades, on shard 0.
 * Throws RangeError for a market that must be refused (see `marketScale`), TerminalError for an
 * unknown asset, a market that is moving or interrupted, a status that may not follow the present
 * one, or a change of what can never change so.
 */
export async function applyMarket(
  pool: Pool,
  outbox: Outbox,
  description: MarketDescription,
  status?: MarketStatus,
  shard?: number,
  note?: ChangeNote,
): Promise<Applied> {
  const decide = (before: MarketNow | null): Wanted => ({
    description: withoutEmptyBand(description),
    status: status ?? null,
    schedule: before?.schedule ?? [],
    shard: shard ?? before?.shard ?? 0,
  });
  return changeMarket(pool, outbox, description.market, decide, note);
}

/** Changes only the status, whatever else is changed at the same time. */
export async function applyStatus(
  pool: Pool,
  outbox: Outbox,
  market: MarketConfig['market'],
  status: MarketStatus,
  note?: ChangeNote,
): Promise<Applied> {
  return changeKnown(pool, outbox, market, () => ({ status }), note);
}

/** Changes some of a market that exists; what `decide` does not name stays as it is. */
export async function changeKnown(
  pool: Pool,
  outbox: Outbox,
  market: MarketConfig['market'],
  decide: DecidePart,
  note?: ChangeNote,
): Promise<Applied> {
  return changeMarket(pool, outbox, market, completed(market, decide), note);
}

/**
 * As `changeKnown`, in the caller's transaction, with no record in the audit log: the caller makes
 * one, and gives the outbox the ids when it has committed.
 */
export async function changeKnownIn(
  tx: Tx,
  outbox: Outbox,
  market: MarketConfig['market'],
  decide: DecidePart,
  note: ChangeNote,
): Promise<MarketChange> {
  return changeMarketIn(tx, outbox, market, completed(market, decide), note);
}

export type DecidePart = (before: MarketNow) => Partial<Wanted>;

export interface MarketChange {
  readonly version: number;
  /** Null when the market was so already: nothing is written then. */
  readonly written: (ChangeFacts & { readonly outboxIds: readonly number[] }) | null;
}

function completed(market: MarketConfig['market'], decide: DecidePart) {
  return (before: MarketNow | null): Wanted => {
    if (before === null) throw new TerminalError(`no market ${market}`);
    const { config, schedule, shard } = before;
    return { description: config, status: null, schedule, shard, ...decide(before) };
  };
}

/** A band that limits nothing is none. */
function withoutEmptyBand(description: MarketDescription): MarketDescription {
  const { priceBand, ...rest } = description;
  const isEmpty = Object.keys(priceBand ?? {}).length === 0;
  return isEmpty ? rest : description;
}

async function changeMarket(
  pool: Pool,
  outbox: Outbox,
  market: MarketConfig['market'],
  decide: (before: MarketNow | null) => Wanted,
  note: ChangeNote = NO_PERSON,
): Promise<Applied> {
  const { version, written } = await withTransaction(pool, async (tx) => {
    const change = await changeMarketIn(tx, outbox, market, decide, note);
    if (change.written !== null) await recordChange(tx, market, change.written, note);
    return change;
  });
  await outbox.publishNow(written?.outboxIds ?? []);
  return { version, changed: written !== null };
}

async function changeMarketIn(
  tx: Tx,
  outbox: Outbox,
  market: MarketConfig['market'],
  decide: (before: MarketNow | null) => Wanted,
  note: ChangeNote,
): Promise<MarketChange> {
  // Two operators at once: the second sees what the first has done.
  await tx.query('LOCK TABLE reference.markets IN SHARE ROW EXCLUSIVE MODE');
  const before = await findMarket(tx, market);
  const head = await drawCommandHead(tx);
  const wanted = decide(before === null ? null : marketNow(before, head.timeMs));
  const { description } = wanted;
  const config = {
    ...description,
    baseDecimals: await decimalsOf(tx, description.base),
    quoteDecimals: await decimalsOf(tx, description.quote),
    version: (before?.config.version ?? 0) + 1,
  };
  refuseMisfit(config);
  const next = decideChange(before, wanted, config, head.timeMs);
  if (next === null) return { version: config.version - 1, written: null };
  await saveMarket(tx, next);
  const facts = await saveChange(tx, before, next, note);
  const outboxIds = await saveCommand(tx, outbox, next, head);
  return { version: config.version, written: { ...facts, outboxIds } };
}

/** What the command's schema refuses would stop in the outbox. */
function refuseMisfit(config: MarketConfig): void {
  const parsed = marketConfigSchema.safeParse(config);
  if (!parsed.success) {
    throw new TerminalError(`${config.market}: ${z.prettifyError(parsed.error)}`);
  }
  marketScale(config);
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

async function readMarkets(
  db: Pool | Tx,
  where: '' | 'WHERE m.market = $1',
  values: readonly string[] = [],
): Promise<StoredMarket[]> {
  const result = await db.query<StoredMarket>(
    `SELECT m.config, m.status, coalesce(m.schedule, '[]') AS schedule, m.shard,
       m.moving_to AS "movingTo", p.told
     FROM reference.market_configs m
     LEFT JOIN market_data.current_phases p ON p.market = m.market ${where} ORDER BY m.market`,
    [...values],
  );
  return result.rows;
}
