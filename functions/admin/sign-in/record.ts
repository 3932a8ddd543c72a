// What the audit log says of the sign-ins of staff.
import { appendAudit } from '../../../shared/audit/append.ts';
import type { JsonValue } from '../../../shared/audit/record.ts';
import type { Tx } from '../../../shared/db/pool.ts';
import { staffId } from '../../../shared/domain/ids.ts';
import type { HandlerRequest } from '../../../shared/function/definition.ts';

type Asked = Pick<HandlerRequest<unknown, unknown, unknown>, 'clientAddress' | 'requestId'>;

/** Of what a person has done, last in its transaction. */
export async function recordOf(
  tx: Tx,
  { clientAddress, requestId }: Asked,
  staffNumber: number,
  action: `staff.${string}`,
  after: { readonly [name: string]: JsonValue },
): Promise<void> {
  const id = staffId(staffNumber);
  await appendAudit(tx, {
    stream: 'admin',
    actor: { kind: 'staff', id },
    action,
    subject: id,
    before: null,
    after: { ...after, address: clientAddress },
    reason: null,
    requestId,
  });
}

/** Whoever that was: the person whose passkey it is has not proven to be there. */
export async function recordRefused(
  tx: Tx,
  { clientAddress, requestId }: Asked,
  staffNumber: number,
  passkey: { readonly credentialId: Buffer; readonly name: string },
  why: string,
): Promise<void> {
  await appendAudit(tx, {
    stream: 'admin',
    actor: { kind: 'system', id: 'admin' },
    action: 'staff.sign_in_refused',
    subject: staffId(staffNumber),
    before: null,
    after: { why, ...passkeyFacts(passkey), address: clientAddress },
    reason: null,
    requestId,
  });
}

export function passkeyFacts(passkey: { readonly credentialId: Buffer; readonly name: string }): {
  readonly passkey: string;
  readonly name: string;
} {
  return { passkey: passkey.credentialId.toString('base64url'), name: passkey.name };
}
