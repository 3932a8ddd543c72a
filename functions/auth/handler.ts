// The auth function: who somebody is, and what proves it from then on.
import { readAuthConfig } from '../../shared/config/function-config.ts';
import { createPool, SERVICE_STATEMENT_TIMEOUT_MS } from '../../shared/db/pool.ts';
import { defineFunction } from '../../shared/function/definition.ts';
import { createPasswordHasher } from '../../shared/passwords/hasher.ts';
import { readEmailIndexKey } from '../../shared/secrets/email.ts';
import { readKeyRing, SEALING_DIR_VARIABLE } from '../../shared/secrets/key-ring.ts';
import type { AuthDeps } from './deps.ts';
import { readSite } from '../../shared/passkeys/site.ts';
import { factorsRoutes } from './factors/routes.ts';
import { keysRoutes } from './keys/routes.ts';
import { oauthRoutes } from './oauth/routes.ts';
import { registerSignIns } from './sessions/sign-in-outcome.ts';
import { sessionsRoutes } from './sessions/routes.ts';
import { tokensRoutes } from './tokens/routes.ts';
import { openSigningKeys } from './tokens/signing-keys.ts';

const CONNECTIONS_MAX = 8;

export const definition = defineFunction<AuthDeps>({
  name: 'auth',
  routes: [...sessionsRoutes, ...tokensRoutes, ...oauthRoutes, ...factorsRoutes, ...keysRoutes],
  events: [],
  connect: (environment) => {
    const directory = environment.get(SEALING_DIR_VARIABLE);
    const pool = createPool({
      url: environment.get('DATABASE_URL'),
      applicationName: 'auth',
      connectionsMax: CONNECTIONS_MAX,
      statementTimeoutMs: SERVICE_STATEMENT_TIMEOUT_MS,
      onError: (error) => environment.log.warn({ err: error }, 'idle connection lost'),
    });
    const sealing = readKeyRing(directory, 'auth');
    const { log } = environment;
    const { issuer, audience } = readAuthConfig({
      AUTH_JWKS_URL: environment.get('AUTH_JWKS_URL'),
      AUTH_ISSUER: environment.get('AUTH_ISSUER'),
      AUTH_AUDIENCE: environment.get('AUTH_AUDIENCE'),
    });
    const keys = openSigningKeys({ pool, sealing, now: Date.now, log });
    return Promise.resolve({
      pool,
      sealing,
      keySealing: readKeyRing(directory, 'api-keys'),
      mailRing: readKeyRing(directory, 'mail'),
      emailIndex: readEmailIndexKey(directory),
      passwords: createPasswordHasher(),
      issuing: { issuer, audience, keys },
      site: readSite(environment),
      signIns: registerSignIns(environment.metrics),
      now: Date.now,
      log,
    });
  },
  close: (deps) => deps.pool.end(),
  isReady: async (deps) => {
    await deps.pool.query('SELECT 1');
    return true;
  },
});
