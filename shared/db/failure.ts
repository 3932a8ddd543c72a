// What a Postgres error means for us: a named constraint, a passing fault, or a bug.
import pg from 'pg';

/** Classes of SQLSTATE after which the same work may succeed: the connection or server went away,
 *  resources ran out, a serialization failure or a deadlock. */
const RETRYABLE_CLASSES = new Set(['08', '53', '57', '58']);
const RETRYABLE_STATES = new Set(['40001', '40P01', '55P03', '25P02', '25P03', '25006']);
const RETRYABLE_SOCKET_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOENT',
]);

/** What the driver says, without a code, when connection or answer is lost. */
const PASSING_MESSAGES =
  /Connection terminated|connection timeout|timeout exceeded|read timeout|Client has encountered/i;

/** Name of the constraint that refused the work, or null when it was something else. */
export function findViolatedConstraint(error: unknown): string | null {
  if (!(error instanceof pg.DatabaseError)) return null;
  return error.code?.startsWith('23') === true ? (error.constraint ?? null) : null;
}

/** True when trying the same transaction again may succeed. */
export function isRetryableDatabaseError(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) {
    const state = error.code ?? '';
    return RETRYABLE_STATES.has(state) || RETRYABLE_CLASSES.has(state.slice(0, 2));
  }
  if (!(error instanceof Error)) return false;
  if ('code' in error && RETRYABLE_SOCKET_CODES.has(String(error.code))) return true;
  return PASSING_MESSAGES.test(error.message);
}
