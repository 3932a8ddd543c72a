// Mails of auth to a user, in the transaction of what they tell of: one goes out if that happens.
import type { Tx } from '../../shared/db/pool.ts';
import type { MailTemplate, MailValues } from '../../shared/events/mail.ts';
import { draftMail, findRecipient, queueMail } from '../../shared/mail/draft-mail.ts';
import { timeText } from '../../shared/mail/time-text.ts';
import type { KeyRing } from '../../shared/secrets/key-ring.ts';

/** Templates of which auth knows the values; the time is filled in here. */
type Told = Extract<MailTemplate, 'new_device' | 'factors_changed' | 'grant_ended'>;

/** Nothing is sent to who has no address, such as a sub-account. */
export async function tellUser<Template extends Told>(
  tx: Tx,
  mailRing: KeyRing,
  userNumber: number,
  template: Template,
  values: Omit<MailValues<Template>, 'time'>,
  nowMs: number,
): Promise<void> {
  const recipient = await findRecipient(tx, userNumber);
  if (recipient === null) return;
  const told = { ...values, time: timeText(nowMs) } as MailValues<Template>;
  const mail = { template, values: told };
  await queueMail(tx, draftMail(mailRing, recipient, mail, { source: '/auth', nowMs }));
}
