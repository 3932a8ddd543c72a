// What each role may do. What is not listed is denied; nobody has two roles by having one.

/** What needs a second person: asked for by one, carried out when another approves. */
export const ACTIONS = [
  'users.suspend',
  'users.reinstate',
  'sessions.revoke',
  'keys.revoke',
  'flags.change',
  'limits.change',
  'roles.grant',
  'roles.revoke',
  'markets.status',
  'markets.settings',
  'fees.schedule',
  'fees.terms',
  'balances.credit',
  'balances.debit',
  'house.fund',
] as const;
export type Action = (typeof ACTIONS)[number];

export const ROLES = [
  'support',
  'compliance',
  'risk',
  'treasury',
  'markets',
  'security',
  'auditor',
] as const;
export type Role = (typeof ROLES)[number];

/** An action's own name lets its holder ask for it, `approve:` carry it out for another. */
export type Permission = Action | `approve:${Action}` | 'requests.read' | 'audit.read';

const ROLE_PERMISSIONS: Readonly<Record<Role, readonly Permission[]>> = {
  support: ['requests.read', 'users.suspend', 'sessions.revoke', 'keys.revoke'],
  compliance: [
    'requests.read',
    'users.suspend',
    'approve:users.suspend',
    'users.reinstate',
    'approve:users.reinstate',
    'sessions.revoke',
    'flags.change',
    'approve:flags.change',
  ],
  risk: [
    'requests.read',
    'flags.change',
    'approve:flags.change',
    'limits.change',
    'approve:limits.change',
  ],
  treasury: [
    'requests.read',
    'balances.credit',
    'approve:balances.credit',
    'balances.debit',
    'approve:balances.debit',
    'house.fund',
    'approve:house.fund',
  ],
  markets: [
    'requests.read',
    'markets.status',
    'approve:markets.status',
    'markets.settings',
    'approve:markets.settings',
    'fees.schedule',
    'approve:fees.schedule',
    'fees.terms',
    'approve:fees.terms',
  ],
  security: [
    'requests.read',
    'audit.read',
    'users.suspend',
    'approve:users.suspend',
    'sessions.revoke',
    'approve:sessions.revoke',
    'keys.revoke',
    'approve:keys.revoke',
    'roles.grant',
    'approve:roles.grant',
    'roles.revoke',
    'approve:roles.revoke',
  ],
  auditor: ['requests.read', 'audit.read'],
};

export interface RoleGrant {
  readonly role: Role;
  /** The person who asked for it; null: an operator's tool. */
  readonly requestedBy: number | null;
}

export interface Staff {
  readonly staffNumber: number;
  readonly name: string;
  readonly isActive: boolean;
  readonly isBreakGlass: boolean;
  readonly grants: readonly RoleGrant[];
}

/** Who is disabled may nothing; the break-glass account may everything. */
export function may(staff: Staff, permission: Permission): boolean {
  if (!staff.isActive) return false;
  return staff.isBreakGlass || staff.grants.some(({ role }) => gives(role, permission));
}

/**
 * As `may`, without what the other of two persons has asked for: who makes somebody an approver has
 * not found a second person.
 */
export function mayBeside(staff: Staff, permission: Permission, other: number): boolean {
  const grants = staff.grants.filter(({ requestedBy }) => requestedBy !== other);
  return may({ ...staff, grants }, permission);
}

function gives(role: Role, permission: Permission): boolean {
  return ROLE_PERMISSIONS[role].includes(permission);
}

export function permissionsOf(staff: Staff): Permission[] {
  const all = Object.values(ROLE_PERMISSIONS).flat();
  return [...new Set(all)].filter((each) => may(staff, each)).sort();
}

/** The roles whose holders may do it. */
export function rolesGiving(permission: Permission): Role[] {
  return ROLES.filter((role) => gives(role, permission));
}
