// Writes the request for a mail: the row of an outbox, with the address and the values sealed.
import { randomUUID } from 'node:crypto';
import type { OutboxRow } from '../bus/outbox-store.ts';
import { partitionOfKey } from '../bus/key-partition.ts';
import type { Queryable } from '../db/pool.ts';
import { userId } from '../domain/ids.ts';
import { EVENTS, TOPICS } from '../events/catalog.ts';
import { encodeEvent } from '../events/envelope.ts';
import { mailPlace, type MailTemplate, type MailValues, type SealedMail } from '../events/mail.ts';
import type { KeyRing } from '../secrets/key-ring.ts';
import { seal } from '../secrets/seal.ts';

/** Where a mail goes, and in which words. */
export interface Recipient {
  /** Null: nobody that we know. */
  readonly userNumber: number | null;
  readonly email: string;
  readonly language: string;
  readonly antiPhishingCode: string | null;
}

/** A user whose address only the sender of mails can open. */
export interface SealedRecipient extends Omit<Recipient, 'userNumber' | 'email'> {
  readonly userNumber: number;
  readonly emailSealed: string;
}

export interface Mail<Template extends MailTemplate> {
  readonly template: Template;
  readonly values: MailValues<Template>;
}

export interface DraftedMail {
  readonly id: string;
  readonly row: OutboxRow;
}

/** `ring` is the ring `mail`; `source` names the producer, such as `/users`. */
export function draftMail<Template extends MailTemplate>(
  ring: KeyRing,
  recipient: Recipient | SealedRecipient,
  { template, values }: Mail<Template>,
  head: { readonly source: string; readonly nowMs: number },
): DraftedMail {
  const id = randomUUID();
  const { userNumber, language, antiPhishingCode } = recipient;
  const to = 'email' in recipient ? recipient.email : null;
  const content: SealedMail = { to, antiPhishingCode, values };
  const sealed = seal(ring, mailPlace(id), JSON.stringify(content));
  const user = userNumber === null ? null : userId(userNumber);
  const { topic, key, headers, data } = encodeEvent(
    'mailRequested',
    user,
    {
      id,
      userId: user,
      template,
      language,
      sealed,
      ...('email' in recipient ? {} : { recipientSealed: recipient.emailSealed }),
    },
    { id, source: head.source, timeMs: head.nowMs },
  );
  const { partitions } = TOPICS[EVENTS.mailRequested.topic];
  const partition = key === null ? 0 : partitionOfKey(key, partitions);
  return { id, row: { topic, partition, key, headers, value: data } };
}

/**
 * Null when there is nobody to write to; for a sub-account, whose it is. For who may call
 * `users.find_mail_recipient`.
 */
export async function findRecipient(
  db: Queryable,
  userNumber: number,
): Promise<SealedRecipient | null> {
  const result = await db.query<SealedRecipient>(
    `SELECT user_number AS "userNumber", email_sealed AS "emailSealed", language,
       anti_phishing_code AS "antiPhishingCode"
     FROM users.find_mail_recipient($1) WHERE user_number IS NOT NULL`,
    [userNumber],
  );
  return result.rows[0] ?? null;
}

/**
 * Puts a mail into the outbox of users in the caller's own transaction; users publishes it within
 * seconds. For who may call `users.queue_mail`.
 */
export async function queueMail(db: Queryable, { row }: DraftedMail): Promise<void> {
  await db.query('SELECT users.queue_mail($1::integer, $2::text, $3::jsonb, $4::text)', [
    row.partition,
    row.key,
    JSON.stringify(row.headers),
    row.value,
  ]);
}
