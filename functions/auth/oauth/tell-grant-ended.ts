// Tells a user by mail that a client was shut out, since somebody came with what was used before.
import type { Tx } from '../../../shared/db/pool.ts';
import { draftMail, findRecipient, queueMail } from '../../../shared/mail/draft-mail.ts';
import type { KeyRing } from '../../../shared/secrets/key-ring.ts';
import { findUserOfGrant } from './store/grants.ts';

/** In the transaction that ends the grant: the mail goes out if that does, and once. */
export async function tellGrantEnded(
  tx: Tx,
  mailRing: KeyRing,
  grantNumber: number,
  client: string,
  nowMs: number,
): Promise<void> {
  const userNumber = await findUserOfGrant(tx, grantNumber);
  const recipient = userNumber === null ? null : await findRecipient(tx, userNumber);
  if (recipient === null) return;
  const time = `${new Date(nowMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  const values = { time, client };
  const mail = { template: 'grant_ended', values } as const;
  await queueMail(tx, draftMail(mailRing, recipient, mail, { source: '/auth', nowMs }));
}
