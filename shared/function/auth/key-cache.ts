// API keys that were looked up a moment ago, and numbers that belong to no key: strangers cannot
// make us ask the database over and over. Both are bounded, each by itself, so that unknown numbers
// never push out keys in use.
import { dropOldest } from '../../cache/drop-oldest.ts';
import { isRejection, type Rejection } from '../../domain/rejection.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { Batcher } from '../batcher.ts';
import type { StoredKey } from './identity-store.ts';
import type { KnownKey } from './known-key.ts';

export const KEYS_CACHED_MAX = 10_000;
/** What is not told by a revocation, such as other scopes, holds after so long. */
export const KEY_CACHED_MS = 60_000;
export const UNKNOWN_CACHED_MS = 10_000;

/** Keys of one statement. */
const LOOKUP_KEYS_MAX = 100;
/** Keys that wait to be looked up; more are refused with SERVICE_BUSY. */
const LOOKUP_QUEUE_MAX = 2_000;

export interface KeyCacheOptions {
  readonly find: (keyNumbers: readonly number[]) => Promise<readonly StoredKey[]>;
  readonly open: (stored: StoredKey) => KnownKey;
  readonly log: Logger;
  readonly nowMs: () => number;
  readonly keysMax?: number;
}

export interface CachedKey extends KnownKey {
  /** When its use was told last; null: not since it was cached. */
  usedAtMs: number | null;
}

interface Cached<Value> {
  readonly value: Value;
  readonly untilMs: number;
}

type Found = CachedKey | null | Rejection;

export class KeyCache {
  readonly #options: KeyCacheOptions;
  readonly #keysMax: number;
  readonly #known = new Map<number, Cached<CachedKey>>();
  readonly #unknown = new Map<number, Cached<null>>();
  /** Requests for the same key wait for the same answer. */
  readonly #pending = new Map<number, Promise<Found>>();
  readonly #lookups: Batcher<number, CachedKey | null>;

  constructor(options: KeyCacheOptions) {
    this.#options = options;
    this.#keysMax = options.keysMax ?? KEYS_CACHED_MAX;
    this.#lookups = new Batcher({
      batchMax: LOOKUP_KEYS_MAX,
      lingerMs: 0,
      queueMax: LOOKUP_QUEUE_MAX,
      run: (keyNumbers) => this.#load(keyNumbers),
    });
  }

  get size(): number {
    return this.#known.size + this.#unknown.size;
  }

  /** Null when there is no such key. Rejects when the database cannot be asked. */
  find(keyNumber: number): Found | Promise<Found> {
    const nowMs = this.#options.nowMs();
    const known = this.#known.get(keyNumber) ?? this.#unknown.get(keyNumber);
    if (known !== undefined && nowMs < known.untilMs) return known.value;
    const pending = this.#pending.get(keyNumber);
    if (pending !== undefined) return pending;
    const asked = this.#ask(keyNumber);
    this.#pending.set(keyNumber, asked);
    return asked;
  }

  /** The key was revoked: what is being read of it now is not kept either. */
  drop(keyNumber: number): void {
    this.#known.delete(keyNumber);
    this.#pending.delete(keyNumber);
  }

  /** Resolves when nothing is asked any more. */
  close(): Promise<void> {
    return this.#lookups.close();
  }

  async #ask(keyNumber: number): Promise<Found> {
    // The entry of this very lookup must be there before it can end.
    await Promise.resolve();
    const asked = this.#pending.get(keyNumber);
    const isCurrent = () => asked !== undefined && this.#pending.get(keyNumber) === asked;
    try {
      const found = await this.#lookups.submit(keyNumber);
      if (!isRejection(found) && isCurrent()) this.#keep(keyNumber, found);
      return found;
    } finally {
      if (isCurrent()) this.#pending.delete(keyNumber);
    }
  }

  async #load(keyNumbers: readonly number[]): Promise<readonly (CachedKey | null | Error)[]> {
    const stored = await this.#options.find(keyNumbers);
    const byNumber = new Map(stored.map((each) => [each.keyNumber, each]));
    return keyNumbers.map((keyNumber) => {
      const found = byNumber.get(keyNumber);
      return found === undefined ? null : this.#open(found);
    });
  }

  /** One key that cannot be opened is no reason to refuse the others. */
  #open(stored: StoredKey): CachedKey | Error {
    try {
      return { ...this.#options.open(stored), usedAtMs: null };
    } catch (error) {
      this.#options.log.error({ err: error }, 'an API key cannot be opened');
      return new Error('an API key cannot be opened', { cause: error });
    }
  }

  #keep(keyNumber: number, found: CachedKey | null): void {
    const nowMs = this.#options.nowMs();
    if (found === null) {
      this.#known.delete(keyNumber);
      put(this.#unknown, keyNumber, { value: null, untilMs: nowMs + UNKNOWN_CACHED_MS });
      dropOldest(this.#unknown, this.#keysMax);
      return;
    }
    this.#unknown.delete(keyNumber);
    put(this.#known, keyNumber, { value: found, untilMs: nowMs + KEY_CACHED_MS });
    dropOldest(this.#known, this.#keysMax);
  }
}

/** At the end of the order in which the oldest are dropped. */
function put<Value>(map: Map<number, Value>, keyNumber: number, value: Value): void {
  map.delete(keyNumber);
  map.set(keyNumber, value);
}
