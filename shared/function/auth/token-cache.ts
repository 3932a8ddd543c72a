// Tokens that were verified a moment ago. Checking an Ed25519 signature costs about 100 us, a look
// here 2 us. Kept by hash, so that a memory dump shows no token; bounded in number and in time.
import { hash } from 'node:crypto';
import { dropOldest } from '../../cache/drop-oldest.ts';
import type { Authenticated } from './authenticated.ts';

/** Tokens kept at a time; the oldest goes first. */
export const TOKENS_CACHED_MAX = 10_000;

/** Longest time without another look at the signature, whatever the token's own expiry. */
export const TOKEN_CACHED_MS_MAX = 60_000;

interface CachedToken {
  readonly known: Authenticated;
  readonly untilMs: number;
}

export class TokenCache {
  readonly #tokensMax: number;
  readonly #tokens = new Map<string, CachedToken>();
  #generation = 0;

  constructor(tokensMax = TOKENS_CACHED_MAX) {
    this.#tokensMax = tokensMax;
  }

  get size(): number {
    return this.#tokens.size;
  }

  /** Who a token belongs to, when it was verified under the same keys and is still good. */
  find(token: string, nowMs: number, generation: number): Authenticated | null {
    if (generation !== this.#generation) this.#clear(generation);
    const key = hashToken(token);
    const cached = this.#tokens.get(key);
    if (cached === undefined) return null;
    if (nowMs < cached.untilMs) return cached.known;
    this.#tokens.delete(key);
    return null;
  }

  /** Remembers a verified token until it expires, or for TOKEN_CACHED_MS_MAX. */
  keep(
    token: string,
    known: Authenticated,
    expiresAtMs: number,
    nowMs: number,
    generation: number,
  ): void {
    if (generation !== this.#generation) this.#clear(generation);
    const untilMs = Math.min(expiresAtMs, nowMs + TOKEN_CACHED_MS_MAX);
    if (untilMs <= nowMs) return;
    this.#tokens.set(hashToken(token), { known, untilMs });
    dropOldest(this.#tokens, this.#tokensMax);
  }

  #clear(generation: number): void {
    this.#tokens.clear();
    this.#generation = generation;
  }
}

function hashToken(token: string): string {
  return hash('sha256', token, 'base64');
}
