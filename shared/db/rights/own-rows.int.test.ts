// Each view of own rows shows the rows of the owner that is named, and of nobody else: read from
// the catalog, so that a view that is added is held to it too.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../testing/database.ts';
import { runTransaction, type Pool } from '../pool.ts';
import { OWNER_ROLES, type OwnerRole } from '../roles.ts';
import { fillForOwners, OWNERS } from './own-rows-fixture.ts';

/** What these roles read beside own rows: the same for everybody. */
const PUBLIC: Readonly<Record<OwnerRole, readonly string[]>> = {
  bourse_ledger_own: ['reference.assets'],
  bourse_orders_own: ['reference.assets', 'reference.markets'],
  bourse_fees_own: [
    'fees.current_rates',
    'fees.current_schedules',
    'fees.reference_asset',
    'fees.tiers',
    'market_data.best_prices',
    'reference.assets',
    'reference.markets',
  ],
  bourse_risk_own: ['risk.common_limits'],
  bourse_auth_own: [],
  bourse_users_own: ['reference.assets'],
};
const ROLES = Object.keys(OWNER_ROLES) as OwnerRole[];
/** Of functions: with what to call them. */
const ARGUMENTS: Readonly<Record<string, string>> = {
  'risk.own_uses': `(ARRAY['BTC-USD'])`,
  'risk.own_positions': `(ARRAY['BTC'])`,
};

interface Source {
  readonly role: OwnerRole;
  readonly name: string;
  readonly isBarrier: boolean;
  readonly isFunction: boolean;
}

type Row = Readonly<Record<string, string | number | boolean | null | undefined>>;

let database: TestDatabase;
let sources: readonly Source[];
let ownerOfAccount: ReadonlyMap<unknown, string>;
beforeAll(async () => {
  database = await createTestDatabase();
  await fillForOwners(database.pool);
  const found = await database.pool.query<Source>(
    `SELECT r.role, format('%s.%s', n.nspname, c.relname) AS name, false AS "isFunction",
       coalesce(c.reloptions::text LIKE '%security\\_barrier=true%', false) AS "isBarrier"
     FROM unnest($1::text[]) r (role), pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p', 'v', 'm') AND n.nspname NOT LIKE 'pg\\_%'
       AND n.nspname <> 'information_schema' AND has_any_column_privilege(r.role, c.oid, 'SELECT')
     UNION ALL
     SELECT r.role, format('%s.%s', n.nspname, p.proname), true, true
     FROM unnest($1::text[]) r (role), pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
     WHERE p.proname LIKE 'own\\_%' AND has_function_privilege(r.role, p.oid, 'EXECUTE')
     ORDER BY 1, 2`,
    [ROLES],
  );
  sources = found.rows;
  const accounts = await database.pool.query<{ account: number; owner: string }>(
    'SELECT account, owner FROM ledger.accounts',
  );
  ownerOfAccount = new Map(accounts.rows.map(({ account, owner }) => [account, owner]));
});
afterAll(() => database.drop());

const own = (): readonly Source[] => sources.filter(({ name }) => name.includes('.own_'));

const pools = new Map<OwnerRole, Pool>();
function poolOf(role: OwnerRole): Pool {
  const pool = pools.get(role) ?? database.poolFor(OWNER_ROLES[role], 1);
  pools.set(role, pool);
  return pool;
}

/** As the function's login would, with the owner as it is set; null sets none. */
async function read({ role, name }: Source, owner: string | null): Promise<readonly Row[]> {
  return runTransaction(poolOf(role), async (tx) => {
    await tx.query(`BEGIN READ ONLY; SET LOCAL ROLE ${role}`);
    if (owner !== null) {
      await tx.query(`SELECT set_config('bourse.owner_number', $1, true)`, [owner]);
    }
    return (await tx.query<Row>(`SELECT * FROM ${name}${ARGUMENTS[name] ?? ''}`)).rows;
  });
}

/** Whose a row is: by the first of these that it has. */
function ownerOf(row: Row): number {
  const account = 'account' in row ? ownerOfAccount.get(row['account']) : undefined;
  const text = row['owner_number'] ?? row['owner'] ?? row['user_id'] ?? row['user_number'];
  return Number(String(text ?? account).replace(/^usr_/, ''));
}

describe('C24 T24 the roles of own rows', () => {
  it('read own views, all of them barriers, and what is the same for everybody', () => {
    for (const role of ROLES) {
      const names = sources.filter((each) => each.role === role).map(({ name }) => name);
      expect(names.filter((name) => !name.includes('.own_'))).toEqual(PUBLIC[role]);
    }
    expect(own().filter(({ isBarrier }) => !isBarrier)).toEqual([]);
    expect(own().length).toBeGreaterThan(24);
  });

  it('are every role of such a name, without a login, each of one function alone', async () => {
    const members = await database.pool.query<Row>(
      `SELECT o.rolname AS role, o.rolcanlogin AS login, m.member::regrole::text AS member,
         m.inherit_option AS inherits, m.admin_option AS admin, m.set_option AS sets
       FROM pg_roles o LEFT JOIN pg_auth_members m ON m.roleid = o.oid
         AND m.member::regrole::text LIKE 'bourse\\_%'
       WHERE o.rolname LIKE 'bourse\\_%\\_own' ORDER BY 1`,
    );
    const expected = Object.entries(OWNER_ROLES)
      .map(([role, member]) => {
        return { role, login: false, member, inherits: false, admin: false, sets: true };
      })
      .sort((a, b) => (a.role < b.role ? -1 : 1));
    expect(members.rows).toEqual(expected);
    const isIn = await database.pool.query(
      `SELECT FROM pg_auth_members WHERE member::regrole::text LIKE 'bourse\\_%\\_own'`,
    );
    expect(isIn.rowCount).toBe(0);
  });

  it('give the login nothing that it does not ask for as the role', async () => {
    for (const { role, name, isFunction } of own()) {
      const privilege = isFunction ? 'has_function_privilege' : 'has_table_privilege';
      const what = isFunction ? `${name}(text[])` : name;
      const may = await database.pool.query<{ may: boolean }>(
        `SELECT ${privilege}($1, $2, $3) AS may`,
        [OWNER_ROLES[role], what, isFunction ? 'EXECUTE' : 'SELECT'],
      );
      expect([name, may.rows[0]?.may]).toEqual([name, false]);
    }
  });
});

describe('C24 T24 what an owner reads without asking for a user', () => {
  it.each(OWNERS)('is theirs, and something, for %s', async (owner) => {
    for (const source of own()) {
      const rows = await read(source, String(owner));
      expect([source.name, [...new Set(rows.map(ownerOf))]]).toEqual([source.name, [owner]]);
    }
  });

  it.each([null, '', '0', '33', '-11'])('is nothing for %j', async (owner) => {
    for (const source of own()) {
      const rows = await read(source, owner);
      const others = rows.filter((row) => OWNERS.some((each) => each === ownerOf(row)));
      expect([source.name, others]).toEqual([source.name, []]);
      if (owner === null || owner === '') expect([source.name, rows]).toEqual([source.name, []]);
    }
  });

  it.each(['11 OR true', `11'; --`, 'usr_0000000000000011', '1e1', '11.5', '99999999999999999999'])(
    'is an error for %j',
    async (owner) => {
      for (const source of own()) {
        await expect(read(source, owner), source.name).rejects.toThrow(/bigint/);
      }
    },
  );
});
