// Signs requests for tests as a client would, with a key of either kind.
import {
  createHash,
  createHmac,
  generateKeyPairSync,
  randomBytes,
  sign,
  type KeyObject,
} from 'node:crypto';
import { keyId } from '../../domain/ids.ts';
import { parseKeyRing, type KeyRing } from '../../secrets/key-ring.ts';
import { seal } from '../../secrets/seal.ts';
import type { StoredKey } from '../auth/identity-store.ts';
import { placeOfKey } from '../auth/known-key.ts';

export interface TestKey {
  readonly stored: StoredKey;
  readonly sign: (text: string) => Buffer;
}

export interface WantedRequest {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
  readonly timestampMs?: number;
  /** Left out, and so is the header: 5,000. */
  readonly receiveWindowMs?: number;
}

export function testRing(): KeyRing {
  const keys = { one: randomBytes(32).toString('base64') };
  const ring = parseKeyRing(JSON.stringify({ current: 'one', keys }), 'api-keys');
  if (ring === null) throw new Error('no ring');
  return ring;
}

export function makeTestKey(
  type: 'ed25519' | 'hmac',
  ring: KeyRing,
  change: Partial<StoredKey> = {},
): TestKey {
  const { keyNumber = 1 } = change;
  const common = {
    keyNumber,
    ownerNumber: 1,
    userNumber: 1,
    type,
    scopes: ['read', 'trade', 'withdraw'],
    markets: null,
    addresses: null,
    expiresAt: null,
  };
  if (type === 'hmac') {
    const secret = `bks_${randomBytes(32).toString('base64url')}`;
    const sealedSecret = seal(ring, placeOfKey(keyId(keyNumber)), secret);
    return {
      stored: { ...common, publicKey: null, sealedSecret, ...change },
      sign: (text) => createHmac('sha256', secret).update(text).digest(),
    };
  }
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return {
    stored: { ...common, publicKey: rawBytes(publicKey), sealedSecret: null, ...change },
    sign: (text) => sign(null, Buffer.from(text), privateKey),
  };
}

/** The headers of a request that is right in every way. */
export function signRequest(key: TestKey, wanted: WantedRequest): Record<string, string> {
  const { method, path, body = '', timestampMs = Date.now(), receiveWindowMs } = wanted;
  const bodySha256 = createHash('sha256').update(body).digest('hex');
  const window = receiveWindowMs ?? 5_000;
  const signature = key.sign(`${timestampMs}\n${window}\n${method}\n${path}\n${bodySha256}`);
  return {
    'bourse-key': keyId(key.stored.keyNumber),
    'bourse-timestamp': String(timestampMs),
    ...(receiveWindowMs === undefined ? {} : { 'bourse-receive-window': String(window) }),
    'bourse-signature': signature.toString('base64'),
  };
}

function rawBytes(key: KeyObject): Buffer {
  return Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url');
}
