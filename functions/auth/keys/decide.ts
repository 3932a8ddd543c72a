// What a new API key may be. Pure: the moment comes in.
import type { Scope } from '../../../shared/domain/caller.ts';
import { reject, type Rejection } from '../../../shared/domain/rejection.ts';
import type { MakeKeyBody } from './schema.ts';

/** Of one owner, expired ones and those of their sub-accounts included. */
export const KEYS_MAX = 50;
export const LIFE_DAYS_MAX_WITHOUT_ADDRESSES = 90;
const DAY_MS = 86_400_000;

export interface KeyTerms {
  readonly scopes: readonly Scope[];
  readonly markets: readonly string[] | null;
  readonly addresses: readonly string[] | null;
  /** Milliseconds since 1970; null: never. */
  readonly expiresAtMs: number | null;
}

/** A key that may be used from anywhere ends by itself. */
export function decideTerms(body: MakeKeyBody, nowMs: number): KeyTerms | Rejection {
  const { scopes = ['read'], markets = null, addresses = null, expiresAt } = body;
  if ((body.type === 'ed25519') !== (body.publicKey !== undefined)) {
    return reject('API_KEY_PUBLIC_KEY_MISPLACED');
  }
  if (addresses === null && scopes.includes('withdraw')) {
    return reject('API_KEY_ADDRESSES_REQUIRED');
  }
  const latestMs = addresses === null ? nowMs + LIFE_DAYS_MAX_WITHOUT_ADDRESSES * DAY_MS : null;
  const expiresAtMs = expiresAt === undefined ? latestMs : Date.parse(expiresAt);
  if (expiresAtMs !== null && expiresAtMs <= nowMs) return reject('API_KEY_EXPIRY_INVALID');
  if (latestMs !== null && expiresAtMs !== null && expiresAtMs > latestMs) {
    return reject('API_KEY_EXPIRY_INVALID');
  }
  return { scopes, markets, addresses, expiresAtMs };
}
