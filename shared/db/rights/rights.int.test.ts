// Each role may do what its page says, and nothing else: the page is compared with the catalog, and
// everything that is not on it is tried.
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../testing/database.ts';
import { DATABASE_ROLES } from '../roles.ts';
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

let database: TestDatabase;
let tables: readonly TableRights[];
beforeAll(async () => {
  database = await createTestDatabase();
  tables = await readTableRights(database.pool, DATABASE_ROLES);
});
afterAll(() => database.drop());

describe('the rights in the database', () => {
  it('are those of docs/database-rights.md', async () => {
    const functions = await readFunctionRights(database.pool, DATABASE_ROLES);
    await expect(describeRights(tables, functions)).toMatchFileSnapshot(PAGE);
  });

  it('let nobody who can log in own, empty or change a table', async () => {
    const owned = await database.pool.query<{ name: string }>(
      `SELECT c.oid::regclass::text AS name FROM pg_class c
       WHERE pg_get_userbyid(c.relowner) = ANY ($1)
       UNION ALL SELECT n.nspname FROM pg_namespace n WHERE pg_get_userbyid(n.nspowner) = ANY ($1)
       UNION ALL SELECT p.oid::regprocedure::text FROM pg_proc p
       WHERE pg_get_userbyid(p.proowner) = ANY ($1)`,
      [DATABASE_ROLES],
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
      [DATABASE_ROLES],
    );
    expect(memberships.rows).toEqual([]);
  });

  it.each([...DATABASE_ROLES])('refuse %s whatever is not on its page', async (role) => {
    const pool = database.poolFor(role, 1);
    const surprises: string[] = [];
    for (const each of tables.filter((rights) => rights.role === role)) {
      const column = await anyColumn(each);
      for (const [right, statement] of tries(each.table, column)) {
        if (each.rights.includes(right)) continue;
        if (right === 'TRUNCATE' && each.isView) continue;
        const code = await codeOf(pool.query(`BEGIN; ${statement}; ROLLBACK`));
        const refused = code === INSUFFICIENT_PRIVILEGE || (each.isView && code !== DONE);
        if (!refused) surprises.push(`${statement}: ${code}`);
        await pool.query('ROLLBACK');
      }
    }
    expect(surprises).toEqual([]);
  });

  it.each([...DATABASE_ROLES])('refuse %s to make, change or give away anything', async (role) => {
    const pool = database.poolFor(role, 1);
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
      expect(await codeOf(pool.query(statement)), statement).toBe(INSUFFICIENT_PRIVILEGE);
    }
  });
});

function tries(table: string, column: string): readonly (readonly [TableRight, string])[] {
  return [
    ['SELECT', `SELECT ${column} FROM ${table} LIMIT 0`],
    ['INSERT', `INSERT INTO ${table} (${column}) SELECT NULL WHERE false`],
    ['UPDATE', `UPDATE ${table} SET ${column} = NULL WHERE false`],
    ['DELETE', `DELETE FROM ${table} WHERE false`],
    ['TRUNCATE', `TRUNCATE ${table}`],
  ];
}

/** One that its role may not touch, and not one that the database draws: that refuses anyway. */
async function anyColumn({ table, insertable, updatable }: TableRights): Promise<string> {
  const result = await database.pool.query<{ name: string }>(
    `SELECT quote_ident(attname) AS name FROM pg_attribute
     WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attidentity = ''
       AND attname <> ALL ($2) ORDER BY attnum LIMIT 1`,
    [table, [...insertable, ...updatable]],
  );
  return result.rows[0]?.name ?? '';
}

async function codeOf(query: Promise<unknown>): Promise<string> {
  try {
    await query;
    return DONE;
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}
