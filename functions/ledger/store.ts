// Reads the ledger's views of one owner, as the owner's role. This function owns no table and
// writes nothing.
import type { Queryable } from '../../shared/db/pool.ts';
import type { UserId } from '../../shared/domain/ids.ts';
import type { BalanceRow, PostingRow } from './decide.ts';

export async function listBalances(db: Queryable, user: UserId): Promise<BalanceRow[]> {
  const result = await db.query<BalanceRow>(
    `SELECT b.asset, a.decimals::integer AS decimals, b.total, b.held
     FROM ledger.own_balances b JOIN reference.assets a ON a.asset = b.asset
     WHERE b.owner = $1 ORDER BY b.asset`,
    [user],
  );
  return result.rows;
}

/** Where a page goes on: below this posting. */
export interface PostingPosition {
  readonly entry: number;
  readonly leg: number;
}

/**
 * Own postings, newest first. Each account is read backwards along its index and gives at most a
 * page, so that a statement of millions of postings costs no more than a short one.
 */
export async function listPostings(
  db: Queryable,
  user: UserId,
  page: { asset: string | null; below: PostingPosition | null; rowsMax: number },
): Promise<PostingRow[]> {
  const result = await db.query<PostingRow>(
    `SELECT p.entry, p.leg::integer AS leg, p.kind, own.asset, own.decimals::integer AS decimals,
       p.amount, p.balance_after AS "balanceAfter", p.reference_type AS "referenceType",
       p.reference_id AS "referenceId", p.created_at AS "createdAt"
     FROM (
       SELECT b.account, b.asset, a.decimals
       FROM ledger.own_balances b JOIN reference.assets a ON a.asset = b.asset
       WHERE b.owner = $1 AND ($2::text IS NULL OR b.asset = $2)
     ) own
     CROSS JOIN LATERAL (
       SELECT v.entry, v.leg, v.kind, v.amount, v.balance_after, v.reference_type,
         v.reference_id, v.created_at
       FROM ledger.own_postings v
       WHERE v.account = own.account AND (v.entry, v.leg) < ($3::bigint, $4::integer)
       ORDER BY v.entry DESC, v.leg DESC LIMIT $5
     ) p
     ORDER BY p.entry DESC, p.leg DESC LIMIT $5`,
    [
      user,
      page.asset,
      page.below?.entry ?? Number.MAX_SAFE_INTEGER,
      page.below?.leg ?? 0,
      page.rowsMax,
    ],
  );
  return result.rows;
}
