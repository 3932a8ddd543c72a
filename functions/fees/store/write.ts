// What an operator sets in the fees schema. Everything is a version with who and why; needs the
// role bourse_fees.
import type { Pool, Queryable } from '../../../shared/db/pool.ts';
import type { Operator } from '../../../shared/operator/operator.ts';

/** 0 ends a discount. */
export async function setDiscount(
  db: Queryable,
  discount: { readonly userId: string; readonly offPpm: number },
  effectiveFrom: Date | null,
  operator: Operator,
): Promise<number> {
  const result = await db.query<{ version: number }>(
    'SELECT fees.set_discount($1, $2, $3, $4, $5) AS version',
    [discount.userId, discount.offPpm, effectiveFrom, operator.actor, operator.reason],
  );
  return result.rows[0]?.version ?? 0;
}

/** False when there is one already: it is for ever. */
export async function setReferenceAsset(
  db: Queryable,
  asset: string,
  operator: Operator,
): Promise<boolean> {
  const result = await db.query(
    `INSERT INTO fees.reference_asset (asset, actor, reason) VALUES ($1, $2, $3)
     ON CONFLICT DO NOTHING`,
    [asset, operator.actor, operator.reason],
  );
  return result.rowCount === 1;
}

/** Names the market that prices an asset from now on; null: none any more. */
export async function setConversionMarket(
  db: Queryable,
  asset: string,
  market: string | null,
  operator: Operator,
): Promise<void> {
  await db.query(
    `INSERT INTO fees.conversion_markets (asset, version, market, actor, reason)
     SELECT $1, coalesce(max(c.version), 0) + 1, $2, $3, $4
     FROM fees.conversion_markets c WHERE c.asset = $1`,
    [asset, market, operator.actor, operator.reason],
  );
}

export interface ReferencePrice {
  readonly asset: string;
  /** Whole reference assets for one whole asset, a decimal. */
  readonly price: string;
  /** Null: now. */
  readonly pricedAt: Date | null;
  /** The trade it was taken from; null when an operator says it. */
  readonly trade: { readonly market: string; readonly sequence: number } | null;
}

/** A price of a trade that is known already is not written again. */
export async function addReferencePrice(
  db: Queryable,
  price: ReferencePrice,
  operator: Operator,
): Promise<void> {
  await db.query(
    `INSERT INTO fees.reference_prices (asset, price, priced_at, market, sequence, actor, reason)
     VALUES ($1, $2::numeric, coalesce($3::timestamptz, now()), $4, $5, $6, $7)
     ON CONFLICT ON CONSTRAINT reference_prices_trade_once DO NOTHING`,
    [
      price.asset,
      price.price,
      price.pricedAt,
      price.trade?.market ?? null,
      price.trade?.sequence ?? null,
      operator.actor,
      operator.reason,
    ],
  );
}

export async function assetExists(pool: Pool, asset: string): Promise<boolean> {
  const result = await pool.query('SELECT FROM reference.assets WHERE asset = $1', [asset]);
  return result.rowCount === 1;
}
