// What users did with their accounts, in the audit log: that it was done, never an address.
import { appendAudit } from '../../../shared/audit/append.ts';
import { byUser } from '../../../shared/audit/by-user.ts';
import type { Tx } from '../../../shared/db/pool.ts';
import { userId } from '../../../shared/domain/ids.ts';

export type OwnAction =
  | 'password.reset'
  | 'password.change'
  | 'email.change'
  | 'email.change_back'
  | 'account.close'
  | 'sub_account.make';

/** Last in the transaction: the log is locked from here to its end. */
export async function audit(
  tx: Tx,
  userNumber: number,
  action: OwnAction,
  requestId: string,
  subject = userId(userNumber),
): Promise<void> {
  const change = { action, subject, before: null, after: null, requestId };
  await appendAudit(tx, byUser('users', { userId: userId(userNumber) }, change));
}
