// Signatures that were taken, remembered for as long as they would be good: each is taken once.
import type { Cache } from '../../cache/cache.ts';
import { hash } from 'node:crypto';
import { RetryableError } from '../../domain/failure.ts';
import { reject, type Rejection } from '../../domain/rejection.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { AHEAD_MS_MAX } from './signature-headers.ts';

/** How far the clocks of two of our processes may be apart: the slower one believes for longer. */
const CLOCKS_APART_MS_MAX = 5_000;

export type ReplayGuard = (signature: Buffer, receiveWindowMs: number) => Promise<Rejection | null>;

/** Null for the first; SIGNATURE_REPLAYED, or SERVICE_UNAVAILABLE while the cache is away. */
export function createReplayGuard(cache: Pick<Cache, 'setIfAbsent'>, log: Logger): ReplayGuard {
  return async (signature, receiveWindowMs) => {
    // The key is not part of it: one signature is good once, whichever key it is shown with.
    const key = `signature:${hash('sha256', signature, 'hex')}`;
    const ttlMs = receiveWindowMs + AHEAD_MS_MAX + CLOCKS_APART_MS_MAX;
    try {
      const isFirst = await cache.setIfAbsent({ key, value: '1', ttlMs });
      return isFirst ? null : reject('SIGNATURE_REPLAYED');
    } catch (error) {
      if (!(error instanceof RetryableError)) throw error;
      log.warn({ err: error }, 'cannot tell whether a signature was taken before');
      return reject('SERVICE_UNAVAILABLE', 'signed requests of this kind cannot be taken now');
    }
  };
}
