// `Idempotency-Key`: the spelling only. Each function keeps the keys of its own commands.
import { reject, type Rejection } from '../domain/rejection.ts';

/** Header of an answer that was given before. */
export const IDEMPOTENCY_REPLAYED = { 'idempotency-replayed': 'true' } as const;

const KEY = /^[\x21-\x7e]{1,64}$/;

/** The key, null when the header is absent. A header sent twice holds ", " and is refused. */
export function parseIdempotencyKey(header: string | undefined): string | null | Rejection {
  if (header === undefined) return null;
  return KEY.test(header) ? header : reject('IDEMPOTENCY_KEY_INVALID');
}
