// Requests that are signed with an API key: checked by headers first, by their signature once the
// body is read.
import { hash } from 'node:crypto';
import { isRejection, reject, type Rejection } from '../../domain/rejection.ts';
import type { Policy } from '../../policy/policy.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { IncomingCall } from '../pipeline/wire.ts';
import type { Authenticated } from './authenticated.ts';
import type { CachedKey, KeyCache } from './key-cache.ts';
import type { ReplayGuard } from './replay-guard.ts';
import {
  isTimely,
  parseSignatureHeaders,
  signedText,
  type SignatureHeaders,
} from './signature-headers.ts';

/** How often the use of a key is told. */
export const USE_TOLD_MS = 60_000;

type SignedCall = Pick<IncomingCall, 'method' | 'target' | 'headers' | 'clientAddress'>;

export interface SignedRequestOptions {
  readonly keys: Pick<KeyCache, 'find'>;
  readonly replays: ReplayGuard;
  /** Null when the key and those behind it still stand. */
  readonly refuseRevoked: (key: CachedKey) => Rejection | null;
  /** The key has proven a request; at most once in USE_TOLD_MS. */
  readonly onUsed: (keyNumber: number) => void;
  readonly log: Logger;
  readonly nowMs: () => number;
}

/** Looks at the headers; the caller that it answers must still prove the body. */
export type AuthenticateSigned = (
  call: SignedCall,
) => Authenticated | Rejection | Promise<Authenticated | Rejection>;

/**
 * Refuses with SIGNATURE_INVALID, SIGNATURE_EXPIRED, ADDRESS_NOT_ALLOWED, SIGNATURE_REPLAYED, or
 * SERVICE_UNAVAILABLE. It never says which of form, key and signature was wrong.
 */
export function createAuthenticateSigned(options: SignedRequestOptions): AuthenticateSigned {
  return (call) => {
    const headers = parseSignatureHeaders(call.headers);
    if (headers === null) return reject('SIGNATURE_INVALID');
    if (!isTimely(headers, options.nowMs())) return reject('SIGNATURE_EXPIRED');
    const found = options.keys.find(headers.keyNumber);
    if (!(found instanceof Promise)) return admit(options, call, headers, found);
    return found.then(
      (key) => admit(options, call, headers, key),
      (error: unknown) => {
        options.log.warn({ err: error }, 'cannot look up an API key');
        return reject('SERVICE_UNAVAILABLE', 'API keys cannot be checked at the moment');
      },
    );
  };
}

function admit(
  options: SignedRequestOptions,
  call: SignedCall,
  headers: SignatureHeaders,
  key: CachedKey | null | Rejection,
): Authenticated | Rejection {
  if (isRejection(key)) return key;
  if (key === null || isExpired(key, options.nowMs())) return reject('SIGNATURE_INVALID');
  const revoked = options.refuseRevoked(key);
  if (revoked !== null) return revoked;
  if (key.addresses?.has(addressOf(call)) === false) return reject('ADDRESS_NOT_ALLOWED');
  const validUntilMs = headers.timestampMs + headers.receiveWindowMs;
  return {
    caller: { ...key.caller, validUntilMs },
    proveBody: (rawBody, policy) => prove(options, call, headers, key, rawBody, policy),
  };
}

function prove(
  options: SignedRequestOptions,
  call: SignedCall,
  headers: SignatureHeaders,
  key: CachedKey,
  rawBody: Buffer,
  policy: Pick<Policy, 'replayGuarded'>,
): Rejection | null | Promise<Rejection | null> {
  const text = signedText({
    ...headers,
    method: call.method,
    target: call.target,
    bodySha256: hash('sha256', rawBody, 'hex'),
  });
  if (!key.isSignedBy(text, headers.signature)) return reject('SIGNATURE_INVALID');
  // A body may take its time, and what was true of key and clock before it need not be any more.
  const nowMs = options.nowMs();
  if (isExpired(key, nowMs)) return reject('SIGNATURE_INVALID');
  if (!isTimely(headers, nowMs)) return reject('SIGNATURE_EXPIRED');
  const revoked = options.refuseRevoked(key);
  if (revoked !== null) return revoked;
  if (key.usedAtMs === null || nowMs - key.usedAtMs >= USE_TOLD_MS) {
    key.usedAtMs = nowMs;
    options.onUsed(key.keyNumber);
  }
  return policy.replayGuarded ? options.replays(headers.signature, headers.receiveWindowMs) : null;
}

function isExpired({ expiresAtMs }: CachedKey, nowMs: number): boolean {
  return expiresAtMs !== null && nowMs >= expiresAtMs;
}

function addressOf(call: SignedCall): string | undefined {
  return call.clientAddress;
}
