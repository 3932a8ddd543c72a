// Credentials and users that are refused before their time. Read on from the last known number four
// times a second, so that a revocation holds everywhere within one: who cannot read believes none.
import type { CallerKind } from '../../domain/caller.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { IdentityStore, Revocation } from './identity-store.ts';

export const POLL_MS = 250;
/** Nothing could be read for so long: who was revoked since is not known. */
export const STALE_MS = 10_000;
/** What is read at the start: far beyond the life of a token. */
const LOADED_SECONDS = 86_400;
/**
 * How long a credential is kept: above the 10 minutes of an access token with the difference of
 * clocks, and above the minute that a key is cached. A key is not found in the database any more.
 */
export const KEPT_MS = 20 * 60_000;
const PAGE_MAX = 5_000;

export interface RevocationListOptions {
  readonly store: Pick<IdentityStore, 'revocationsAfter' | 'revocationBefore' | 'blockedUsers'>;
  readonly log: Logger;
  /** Told of each credential, such as a key that is cached. */
  readonly onRevoked: (credentialId: string) => void;
  /** Never goes back; milliseconds. */
  readonly nowMs?: () => number;
  readonly pollMs?: number;
}

export interface Revocable {
  readonly kind: CallerKind;
  readonly credentialId: string;
  /** Of staff, their own number: no user's. */
  readonly userNumber: number;
}

export class RevocationList {
  readonly #options: RevocationListOptions;
  readonly #nowMs: () => number;
  /** By credential, when it was learnt of; the oldest first. */
  readonly #credentials = new Map<string, number>();
  #blocked = new Set<number>();
  /** Null before the first load has begun. */
  #lastNumber: number | null = null;
  /** When the last reading that came to its end had begun. */
  #readAtMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #reading: Promise<void> | null = null;
  #isStopped = false;
  #isFailing = false;

  constructor(options: RevocationListOptions) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? (() => performance.now());
  }

  /** Credentials kept at the moment. */
  get size(): number {
    return this.#credentials.size;
  }

  /** Reads at once, and from then on until it is stopped; never fails. */
  start(): void {
    this.#reading = this.#read().finally(() => {
      this.#reading = null;
      if (this.#isStopped) return;
      this.#timer = setTimeout(() => this.start(), this.#options.pollMs ?? POLL_MS).unref();
    });
  }

  /** Resolves when nothing is read any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#reading;
  }

  /** True before the first load, and when nothing could be read for STALE_MS. */
  isStale(): boolean {
    return this.#nowMs() - this.#readAtMs >= STALE_MS;
  }

  isRevoked({ kind, credentialId, userNumber }: Revocable): boolean {
    if (this.#credentials.has(credentialId)) return true;
    return kind !== 'staff' && this.#blocked.has(userNumber);
  }

  isBlocked(userNumber: number): boolean {
    return this.#blocked.has(userNumber);
  }

  async #read(): Promise<void> {
    const beganMs = this.#nowMs();
    try {
      let from = this.#lastNumber ?? (await this.#begin());
      for (;;) {
        const page = await this.#options.store.revocationsAfter(from, PAGE_MAX);
        for (const each of page) this.#apply(each);
        from = page.at(-1)?.revocationNumber ?? from;
        if (page.length < PAGE_MAX) break;
      }
      this.#lastNumber = from;
      this.#readAtMs = beganMs;
      this.#isFailing = false;
    } catch (error) {
      // Said once an outage: four times a second would drown everything else.
      const { log } = this.#options;
      if (!this.#isFailing) log.warn({ err: error }, 'cannot read what was revoked');
      this.#isFailing = true;
    }
    this.#forget();
  }

  /** Who is blocked now, and where to read on from: what changes meanwhile comes after that. */
  async #begin(): Promise<number> {
    const { store } = this.#options;
    const from = await store.revocationBefore(LOADED_SECONDS);
    this.#blocked = new Set(await store.blockedUsers());
    return from;
  }

  #apply({ kind, credentialId, userNumber }: Revocation): void {
    if (kind === 'user_blocked') this.#blocked.add(userNumber);
    if (kind === 'user_unblocked') this.#blocked.delete(userNumber);
    if (credentialId === null) return;
    this.#credentials.delete(credentialId);
    this.#credentials.set(credentialId, this.#nowMs());
    this.#options.onRevoked(credentialId);
  }

  #forget(): void {
    const untilMs = this.#nowMs() - KEPT_MS;
    for (const [credentialId, learntMs] of this.#credentials) {
      if (learntMs > untilMs) return;
      this.#credentials.delete(credentialId);
    }
  }
}
