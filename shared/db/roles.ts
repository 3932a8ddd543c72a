// The login roles, one per owner of a schema, and how a connection string for one is made.
import type { Pool } from './pool.ts';

export const DATABASE_ROLES = [
  'bourse_orders',
  'bourse_settlement',
  'bourse_fees',
  'bourse_risk',
  'bourse_market_data',
  'bourse_ledger_reader',
  'bourse_reference',
  'bourse_bus',
  'bourse_engine',
  'bourse_operator',
  'bourse_users',
  'bourse_auth',
  'bourse_notifications',
  'bourse_admin',
  'bourse_audit_anchor',
  'bourse_audit_reader',
  'bourse_reseal',
] as const;
export type DatabaseRole = (typeof DATABASE_ROLES)[number];

/** Roles without a login that see one owner's rows, with the login that may become each. */
export const OWNER_ROLES = {
  bourse_ledger_own: 'bourse_ledger_reader',
  bourse_orders_own: 'bourse_orders',
  bourse_fees_own: 'bourse_fees',
  bourse_risk_own: 'bourse_risk',
  bourse_auth_own: 'bourse_auth',
  bourse_users_own: 'bourse_users',
} as const satisfies Readonly<Record<string, DatabaseRole>>;
export type OwnerRole = keyof typeof OWNER_ROLES;

/** Lets a role log in with this password. The migrations create roles that cannot log in. */
export async function setRolePassword(
  pool: Pool,
  role: DatabaseRole,
  password: string,
): Promise<void> {
  // ALTER ROLE takes no parameters; format() quotes both parts on the server.
  const quoted = await pool.query<{ statement: string }>(
    `SELECT format('ALTER ROLE %I LOGIN PASSWORD %L', $1::text, $2::text) AS statement`,
    [role, password],
  );
  await pool.query(quoted.rows[0]?.statement ?? '');
}

/** The same server and database as `url`, for another role. */
export function urlForRole(url: string, role: DatabaseRole, password: string): string {
  const changed = new URL(url);
  changed.username = role;
  changed.password = encodeURIComponent(password);
  return changed.toString();
}
