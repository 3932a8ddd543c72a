// Each role may do what its page says, and nothing else: the page is compared with the catalog, and
// everything that is not on it is tried.
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../testing/database.ts';
import { DATABASE_ROLES, OWNER_ROLES, type DatabaseRole, type OwnerRole } from '../roles.ts';
import {
  describeRights,
  readFunctionRights,
  readTableRights,
  type TableRight,
  type TableRights,
} from './read-rights.ts';

const PAGE = fileURLToPath(new URL('../../../docs/database-rights.md', import.meta.url));
const DONE = 'was done';
/** Many views refuse to be written whoever asks; of a table nothing else counts. */
const INSUFFICIENT_PRIVILEGE = '42501';

/** Those that log in, and those that they become to read what is one owner's. */
const ROLES: readonly (DatabaseRole | OwnerRole)[] = [
  ...DATABASE_ROLES,
  ...Object.keys(OWNER_ROLES).filter(isOwnerRole),
];

let database: TestDatabase;
let tables: readonly TableRights[];
beforeAll(async () => {
  database = await createTestDatabase();
  tables = await readTableRights(database.pool, ROLES);
  await database.pool.query(TRY_AS);
});
afterAll(() => database.drop());

describe('the rights in the database', () => {
  it('are those of docs/database-rights.md', async () => {
    const functions = await readFunctionRights(database.pool, ROLES);
    await expect(describeRights(tables, functions)).toMatchFileSnapshot(PAGE);
  });

  it('let nobody who can log in own, empty or change a table', async () => {
    const owned = await database.pool.query<{ name: string }>(
      `SELECT c.oid::regclass::text AS name FROM pg_class c
       WHERE pg_get_userbyid(c.relowner) = ANY ($1)
       UNION ALL SELECT n.nspname FROM pg_namespace n WHERE pg_get_userbyid(n.nspowner) = ANY ($1)
       UNION ALL SELECT p.oid::regprocedure::text FROM pg_proc p
       WHERE pg_get_userbyid(p.proowner) = ANY ($1)`,
      [ROLES],
    );
    expect(owned.rows).toEqual([]);
    expect(tables.filter(({ rights }) => rights.includes('TRUNCATE'))).toEqual([]);
  });

  it('let nobody become another role that can do more, or anything without a login', async () => {
    const roles = await database.pool.query<{ name: string }>(
      `SELECT rolname AS name FROM pg_roles WHERE rolname LIKE 'bourse\\_%'
         AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls OR rolreplication)`,
    );
    expect(roles.rows).toEqual([]);
    const memberships = await database.pool.query<{ member: string; of: string }>(
      `SELECT pg_get_userbyid(m.member) AS member, pg_get_userbyid(m.roleid) AS "of"
       FROM pg_auth_members m WHERE pg_get_userbyid(m.member) = ANY ($1)
         AND pg_get_userbyid(m.roleid) LIKE '%\\_owner'`,
      [ROLES],
    );
    expect(memberships.rows).toEqual([]);
  });

  it.each(ROLES)('refuse %s whatever is not on its page', async (role) => {
    const tried = tables
      .filter((each) => each.role === role)
      .flatMap((each) => {
        const missing = tries(each).filter(([right]) => !each.rights.includes(right));
        const possible = missing.filter(([right]) => right !== 'TRUNCATE' || !each.isView);
        return possible.map(([, statement]) => ({ statement, isView: each.isView }));
      });
    expect(tried.length).toBeGreaterThan(100);
    const codes = await tryAll(
      role,
      tried.map(({ statement }) => statement),
    );
    const surprises = tried.filter(({ isView }, at) => {
      const code = codes[at];
      return code !== INSUFFICIENT_PRIVILEGE && !(isView && code !== DONE);
    });
    expect(surprises).toEqual([]);
  });

  it.each(ROLES)('refuse %s to make, change or give away anything', async (role) => {
    const pool = database.poolFor(isOwnerRole(role) ? OWNER_ROLES[role] : role, 1);
    const statements = [
      'CREATE TABLE public.mine (id integer)',
      'CREATE SCHEMA mine',
      'CREATE ROLE mine',
      'ALTER TABLE ledger.postings DISABLE TRIGGER ALL',
      'ALTER TABLE orders.orders DISABLE TRIGGER ALL',
      'DROP TABLE orders.orders',
      'ALTER TABLE users.passwords OWNER TO CURRENT_USER',
      'SET ROLE bourse_ledger',
      'SET ROLE bourse_orders_owner',
      `SET session_replication_role = 'replica'`,
    ];
    for (const statement of statements) {
      // Two statements of one text are one transaction.
      const tried = pool.query(`SET LOCAL ROLE ${role}; ${statement}`);
      expect(await codeOf(tried), statement).toBe(INSUFFICIENT_PRIVILEGE);
    }
  });
});

function isOwnerRole(role: string): role is OwnerRole {
  return role in OWNER_ROLES;
}

function tries({ table, other }: TableRights): readonly (readonly [TableRight, string])[] {
  return [
    ['SELECT', `SELECT ${other} FROM ${table} LIMIT 0`],
    ['INSERT', `INSERT INTO ${table} (${other}) SELECT NULL WHERE false`],
    ['UPDATE', `UPDATE ${table} SET ${other} = NULL WHERE false`],
    ['DELETE', `DELETE FROM ${table} WHERE false`],
    ['TRUNCATE', `TRUNCATE ${table}`],
  ];
}

/** In one go, as the role: thousands of statements by themselves would take minutes. */
async function tryAll(role: string, statements: readonly string[]): Promise<readonly string[]> {
  const result = await database.pool.query<{ codes: string[] }>(
    'SELECT public.try_as($1, $2) AS codes',
    [role, statements],
  );
  return result.rows[0]?.codes ?? [];
}

const TRY_AS = `CREATE FUNCTION public.try_as(role_name text, statements text[]) RETURNS text[]
  LANGUAGE plpgsql AS $$
  DECLARE
    codes text[];
    statement text;
  BEGIN
    PERFORM set_config('role', role_name, true);
    FOREACH statement IN ARRAY statements LOOP
      BEGIN
        EXECUTE statement;
        codes := codes || '${DONE}'::text;
      EXCEPTION WHEN OTHERS THEN
        codes := codes || SQLSTATE::text;
      END;
    END LOOP;
    RETURN codes;
  END $$`;

async function codeOf(query: Promise<unknown>): Promise<string> {
  try {
    await query;
    return DONE;
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}
