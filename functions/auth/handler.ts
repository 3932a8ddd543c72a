// The auth function: who somebody is, and what proves it from then on.
import { createPool, SERVICE_STATEMENT_TIMEOUT_MS } from '../../shared/db/pool.ts';
import { defineFunction } from '../../shared/function/definition.ts';
import { readKeyRing, SEALING_DIR_VARIABLE } from '../../shared/secrets/key-ring.ts';
import { createPasswordHasher } from '../../shared/passwords/hasher.ts';
import type { AuthDeps } from './deps.ts';
import { readSite } from './factors/passkeys/site.ts';
import { factorsRoutes } from './factors/routes.ts';
import { keysRoutes } from './keys/routes.ts';
import { oauthRoutes } from './oauth/routes.ts';
import { sessionsRoutes } from './sessions/routes.ts';

const CONNECTIONS_MAX = 8;

export const definition = defineFunction<AuthDeps>({
  name: 'auth',
  routes: [...sessionsRoutes, ...oauthRoutes, ...factorsRoutes, ...keysRoutes],
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
    return Promise.resolve({
      pool,
      sealing: readKeyRing(directory, 'auth'),
      keySealing: readKeyRing(directory, 'api-keys'),
      passwords: createPasswordHasher(),
      site: readSite(environment),
      now: Date.now,
      log: environment.log,
    });
  },
  close: (deps) => deps.pool.end(),
  isReady: async (deps) => {
    await deps.pool.query('SELECT 1');
    return true;
  },
});
