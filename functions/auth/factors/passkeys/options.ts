// What a browser is told to ask an authenticator for.
import type { z } from 'zod';
import type { creationOptionsAnswer, requestOptionsAnswer } from '../schema.ts';
import { CHALLENGE_LIFE_MS } from './challenges.ts';
import type { Site } from './site.ts';
import type { StoredPasskey } from './store.ts';

/** COSE: Ed25519, P-256 and RSA, the best first. */
export const PASSKEY_ALGORITHMS = [-8, -7, -257];

export function creationOptions(
  site: Site,
  userId: string,
  challenge: string,
  known: readonly StoredPasskey[],
): z.output<typeof creationOptionsAnswer> {
  return {
    rp: { id: site.rpId, name: site.rpName },
    // The address cannot be opened here; a front end that knows it may set another name.
    user: { id: userHandleOf(userId), name: userId, displayName: userId },
    challenge,
    pubKeyCredParams: PASSKEY_ALGORITHMS.map((alg) => ({ type: 'public-key' as const, alg })),
    timeout: CHALLENGE_LIFE_MS,
    excludeCredentials: known.map(describe),
    authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
    attestation: 'none',
  };
}

export function requestOptions(
  site: Site,
  challenge: string,
  known: readonly StoredPasskey[],
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

function describe({ credentialId, transports }: StoredPasskey) {
  return {
    id: credentialId.toString('base64url'),
    type: 'public-key' as const,
    transports: [...transports],
  };
}
