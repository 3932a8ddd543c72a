// A record of what a user did with their own account.
import type { UserId } from '../domain/ids.ts';
import type { AuditRecord, AuditStream } from './record.ts';

export interface OwnChange extends Pick<AuditRecord, 'action' | 'before' | 'after' | 'requestId'> {
  /** What it was done to; the user unless given. */
  readonly subject?: string;
}

/** The user is known by the session, grant or key that the request came with. */
export function byUser(
  stream: AuditStream,
  { userId }: { readonly userId: UserId },
  { subject = userId, ...change }: OwnChange,
): AuditRecord {
  return { ...change, stream, actor: { kind: 'user', id: userId }, subject, reason: null };
}
