// C17 and T21: what two persons are needed for, on a real database. C18: who gets to which route.
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { verifyAudit } from '../../shared/audit/verify.ts';
import type { Caller } from '../../shared/domain/caller.ts';
import { sessionId, staffId, userId } from '../../shared/domain/ids.ts';
import { callFunction, type CallAnswer } from '../../shared/function/call.ts';
import { sessionCaller } from '../../shared/function/testing/session-caller.ts';
import { MetricsRegistry } from '../../shared/telemetry/metrics/registry.ts';
import { createTestDatabase, type TestDatabase } from '../../shared/testing/database.ts';
import { ROLES, type Role } from './decide/permissions.ts';
import type { AdminDeps } from './deps.ts';
import { closeAdmin, openAdmin } from './fixture.ts';
import { definition } from './handler.ts';
import { grantRole, insertStaff, revokeRole, setStaffStatus } from './store/staff.ts';

const DAY_MS = 86_400_000;
const USER = userId(1_000_001);

let database: TestDatabase;
let deps: AdminDeps;
let metrics: MetricsRegistry;
let nowMs = Date.parse('2026-04-01T12:00:00Z');
let peopleMade = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  metrics = new MetricsRegistry();
  deps = openAdmin(database, () => nowMs, metrics);
  await database.pool.query(
    `INSERT INTO users.users (user_number, email_sealed, email_index, email_verified_at, status)
     VALUES (1000001, 's1.a.a', sha256('a'), now(), 'active')`,
  );
});
afterAll(async () => {
  await closeAdmin(deps);
  await database.drop();
});

const person = (...roles: Role[]): Promise<Caller> => make(false, roles);

async function make(isBreakGlass: boolean, roles: readonly Role[]): Promise<Caller> {
  peopleMade += 1;
  const name = `p${peopleMade}`;
  const email = `${name}@bourse.example`;
  const number = await insertStaff(deps.pool, { name, email, isBreakGlass });
  for (const role of roles) await grantRole(deps.pool, number, role, null);
  return callerOf(number);
}

/** `session`: the same person may have signed in more than once. */
function callerOf(number: number, session = number): Caller {
  return { ...sessionCaller(number), kind: 'staff', credentialId: sessionId(session), scopes: [] };
}

function call(
  caller: Caller | null,
  method: string,
  path: string,
  body?: unknown,
): Promise<CallAnswer> {
  return callFunction(definition, deps, {
    method,
    path: `/v1/admin${path}`,
    ...(body === undefined ? {} : { body }),
    ...(caller === null ? {} : { caller: { signedInAtMs: nowMs, ...caller } }),
  });
}

type Asked = Readonly<Record<'id' | 'payloadSha256', string>>;

async function ask(maker: Caller, action: string, payload: object): Promise<Asked> {
  const { status, body } = await call(maker, 'POST', '/requests', {
    action,
    payload,
    reason: 'a case',
  });
  expect(status).toBe(201);
  return body as Asked;
}

async function approve(checker: Caller, asked: Asked): Promise<unknown> {
  const { body } = await call(checker, 'POST', `/requests/${asked.id}/approve`, {
    payloadSha256: asked.payloadSha256,
  });
  const { code, status } = body as { code?: string; status: unknown };
  return code ?? status;
}

const limitOf = (value: string | null) => ({
  userId: USER,
  scope: 'BTC-USD',
  name: 'turnover_max',
  value,
});

async function limit(): Promise<string | null> {
  const { rows } = await database.pool.query<{ value: string }>(
    `SELECT trim_scale(value)::text AS value FROM risk.limits WHERE user_number = 1000001`,
  );
  return rows[0]?.value ?? null;
}

describe('C17: nothing happens by one person', () => {
  let maker: Caller;
  let checker: Caller;
  beforeEach(async () => {
    maker = await person('risk');
    checker = await person('risk');
    await database.pool.query('DELETE FROM risk.limits');
  });

  it('not by the maker, nor by another session of the same person (T21 self-approval)', async () => {
    const asked = await ask(maker, 'limits.change', limitOf('5'));
    expect(await approve(maker, asked)).toBe('APPROVAL_OWN');
    expect(await approve(callerOf(maker.userNumber, 77), asked)).toBe('APPROVAL_OWN');
    expect(await limit()).toBeNull();
    expect(await approve(checker, asked)).toBe('executed');
    expect(await limit()).toBe('5');
  });

  it('not for another payload than was seen (T21 approve, then edit)', async () => {
    const asked = await ask(maker, 'limits.change', limitOf('5'));
    const other = await ask(maker, 'limits.change', limitOf('5000000'));
    const mixed = { ...other, payloadSha256: asked.payloadSha256 };
    expect(await approve(checker, mixed)).toBe('APPROVAL_PAYLOAD_DIFFERS');
    for (const change of [
      `payload = '{}', payload_sha256 = sha256('{}')`,
      `action = 'users.suspend'`,
      `maker_number = ${checker.userNumber}`,
      `expires_at = expires_at + interval '1 day'`,
    ]) {
      const edit = `UPDATE admin.requests SET ${change} WHERE status = 'pending'`;
      await expect(deps.pool.query(edit), change).rejects.toThrow('is refused');
    }
    expect(await limit()).toBeNull();
  });

  it('binds to the SHA-256 of the canonical payload', async () => {
    const { payloadSha256 } = await ask(maker, 'limits.change', limitOf('5'));
    const text = `{"name":"turnover_max","scope":"BTC-USD","userId":"${USER}","value":"5"}`;
    expect(payloadSha256).toBe(createHash('sha256').update(text).digest('hex'));
  });

  it('not by a checker who was demoted or disabled, nor for such a maker', async () => {
    const asked = await ask(maker, 'limits.change', limitOf('5'));
    await revokeRole(deps.pool, checker.userNumber, 'risk');
    expect(await approve(checker, asked)).toBe('ACCESS_DENIED');
    await grantRole(deps.pool, checker.userNumber, 'risk', null);
    await setStaffStatus(deps.pool, checker.userNumber, 'disabled');
    expect(await approve(checker, asked)).toBe('ACCESS_DENIED');
    await setStaffStatus(deps.pool, checker.userNumber, 'active');
    await setStaffStatus(deps.pool, maker.userNumber, 'disabled');
    expect(await approve(checker, asked)).toBe('APPROVAL_MAKER_NOT_ALLOWED');
    await setStaffStatus(deps.pool, maker.userNumber, 'active');
    await revokeRole(deps.pool, maker.userNumber, 'risk');
    expect(await approve(checker, asked)).toBe('APPROVAL_MAKER_NOT_ALLOWED');
    expect(await limit()).toBeNull();
    await grantRole(deps.pool, maker.userNumber, 'risk', null);
    expect(await approve(checker, asked)).toBe('executed');
  });

  it('not a day later, and not once it was turned down', async () => {
    const late = await ask(maker, 'limits.change', limitOf('5'));
    nowMs += DAY_MS - 1;
    const intime = await ask(maker, 'limits.change', limitOf('6'));
    nowMs += 1;
    expect(await approve(checker, late)).toBe('APPROVAL_EXPIRED');
    expect((await call(checker, 'GET', `/requests/${late.id}`)).body).toMatchObject({
      status: 'expired',
    });
    const reason = { reason: 'too much' };
    const turned = await call(checker, 'POST', `/requests/${intime.id}/reject`, reason);
    expect(turned.body).toMatchObject({ status: 'rejected', checker: staffId(checker.userNumber) });
    expect(await approve(checker, intime)).toBe('APPROVAL_DONE');
    expect(await limit()).toBeNull();
  });

  it('not without a reason, nor with more than the action takes', async () => {
    const action = 'limits.change';
    for (const body of [
      { action, payload: limitOf('5') },
      { action, payload: limitOf('5'), reason: '  x ' },
      { action, payload: { ...limitOf('5'), status: 'executed' }, reason: 'a case' },
      { action, payload: limitOf('5'), reason: 'a case', maker: 1 },
      { action: 'balances.adjust', payload: limitOf('5'), reason: 'a case' },
      { action, payload: limitOf('-5'), reason: 'a case' },
    ]) {
      expect((await call(maker, 'POST', '/requests', body)).status).toBe(400);
    }
    expect(
      await approve(checker, { id: 'apr_0000000000009999', payloadSha256: 'a'.repeat(64) }),
    ).toBe('APPROVAL_NOT_FOUND');
  });

  it('more than once: 20 approvals at a time, 100 rounds', { timeout: 300_000 }, async () => {
    const checkers = [checker, await person('risk'), await person('risk'), await person('risk')];
    const count = async (): Promise<number> => {
      const { rows } = await database.pool.query<{ count: number }>(
        `SELECT count(*) AS count FROM audit.records
         WHERE stream = 'admin' AND action = 'limits.change'`,
      );
      return rows[0]?.count ?? 0;
    };
    for (let round = 1; round <= 100; round += 1) {
      const before = await count();
      const asked = await ask(maker, 'limits.change', limitOf(String(round)));
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, at) => approve(checkers[at % 4] ?? checker, asked)),
      );
      expect(outcomes.filter((each) => each === 'executed')).toHaveLength(1);
      expect(outcomes.filter((each) => each === 'APPROVAL_DONE')).toHaveLength(19);
      expect(await count()).toBe(before + 1);
    }
    expect(await limit()).toBe('100');
  });
});

describe('C17: roles', () => {
  it('are not asked for, nor approved, by whom they are for', async () => {
    const [ann, bob] = [await person('security'), await person('security')];
    const toSelf = { staffId: staffId(ann.userNumber), role: 'risk' };
    const body = { action: 'roles.grant', payload: toSelf, reason: 'a case' };
    expect((await call(ann, 'POST', '/requests', body)).body).toMatchObject({
      code: 'APPROVAL_OWN',
    });
    const asked = await ask(bob, 'roles.grant', toSelf);
    expect(await approve(ann, asked)).toBe('APPROVAL_OWN');
  });

  it('do not make a second person of an accomplice (the role-grant loop)', async () => {
    const [ann, bob, eve] = [
      await person('security', 'risk'),
      await person('security'),
      await person(),
    ];
    const toEve = (role: Role) => ({ staffId: staffId(eve.userNumber), role });
    expect(await approve(bob, await ask(ann, 'roles.grant', toEve('risk')))).toBe('executed');
    const asked = await ask(ann, 'limits.change', limitOf('9'));
    expect(await approve(eve, asked)).toBe('APPROVAL_OWN');
    const turned = await ask(eve, 'limits.change', limitOf('9'));
    expect(await approve(ann, turned)).toBe('APPROVAL_MAKER_NOT_ALLOWED');
    expect(await approve(await person('risk'), asked)).toBe('executed');
    expect(await approve(bob, await ask(ann, 'roles.grant', toEve('risk')))).toBe(
      'APPROVAL_SUBJECT_UNFIT',
    );
  });

  it('cannot be taken until too few could give them', async () => {
    const [ann, bob, third] = [
      await person('security'),
      await person('security'),
      await person('security'),
    ];
    await database.pool.query(
      `DELETE FROM admin.role_grants WHERE role = 'security' AND staff_number <> ALL ($1)`,
      [[ann.userNumber, bob.userNumber, third.userNumber]],
    );
    const from = (who: Caller) => ({ staffId: staffId(who.userNumber), role: 'security' });
    expect(await approve(bob, await ask(ann, 'roles.revoke', from(third)))).toBe('executed');
    expect((await call(third, 'GET', '/audit')).status).toBe(403);
    await grantRole(deps.pool, third.userNumber, 'security', null);
    await setStaffStatus(deps.pool, bob.userNumber, 'disabled');
    expect(await approve(third, await ask(ann, 'roles.revoke', from(bob)))).toBe('executed');
    await setStaffStatus(deps.pool, bob.userNumber, 'active');
    await grantRole(deps.pool, bob.userNumber, 'security', null);
    await setStaffStatus(deps.pool, bob.userNumber, 'disabled');
    const glass = await make(true, []);
    expect(await approve(glass, await ask(ann, 'roles.revoke', from(third)))).toBe(
      'APPROVAL_LAST_HOLDER',
    );
    expect((await call(third, 'GET', '/audit')).status).toBe(200);
  });
});

describe('users', () => {
  it('are suspended at once, everywhere, and come back', async () => {
    const [ann, bob] = [await person('compliance'), await person('compliance')];
    await database.pool.query(
      `INSERT INTO auth.sessions (user_number, token_hash, amr, authenticated_at, created_at,
         last_used_at, expires_at)
       VALUES (1000001, sha256('a'), '{pwd}', now(), now(), now(), now() + interval '1 hour')`,
    );
    const blocked = async () => {
      const { rows } = await database.pool.query<{ blocked: number }>(
        'SELECT auth.blocked_users() AS blocked',
      );
      return rows.map((row) => row.blocked);
    };
    expect(await approve(bob, await ask(ann, 'users.suspend', { userId: USER }))).toBe('executed');
    expect(await blocked()).toEqual([1_000_001]);
    const { rows } = await database.pool.query(
      `SELECT u.status, a.frozen FROM users.users u JOIN risk.accounts a USING (user_number)`,
    );
    expect(rows).toEqual([{ status: 'suspended', frozen: true }]);
    expect(await approve(bob, await ask(ann, 'users.suspend', { userId: USER }))).toBe(
      'APPROVAL_SUBJECT_UNFIT',
    );
    expect(await approve(bob, await ask(ann, 'users.reinstate', { userId: USER }))).toBe(
      'executed',
    );
    expect(await blocked()).toEqual([]);
    const flag = { userId: USER, flag: 'frozen', on: false };
    expect(await approve(bob, await ask(ann, 'flags.change', flag))).toBe('executed');
    const security = await person('security');
    const asked = await ask(ann, 'sessions.revoke', { userId: USER });
    expect(await approve(bob, asked)).toBe('ACCESS_DENIED');
    expect(await approve(security, asked)).toBe('executed');
    const told = await database.pool.query('SELECT kind, user_number FROM auth.revocations');
    expect(told.rows.map(({ kind }: { kind: string }) => kind)).toEqual([
      'user_blocked',
      'user_unblocked',
      'credential',
    ]);
    const found = await call(security, 'GET', `/audit?stream=admin&subject=${USER}&limit=1`);
    const { items, nextCursor } = found.body as { items: object[]; nextCursor: string };
    expect(items).toMatchObject([
      { action: 'sessions.revoke', before: { sessions: 1 }, after: { sessions: 0 } },
    ]);
    const next = await call(security, 'GET', `/audit?subject=${USER}&cursor=${nextCursor}`);
    const actions = (next.body as { items: { action: string }[] }).items.map((each) => each.action);
    expect(actions.slice(0, 3)).toEqual(['flags.change', 'users.reinstate', 'users.suspend']);
  });
});

describe('C17: the break-glass account', () => {
  it('may approve alone, and every use is told', async () => {
    const glass = await make(true, []);
    const asked = await ask(glass, 'limits.change', limitOf('3'));
    expect(await approve(glass, asked)).toBe('executed');
    expect(metrics.render()).toMatch(/bourse_break_glass_uses_total [2-9]/);
    const { rows } = await database.pool.query(
      `SELECT record::json -> 'after' ->> 'method' AS method FROM audit.records
       WHERE action = 'break_glass.use' AND actor_id = $1 ORDER BY sequence`,
      [staffId(glass.userNumber)],
    );
    expect(rows).toHaveLength(2);
  });
});

describe('C18: every route', () => {
  const DATA = { clientDataJSON: 'a', attestationObject: 'a' };
  const ATTESTATION = { id: 'a', rawId: 'a', type: 'public-key', response: DATA };
  const ROUTES: readonly [string, string, unknown][] = [
    ['GET', '/me', undefined],
    ['GET', '/passkeys', undefined],
    ['POST', '/passkeys/options', undefined],
    ['POST', '/passkeys', { name: 'a key', response: ATTESTATION }],
    ['DELETE', '/sessions/current', undefined],
    ['GET', '/audit', undefined],
    ['GET', '/requests', undefined],
    ['GET', '/requests/apr_0000000000000001', undefined],
    ['POST', '/requests', { action: 'limits.change', payload: limitOf('5'), reason: 'a case' }],
    ['POST', '/requests/apr_0000000000009998/approve', { payloadSha256: 'a'.repeat(64) }],
    ['POST', '/requests/apr_0000000000009998/reject', { reason: 'a case' }],
  ];
  const ALLOWED: Readonly<Record<string, readonly Role[]>> = {
    'GET /audit': ['security', 'auditor'],
    'GET /requests': ROLES,
    'GET /requests/apr_0000000000000001': ROLES,
    'POST /requests': ['risk'],
  };

  it('is in this matrix', () => {
    const known = ROUTES.map(([method, path]) => `${method} ${path.replace(/apr_[0-9]+/, '{id}')}`);
    const ofStaff = definition.routes.filter(({ policy }) => policy.callers !== 'anyone');
    const routes = ofStaff.map(({ method, path }) => `${method} ${path.slice(9)}`);
    expect(routes.sort()).toEqual(known.sort());
  });

  it.each(ROUTES)('%s %s is for staff alone', async (method, path, body) => {
    expect((await call(null, method, path, body)).status).toBe(401);
    for (const kind of ['session', 'client', 'key'] as const) {
      const caller = { ...sessionCaller(1), kind };
      const { body: answer } = await call(caller, method, path, body);
      expect(answer, kind).toMatchObject({ code: 'CALLER_NOT_ALLOWED' });
    }
    expect((await call(callerOf(999_999), method, path, body)).status).toBe(403);
    const disabled = await person(...ROLES);
    await setStaffStatus(deps.pool, disabled.userNumber, 'disabled');
    expect((await call(disabled, method, path, body)).status).toBe(403);
  });

  it.each([...ROLES, null])('takes %s for what the role may, and no more', async (role) => {
    const caller = role === null ? await person() : await person(role);
    for (const [method, path, body] of ROUTES) {
      const allowed = ALLOWED[`${method} ${path}`];
      const { status } = await call(caller, method, path, body);
      const isLetIn = allowed === undefined || (role !== null && allowed.includes(role));
      if (allowed === undefined) expect(status, path).not.toBe(403);
      else expect(status === 403, `${method} ${path}`).toBe(!isLetIn);
    }
  });

  it('leaves an audit log that is sound', async () => {
    const report = await verifyAudit(database.poolFor('bourse_audit_reader', 1), null);
    expect(report.findings).toEqual([]);
  });
});
