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

/** Said by a server that ends, starts or is full: it cannot serve anybody. */
const AWAY_STATES = new Set(['57P01', '57P02', '57P03', '53300']);
const AWAY_WORDS =
  /Connection terminated|connection timeout|timeout exceeded|read timeout|Client has encountered/i;

/** Name of the constraint that refused the work, or null when it was something else. */
export function findViolatedConstraint(error: unknown): string | null {
  if (!(error instanceof pg.DatabaseError)) return null;
  return error.code?.startsWith('23') === true ? (error.constraint ?? null) : null;
}

/** What the server says beside its message, or null. */
export function detailOf(error: unknown): string | null {
  return error instanceof pg.DatabaseError ? (error.detail ?? null) : null;
}

/** True when trying the same transaction again may succeed. */
export function isRetryableDatabaseError(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) {
    const state = error.code ?? '';
    return RETRYABLE_STATES.has(state) || RETRYABLE_CLASSES.has(state.slice(0, 2));
  }
  return isUnreachable(error);
}

/** True when no work at all can be done on the database now. */
export function isServerAway(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) {
    const state = error.code ?? '';
    return AWAY_STATES.has(state) || state.startsWith('08');
  }
  return isUnreachable(error);
}

function isUnreachable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  // Several addresses of one name were tried: they fail together.
  if (error instanceof AggregateError) return error.errors.some(isUnreachable);
  if ('code' in error && RETRYABLE_SOCKET_CODES.has(String(error.code))) return true;
  return AWAY_WORDS.test(error.message);
}
