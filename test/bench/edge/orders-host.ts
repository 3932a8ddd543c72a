// A process of the orders function for benchmarks: with the whole edge, or with whoever a token
// names believed unread. No process of production can be started so: nothing but this file does it.
import { decodeJwt } from 'jose';
import { definition } from '../../../functions/orders/handler.ts';
import { processEnvironment } from '../../../shared/config/environment.ts';
import { parseUserId } from '../../../shared/domain/ids.ts';
import type { Authenticate, Authenticated } from '../../../shared/function/auth/authenticated.ts';
import { hostFunction } from '../../../shared/function/host.ts';
import { sessionCaller } from '../../../shared/function/testing/session-caller.ts';
import { createLogger } from '../../../shared/telemetry/logger.ts';
import { reportTo } from '../http/serve.ts';

const hasEdge = processEnvironment()['BENCH_EDGE'] !== 'none';

/** Looked up by the text of the header: reading a token a second time would be a cost, too. */
function believer(): Authenticate {
  const known = new Map<string, Authenticated>();
  return ({ headers }) => {
    const authorization = headers['authorization'] ?? '';
    const found = known.get(authorization);
    if (found !== undefined) return found;
    const { sub } = decodeJwt(authorization.replace(/^Bearer /, ''));
    const made = { caller: sessionCaller(parseUserId(sub) ?? 0) };
    known.set(authorization, made);
    return made;
  };
}

const withoutScopes = {
  ...definition,
  routes: definition.routes.map((route) => ({
    ...route,
    policy: { ...route.policy, scope: null },
  })),
};

const hosted = await hostFunction(hasEdge ? definition : withoutScopes, {
  log: createLogger({ service: 'bench-orders', level: 'warn' }),
  port: 0,
  hostname: '127.0.0.1',
  ...(hasEdge
    ? {}
    : { authenticate: believer(), environment: { ...processEnvironment(), RATE_LIMITS: 'off' } }),
});

reportTo(hosted.port);
