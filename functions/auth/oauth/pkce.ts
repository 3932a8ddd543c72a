// Proof Key for Code Exchange (RFC 7636): whoever exchanges a code is who asked for it.
import { timingSafeEqual } from 'node:crypto';
import { hashSecret } from '../../../shared/secrets/token.ts';

const VERIFIER = /^[A-Za-z0-9._~-]{43,128}$/;

export function isVerifier(text: string): boolean {
  return VERIFIER.test(text);
}

/** Method S256; the challenge is a SHA-256 in base64url, as it was checked to be. */
export function fitsChallenge(verifier: string, challenge: string): boolean {
  const expected = Buffer.from(challenge, 'base64url');
  const given = hashSecret(verifier);
  return expected.length === given.length && timingSafeEqual(given, expected);
}
