// C17: which roles may ask for what, and carry it out for another.
import { describe, expect, it } from 'vitest';
import { ACTIONS, ROLES, rolesGiving, type Action } from './permissions.ts';

const EXPECTED: Readonly<Record<Action, readonly [asks: string, approves: string]>> = {
  'users.suspend': ['support compliance security', 'compliance security'],
  'users.reinstate': ['compliance', 'compliance'],
  'sessions.revoke': ['support compliance security', 'security'],
  'keys.revoke': ['support security', 'security'],
  'flags.change': ['compliance risk', 'compliance risk'],
  'limits.change': ['risk', 'risk'],
  'roles.grant': ['security', 'security'],
  'roles.revoke': ['security', 'security'],
  'markets.status': ['markets', 'markets'],
  'markets.settings': ['markets', 'markets'],
  'fees.schedule': ['markets', 'markets'],
  'fees.terms': ['markets', 'markets'],
  'balances.credit': ['treasury', 'treasury'],
  'balances.debit': ['treasury', 'treasury'],
  'house.fund': ['treasury', 'treasury'],
};

describe('C17: an action', () => {
  it.each(ACTIONS)('%s is asked for and approved by these roles alone', (action) => {
    const asks = rolesGiving(action).join(' ');
    expect([asks, rolesGiving(`approve:${action}`).join(' ')]).toEqual(EXPECTED[action]);
  });

  it('is nothing for an auditor', () => {
    const all = ACTIONS.flatMap((each) => [
      ...rolesGiving(each),
      ...rolesGiving(`approve:${each}`),
    ]);
    expect(all).not.toContain('auditor');
    expect(new Set(all).size).toBe(ROLES.length - 1);
  });
});
