// What the credential of a caller leaves out: other markets than its own, and what is decided after
// its time. Pure.
import type { Caller } from '../../../shared/domain/caller.ts';
import { reject, type Rejection } from '../../../shared/domain/rejection.ts';

export type CallerLimits = Pick<Caller, 'markets' | 'validUntilMs'>;

/** Whose wish it is. */
export interface Asker {
  readonly userNumber: number;
  /** Left out: none. */
  readonly limits?: CallerLimits;
}

export function isMarketAllowed(limits: CallerLimits | undefined, market: string): boolean {
  const markets: readonly string[] | null = limits?.markets ?? null;
  return markets === null || markets.includes(market);
}

/** Refuses with MARKET_NOT_ALLOWED. */
export function refuseMarket(limits: CallerLimits | undefined, market: string): Rejection | null {
  return isMarketAllowed(limits, market) ? null : reject('MARKET_NOT_ALLOWED');
}

/**
 * At the moment when a wish would enter the log: refuses with MARKET_NOT_ALLOWED, and with
 * SIGNATURE_EXPIRED what waited for longer than its caller would have it taken.
 */
export function refuseByLimits(
  limits: CallerLimits | undefined,
  markets: readonly string[],
  nowMs: number,
): Rejection | null {
  if (limits === undefined) return null;
  if (limits.validUntilMs !== null && nowMs > limits.validUntilMs) {
    return reject('SIGNATURE_EXPIRED', 'the request waited for longer than its window');
  }
  const other = markets.find((market) => !isMarketAllowed(limits, market));
  return other === undefined ? null : reject('MARKET_NOT_ALLOWED');
}

/** The markets of a list that is read; null: all. Refuses one that is named and not allowed. */
export function marketsToRead(
  limits: CallerLimits | undefined,
  market: string | undefined,
): readonly string[] | null | Rejection {
  if (market === undefined) return limits?.markets ?? null;
  return refuseMarket(limits, market) ?? [market];
}
