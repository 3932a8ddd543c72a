// The answer that gives a client its tokens (RFC 6749, section 5.1).
import type { Scope } from '../../../shared/domain/caller.ts';
import { grantId } from '../../../shared/domain/ids.ts';
import { mintAccessToken, type Issuing } from '../tokens/mint.ts';
import type { TokenAnswer } from './schema.ts';

export interface UsedGrant {
  readonly grantNumber: number;
  readonly userNumber: number;
  /** Of the access token: those of the grant, or fewer. */
  readonly scopes: readonly Scope[];
  readonly amr: readonly string[];
  readonly authenticatedAt: Date;
  readonly expiresAt: Date;
}

export async function grantTokens(
  issuing: Issuing,
  grant: UsedGrant,
  refreshToken: string | null,
  nowMs: number,
): Promise<TokenAnswer> {
  const { userNumber, scopes, amr } = grant;
  const minted = await mintAccessToken(
    issuing,
    {
      userNumber,
      credentialId: grantId(grant.grantNumber),
      scopes,
      authTimeMs: grant.authenticatedAt.getTime(),
      amr,
      endsAtMs: grant.expiresAt.getTime(),
    },
    nowMs,
  );
  return {
    access_token: minted.accessToken,
    token_type: 'Bearer',
    expires_in: minted.expiresInSeconds,
    scope: scopes.join(' '),
    ...(refreshToken === null ? {} : { refresh_token: refreshToken }),
  };
}
