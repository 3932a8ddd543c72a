// How the function for staff knows its callers: by the token of their session, asked after in the
// database at each request. No issuer has a part in it: what signs tokens of users makes no staff.
import { isRetryableDatabaseError } from '../../db/failure.ts';
import { createPool, type Queryable } from '../../db/pool.ts';
import { RetryableError } from '../../domain/failure.ts';
import { sessionId, userId } from '../../domain/ids.ts';
import { isRejection, reject, type Rejection } from '../../domain/rejection.ts';
import { hashSecret, isSecret } from '../../secrets/token.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Authenticate, Authenticated } from './authenticated.ts';
import type { Identity } from './identity.ts';
import { isSigned } from './signature-headers.ts';

const CONNECTIONS_MAX = 2;
const STATEMENT_TIMEOUT_MS = 2_000;
const BEARER = /^Bearer +(\S+)$/i;

interface UsedSession {
  readonly staffNumber: number;
  readonly sessionNumber: number;
  readonly signedInAt: Date;
}

/** On a pool of its own: who is asked after must not wait for what others do. */
export function openStaffIdentity(url: string, name: string, log: Logger): Identity {
  const pool = createPool({
    url,
    applicationName: `${name}-identity`,
    connectionsMax: CONNECTIONS_MAX,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
    onError: (error) => log.warn({ err: error }, 'idle connection lost'),
  });
  return {
    authenticate: createAuthenticateStaff(pool),
    isReady: () => true,
    close: () => pool.end(),
  };
}

/** Refuses with TOKEN_MISSING or TOKEN_INVALID; throws RetryableError without the database. */
export function createAuthenticateStaff(db: Queryable, nowMs = Date.now): Authenticate {
  const find = async (token: string): Promise<Authenticated | Rejection> => {
    const session = await useSession(db, token, nowMs());
    return session === null ? reject('TOKEN_INVALID') : { caller: callerOf(session) };
  };
  return async ({ headers }) => {
    if (isSigned(headers)) return reject('CALLER_NOT_ALLOWED');
    const authorization = headers['authorization'];
    if (authorization === undefined) return reject('TOKEN_MISSING');
    const token = BEARER.exec(authorization)?.[1] ?? '';
    if (!isSecret(token, 'bas')) return reject('TOKEN_INVALID');
    const known = await find(token);
    if (isRejection(known)) return known;
    // The session may end while the body comes.
    const proveBody = async (): Promise<Rejection | null> => {
      const still = await find(token);
      return isRejection(still) ? still : null;
    };
    return { ...known, proveBody };
  };
}

/** Null when there is no such session, or it has ended, or its person may act no more. */
async function useSession(
  db: Queryable,
  token: string,
  nowMs: number,
): Promise<UsedSession | null> {
  try {
    const result = await db.query<UsedSession>({
      name: 'staff-use-session',
      text: `SELECT s.staff_number AS "staffNumber", s.session_number AS "sessionNumber",
           s.signed_in_at AS "signedInAt"
         FROM admin.use_session($1::bytea, $2::timestamptz) s`,
      values: [hashSecret(token), new Date(nowMs)],
    });
    return result.rows[0] ?? null;
  } catch (error) {
    if (!isRetryableDatabaseError(error)) throw error;
    throw new RetryableError('a session of staff cannot be checked', { cause: error });
  }
}

function callerOf({ staffNumber, sessionNumber, signedInAt }: UsedSession) {
  return {
    userId: userId(staffNumber),
    userNumber: staffNumber,
    kind: 'staff',
    credentialId: sessionId(sessionNumber),
    scopes: [],
    markets: null,
    validUntilMs: null,
    signedInAtMs: signedInAt.getTime(),
  } as const;
}
