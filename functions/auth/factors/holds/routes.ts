// Tells a user until when withdrawals are held, and why.
import { route, type Route } from '../../../../shared/function/definition.ts';
import type { AuthDeps } from '../../deps.ts';
import { sessionOf } from '../session-of.ts';
import { holdsAnswer } from '../schema.ts';
import { listHolds } from './store.ts';

export const holdsRoutes: readonly Route<AuthDeps>[] = [
  route({
    method: 'GET',
    path: '/v1/auth/holds',
    summary: 'Until when withdrawals are held, and after which changes.',
    answers: { 200: holdsAnswer },
    refusals: [],
    handle: async (request, deps: AuthDeps) => {
      const { userNumber } = sessionOf(request);
      const holds = await listHolds(deps.pool, userNumber, deps.now());
      const shown = holds.map(({ kind, startedAt, until }) => ({
        kind,
        startedAt: startedAt.toISOString(),
        until: until.toISOString(),
      }));
      return { status: 200, body: { withdrawalsHeldUntil: shown[0]?.until ?? null, holds: shown } };
    },
  }),
];
