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
  { userNumber, email, language, antiPhishingCode }: Recipient,
  { template, values }: Mail<Template>,
  head: { readonly source: string; readonly nowMs: number },
): DraftedMail {
  const id = randomUUID();
  const content: SealedMail = { to: email, antiPhishingCode, values };
  const sealed = seal(ring, mailPlace(id), JSON.stringify(content));
  const user = userNumber === null ? null : userId(userNumber);
  const { topic, key, headers, data } = encodeEvent(
    'mailRequested',
    user,
    { id, userId: user, template, language, sealed },
    { id, source: head.source, timeMs: head.nowMs },
  );
  const { partitions } = TOPICS[EVENTS.mailRequested.topic];
  const partition = key === null ? 0 : partitionOfKey(key, partitions);
  return { id, row: { topic, partition, key, headers, value: data } };
}

/** Null when there is nobody to write to. For who may call `users.find_mail_recipient`. */
export async function findRecipient(db: Queryable, userNumber: number): Promise<Recipient | null> {
  const result = await db.query<{ email: string | null } & Omit<Recipient, 'userNumber' | 'email'>>(
    `SELECT email, language, anti_phishing_code AS "antiPhishingCode"
     FROM users.find_mail_recipient($1)`,
    [userNumber],
  );
  const row = result.rows[0];
  if (row === undefined || row.email === null) return null;
  return { ...row, email: row.email, userNumber };
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
