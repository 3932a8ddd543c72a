// The SQL of changes of address. Both addresses are sealed for the user.
import type { Tx } from '../../../shared/db/pool.ts';
import { openEmail, sealEmail } from '../../../shared/secrets/email.ts';
import type { KeyRing } from '../../../shared/secrets/key-ring.ts';

export async function addEmailChange(
  tx: Tx,
  ring: KeyRing,
  userNumber: number,
  emails: { readonly old: string; readonly new: string },
  now: Date,
): Promise<number> {
  const result = await tx.query<{ changeNumber: number }>(
    `INSERT INTO users.email_changes (user_number, old_email_sealed, new_email_sealed, requested_at)
     VALUES ($1, $2, $3, $4) RETURNING change_number AS "changeNumber"`,
    [
      userNumber,
      sealEmail(ring, userNumber, emails.old),
      sealEmail(ring, userNumber, emails.new),
      now,
    ],
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

interface ChangeRow {
  readonly userNumber: number;
  readonly oldSealed: string;
  readonly newSealed: string;
  readonly wasConfirmed: boolean;
}

const ADDRESSES = `user_number AS "userNumber", old_email_sealed AS "oldSealed",
  new_email_sealed AS "newSealed"`;

function openChange(ring: KeyRing, row: ChangeRow): EmailChange {
  const { userNumber, oldSealed, newSealed, wasConfirmed } = row;
  const oldEmail = openEmail(ring, userNumber, oldSealed);
  return { oldEmail, newEmail: openEmail(ring, userNumber, newSealed), wasConfirmed };
}

/** Null when it was confirmed or cancelled before. */
export async function confirmEmailChange(
  tx: Tx,
  ring: KeyRing,
  changeNumber: number,
  now: Date,
): Promise<EmailChange | null> {
  const result = await tx.query<ChangeRow>(
    `UPDATE users.email_changes SET confirmed_at = $2
     WHERE change_number = $1 AND confirmed_at IS NULL AND cancelled_at IS NULL
     RETURNING ${ADDRESSES}, true AS "wasConfirmed"`,
    [changeNumber, now],
  );
  const [row] = result.rows;
  return row === undefined ? null : openChange(ring, row);
}

/**
 * Cancels a change and all that came after it: a thief may have moved the address on. Null when it
 * was cancelled before.
 */
export async function cancelEmailChanges(
  tx: Tx,
  ring: KeyRing,
  userNumber: number,
  changeNumber: number,
  now: Date,
): Promise<EmailChange | null> {
  const result = await tx.query<ChangeRow & { readonly changeNumber: number }>(
    `UPDATE users.email_changes SET cancelled_at = $3
     WHERE user_number = $1 AND change_number >= $2 AND cancelled_at IS NULL
     RETURNING change_number AS "changeNumber", ${ADDRESSES},
       confirmed_at IS NOT NULL AS "wasConfirmed"`,
    [userNumber, changeNumber, now],
  );
  const first = result.rows.find((row) => row.changeNumber === changeNumber);
  if (first === undefined) return null;
  const wasConfirmed = result.rows.some((row) => row.wasConfirmed);
  return openChange(ring, { ...first, wasConfirmed });
}

/** Those that wait for their confirmation wait no more. */
export async function cancelWaitingChanges(tx: Tx, userNumber: number, now: Date): Promise<void> {
  await tx.query(
    `UPDATE users.email_changes SET cancelled_at = $2
     WHERE user_number = $1 AND confirmed_at IS NULL AND cancelled_at IS NULL`,
    [userNumber, now],
  );
}
