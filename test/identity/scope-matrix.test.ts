// C13 Every route of every function, called by keys with each scope: who is let in is what the
// table of policies says, and nothing else.
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { functions } from '../../functions/main.ts';
import { SCOPES, type Caller, type Scope } from '../../shared/domain/caller.ts';
import { callFunction } from '../../shared/function/call.ts';
import { defineFunction, type Method } from '../../shared/function/definition.ts';
import { sessionCaller } from '../../shared/function/testing/session-caller.ts';
import { POLICIES } from '../../shared/policy/policies.ts';

const SCOPE_SETS: readonly (readonly Scope[])[] = [
  [],
  ...SCOPES.map((scope) => [scope]),
  ['trade', 'withdraw'],
  SCOPES,
];

const ROUTES = functions.flatMap(({ facts }) =>
  facts.routes.map(({ method, path }) => ({ method, path, name: `${method} ${path}` })),
);

function keyCaller(scopes: readonly Scope[]): Caller {
  const { userId, userNumber, markets } = sessionCaller(1);
  const credentialId = 'key_0000000000000001';
  const validUntilMs = Date.now() + 60_000;
  return { userId, userNumber, kind: 'key', credentialId, scopes, markets, validUntilMs };
}

/** The route with its own policy, and a handler that only says that it was reached. */
function reachable(method: Method, path: string) {
  const policy = POLICIES[`${method} ${path}`];
  if (policy === undefined) throw new Error(`${method} ${path} has no policy`);
  return defineFunction<null>({
    name: 'reachable',
    routes: [
      {
        method,
        path,
        policy,
        summary: 'Says that it was reached.',
        answers: { 200: z.unknown() },
        refusals: [],
        handle: () => Promise.resolve({ status: 200, body: {} }),
      },
    ],
    events: [],
    connect: () => Promise.resolve(null),
    close: () => Promise.resolve(),
    isReady: () => Promise.resolve(true),
  });
}

/** Written down here once more, not read from the code that is tested. */
function wantedOf(name: string, scopes: readonly Scope[]): string {
  const policy = POLICIES[name];
  if (policy === undefined) return 'no policy';
  if (policy.callers === 'anyone') return 'reached';
  if (!policy.callers.includes('key')) return 'CALLER_NOT_ALLOWED';
  return policy.scope === null || scopes.includes(policy.scope) ? 'reached' : 'SCOPE_MISSING';
}

describe('C13 a key', () => {
  it.each(SCOPE_SETS.map((scopes) => [scopes.join('+') || 'no scope', scopes] as const))(
    'with %s reaches what its scopes allow',
    async (_name, scopes) => {
      for (const { method, path, name } of ROUTES) {
        const called = {
          method,
          path: path.replaceAll(/\{[^}]+\}/g, 'x'),
          caller: keyCaller(scopes),
        };
        const { status, body } = await callFunction(reachable(method, path), null, called);
        const outcome = status === 200 ? 'reached' : (body as { code: string }).code;
        expect(`${name}: ${outcome}`).toBe(`${name}: ${wantedOf(name, scopes)}`);
      }
    },
  );

  it('places and cancels with trade alone, and looks with read alone', () => {
    expect(wantedOf('POST /v1/orders', ['read', 'withdraw'])).toBe('SCOPE_MISSING');
    expect(wantedOf('POST /v1/orders', ['trade'])).toBe('reached');
    expect(wantedOf('DELETE /v1/orders', ['read'])).toBe('SCOPE_MISSING');
    expect(wantedOf('GET /v1/balances', ['trade', 'withdraw'])).toBe('SCOPE_MISSING');
  });

  it('never manages keys, whatever its scopes', () => {
    const managing = ROUTES.filter(({ path }) => path.startsWith('/v1/api-keys'));
    expect(managing).toHaveLength(3);
    for (const { name } of managing) expect(wantedOf(name, SCOPES)).toBe('CALLER_NOT_ALLOWED');
  });

  it('is tried on every route that there is a policy for', () => {
    expect(new Set(ROUTES.map(({ name }) => name))).toEqual(new Set(Object.keys(POLICIES)));
  });
});
