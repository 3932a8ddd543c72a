// Uses step-ups up on the database, with the right that every function has that checks callers.
import { isRetryableDatabaseError } from '../../db/failure.ts';
import { createPool, SERVICE_STATEMENT_TIMEOUT_MS, type Queryable } from '../../db/pool.ts';
import { RetryableError } from '../../domain/failure.ts';
import type { Environment, FunctionDefinition } from '../definition.ts';
import type { HasFactor, StepUpCheck, UseStepUp } from './step-up.ts';

/** Requests that need a step-up are few: none of the function's own connections waits for them. */
const CONNECTIONS_MAX = 2;

/** For a function that has a route with step-up; of any other, nothing is asked. */
export function openStepUps<Deps>(
  definition: FunctionDefinition<Deps>,
  environment: Environment,
): StepUpCheck {
  if (definition.routes.every((route) => route.policy.stepUp === false)) return {};
  const pool = createPool({
    url: environment.get('DATABASE_URL'),
    applicationName: `${definition.name}-step-ups`,
    connectionsMax: CONNECTIONS_MAX,
    statementTimeoutMs: SERVICE_STATEMENT_TIMEOUT_MS,
    onError: (error) => environment.log.warn({ err: error }, 'idle connection lost'),
  });
  return { ...stepUpsOf(pool), close: () => pool.end() };
}

/** Both checks throw RetryableError while the database is away. */
export function stepUpsOf(db: Queryable): { useStepUp: UseStepUp; hasFactor: HasFactor } {
  return {
    useStepUp: ({ hash, userNumber, credentialId, action }) =>
      ask(db, 'SELECT auth.use_step_up($1::bytea, $2::bigint, $3::text, $4::bytea) AS yes', [
        hash,
        userNumber,
        credentialId,
        action,
      ]),
    hasFactor: (userNumber) => ask(db, 'SELECT auth.has_factor($1::bigint) AS yes', [userNumber]),
  };
}

async function ask(db: Queryable, statement: string, values: readonly unknown[]): Promise<boolean> {
  try {
    const result = await db.query<{ yes: boolean }>(statement, [...values]);
    return result.rows[0]?.yes === true;
  } catch (error) {
    if (!isRetryableDatabaseError(error)) throw error;
    throw new RetryableError('a step-up cannot be checked at the moment', { cause: error });
  }
}
