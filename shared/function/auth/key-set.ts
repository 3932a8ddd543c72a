// The issuer's public keys, fetched from its JWKS address. Known keys keep working when the issuer
// is down: the set is renewed behind the requests, never in front of them.
import {
  createRemoteJWKSet,
  customFetch,
  jwksCache,
  type JWKSCacheInput,
  type JWTVerifyGetKey,
} from 'jose';
import { z } from 'zod';
import type { Logger } from '../../telemetry/logger.ts';

/** A key set older than this is renewed in the background. */
const KEYS_RENEW_MS = 5 * 60_000;

/** Between two fetches that an unknown key id causes, and after one that failed. */
const KEYS_COOLDOWN_MS = 10_000;

const KEYS_FETCH_TIMEOUT_MS = 3_000;

const keySetSchema = z.object({ keys: z.array(z.object({ kty: z.string() })) });

export interface KeySetOptions {
  readonly jwksUrl: string;
  readonly log: Logger;
  readonly nowMs?: () => number;
  /** For tests; see KEYS_COOLDOWN_MS. */
  readonly cooldownMs?: number;
}

/** The issuer cannot be asked, and no known key fits: not the caller's fault. */
export class KeysUnavailableError extends Error {
  override readonly name = 'KeysUnavailableError';
}

export interface KeySet {
  /** Finds the key of a token; throws jose's errors, or KeysUnavailableError. */
  readonly getKey: JWTVerifyGetKey;
  /**
   * Rises as soon as tokens are checked with a changed set of keys. What was verified under an
   * earlier generation, or began to be, no longer counts.
   */
  generation(): number;
  /** Starts a renewal in the background when the set is old. Cheap: call it for every request. */
  renewIfOld(): void;
}

export function openKeySet(options: KeySetOptions): KeySet {
  const nowMs = options.nowMs ?? Date.now;
  const cooldownMs = options.cooldownMs ?? KEYS_COOLDOWN_MS;
  let renewAtMs = nowMs() + KEYS_RENEW_MS;
  let failedAtMs = Number.NEGATIVE_INFINITY;
  let generation = 0;
  let known = '';
  /** jose puts the set here in the step in which it begins to check with it. */
  const inUse: JWKSCacheInput & { jwks?: object } = {};
  let seen: object | undefined;

  const fetchKeys = async (url: string, init: RequestInit): Promise<Response> => {
    // Without this, each token with an unknown key id would knock at an issuer that is down.
    if (nowMs() - failedAtMs < cooldownMs) throw new KeysUnavailableError('issuer failed just now');
    try {
      const response = await fetch(url, init);
      if (response.status !== 200) throw new Error(`JWKS answered ${response.status}`);
      const text = await response.text();
      keySetSchema.parse(JSON.parse(text));
      renewAtMs = nowMs() + KEYS_RENEW_MS;
      return new Response(text, { status: 200 });
    } catch (error) {
      failedAtMs = nowMs();
      renewAtMs = nowMs() + cooldownMs;
      throw new KeysUnavailableError('the keys of the issuer cannot be fetched', { cause: error });
    }
  };

  const remote = createRemoteJWKSet(new URL(options.jwksUrl), {
    // Age never makes a known key unusable; `renewIfOld` keeps the set young.
    cacheMaxAge: Infinity,
    cooldownDuration: cooldownMs,
    timeoutDuration: KEYS_FETCH_TIMEOUT_MS,
    [customFetch]: fetchKeys,
    [jwksCache]: inUse,
  });
  return {
    getKey: remote,
    generation: () => {
      if (inUse.jwks === seen) return generation;
      seen = inUse.jwks;
      const text = JSON.stringify(seen);
      if (text !== known) generation += 1;
      known = text;
      return generation;
    },
    renewIfOld: () => {
      if (nowMs() < renewAtMs) return;
      renewAtMs = nowMs() + cooldownMs;
      remote.reload().catch((error: unknown) => {
        options.log.warn({ err: error }, 'could not renew the keys of the issuer');
      });
    },
  };
}
