// The session token of a request. The routes that take one read it themselves: to every other route
// it is no credential at all.
import { isSecret } from '../../../shared/secrets/token.ts';

const BEARER = /^Bearer +(\S+)$/i;

/** What stands behind `Bearer`; null when there is nothing, or another scheme. */
export function readBearer(headers: Readonly<Record<string, string>>): string | null {
  return BEARER.exec(headers['authorization'] ?? '')?.[1] ?? null;
}

/** Null for what is no session token. */
export function readSessionToken(headers: Readonly<Record<string, string>>): string | null {
  const bearer = readBearer(headers);
  return bearer !== null && isSecret(bearer, 'bst') ? bearer : null;
}
