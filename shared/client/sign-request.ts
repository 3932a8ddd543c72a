// Signs requests with an API key, as docs/api-keys.md says. Written apart from what checks them, so
// that tests with this client compare two readings of the rule.
import { createHash, createHmac, createPrivateKey, sign, type KeyObject } from 'node:crypto';

const RECEIVE_WINDOW_MS = 5_000;

export interface ApiKey {
  /** `key_…`. */
  readonly id: string;
  readonly sign: (text: string) => Buffer;
}

/** `privateKey` as PEM or as Node has it; it does not leave the process. */
export function ed25519Key(id: string, privateKey: string | KeyObject): ApiKey {
  const key = typeof privateKey === 'string' ? createPrivateKey(privateKey) : privateKey;
  return { id, sign: (text) => sign(null, Buffer.from(text), key) };
}

/** `secret` is `bks_…`, shown when the key was made. */
export function hmacKey(id: string, secret: string): ApiKey {
  return { id, sign: (text) => createHmac('sha256', secret).update(text).digest() };
}

export interface SignedRequest {
  readonly method: string;
  /** Path and query as they are sent. */
  readonly target: string;
  readonly body: Uint8Array;
  /** Milliseconds since 1970. */
  readonly timestampMs: number;
  /** Left out: 5,000. */
  readonly receiveWindowMs?: number | undefined;
}

export function signatureHeaders(key: ApiKey, request: SignedRequest): Record<string, string> {
  const { method, target, body, timestampMs, receiveWindowMs } = request;
  const bodySha256 = createHash('sha256').update(body).digest('hex');
  const window = receiveWindowMs ?? RECEIVE_WINDOW_MS;
  const text = [timestampMs, window, method, target, bodySha256].join('\n');
  return {
    'bourse-key': key.id,
    'bourse-timestamp': String(timestampMs),
    ...(receiveWindowMs === undefined ? {} : { 'bourse-receive-window': String(window) }),
    'bourse-signature': key.sign(text).toString('base64'),
  };
}
