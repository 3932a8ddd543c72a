// Who is calling, as every function sees it, and what a credential may be allowed to do.
import type { MarketId, UserId } from './ids.ts';

/**
 * How a caller is known: `session` by an access token of their own sign-in, `client` by an access
 * token that an OAuth client was given, `key` by a request signed with an API key, `staff` by the
 * session token of the admin host.
 */
export const CALLER_KINDS = ['session', 'client', 'key', 'staff'] as const;
export type CallerKind = (typeof CALLER_KINDS)[number];

/**
 * What a credential lets its holder do: `read` look at the account, `trade` place and cancel,
 * `withdraw` move funds away. None holds another. Managing the account itself is no scope: it takes
 * a session.
 */
export const SCOPES = ['read', 'trade', 'withdraw'] as const;
export type Scope = (typeof SCOPES)[number];

export interface Caller {
  readonly userId: UserId;
  readonly userNumber: number;
  readonly kind: CallerKind;
  /** The session (`ses_`), OAuth grant (`grt_`) or API key (`key_`): what a revocation names. */
  readonly credentialId: string;
  readonly scopes: readonly Scope[];
  /** The only markets the credential may touch; null: all. */
  readonly markets: readonly MarketId[] | null;
  /**
   * Of a signed request: after this its orders are refused, however long they waited to be taken;
   * milliseconds since 1970. Null for tokens.
   */
  readonly validUntilMs: number | null;
  /** Of staff: when they have shown their passkey, milliseconds since 1970. */
  readonly signedInAtMs?: number;
}
