// Seals what must not be read in the database: AES-256-GCM, with the place it is for as associated
// data, so that what was sealed for one row cannot be moved to another.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { TerminalError } from '../domain/failure.ts';
import type { KeyRing } from './key-ring.ts';

const ALGORITHM = 'aes-256-gcm';
/** NIST SP 800-38D: random 96-bit nonces, at most 2^32 under one key. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const VERSION = 's1';

/** Sealed text: `s1.<key id>.<nonce, ciphertext and tag in base64url>`. */
export type Sealed = `s1.${string}.${string}`;

/** It was not sealed by these keys for this place, or was changed since. */
export class SealBroken extends TerminalError {}

/**
 * `place` says what and whose it is, such as `totp/usr_0000000000000042`: opening needs the same.
 */
export function seal(ring: KeyRing, place: string, plain: string | Buffer): Sealed {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, keyOf(ring, ring.current), nonce);
  cipher.setAAD(associatedData(ring, place));
  const body = Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  return `${VERSION}.${ring.current}.${body.toString('base64url')}`;
}

/** Throws SealBroken. */
export function unseal(ring: KeyRing, place: string, sealed: string): Buffer {
  const [version, id, text, ...rest] = sealed.split('.');
  const known = version === VERSION && id !== undefined && text !== undefined && rest.length === 0;
  if (!known) throw new SealBroken('not a sealed text');
  const body = Buffer.from(text, 'base64url');
  if (body.length < NONCE_BYTES + TAG_BYTES) throw new SealBroken('a sealed text is too short');
  const tagAt = body.length - TAG_BYTES;
  const decipher = createDecipheriv(ALGORITHM, keyOf(ring, id), body.subarray(0, NONCE_BYTES), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(associatedData(ring, place));
  decipher.setAuthTag(body.subarray(tagAt));
  try {
    return Buffer.concat([decipher.update(body.subarray(NONCE_BYTES, tagAt)), decipher.final()]);
  } catch (error) {
    throw new SealBroken(`what was sealed for ${place} cannot be opened`, { cause: error });
  }
}

/** True when a sealed text should be sealed anew, because its key is no longer the current one. */
export function isSealedWithOldKey(ring: KeyRing, sealed: string): boolean {
  return sealed.split('.')[1] !== ring.current;
}

function keyOf(ring: KeyRing, id: string): Buffer {
  const key = ring.keys.get(id);
  if (key === undefined) throw new SealBroken(`the sealing key "${id}" is not in the ring`);
  return key;
}

function associatedData(ring: KeyRing, place: string): Buffer {
  return Buffer.from(`${ring.purpose}/${place}`);
}
