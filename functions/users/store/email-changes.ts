// The SQL of changes of address.
import type { Tx } from '../../../shared/db/pool.ts';

export async function addEmailChange(
  tx: Tx,
  userNumber: number,
  emails: { readonly old: string; readonly new: string },
  now: Date,
): Promise<number> {
  const result = await tx.query<{ changeNumber: number }>(
    `INSERT INTO users.email_changes (user_number, old_email, new_email, requested_at)
     VALUES ($1, $2, $3, $4) RETURNING change_number AS "changeNumber"`,
    [userNumber, emails.old, emails.new, now],
  );
  const [row] = result.rows;
  if (row === undefined) throw new Error('a change of address was not written');
  return row.changeNumber;
}

export interface EmailChange {
  readonly oldEmail: string;
  readonly newEmail: string;
  readonly wasConfirmed: boolean;
}

/** Null when it was confirmed or cancelled before. */
export async function confirmEmailChange(
  tx: Tx,
  changeNumber: number,
  now: Date,
): Promise<EmailChange | null> {
  const result = await tx.query<EmailChange>(
    `UPDATE users.email_changes SET confirmed_at = $2
     WHERE change_number = $1 AND confirmed_at IS NULL AND cancelled_at IS NULL
     RETURNING old_email AS "oldEmail", new_email AS "newEmail", true AS "wasConfirmed"`,
    [changeNumber, now],
  );
  return result.rows[0] ?? null;
}

/**
 * Cancels a change and all that came after it: a thief may have moved the address on. Null when it
 * was cancelled before.
 */
export async function cancelEmailChanges(
  tx: Tx,
  userNumber: number,
  changeNumber: number,
  now: Date,
): Promise<EmailChange | null> {
  const result = await tx.query<EmailChange & { readonly changeNumber: number }>(
    `UPDATE users.email_changes SET cancelled_at = $3
     WHERE user_number = $1 AND change_number >= $2 AND cancelled_at IS NULL
     RETURNING change_number AS "changeNumber", old_email AS "oldEmail",
       new_email AS "newEmail", confirmed_at IS NOT NULL AS "wasConfirmed"`,
    [userNumber, changeNumber, now],
  );
  const first = result.rows.find((row) => row.changeNumber === changeNumber);
  if (first === undefined) return null;
  return { ...first, wasConfirmed: result.rows.some((row) => row.wasConfirmed) };
}

/** Those that wait for their confirmation wait no more. */
export async function cancelWaitingChanges(tx: Tx, userNumber: number, now: Date): Promise<void> {
  await tx.query(
    `UPDATE users.email_changes SET cancelled_at = $2
     WHERE user_number = $1 AND confirmed_at IS NULL AND cancelled_at IS NULL`,
    [userNumber, now],
  );
}
