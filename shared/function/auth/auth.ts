// Who is calling: a bearer JWT (EdDSA) of the configured issuer, or a refusal.
import { errors, jwtVerify } from 'jose';
import type { AuthConfig } from '../../config/function-config.ts';
import { reject, type Rejection } from '../../domain/rejection.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Authenticate, Authenticated } from './authenticated.ts';
import { KeysUnavailableError, openKeySet, type KeySet } from './key-set.ts';
import { TokenCache } from './token-cache.ts';
import { callerOf } from './token-caller.ts';
import {
  TOKEN_ALGORITHM,
  TOKEN_CHARACTERS_MAX,
  TOKEN_CLOCK_TOLERANCE_SECONDS,
  TOKEN_TYPE,
} from './token-rules.ts';

export interface AuthOptions extends AuthConfig {
  readonly log: Logger;
  readonly nowMs?: () => number;
  /** For tests; see KEYS_COOLDOWN_MS. */
  readonly keysCooldownMs?: number;
}

const BEARER = /^Bearer +([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*)$/i;

/**
 * Refuses with TOKEN_MISSING, TOKEN_INVALID, or SERVICE_UNAVAILABLE when the issuer's keys are
 * needed and cannot be had. Nothing in the token but its verified claims is trusted: key addresses
 * and keys inside the header (`jku`, `x5u`, `jwk`) are never looked at.
 */
export function createAuthenticate(options: AuthOptions): Authenticate {
  const nowMs = options.nowMs ?? Date.now;
  const cache = new TokenCache();
  const keys = openKeySet({
    jwksUrl: options.jwksUrl,
    log: options.log,
    nowMs,
    ...(options.keysCooldownMs === undefined ? {} : { cooldownMs: options.keysCooldownMs }),
  });
  return ({ headers }) => {
    const authorization = headers['authorization'];
    if (authorization === undefined) return reject('TOKEN_MISSING');
    if (authorization.length > TOKEN_CHARACTERS_MAX) return reject('TOKEN_INVALID');
    const token = BEARER.exec(authorization)?.[1];
    if (token === undefined) return reject('TOKEN_INVALID');
    keys.renewIfOld();
    const known = cache.find(token, nowMs(), keys.generation());
    return known ?? verifyToken(token, options, keys, cache, nowMs);
  };
}

async function verifyToken(
  token: string,
  options: AuthOptions,
  keys: KeySet,
  cache: TokenCache,
  nowMs: () => number,
): Promise<Authenticated | Rejection> {
  const generation = keys.generation();
  try {
    const { payload } = await jwtVerify(token, keys.getKey, {
      algorithms: [TOKEN_ALGORITHM],
      typ: TOKEN_TYPE,
      issuer: options.issuer,
      audience: options.audience,
      requiredClaims: ['exp', 'iat', 'jti', 'sub', 'sid', 'scope'],
      clockTolerance: TOKEN_CLOCK_TOLERANCE_SECONDS,
      currentDate: new Date(nowMs()),
    });
    const caller = callerOf(payload);
    if (caller === null || payload.exp === undefined) return reject('TOKEN_INVALID');
    const known = { caller };
    // Under keys that were renewed meanwhile it may be refused: the next request checks it again.
    if (keys.generation() === generation) {
      cache.keep(token, known, payload.exp * 1_000, nowMs(), generation);
    }
    return known;
  } catch (error) {
    return refuseToken(error, options.log);
  }
}

function refuseToken(error: unknown, log: Logger): Rejection {
  if (error instanceof KeysUnavailableError || error instanceof errors.JWKSTimeout) {
    log.warn({ err: error }, 'cannot check a token without the keys of the issuer');
    return reject('SERVICE_UNAVAILABLE', 'tokens cannot be checked at the moment');
  }
  if (error instanceof errors.JWTExpired) return reject('TOKEN_INVALID', 'the token has expired');
  if (error instanceof errors.JOSEError) {
    log.debug({ code: error.code }, 'refused a token');
    return reject('TOKEN_INVALID');
  }
  // A key that cannot be imported, and the like: a token never makes the service break.
  log.warn({ err: error }, 'refused a token for an unforeseen reason');
  return reject('TOKEN_INVALID');
}
