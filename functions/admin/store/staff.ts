// The SQL of staff and their roles.
import type { Queryable } from '../../../shared/db/pool.ts';
import { rolesGiving, type Role, type RoleGrant, type Staff } from '../decide/permissions.ts';

/** Null when there is no such person. */
export async function findStaff(db: Queryable, staffNumber: number): Promise<Staff | null> {
  const result = await db.query<Omit<Staff, 'grants'> & { readonly grants: RoleGrant[] }>(
    `SELECT s.staff_number AS "staffNumber", s.name, s.status = 'active' AS "isActive",
       s.is_break_glass AS "isBreakGlass", coalesce((
         SELECT json_agg(json_build_object('role', g.role, 'requestedBy', g.requested_by)
           ORDER BY g.role)
         FROM admin.role_grants g WHERE g.staff_number = s.staff_number
       ), '[]') AS grants
     FROM admin.staff s WHERE s.staff_number = $1`,
    [staffNumber],
  );
  return result.rows[0] ?? null;
}

export async function findStaffByEmail(db: Queryable, email: string): Promise<number | null> {
  const result = await db.query<{ staffNumber: number }>(
    'SELECT staff_number AS "staffNumber" FROM admin.staff WHERE email = lower($1)',
    [email],
  );
  return result.rows[0]?.staffNumber ?? null;
}

export async function insertStaff(
  db: Queryable,
  person: { readonly name: string; readonly email: string; readonly isBreakGlass: boolean },
): Promise<number> {
  const result = await db.query<{ staffNumber: number }>(
    `INSERT INTO admin.staff (name, email, is_break_glass) VALUES ($1, lower($2), $3)
     RETURNING staff_number AS "staffNumber"`,
    [person.name, person.email, person.isBreakGlass],
  );
  const row = result.rows[0];
  if (row === undefined) throw new Error('a new person has no row');
  return row.staffNumber;
}

export async function setStaffStatus(
  db: Queryable,
  staffNumber: number,
  status: 'active' | 'disabled',
): Promise<void> {
  await db.query('UPDATE admin.staff SET status = $2 WHERE staff_number = $1', [
    staffNumber,
    status,
  ]);
}

/** False when the person has the role already. */
export async function grantRole(
  db: Queryable,
  staffNumber: number,
  role: Role,
  requestedBy: number | null,
): Promise<boolean> {
  const result = await db.query(
    `INSERT INTO admin.role_grants (staff_number, role, requested_by) VALUES ($1, $2, $3)
     ON CONFLICT ON CONSTRAINT role_grants_pkey DO NOTHING`,
    [staffNumber, role, requestedBy],
  );
  return result.rowCount === 1;
}

/** False when the person has not the role. */
export async function revokeRole(db: Queryable, staffNumber: number, role: Role): Promise<boolean> {
  const result = await db.query(
    'DELETE FROM admin.role_grants WHERE staff_number = $1 AND role = $2',
    [staffNumber, role],
  );
  return result.rowCount === 1;
}

/** People who may give roles, without the accounts for emergencies. */
export async function countRoleGranters(db: Queryable): Promise<number> {
  const result = await db.query<{ count: number }>(
    `SELECT count(DISTINCT s.staff_number) AS count
     FROM admin.staff s JOIN admin.role_grants g USING (staff_number)
     WHERE s.status = 'active' AND NOT s.is_break_glass AND g.role = ANY ($1::text[])`,
    [rolesGiving('approve:roles.grant')],
  );
  return result.rows[0]?.count ?? 0;
}

/**
 * Whatever decides by roles and whatever changes them goes one after the other: a person who is
 * demoted in this moment has either approved before, or does not.
 */
export async function lockStaff(tx: Queryable): Promise<void> {
  await tx.query('SELECT pg_advisory_xact_lock(7105175)');
}
