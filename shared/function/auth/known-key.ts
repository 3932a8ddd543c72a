// An API key made ready to check signatures with: what is stored of it, opened once.
import {
  createHmac,
  createPublicKey,
  createSecretKey,
  timingSafeEqual,
  verify,
  type KeyObject,
} from 'node:crypto';
import { SCOPES, type Caller } from '../../domain/caller.ts';
import { TerminalError } from '../../domain/failure.ts';
import { keyId, userId, type KeyId, type MarketId } from '../../domain/ids.ts';
import type { KeyRing } from '../../secrets/key-ring.ts';
import { unseal } from '../../secrets/seal.ts';
import { AddressList } from './address-list.ts';
import type { StoredKey } from './identity-store.ts';
import { ED25519_SIGNATURE_BYTES, HMAC_SIGNATURE_BYTES } from './signature-headers.ts';

export interface KnownKey {
  readonly keyNumber: number;
  readonly ownerNumber: number;
  readonly caller: Omit<Caller, 'validUntilMs'>;
  /** Null: never. */
  readonly expiresAtMs: number | null;
  /** Null: from anywhere. */
  readonly addresses: AddressList | null;
  /** Never throws, whatever the bytes. */
  readonly isSignedBy: (text: string, signature: Buffer) => boolean;
}

/** DER of a SubjectPublicKeyInfo with Ed25519 (RFC 8410), without the key itself. */
export const ED25519_SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/** What the secret of a key is sealed for. */
export function placeOfKey(id: KeyId): string {
  return `api-key/${id}`;
}

/** Throws when the secret cannot be opened, or a column is not what it should be. */
export function openKey(stored: StoredKey, ring: KeyRing): KnownKey {
  const { keyNumber, ownerNumber, userNumber, scopes, markets, addresses, expiresAt } = stored;
  return {
    keyNumber,
    ownerNumber,
    caller: {
      userId: userId(userNumber),
      userNumber,
      kind: 'key',
      credentialId: keyId(keyNumber),
      scopes: SCOPES.filter((scope) => scopes.includes(scope)),
      markets: markets as readonly MarketId[] | null,
    },
    expiresAtMs: expiresAt === null ? null : expiresAt.getTime(),
    addresses: addresses === null ? null : new AddressList(addresses),
    isSignedBy: checkOf(stored, ring),
  };
}

/** Throws when Node refuses the bytes. */
export function ed25519Key(publicKey: Buffer): KeyObject {
  const der = Buffer.concat([ED25519_SPKI_PREFIX, publicKey]);
  return createPublicKey({ key: der, format: 'der', type: 'spki' });
}

function checkOf(stored: StoredKey, ring: KeyRing): KnownKey['isSignedBy'] {
  const { keyNumber, type, publicKey, sealedSecret } = stored;
  if (type === 'ed25519' && publicKey !== null) {
    const key = ed25519Key(publicKey);
    return (text, signature) =>
      signature.length === ED25519_SIGNATURE_BYTES &&
      verify(null, Buffer.from(text), key, signature);
  }
  if (type === 'hmac' && sealedSecret !== null) {
    // As a key object it is not among the strings of a memory dump.
    const key = createSecretKey(unseal(ring, placeOfKey(keyId(keyNumber)), sealedSecret));
    return (text, signature) =>
      // Lengths are no secret, and a comparison of unequal ones would throw.
      signature.length === HMAC_SIGNATURE_BYTES &&
      timingSafeEqual(createHmac('sha256', key).update(text).digest(), signature);
  }
  throw new TerminalError(`${keyId(keyNumber)} has nothing to check a signature with`);
}
