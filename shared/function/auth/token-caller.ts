// The caller that the verified claims of an access token name.
import { SCOPES, type Caller, type Scope } from '../../domain/caller.ts';
import { parseGrantId, parseSessionId, parseUserId, userId } from '../../domain/ids.ts';

/** Claims of a verified token; whoever issued it may still have left some out. */
export interface TokenClaims {
  readonly sub?: unknown;
  /** The session (`ses_`) or OAuth grant (`grt_`) that the token belongs to. */
  readonly sid?: unknown;
  /** RFC 8693: scopes with spaces between them. */
  readonly scope?: unknown;
}

/**
 * Null when a claim is missing or malformed: every token says whose it is and what it may do. A
 * token is a user's; whatever it claims, it makes nobody one of the staff.
 */
export function callerOf({ sub, sid, scope }: TokenClaims): Caller | null {
  const userNumber = parseUserId(sub);
  const kind = kindOf(sid);
  const scopes = parseScopes(scope);
  if (userNumber === null || kind === null || scopes === null) return null;
  const credentialId = String(sid);
  const limits = { markets: null, validUntilMs: null };
  return { userId: userId(userNumber), userNumber, kind, credentialId, scopes, ...limits };
}

function kindOf(sid: unknown): 'session' | 'client' | null {
  if (parseSessionId(sid) !== null) return 'session';
  return parseGrantId(sid) === null ? null : 'client';
}

/** A scope that this exchange does not know gives nothing, and takes nothing away. */
function parseScopes(text: unknown): readonly Scope[] | null {
  if (typeof text !== 'string') return null;
  const given = new Set(text.split(' '));
  return SCOPES.filter((scope) => given.has(scope));
}
