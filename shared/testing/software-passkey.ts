// An authenticator in software, for tests: real keys and signatures, attestation "none", and every
// fault that a real one, or a thief, could show.
import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';

export type PasskeyAlgorithm = 'ES256' | 'EdDSA';

/** What to sign otherwise than asked. */
export interface PasskeyFaults {
  readonly origin?: string;
  readonly rpId?: string;
  /** Default true: the user has shown a finger or typed a PIN. */
  readonly userVerified?: boolean;
  readonly counter?: number;
  readonly crossOrigin?: boolean;
  readonly userHandle?: string;
  readonly type?: string;
}

interface CreationOptions {
  readonly challenge: string;
  readonly rp: { readonly id: string };
  readonly user: { readonly id: string };
}

interface RequestOptions {
  readonly challenge: string;
  readonly rpId: string;
}

const USER_PRESENT = 0x01;
const USER_VERIFIED = 0x04;
const ATTESTED = 0x40;

export class SoftwarePasskey {
  readonly credentialId = randomBytes(32);
  readonly #algorithm: PasskeyAlgorithm;
  readonly #origin: string;
  readonly #privateKey: KeyObject;
  readonly #publicKey: KeyObject;
  #counter = 0;
  #userHandle = '';

  constructor(algorithm: PasskeyAlgorithm, origin: string) {
    this.#algorithm = algorithm;
    this.#origin = origin;
    const pair =
      algorithm === 'ES256'
        ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
        : generateKeyPairSync('ed25519');
    this.#privateKey = pair.privateKey;
    this.#publicKey = pair.publicKey;
  }

  get id(): string {
    return this.credentialId.toString('base64url');
  }

  /** Answers `navigator.credentials.create`, as JSON. */
  create(options: CreationOptions, faults: PasskeyFaults = {}) {
    this.#userHandle = options.user.id;
    const clientData = this.#clientData('webauthn.create', options.challenge, faults);
    const authData = Buffer.concat([
      this.#authenticatorData(faults.rpId ?? options.rp.id, faults, ATTESTED),
      Buffer.alloc(16),
      twoBytes(this.credentialId.length),
      this.credentialId,
      this.#coseKey(),
    ]);
    const attestation = cborMap([
      [cborText('fmt'), cborText('none')],
      [cborText('attStmt'), cborMap([])],
      [cborText('authData'), cborBytes(authData)],
    ]);
    return {
      ...this.#credential(),
      response: {
        clientDataJSON: clientData.toString('base64url'),
        attestationObject: attestation.toString('base64url'),
        transports: ['internal'],
      },
    };
  }

  /** Answers `navigator.credentials.get`, as JSON. */
  get(options: RequestOptions, faults: PasskeyFaults = {}) {
    const clientData = this.#clientData('webauthn.get', options.challenge, faults);
    const authData = this.#authenticatorData(faults.rpId ?? options.rpId, faults, 0);
    const signed = Buffer.concat([authData, createHash('sha256').update(clientData).digest()]);
    const digest = this.#algorithm === 'ES256' ? 'sha256' : null;
    return {
      ...this.#credential(),
      response: {
        clientDataJSON: clientData.toString('base64url'),
        authenticatorData: authData.toString('base64url'),
        signature: sign(digest, signed, this.#privateKey).toString('base64url'),
        userHandle: faults.userHandle ?? this.#userHandle,
      },
    };
  }

  #credential() {
    const { id } = this;
    return { id, rawId: id, type: 'public-key' as const, clientExtensionResults: {} };
  }

  #clientData(type: string, challenge: string, faults: PasskeyFaults): Buffer {
    return Buffer.from(
      JSON.stringify({
        type: faults.type ?? type,
        challenge,
        origin: faults.origin ?? this.#origin,
        crossOrigin: faults.crossOrigin ?? false,
      }),
    );
  }

  /** Each signature counts, unless a fault names the number. */
  #authenticatorData(rpId: string, faults: PasskeyFaults, flags: number): Buffer {
    this.#counter = faults.counter ?? this.#counter + 1;
    const verified = faults.userVerified === false ? 0 : USER_VERIFIED;
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(this.#counter);
    return Buffer.concat([
      createHash('sha256').update(rpId).digest(),
      Buffer.from([USER_PRESENT | verified | flags]),
      counter,
    ]);
  }

  /** RFC 9053: a key of two coordinates, or of one. */
  #coseKey(): Buffer {
    const jwk = this.#publicKey.export({ format: 'jwk' });
    const x = Buffer.from(jwk.x ?? '', 'base64url');
    if (this.#algorithm === 'EdDSA') {
      return cborMap([
        [cborInteger(1), cborInteger(1)],
        [cborInteger(3), cborInteger(-8)],
        [cborInteger(-1), cborInteger(6)],
        [cborInteger(-2), cborBytes(x)],
      ]);
    }
    return cborMap([
      [cborInteger(1), cborInteger(2)],
      [cborInteger(3), cborInteger(-7)],
      [cborInteger(-1), cborInteger(1)],
      [cborInteger(-2), cborBytes(x)],
      [cborInteger(-3), cborBytes(Buffer.from(jwk.y ?? '', 'base64url'))],
    ]);
  }
}

function twoBytes(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

/** RFC 8949, as far as an authenticator needs it: lengths below 65,536. */
function cborHead(major: number, value: number): Buffer {
  if (value < 24) return Buffer.from([(major << 5) | value]);
  if (value < 256) return Buffer.from([(major << 5) | 24, value]);
  return Buffer.concat([Buffer.from([(major << 5) | 25]), twoBytes(value)]);
}

function cborInteger(value: number): Buffer {
  return value < 0 ? cborHead(1, -1 - value) : cborHead(0, value);
}

function cborBytes(bytes: Buffer): Buffer {
  return Buffer.concat([cborHead(2, bytes.length), bytes]);
}

function cborText(text: string): Buffer {
  return Buffer.concat([cborHead(3, Buffer.byteLength(text)), Buffer.from(text)]);
}

function cborMap(entries: readonly (readonly [Buffer, Buffer])[]): Buffer {
  return Buffer.concat([cborHead(5, entries.length), ...entries.flat()]);
}
