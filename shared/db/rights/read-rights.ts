// Who may do what in the database, as its catalog says, in a form that a person can review.
import type { Pool } from '../pool.ts';

/** What can be granted on a table, in the order in which it is written. */
export const TABLE_RIGHTS = ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE'] as const;
export type TableRight = (typeof TABLE_RIGHTS)[number];

export interface TableRights {
  readonly role: string;
  /** With its schema. */
  readonly table: string;
  readonly rights: readonly TableRight[];
  readonly isView: boolean;
  /** Columns that may be read, given, or changed, where the row as a whole may not. */
  readonly readable: readonly string[];
  readonly insertable: readonly string[];
  readonly updatable: readonly string[];
  /** A column that is none of these, nor drawn by the database: that refuses whoever asks. */
  readonly other: string;
}

export interface FunctionRight {
  readonly role: string;
  /** With its schema, without its arguments. */
  readonly name: string;
}

const OURS = `n.nspname NOT LIKE 'pg\\_%' AND n.nspname NOT IN ('information_schema', 'public')`;

/** Rights on tables and views, those of the roles that a role is in included. */
export async function readTableRights(
  pool: Pool,
  roles: readonly string[],
): Promise<readonly TableRights[]> {
  const result = await pool.query<TableRights>(
    `SELECT r.role, format('%s.%s', n.nspname, c.relname) AS "table",
       ARRAY(SELECT t.right_name FROM unnest($2::text[]) WITH ORDINALITY t (right_name, place)
         WHERE has_table_privilege(r.role, c.oid, t.right_name) ORDER BY t.place) AS rights,
       c.relkind = 'v' AS "isView",
       ARRAY(SELECT a.attname::text FROM pg_attribute a
         WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
           AND NOT has_table_privilege(r.role, c.oid, 'SELECT')
           AND has_column_privilege(r.role, c.oid, a.attnum, 'SELECT')
         ORDER BY a.attnum) AS readable,
       ARRAY(SELECT a.attname::text FROM pg_attribute a
         WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
           AND NOT has_table_privilege(r.role, c.oid, 'INSERT')
           AND has_column_privilege(r.role, c.oid, a.attnum, 'INSERT')
         ORDER BY a.attnum) AS insertable,
       ARRAY(SELECT a.attname::text FROM pg_attribute a
         WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
           AND NOT has_table_privilege(r.role, c.oid, 'UPDATE')
           AND has_column_privilege(r.role, c.oid, a.attnum, 'UPDATE')
         ORDER BY a.attnum) AS updatable,
       (SELECT quote_ident(a.attname) FROM pg_attribute a
         WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attidentity = ''
           AND (has_table_privilege(r.role, c.oid, 'SELECT')
             OR NOT has_column_privilege(r.role, c.oid, a.attnum, 'SELECT'))
           AND (has_table_privilege(r.role, c.oid, 'INSERT')
             OR NOT has_column_privilege(r.role, c.oid, a.attnum, 'INSERT'))
           AND (has_table_privilege(r.role, c.oid, 'UPDATE')
             OR NOT has_column_privilege(r.role, c.oid, a.attnum, 'UPDATE'))
         ORDER BY a.attnum LIMIT 1) AS other
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     CROSS JOIN unnest($1::text[]) r (role)
     WHERE ${OURS} AND c.relkind IN ('r', 'p', 'v', 'm')
     ORDER BY n.nspname, c.relname, r.role`,
    [roles, TABLE_RIGHTS],
  );
  return result.rows;
}

/** Functions that a role may call, but for those that only triggers can. */
export async function readFunctionRights(
  pool: Pool,
  roles: readonly string[],
): Promise<readonly FunctionRight[]> {
  const result = await pool.query<FunctionRight>(
    `SELECT DISTINCT r.role, format('%s.%s', n.nspname, p.proname) AS name
     FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
     CROSS JOIN unnest($1::text[]) r (role)
     WHERE ${OURS} AND p.prorettype <> 'trigger'::regtype
       AND has_schema_privilege(r.role, n.oid, 'USAGE')
       AND has_function_privilege(r.role, p.oid, 'EXECUTE')
     ORDER BY name, role`,
    [roles],
  );
  return result.rows;
}

/** The page docs/database-rights.md. */
export function describeRights(
  tables: readonly TableRights[],
  functions: readonly FunctionRight[],
): string {
  const lines = [
    '# Who may do what in the database',
    '',
    'Read from the catalog of a migrated database by `shared/db/rights/rights.int.test.ts`, which fails when this page differs and then tries',
    'what is not here. Each function logs in with a role of its own; the owners of the schemas cannot log in. A role `…_own` is what a function',
    'becomes to read for one caller: its views `own_…` show the rows of that owner alone (identity.md, rows by owner), and its login has nothing of',
    'it by itself. `npx vitest run shared/db/rights -u` writes the page anew: read the difference before you commit it.',
    '',
  ];
  const roles = [...new Set([...tables, ...functions].map(({ role }) => role))].sort();
  for (const role of roles) {
    lines.push(`## ${role}`, '');
    for (const each of tables) {
      if (each.role !== role) continue;
      const rights = [
        ...each.rights.map((right) => right.toLowerCase()),
        ...(each.readable.length === 0 ? [] : [`select of ${each.readable.join(', ')}`]),
        ...(each.insertable.length === 0 ? [] : [`insert of ${each.insertable.join(', ')}`]),
        ...(each.updatable.length === 0 ? [] : [`update of ${each.updatable.join(', ')}`]),
      ];
      if (rights.length > 0) lines.push(`- \`${each.table}\`: ${rights.join(', ')}`);
    }
    const called = functions.filter((each) => each.role === role).map(({ name }) => `\`${name}\``);
    if (called.length > 0) lines.push(`- calls ${called.join(', ')}`);
    lines.push('');
  }
  return lines.join('\n');
}
