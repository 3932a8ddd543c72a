// How a function knows its callers, opened and closed with it: tokens, signed requests, and what
// was revoked of both.
import { findCacheConfig } from '../../config/cache-config.ts';
import { getVariable, type EnvironmentSource } from '../../config/environment.ts';
import { readAuthConfig } from '../../config/function-config.ts';
import type { Cache } from '../../cache/cache.ts';
import { openCache } from '../../cache/open-cache.ts';
import { assert } from '../../domain/failure.ts';
import { parseKeyId } from '../../domain/ids.ts';
import { isRejection, reject, type Rejection } from '../../domain/rejection.ts';
import { readKeyRing, SEALING_DIR_VARIABLE } from '../../secrets/key-ring.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { FunctionDefinition } from '../definition.ts';
import { createAuthenticate } from './auth.ts';
import type { Authenticate, Authenticated } from './authenticated.ts';
import { openIdentityStore, type IdentityStore } from './identity-store.ts';
import { KeyCache } from './key-cache.ts';
import { openKey } from './known-key.ts';
import { createReplayGuard, type ReplayGuard } from './replay-guard.ts';
import { RevocationList, type Revocable } from './revocation-list.ts';
import { isSigned } from './signature-headers.ts';
import { createAuthenticateSigned, type SignedRequestOptions } from './signed-request.ts';
import { openStaffIdentity } from './staff-identity.ts';

export interface Identity {
  readonly authenticate: Authenticate;
  /** False until it is known who was revoked, and when that is known no more. */
  isReady(): boolean;
  close(): Promise<void>;
}

type Served = Pick<FunctionDefinition<never>, 'name' | 'routes'>;

/**
 * Throws ConfigError when a variable or a sealing key is missing: AUTH_*, DATABASE_URL, and
 * SEALING_KEYS_DIR where keys are let in. A function without private routes needs none of them, one
 * for staff the database alone. Throws when a function has routes of staff beside those of users.
 */
export function openIdentity(
  definition: Served,
  log: Logger,
  environment?: EnvironmentSource,
): Identity {
  const { name, routes } = definition;
  if (routes.every((route) => route.policy.callers === 'anyone')) return nobodyOf(name);
  const isOfStaff = (route: Served['routes'][number]): boolean =>
    route.policy.callers.includes('staff');
  if (routes.some(isOfStaff)) {
    const isForStaffAlone = routes.every(
      (route) => route.policy.callers === 'anyone' || isOfStaff(route),
    );
    assert(isForStaffAlone, `${name} serves staff, and users beside them`);
    return openStaffIdentity(getVariable('DATABASE_URL', environment), name, log);
  }
  const authenticateToken = createAuthenticate({ ...readAuthConfig(environment), log });
  const takesKeys = routes.some(({ policy }) => policy.callers.includes('key'));
  const ring = takesKeys
    ? readKeyRing(getVariable(SEALING_DIR_VARIABLE, environment), 'api-keys')
    : null;
  const url = getVariable('DATABASE_URL', environment);
  const cache = routes.some((route) => route.policy.replayGuarded)
    ? openReplayCache(name, log, environment)
    : null;
  const store = openIdentityStore(url, `${name}-identity`, log);
  const parts = createIdentity({
    store,
    authenticateToken,
    openKey: (stored) => {
      assert(ring !== null, `${name} lets no keys in`);
      return openKey(stored, ring);
    },
    replays: cache === null ? failedGuard(name) : createReplayGuard(cache, log),
    log,
  });
  parts.revocations.start();
  return {
    authenticate: (call) => {
      if (ring === null && isSigned(call.headers)) return reject('CALLER_NOT_ALLOWED');
      return parts.authenticate(call);
    },
    isReady: () => !parts.revocations.isStale(),
    close: async () => {
      await parts.close();
      await Promise.all([store.close(), cache?.close()]);
    },
  };
}

export interface IdentityParts {
  readonly store: Omit<IdentityStore, 'close'>;
  readonly authenticateToken: Authenticate;
  readonly openKey: ConstructorParameters<typeof KeyCache>[0]['open'];
  readonly replays: ReplayGuard;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly nowMs?: () => number;
}

/** Tokens and signed requests under one roof; `revocations` is still to be started. */
export function createIdentity(parts: IdentityParts): {
  readonly authenticate: Authenticate;
  readonly revocations: RevocationList;
  readonly close: () => Promise<void>;
} {
  const { store, log, nowMs = Date.now } = parts;
  const keys = new KeyCache({
    find: (keyNumbers) => store.findKeys(keyNumbers),
    open: parts.openKey,
    log,
    nowMs,
  });
  const revocations = new RevocationList({
    store,
    log,
    onRevoked: (credentialId) => {
      const keyNumber = parseKeyId(credentialId);
      if (keyNumber !== null) keys.drop(keyNumber);
    },
  });
  const tellUse = useTeller(store, log, nowMs);
  const signed = createAuthenticateSigned({
    keys,
    replays: parts.replays,
    refuseRevoked: (key) => refuseKey(revocations, key),
    onUsed: tellUse.onUsed,
    log,
    nowMs,
  });
  const authenticate: Authenticate = (call) => {
    if (isSigned(call.headers)) {
      if (call.headers['authorization'] === undefined) return signed(call);
      return reject('HEADER_INVALID', 'a request has a token or a signature, not both');
    }
    const known = parts.authenticateToken(call);
    return known instanceof Promise
      ? known.then((later) => whileItStands(revocations, later))
      : whileItStands(revocations, known);
  };
  return {
    authenticate,
    revocations,
    close: async () => {
      await revocations.stop();
      await keys.close();
      await tellUse.settled();
    },
  };
}

/** Tokens are asked after again when the body is read: it may have taken its time. */
function whileItStands(
  revocations: RevocationList,
  known: Authenticated | Rejection,
): Authenticated | Rejection {
  if (isRejection(known)) return known;
  const { caller } = known;
  const refused = refuseToken(revocations, caller);
  if (refused !== null) return refused;
  return { caller, proveBody: () => refuseToken(revocations, caller) };
}

function refuseToken(revocations: RevocationList, caller: Revocable): Rejection | null {
  if (revocations.isStale()) return unsure();
  return revocations.isRevoked(caller) ? reject('TOKEN_INVALID', 'it was revoked') : null;
}

/** A sub-account falls with its owner, and so does what acts for it. */
const refuseKey = (
  revocations: RevocationList,
  key: Parameters<SignedRequestOptions['refuseRevoked']>[0],
): Rejection | null => {
  if (revocations.isStale()) return unsure();
  const isOver = revocations.isRevoked(key.caller) || revocations.isBlocked(key.ownerNumber);
  return isOver ? reject('SIGNATURE_INVALID') : null;
};

function unsure(): Rejection {
  return reject('SERVICE_UNAVAILABLE', 'it cannot be told who was revoked');
}

/** Tells the database which keys are used, beside the requests and never instead of one. */
function useTeller(
  store: Pick<IdentityStore, 'markKeysUsed'>,
  log: Logger,
  nowMs: () => number,
): { readonly onUsed: (keyNumber: number) => void; readonly settled: () => Promise<void> } {
  const used = new Set<number>();
  let writing: Promise<void> | null = null;
  const write = async (): Promise<void> => {
    try {
      while (used.size > 0) {
        const keyNumbers = [...used];
        used.clear();
        await store.markKeysUsed(keyNumbers, nowMs());
      }
    } catch (error) {
      log.warn({ err: error }, 'the use of API keys could not be written');
    } finally {
      writing = null;
    }
  };
  return {
    onUsed: (keyNumber) => {
      used.add(keyNumber);
      writing ??= write();
    },
    settled: () => writing ?? Promise.resolve(),
  };
}

function openReplayCache(name: string, log: Logger, environment?: EnvironmentSource): Cache {
  const config = findCacheConfig(environment);
  if (config === null) {
    log.warn('CACHE_URL is not set: a signed request is known again by this process alone');
  }
  const { url, ca } = config ?? { url: 'memory:', ca: undefined };
  return openCache({ url, ca, applicationName: `${name}-identity`, log });
}

function nobodyOf(name: string): Identity {
  return {
    authenticate: () => {
      throw new Error(`${name} has no private routes`);
    },
    isReady: () => true,
    close: () => Promise.resolve(),
  };
}

function failedGuard(name: string): ReplayGuard {
  return () => {
    throw new Error(`${name} has no route that remembers signatures`);
  };
}
