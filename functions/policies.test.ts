// The table of policies and the routes of the functions: each has the other.
import { describe, expect, it } from 'vitest';
import { POLICIES, policyOf } from '../shared/policy/policies.ts';
import { functions } from './main.ts';

const routes = functions.flatMap(({ facts }) => facts.routes);

describe('the table of policies', () => {
  it('has every route, and no other', () => {
    const names = routes.map((route) => `${route.method} ${route.path}`);
    expect(Object.keys(POLICIES).sort()).toEqual(names.sort());
  });

  it('throws for a route that it does not know', () => {
    expect(() => policyOf('GET', '/v1/secrets')).toThrow('GET /v1/secrets has no policy');
    expect(() => policyOf('toString', '')).toThrow('has no policy');
  });

  it('lets staff in where users may not go, and nowhere else', () => {
    for (const { policy } of routes) {
      if (policy.callers === 'anyone') continue;
      const mixed = policy.callers.includes('staff') && policy.callers.length > 1;
      expect(mixed).toBe(false);
    }
  });

  it('guards against replays whatever a key may change, but for cancels', () => {
    const open = routes.filter(({ method, policy }) => {
      const keys = policy.callers !== 'anyone' && policy.callers.includes('key');
      return keys && method !== 'GET' && policy.quota !== 'cancel' && !policy.replayGuarded;
    });
    expect(open.map(({ path }) => path)).toEqual(['/v1/orders/test']);
  });
});
