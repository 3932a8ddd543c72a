// Whether a client is who it says it is.
import { timingSafeEqual } from 'node:crypto';
import { clientId } from '../../../shared/domain/ids.ts';
import { hashSecret } from '../../../shared/secrets/token.ts';
import type { Logger } from '../../../shared/telemetry/logger.ts';
import type { AuthDeps } from '../deps.ts';
import type { Form } from './form.ts';
import { OAuthError } from './oauth-error.ts';
import { CLIENT_INVALID, readCredentials } from './read-credentials.ts';
import { countFailure, findClient, FAILURES_WINDOW_MS, type Client } from './store/clients.ts';

/** Wrong secrets of one client in a minute before it is told to wait. */
export const FAILURES_MAX = 10;

/** Compared with where there is no client: an unknown one takes as long as a wrong secret. */
const NOBODY_HASH = Buffer.alloc(32);

/**
 * Wrong secrets are told to wait after FAILURES_MAX; the right one never is. Ids of clients are
 * public: if failures kept a client out, any stranger could.
 */
export async function authenticateClient(
  deps: AuthDeps,
  request: { readonly headers: Readonly<Record<string, string>>; readonly log: Logger },
  form: Form,
): Promise<Client | OAuthError> {
  const credentials = readCredentials(request.headers['authorization'], form);
  if (credentials instanceof OAuthError) return credentials;
  const { clientNumber, secret } = credentials;
  const nowMs = deps.now();
  const client = await findClient(deps.pool, clientNumber, nowMs);
  if (client === null) {
    isRightSecret(secret, NOBODY_HASH);
    return new OAuthError('invalid_client', CLIENT_INVALID);
  }
  const isRight = isRightSecret(secret, client.secretHash);
  const isPrevious = isRightSecret(secret, client.previousSecretHash ?? NOBODY_HASH);
  if ((isRight || isPrevious) && client.status === 'active') return client;
  return refuseClient(deps, request.log, client, nowMs);
}

/** A public client has no secret, and must not show one. */
function isRightSecret(secret: string | null, expected: Buffer | null): boolean {
  if (expected === null) return secret === null;
  return timingSafeEqual(hashSecret(secret ?? ''), expected) && secret !== null;
}

async function refuseClient(
  deps: AuthDeps,
  log: Logger,
  client: Client,
  nowMs: number,
): Promise<OAuthError> {
  const { clientNumber } = client;
  if (client.failures >= FAILURES_MAX) {
    return new OAuthError('invalid_client', CLIENT_INVALID, FAILURES_WINDOW_MS / 1_000);
  }
  const failures = await countFailure(deps.pool, clientNumber, nowMs);
  if (failures === FAILURES_MAX) {
    log.warn({ client: clientId(clientNumber), failures }, 'an OAuth client fails to authenticate');
  }
  return new OAuthError('invalid_client', CLIENT_INVALID);
}
