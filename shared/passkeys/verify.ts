// Whether what an authenticator has signed is for this site and challenge, by this key, with the
// user verified.
import { verifyAuthenticationResponse, verifyRegistrationResponse } from '@simplewebauthn/server';
import { decodeAttestationObject, decodeClientDataJSON } from '@simplewebauthn/server/helpers';
import type { Logger } from '../telemetry/logger.ts';
import { PASSKEY_ALGORITHMS, userHandleOf } from './options.ts';
import type { NewKey, Passkey } from './passkey.ts';
import type { Assertion, Attestation } from './schema.ts';
import type { Site } from './site.ts';

type AttestationInput = Parameters<typeof verifyRegistrationResponse>[0]['response'];
type AssertionInput = Parameters<typeof verifyAuthenticationResponse>[0]['response'];

const CHALLENGE = /^[A-Za-z0-9_-]{43}$/;

/**
 * The challenge that was signed, or null when the data has none of ours or was made in a frame of
 * another site. Says nothing of whether the signature is good.
 */
export function findChallenge(clientDataJSON: string): string | null {
  try {
    const { challenge, crossOrigin } = decodeClientDataJSON(clientDataJSON);
    return CHALLENGE.test(challenge) && crossOrigin !== true ? challenge : null;
  } catch {
    return null;
  }
}

/** A new key, or null. */
export async function verifyAttestation(
  site: Site,
  response: Attestation,
  challenge: string,
  log: Logger,
): Promise<NewKey | null> {
  try {
    if (!attestsNothing(response)) return null;
    const verified = await verifyRegistrationResponse({
      response: response as unknown as AttestationInput,
      expectedChallenge: challenge,
      expectedOrigin: [...site.origins],
      expectedRPID: site.rpId,
      requireUserVerification: true,
      supportedAlgorithmIDs: PASSKEY_ALGORITHMS,
    });
    if (!verified.verified) return null;
    const { id, publicKey, counter } = verified.registrationInfo.credential;
    const credentialId = Buffer.from(id, 'base64url');
    return { credentialId, publicKey: Buffer.from(publicKey), counter };
  } catch (error) {
    // The library throws for each thing that does not hold.
    log.debug({ err: error }, 'refused a new passkey');
    return null;
  }
}

/**
 * We ask for no statement on the make of the authenticator. One with certificates is not looked at:
 * to check it, the library would fetch what addresses in it name.
 */
function attestsNothing({ response }: Attestation): boolean {
  const bytes = new Uint8Array(Buffer.from(response.attestationObject, 'base64url'));
  const attestation = decodeAttestationObject(bytes);
  const format = attestation.get('fmt');
  if (format === 'none') return true;
  return format === 'packed' && attestation.get('attStmt').get('x5c') === undefined;
}

/** The counter that the authenticator tells, or null when the signature is not good. */
export async function verifyAssertion(
  site: Site,
  passkey: Passkey,
  response: Assertion,
  challenge: string,
  log: Logger,
): Promise<number | null> {
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: response as unknown as AssertionInput,
      expectedChallenge: challenge,
      expectedOrigin: [...site.origins],
      expectedRPID: site.rpId,
      requireUserVerification: true,
      credential: {
        id: passkey.credentialId.toString('base64url'),
        publicKey: new Uint8Array(passkey.publicKey),
        counter: passkey.counter,
      },
    });
    return verified ? authenticationInfo.newCounter : null;
  } catch (error) {
    log.debug({ err: error }, 'refused a passkey');
    return null;
  }
}

/** An authenticator that says whose the key is must say it right. */
export function isHandleOf({ response }: Assertion, id: string): boolean {
  const { userHandle } = response;
  return userHandle === undefined || userHandle === null || userHandle === userHandleOf(id);
}
