// The SQL of transfers: who is whose, what was asked for before, and the row beside the entry.
import type { Queryable, Tx } from '../../../shared/db/pool.ts';
import { transferId, userId } from '../../../shared/domain/ids.ts';
import { postTransfer } from '../../../shared/ledger/transfer.ts';
import type { DecidedTransfer, FamilyMember, Transfer } from '../decide/transfer.ts';

const COLUMNS = `t.transfer_number AS "transferNumber", t.from_number AS "fromNumber",
  t.to_number AS "toNumber", t.asset, a.decimals::integer AS decimals,
  t.amount_minor::text AS "amountMinor", t.created_at AS "createdAt"`;

/** How a client has named a transfer, and what it then asked for. */
export interface Asked {
  readonly ownerNumber: number;
  readonly key: string;
  /** SHA-256 of the request. */
  readonly requestHash: Buffer;
}

/** What was done under this name before; null when nothing was. */
export async function findAsked(
  db: Queryable,
  { ownerNumber, key }: Asked,
): Promise<(Transfer & { readonly requestHash: Buffer }) | null> {
  const result = await db.query<Transfer & { requestHash: Buffer }>(
    `SELECT ${COLUMNS}, t.request_hash AS "requestHash"
     FROM users.transfers t JOIN reference.assets a ON a.asset = t.asset
     WHERE t.owner_number = $1 AND t.idempotency_key = $2`,
    [ownerNumber, key],
  );
  return result.rows[0] ?? null;
}

/**
 * Of these accounts, those that are the owner's or the owner: nobody closes or suspends one of them
 * until the transaction ends.
 */
export async function lockMembers(
  tx: Tx,
  ownerNumber: number,
  userNumbers: readonly number[],
): Promise<FamilyMember[]> {
  const result = await tx.query<FamilyMember>(
    `SELECT user_number AS "userNumber", parent_number AS "parentNumber", status
     FROM users.users
     WHERE user_number = ANY ($2::bigint[]) AND (user_number = $1 OR parent_number = $1)
     ORDER BY user_number FOR SHARE`,
    [ownerNumber, [ownerNumber, ...userNumbers]],
  );
  return result.rows;
}

/** True while one of them is frozen; whoever freezes one now waits for the transaction's end. */
export async function isAnyFrozen(tx: Tx, userNumbers: readonly number[]): Promise<boolean> {
  const result = await tx.query<{ frozen: boolean }>(
    'SELECT risk.read_for_transfer($1::bigint[]) AS frozen',
    [userNumbers],
  );
  return result.rows[0]?.frozen ?? true;
}

/** Null when there is no such asset. */
export async function findDecimals(db: Queryable, asset: string): Promise<number | null> {
  const result = await db.query<{ decimals: number }>(
    'SELECT decimals::integer AS decimals FROM reference.assets WHERE asset = $1',
    [asset],
  );
  return result.rows[0]?.decimals ?? null;
}

/**
 * Writes the transfer and posts its entry; null when another transaction has just used the name,
 * for which this waits. Throws on `balances_available_not_negative` when less is available.
 */
export async function saveTransfer(
  tx: Tx,
  asked: Asked,
  wanted: DecidedTransfer,
  now: Date,
): Promise<Transfer | null> {
  const { fromNumber, toNumber, asset, decimals, amountMinor } = wanted;
  const result = await tx.query<{ transferNumber: number }>(
    `INSERT INTO users.transfers (owner_number, idempotency_key, request_hash, from_number,
       to_number, asset, amount_minor, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7::numeric, $8)
     ON CONFLICT ON CONSTRAINT transfers_key_once DO NOTHING
     RETURNING transfer_number AS "transferNumber"`,
    [
      asked.ownerNumber,
      asked.key,
      asked.requestHash,
      fromNumber,
      toNumber,
      asset,
      amountMinor.toString(),
      now,
    ],
  );
  const row = result.rows[0];
  if (row === undefined) return null;
  const { transferNumber } = row;
  await postTransfer(tx, {
    key: `${userId(asked.ownerNumber)}/${asked.key}`,
    transferId: transferId(transferNumber),
    from: userId(fromNumber),
    to: userId(toNumber),
    asset,
    amountMinor,
  });
  return {
    transferNumber,
    fromNumber,
    toNumber,
    asset,
    decimals,
    amountMinor: amountMinor.toString(),
    createdAt: now,
  };
}

/** Read as the owner. Newest first: of a person all, of a sub-account those that it was part of. */
export async function listTransfers(
  tx: Tx,
  userNumber: number,
  page: { readonly below: number; readonly rowsMax: number },
): Promise<Transfer[]> {
  const result = await tx.query<Transfer>(
    `SELECT ${COLUMNS}
     FROM users.own_transfers t JOIN reference.assets a ON a.asset = t.asset
     WHERE t.user_number = $1 AND t.transfer_number < $2
     ORDER BY t.transfer_number DESC LIMIT $3`,
    [userNumber, page.below, page.rowsMax],
  );
  return result.rows;
}
