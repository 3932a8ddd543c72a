// What a browser is told to ask an authenticator for.
import type { z } from 'zod';
import { CHALLENGE_LIFE_MS, type Passkey } from './passkey.ts';
import type { creationOptionsAnswer, requestOptionsAnswer } from './schema.ts';
import type { Site } from './site.ts';

/** COSE: Ed25519, P-256 and RSA, the best first. */
export const PASSKEY_ALGORITHMS = [-8, -7, -257];

/** `residentKey` is required where nobody says who they are before they sign: the authenticator tells. */
export function creationOptions(
  site: Site,
  user: { readonly id: string; readonly name: string },
  challenge: string,
  known: readonly Passkey[],
  residentKey: 'preferred' | 'required' = 'preferred',
): z.output<typeof creationOptionsAnswer> {
  return {
    rp: { id: site.rpId, name: site.rpName },
    user: { id: userHandleOf(user.id), name: user.name, displayName: user.name },
    challenge,
    pubKeyCredParams: PASSKEY_ALGORITHMS.map((alg) => ({ type: 'public-key' as const, alg })),
    timeout: CHALLENGE_LIFE_MS,
    excludeCredentials: known.map(describe),
    authenticatorSelection: { residentKey, userVerification: 'required' },
    attestation: 'none',
  };
}

export function requestOptions(
  site: Site,
  challenge: string,
  known: readonly Passkey[],
): z.output<typeof requestOptionsAnswer> {
  return {
    challenge,
    timeout: CHALLENGE_LIFE_MS,
    rpId: site.rpId,
    allowCredentials: known.map(describe),
    userVerification: 'required',
  };
}

/** What the authenticator keeps of the user, and may send back. */
export function userHandleOf(userId: string): string {
  return Buffer.from(userId).toString('base64url');
}

function describe({ credentialId, transports }: Passkey) {
  return {
    id: credentialId.toString('base64url'),
    type: 'public-key' as const,
    transports: [...transports],
  };
}
