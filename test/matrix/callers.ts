// Who calls in the matrix, and what the policy of a route says to each of them.
import { SCOPES, type Caller, type Scope } from '../../shared/domain/caller.ts';
import { sessionId, userId } from '../../shared/domain/ids.ts';
import { createAuthenticate } from '../../shared/function/auth/auth.ts';
import type { Authenticate } from '../../shared/function/auth/authenticated.ts';
import { createAuthenticateStaff } from '../../shared/function/auth/staff-identity.ts';
import {
  makeKey,
  signToken,
  startIssuer,
  TEST_AUDIENCE,
  TEST_ISSUER,
} from '../../shared/function/testing/token-issuer.ts';
import type { Policy } from '../../shared/policy/policy.ts';
import { drawSecret, hashSecret } from '../../shared/secrets/token.ts';
import { silentLogger } from '../../shared/telemetry/logger.ts';
import type { TestDatabase } from '../../shared/testing/database.ts';

export const OWNER = 1;
export const STRANGER = 2;

/** A caller that has no real credential here is told to the host in this header. */
const TOLD = 'x-matrix-caller';

export interface MatrixCaller {
  readonly name: string;
  /** Null when nobody is known by what is sent. */
  readonly caller: Pick<Caller, 'kind' | 'scopes' | 'userNumber'> | null;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Callers {
  readonly jwksUrl: string;
  readonly issuer: string;
  /** Of the functions for users, and of the one for staff. */
  readonly authenticate: Authenticate;
  readonly authenticateStaff: Authenticate;
  readonly all: readonly MatrixCaller[];
  /** Throws for a name that there is not. */
  get(name: string): MatrixCaller;
  /** The session of staff goes on, whatever has ended it. */
  reviveStaff(): Promise<void>;
  close(): Promise<void>;
}

/** Names of all callers, known before any of them is made. */
export const CALLER_NAMES: readonly string[] = [
  'anonymous',
  'expired token',
  'forged token',
  'owner',
  'another user',
  ...SCOPES.flatMap((scope) => [`client with ${scope}`, `key with ${scope}`]),
  'client without scopes',
  'key without scopes',
  'staff',
];

export async function openCallers(database: TestDatabase): Promise<Callers> {
  const key = await makeKey('matrix');
  const forger = await makeKey('matrix');
  const issuer = await startIssuer([key.publicJwk]);
  const token = async (claims: Record<string, unknown>, seconds = 600, by = key) => ({
    authorization: `Bearer ${await signToken(by, { claims, expiresInSeconds: seconds })}`,
  });
  const session = (user: number) => ({ sub: userId(user), sid: sessionId(user) });
  const client = (scopes: readonly Scope[]) => ({
    sub: userId(OWNER),
    sid: 'grt_0000000000000001',
    scope: scopes.join(' '),
  });
  const made = async (name: string): Promise<MatrixCaller> => {
    const [kind, scope] = name.split(/ with(?:out scopes)? ?/);
    const scopes = SCOPES.filter((each) => each === scope);
    const own = (of: 'session' | 'client', all = SCOPES) =>
      ({ kind: of, scopes: all, userNumber: OWNER }) as const;
    if (name === 'anonymous') return { name, caller: null, headers: {} };
    if (name === 'expired token') {
      return { name, caller: null, headers: await token(session(OWNER), -60) };
    }
    if (name === 'forged token') {
      return { name, caller: null, headers: await token(session(OWNER), 600, forger) };
    }
    if (name === 'owner')
      return { name, caller: own('session'), headers: await token(session(OWNER)) };
    if (name === 'another user') {
      const caller = { ...own('session'), userNumber: STRANGER };
      return { name, caller, headers: await token(session(STRANGER)) };
    }
    if (kind === 'client') {
      const caller = { ...own('client'), scopes };
      return { name, caller, headers: await token(client(scopes)) };
    }
    return kind === 'key' ? toldKey(name, scopes) : openStaff(name, database);
  };
  const all = await Promise.all(CALLER_NAMES.map(made));
  return {
    jwksUrl: issuer.jwksUrl,
    issuer: TEST_ISSUER,
    authenticate: telling(tokenAuthenticate(issuer.jwksUrl)),
    authenticateStaff: telling(createAuthenticateStaff(database.poolFor('bourse_admin'))),
    all,
    get: (name) => {
      const found = all.find((each) => each.name === name);
      if (found === undefined) throw new Error(`no caller ${name}`);
      return found;
    },
    reviveStaff: async () => {
      await database.pool.query('UPDATE admin.sessions SET ended_at = NULL, end_reason = NULL');
    },
    close: () => issuer.close(),
  };
}

function toldKey(name: string, scopes: readonly Scope[]): MatrixCaller {
  const caller: Caller = {
    userId: userId(OWNER),
    userNumber: OWNER,
    kind: 'key',
    credentialId: 'key_0000000000000001',
    scopes,
    markets: null,
    validUntilMs: null,
  };
  return { name, caller, headers: { [TOLD]: JSON.stringify(caller) } };
}

/** Signed in a moment ago, and used so late that no request of the test has to write that. */
async function openStaff(name: string, { pool }: TestDatabase): Promise<MatrixCaller> {
  const token = drawSecret('bas');
  await pool.query(
    `WITH person AS (
       INSERT INTO admin.staff (name, email) VALUES ('Staff', 'staff@bourse.example')
       RETURNING staff_number
     )
     INSERT INTO admin.sessions (staff_number, token_hash, passkey_number, address, signed_in_at,
       last_used_at, expires_at)
     SELECT staff_number, $1::bytea, 1, '127.0.0.1', now(), now() + interval '7 hours',
       now() + interval '8 hours'
     FROM person`,
    [hashSecret(token)],
  );
  const caller = { kind: 'staff', scopes: [], userNumber: OWNER } as const;
  return { name, caller, headers: { authorization: `Bearer ${token}` } };
}

function tokenAuthenticate(jwksUrl: string): Authenticate {
  const options = { issuer: TEST_ISSUER, audience: TEST_AUDIENCE, log: silentLogger() };
  return createAuthenticate({ ...options, jwksUrl });
}

/** Believes what the test tells, and knows all others as the host does. */
function telling(real: Authenticate): Authenticate {
  return (call) => {
    const header = call.headers[TOLD];
    return header === undefined ? real(call) : { caller: JSON.parse(header) as Caller };
  };
}

export interface PolicyRefusal {
  readonly status: number;
  readonly code: string;
}

/** The refusal that the policy has for a caller; null when it lets them in. */
export function refusalOf(policy: Policy, { name, caller }: MatrixCaller): PolicyRefusal | null {
  if (policy.callers === 'anyone') return null;
  if (caller === null) {
    return { status: 401, code: name === 'anonymous' ? 'TOKEN_MISSING' : 'TOKEN_INVALID' };
  }
  // What makes staff is nothing to the hosts of users, and the other way round.
  const isForeign = (caller.kind === 'staff') !== policy.callers.includes('staff');
  if (caller.kind !== 'key' && isForeign) return { status: 401, code: 'TOKEN_INVALID' };
  if (!policy.callers.includes(caller.kind)) return { status: 403, code: 'CALLER_NOT_ALLOWED' };
  if (policy.scope !== null && !caller.scopes.includes(policy.scope)) {
    return { status: 403, code: 'SCOPE_MISSING' };
  }
  return policy.stepUp ? { status: 403, code: 'STEP_UP_REQUIRED' } : null;
}

/** A caller that the policy lets in. */
export function admittedBy(policy: Policy): string {
  if (policy.callers === 'anyone') return 'anonymous';
  return policy.callers.includes('session') ? 'owner' : 'staff';
}
