// Reads the public key that a caller gives: SubjectPublicKeyInfo as PEM, or the 32 bytes in base64.
import { ED25519_SPKI_PREFIX, ed25519Key } from '../../../shared/function/auth/known-key.ts';
import { isSoundPoint } from './ed25519-point.ts';

const KEY_BYTES = 32;
const PEM =
  /^-----BEGIN PUBLIC KEY-----\r?\n([A-Za-z0-9+/=\r\n]+)\r?\n-----END PUBLIC KEY-----\s*$/;

/** Null for anything but an Ed25519 public key in one of the two forms, and for a weak one. */
export function parsePublicKey(text: string): Buffer | null {
  const key = rawKey(text);
  if (key === null || !isSoundPoint(key)) return null;
  try {
    ed25519Key(key);
    return key;
  } catch {
    // Whatever it is that Node does not like of it, signatures could not be checked with it.
    return null;
  }
}

function rawKey(text: string): Buffer | null {
  const body = PEM.exec(text)?.[1];
  if (body === undefined) return decode(text, KEY_BYTES);
  const der = decode(body.replaceAll(/[\r\n]/g, ''), ED25519_SPKI_PREFIX.length + KEY_BYTES);
  if (der === null) return null;
  const prefix = der.subarray(0, ED25519_SPKI_PREFIX.length);
  return prefix.equals(ED25519_SPKI_PREFIX) ? der.subarray(ED25519_SPKI_PREFIX.length) : null;
}

/** Buffer takes what is not base64 as if it were not there: it must read back as it was. */
function decode(text: string, bytes: number): Buffer | null {
  const decoded = Buffer.from(text, 'base64');
  return decoded.length === bytes && decoded.toString('base64') === text ? decoded : null;
}
