// Secrets that callers carry: random, shown once, stored as their hash.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const SECRET_BYTES = 32;

/** What a secret is, in front of it: a scanner of leaked secrets knows it by that. */
export type SecretPrefix =
  'bst' | 'bpt' | 'brt' | 'bac' | 'bsu' | 'bml' | 'bcs' | 'bks' | 'bas' | 'ben';

/** 256 random bits, such as `bst_mIY0…`. */
export function drawSecret(prefix: SecretPrefix): string {
  return `${prefix}_${randomBytes(SECRET_BYTES).toString('base64url')}`;
}

/** True for the form of a secret with this prefix; says nothing of whether there is one. */
export function isSecret(text: string, prefix: SecretPrefix): boolean {
  return new RegExp(`^${prefix}_[A-Za-z0-9_-]{43}$`).test(text);
}

/** What is stored: a plain hash is enough for 256 random bits. */
export function hashSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

/** In a time that does not depend on where they differ. */
export function isEqualSecret(one: string, other: string): boolean {
  return timingSafeEqual(hashSecret(one), hashSecret(other));
}
