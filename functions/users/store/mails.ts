// The SQL of which mails a user was sent: nobody's mailbox is filled through us.
import type { Tx } from '../../../shared/db/pool.ts';
import type { MailTemplate } from '../../../shared/events/mail.ts';

/** Mails of a template that strangers can ask for, to one user in an hour. */
export const MAILS_PER_HOUR_MAX = 5;
const HOUR_MS = 3_600_000;

/** True when the user may be sent one more; the user must be locked. */
export async function hasAllowance(
  tx: Tx,
  userNumber: number,
  template: MailTemplate,
  nowMs: number,
): Promise<boolean> {
  const result = await tx.query<{ count: number }>(
    `SELECT count(*) AS count FROM users.mails
     WHERE user_number = $1 AND template = $2 AND requested_at > $3`,
    [userNumber, template, new Date(nowMs - HOUR_MS)],
  );
  return (result.rows[0]?.count ?? 0) < MAILS_PER_HOUR_MAX;
}

export async function noteMail(
  tx: Tx,
  mail: { readonly id: string; readonly userNumber: number; readonly template: MailTemplate },
  now: Date,
): Promise<void> {
  await tx.query(
    `INSERT INTO users.mails (mail_id, user_number, template, requested_at)
     VALUES ($1, $2, $3, $4)`,
    [mail.id, mail.userNumber, mail.template, now],
  );
}
