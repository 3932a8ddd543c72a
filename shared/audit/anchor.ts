// Signed statements of where each chain ended at a time. Kept elsewhere than the log, they find out
// what the log alone cannot show: a tail that was cut, a chain that was computed anew.
import { createHash, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ConfigError } from '../config/environment.ts';
import type { Anchor } from '../events/audit-anchors.ts';
import { canonicalJson } from './record.ts';

/** Nothing else that a key might sign begins like this. */
const SIGNED_PREFIX = 'bourse audit anchor v1\n';

export interface Head {
  readonly stream: string;
  readonly sequence: number;
  readonly hash: Buffer;
}

export function signAnchor(key: KeyObject, heads: readonly Head[], atMs: number): Anchor {
  const content = {
    heads: heads.map(({ stream, sequence, hash }) => ({
      stream,
      sequence,
      hash: hash.toString('hex'),
    })),
    atMs,
    keyId: keyIdOf(createPublicKey(key)),
  };
  return { ...content, signature: sign(null, signedBytes(content), key).toString('base64') };
}

export function isSignedBy(key: KeyObject, anchor: Anchor): boolean {
  const { signature, ...content } = anchor;
  if (content.keyId !== keyIdOf(key)) return false;
  return verify(null, signedBytes(content), key, Buffer.from(signature, 'base64'));
}

export function keyIdOf(publicKey: KeyObject): string {
  const der = publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(der).digest('hex').slice(0, 16);
}

function signedBytes(content: Omit<Anchor, 'signature'>): Buffer {
  return Buffer.from(`${SIGNED_PREFIX}${canonicalJson(content)}`, 'utf8');
}

/** An Ed25519 key in PEM (PKCS #8). Throws ConfigError, which names the file and shows nothing. */
export function readAnchorKey(file: string): KeyObject {
  return readKey(file, createPrivateKey);
}

/** The public part, in PEM (SPKI). */
export function readAnchorPublicKey(file: string): KeyObject {
  return readKey(file, createPublicKey);
}

function readKey(file: string, parse: (pem: Buffer) => KeyObject): KeyObject {
  let key: KeyObject;
  try {
    key = parse(readFileSync(file));
  } catch (error) {
    // The error of a parser could show what it was given.
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    throw new ConfigError(`the anchor key ${file} cannot be read: ${code}`);
  }
  if (key.asymmetricKeyType === 'ed25519') return key;
  throw new ConfigError(`${file} is no Ed25519 key`);
}
