// Seals what must not be read in the database, in an envelope: AES-256-GCM under a key drawn for
// this one text, which is itself sealed under a key of the ring. What it is for is associated data
// of both, so that what was sealed for one row cannot be moved to another.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { TerminalError } from '../domain/failure.ts';
import type { KeyRing } from './key-ring.ts';

const ALGORITHM = 'aes-256-gcm';
const KEY_BYTES = 32;
/** NIST SP 800-38D: random 96-bit nonces, at most 2^32 under one key. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const BOX_BYTES_MIN = NONCE_BYTES + TAG_BYTES;
const SEALED_KEY_BYTES = BOX_BYTES_MIN + KEY_BYTES;
const VERSION = 's1';

/**
 * Sealed text: `s1.<key id>.<base64url>`, of the sealed key and what is sealed with it; each is
 * nonce, ciphertext and tag.
 */
export type Sealed = `s1.${string}.${string}`;

/** It was not sealed by these keys for this place, or was changed since. */
export class SealBroken extends TerminalError {}

/**
 * `place` says what and whose it is, such as `totp/usr_0000000000000042`: opening needs the same.
 */
export function seal(ring: KeyRing, place: string, plain: string | Buffer): Sealed {
  const about = associatedData(ring, place);
  const key = randomBytes(KEY_BYTES);
  const sealedKey = lock(keyOf(ring, ring.current), keyData(about), key);
  const body = Buffer.concat([sealedKey, lock(key, about, plain)]);
  return `${VERSION}.${ring.current}.${body.toString('base64url')}`;
}

/** Throws SealBroken. */
export function unseal(ring: KeyRing, place: string, sealed: string): Buffer {
  const [version, id, text, ...rest] = sealed.split('.');
  const known = version === VERSION && id !== undefined && text !== undefined && rest.length === 0;
  if (!known) throw new SealBroken('not a sealed text');
  const body = Buffer.from(text, 'base64url');
  if (body.length < SEALED_KEY_BYTES + BOX_BYTES_MIN) {
    throw new SealBroken('a sealed text is too short');
  }
  const about = associatedData(ring, place);
  const ringKey = keyOf(ring, id);
  try {
    const key = unlock(ringKey, keyData(about), body.subarray(0, SEALED_KEY_BYTES));
    return unlock(key, about, body.subarray(SEALED_KEY_BYTES));
  } catch (error) {
    throw new SealBroken(`what was sealed for ${place} cannot be opened`, { cause: error });
  }
}

function lock(key: Buffer, about: Buffer, plain: string | Buffer): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, nonce);
  cipher.setAAD(about);
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** Throws for another key, other associated data, or anything changed. */
function unlock(key: Buffer, about: Buffer, box: Buffer): Buffer {
  const nonce = box.subarray(0, NONCE_BYTES);
  const tagAt = box.length - TAG_BYTES;
  const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(about);
  decipher.setAuthTag(box.subarray(tagAt));
  return Buffer.concat([decipher.update(box.subarray(NONCE_BYTES, tagAt)), decipher.final()]);
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

/** Of the sealed key: it is not taken for what is sealed with it. */
function keyData(about: Buffer): Buffer {
  return Buffer.concat([about, Buffer.from('/key')]);
}
