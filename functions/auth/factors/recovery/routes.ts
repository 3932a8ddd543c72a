// New recovery codes in place of the old ones.
import { withTransaction } from '../../../../shared/db/pool.ts';
import { reject } from '../../../../shared/domain/rejection.ts';
import { route, type Route } from '../../../../shared/function/definition.ts';
import type { AuthDeps } from '../../deps.ts';
import { finishChange, hasFactor, lockFactors } from '../change.ts';
import { recoveryCodesAnswer } from '../schema.ts';
import { sessionOf } from '../session-of.ts';
import { replaceCodes } from './store.ts';

export const recoveryRoutes: readonly Route<AuthDeps>[] = [
  route({
    method: 'POST',
    path: '/v1/auth/factors/recovery-codes',
    summary: 'Ten new recovery codes; those there were are good no more.',
    answers: { 201: recoveryCodesAnswer },
    refusals: ['FACTOR_NOT_FOUND'],
    handle: (request, deps: AuthDeps) => {
      const session = sessionOf(request);
      const { userNumber } = session;
      return withTransaction(deps.pool, async (tx) => {
        await lockFactors(tx, userNumber);
        if (!(await hasFactor(tx, userNumber))) {
          return reject('FACTOR_NOT_FOUND', 'recovery codes stand in for a factor: there is none');
        }
        const recoveryCodes = await replaceCodes(tx, userNumber, deps.now());
        const { requestId } = request;
        const change = { what: 'recovery_codes_replaced', session, requestId } as const;
        await finishChange(tx, deps, change, deps.now());
        return { status: 201, body: { recoveryCodes } };
      });
    },
  }),
];
