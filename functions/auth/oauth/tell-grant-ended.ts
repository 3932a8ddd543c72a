// Tells a user by mail that a client was shut out, since somebody came with what was used before.
import type { Tx } from '../../../shared/db/pool.ts';
import type { KeyRing } from '../../../shared/secrets/key-ring.ts';
import { tellUser } from '../tell-user.ts';
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
  if (userNumber !== null)
    await tellUser(tx, mailRing, userNumber, 'grant_ended', { client }, nowMs);
}
