// Why a refresh token was not taken: over, too much asked, a race of the client's own, or theft.

/** A client that sends one token twice, from two threads or after a time-out, means no harm. */
export const REUSE_GRACE_MS = 10_000;

export interface RefusedToken {
  readonly clientNumber: number;
  readonly usedAt: Date | null;
  readonly expiresAt: Date;
  readonly grantLives: boolean;
}

export type Verdict = 'over' | 'scope' | 'raced' | 'stolen';

/**
 * Theft counts even for a token that would have expired: who keeps tokens for so long is no client.
 * Another client's token tells nothing, so that no client can end what another has.
 */
export function judgeRefusedToken(
  token: RefusedToken | null,
  clientNumber: number,
  nowMs: number,
): Verdict {
  if (token === null || token.clientNumber !== clientNumber || !token.grantLives) return 'over';
  if (token.usedAt !== null) {
    return nowMs - token.usedAt.getTime() <= REUSE_GRACE_MS ? 'raced' : 'stolen';
  }
  return token.expiresAt.getTime() <= nowMs ? 'over' : 'scope';
}
