// The routes of factors: each kind has its own; the list and the removal are for all of them.
import { withTransaction } from '../../../shared/db/pool.ts';
import { parseFactorId } from '../../../shared/domain/ids.ts';
import { reject } from '../../../shared/domain/rejection.ts';
import { route, type HandlerResponse, type Route } from '../../../shared/function/definition.ts';
import type { AuthDeps } from '../deps.ts';
import { readOwn } from '../read-own.ts';
import { finishChange, hasFactor, lockFactors } from './change.ts';
import { holdsRoutes } from './holds/routes.ts';
import { passkeyRoutes } from './passkeys/routes.ts';
import { presentFactor } from './present.ts';
import { recoveryRoutes } from './recovery/routes.ts';
import { countCodesLeft, deleteCodes } from './recovery/store.ts';
import { factorParams, factorsAnswer } from './schema.ts';
import { sessionOf } from './session-of.ts';
import { signInFactorRoutes } from './sign-in/routes.ts';
import { stepUpRoutes } from './step-ups/routes.ts';
import { deleteFactor, listFactors } from './store.ts';
import { totpRoutes } from './totp/routes.ts';

export const factorsRoutes: readonly Route<AuthDeps>[] = [
  route({
    method: 'GET',
    path: '/v1/auth/factors',
    summary: 'Own factors, and how many recovery codes are left.',
    answers: { 200: factorsAnswer },
    refusals: [],
    handle: (request, deps: AuthDeps) => showFactors(deps, sessionOf(request).userNumber),
  }),
  route({
    method: 'DELETE',
    path: '/v1/auth/factors/{id}',
    summary: 'Removes a factor, and answers what is left; with the last go the recovery codes.',
    params: factorParams,
    answers: { 200: factorsAnswer },
    refusals: ['FACTOR_NOT_FOUND'],
    handle: async (request, deps: AuthDeps) => {
      const session = sessionOf(request);
      const { userNumber } = session;
      const factorNumber = parseFactorId(request.params.id);
      if (factorNumber === null) return reject('FACTOR_NOT_FOUND');
      const isRemoved = await withTransaction(deps.pool, async (tx) => {
        await lockFactors(tx, userNumber);
        if (!(await deleteFactor(tx, userNumber, factorNumber))) return false;
        if (!(await hasFactor(tx, userNumber))) await deleteCodes(tx, userNumber);
        const { requestId } = request;
        const change = { what: 'factor_removed', session, requestId } as const;
        await finishChange(tx, deps, change, deps.now());
        return true;
      });
      return isRemoved ? showFactors(deps, userNumber) : reject('FACTOR_NOT_FOUND');
    },
  }),
  ...totpRoutes,
  ...passkeyRoutes,
  ...recoveryRoutes,
  ...stepUpRoutes,
  ...signInFactorRoutes,
  ...holdsRoutes,
];

async function showFactors({ pool }: AuthDeps, userNumber: number): Promise<HandlerResponse> {
  const [factors, recoveryCodesLeft] = await readOwn(pool, userNumber, (tx) =>
    Promise.all([listFactors(tx, userNumber), countCodesLeft(tx, userNumber)]),
  );
  return { status: 200, body: { factors: factors.map(presentFactor), recoveryCodesLeft } };
}
