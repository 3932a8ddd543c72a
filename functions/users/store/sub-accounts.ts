// The SQL of sub-accounts: made with all that comes from their owner, and listed.
import type { Tx } from '../../../shared/db/pool.ts';
import { userId } from '../../../shared/domain/ids.ts';
import type { FamilyMember, SubAccount } from '../decide/transfer.ts';

/** While a trade group waits for its lock, one user in 64 waits behind it: so not for long. */
const LOCK_TIMEOUT_MS = 1_000;

/** Nobody else adds a sub-account to the user, or closes them, until the transaction ends. */
export async function lockOwner(
  tx: Tx,
  userNumber: number,
): Promise<(FamilyMember & { readonly subAccounts: number }) | null> {
  const owner = await tx.query<FamilyMember>(
    `SELECT user_number AS "userNumber", parent_number AS "parentNumber", status
     FROM users.users WHERE user_number = $1 FOR NO KEY UPDATE`,
    [userNumber],
  );
  // Counted by a statement of its own: one that waited for the lock would count what was before.
  const counted = await tx.query<{ subAccounts: number }>(
    `SELECT count(*)::integer AS "subAccounts" FROM users.users WHERE parent_number = $1`,
    [userNumber],
  );
  const row = owner.rows[0];
  return row === undefined ? null : { ...row, subAccounts: counted.rows[0]?.subAccounts ?? 0 };
}

/** Throws on `users_by_label` where another sub-account has the label. The owner is locked. */
export async function addSubAccount(
  tx: Tx,
  ownerNumber: number,
  label: string,
  now: Date,
): Promise<number> {
  await tx.query(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`);
  const result = await tx.query<{ userNumber: number }>(
    `INSERT INTO users.users (parent_number, label, status, language, created_at)
     SELECT o.user_number, $2, 'active', o.language, $3 FROM users.users o
     WHERE o.user_number = $1 RETURNING user_number AS "userNumber"`,
    [ownerNumber, label, now],
  );
  const made = result.rows[0];
  if (made === undefined) throw new Error('a sub-account was not added');
  const { userNumber } = made;
  await tx.query('SELECT risk.add_sub_account($1, $2)', [userNumber, ownerNumber]);
  await tx.query('SELECT fees.add_sub_account($1, $2)', [userId(userNumber), userId(ownerNumber)]);
  return userNumber;
}

/** Read as the owner. */
export async function listSubAccounts(tx: Tx, ownerNumber: number): Promise<SubAccount[]> {
  const result = await tx.query<SubAccount>(
    `SELECT u.user_number AS "userNumber", u.label, u.created_at AS "createdAt", coalesce((
       SELECT json_agg(json_build_object('asset', b.asset, 'decimals', a.decimals,
         'total', b.total::text, 'held', b.held::text) ORDER BY b.asset)
       FROM users.own_balances b JOIN reference.assets a ON a.asset = b.asset
       WHERE b.user_number = u.user_number), '[]') AS balances
     FROM users.own_sub_accounts u WHERE u.owner_number = $1 AND u.status <> 'closed'
     ORDER BY u.user_number`,
    [ownerNumber],
  );
  return result.rows;
}
