// Who calls in the matrix, and what the policy of a route says to each of them.
import { SCOPES, type Caller, type Scope } from '../../shared/domain/caller.ts';
import { sessionId, userId } from '../../shared/domain/ids.ts';
import { createAuthenticate } from '../../shared/function/auth/auth.ts';
import type { Authenticate } from '../../shared/function/auth/authenticated.ts';
import {
  makeKey,
  signToken,
  startIssuer,
  TEST_AUDIENCE,
  TEST_ISSUER,
} from '../../shared/function/testing/token-issuer.ts';
import type { Policy } from '../../shared/policy/policy.ts';
import { silentLogger } from '../../shared/telemetry/logger.ts';

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
  readonly authenticate: Authenticate;
  readonly all: readonly MatrixCaller[];
  /** Throws for a name that there is not. */
  get(name: string): MatrixCaller;
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

export async function openCallers(): Promise<Callers> {
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
    return kind === 'key' ? told(name, 'key', scopes) : told(name, 'staff', []);
  };
  const all = await Promise.all(CALLER_NAMES.map(made));
  return {
    jwksUrl: issuer.jwksUrl,
    issuer: TEST_ISSUER,
    authenticate: tellingAuthenticate(issuer.jwksUrl),
    all,
    get: (name) => {
      const found = all.find((each) => each.name === name);
      if (found === undefined) throw new Error(`no caller ${name}`);
      return found;
    },
    close: () => issuer.close(),
  };
}

function told(name: string, kind: 'key' | 'staff', scopes: readonly Scope[]): MatrixCaller {
  const caller: Caller = {
    userId: userId(OWNER),
    userNumber: OWNER,
    kind,
    credentialId: kind === 'key' ? 'key_0000000000000001' : sessionId(OWNER),
    scopes,
    markets: null,
    validUntilMs: null,
  };
  return { name, caller, headers: { [TOLD]: JSON.stringify(caller) } };
}

/** Believes what the test tells, and checks tokens as every host does. */
function tellingAuthenticate(jwksUrl: string): Authenticate {
  const real = createAuthenticate({
    jwksUrl,
    issuer: TEST_ISSUER,
    audience: TEST_AUDIENCE,
    log: silentLogger(),
  });
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
