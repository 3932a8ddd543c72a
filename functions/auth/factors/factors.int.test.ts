// What a change of factors does beyond the factor: recovery codes, other sessions, holds. C12, T19.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Caller } from '../../../shared/domain/caller.ts';
import { actionOf, codeOf, FactorsBench, type Enrolled, type TestUser } from './testing-user.ts';

const CODES = '/v1/auth/factors/recovery-codes';
const HOUR_MS = 3_600_000;

let bench: FactorsBench;
beforeAll(async () => {
  bench = await FactorsBench.open(8);
});
afterAll(() => bench.database.drop());

type Owner = TestUser & Enrolled;

async function newOwner(): Promise<Owner> {
  const user = await bench.newUser();
  return { ...user, ...(await bench.addTotp(user)) };
}

async function stepUp(user: Owner, method: string, path: string): Promise<string> {
  const shown = { totp: bench.code(user.secret) };
  const secret = await bench.stepUp(user.caller, shown, actionOf(method, path));
  bench.passTime();
  return secret;
}

async function remove(user: Owner, id = user.id) {
  const path = `/v1/auth/factors/${id}`;
  const headers = { 'step-up': await stepUp(user, 'DELETE', path) };
  return bench.send({ method: 'DELETE', path, caller: user.caller, headers });
}

async function signIn(user: TestUser, shown: object) {
  const pendingToken = await bench.newPending(user.userNumber);
  return bench.post(null, '/v1/auth/sign-in/factor', { pendingToken, ...shown });
}

async function get(caller: Caller, path: string) {
  return (await bench.send({ method: 'GET', path, caller })).body;
}

/** Hours until withdrawals are free, as the database tells whoever sends them. */
async function heldHours(userNumber: number): Promise<number> {
  const until = await bench.holdUntil(userNumber);
  return until === null ? 0 : Math.round((until.getTime() - Date.now()) / HOUR_MS);
}

async function endedSessions(userNumber: number): Promise<(string | null)[]> {
  const { rows } = await bench.database.pool.query<{ reason: string | null }>(
    `SELECT end_reason AS reason FROM auth.sessions WHERE user_number = $1
     ORDER BY session_number`,
    [userNumber],
  );
  return rows.map((row) => row.reason);
}

async function revoked(userNumber: number): Promise<string[]> {
  const { rows } = await bench.database.pool.query<{ id: string }>(
    `SELECT credential_id AS id FROM auth.revocations WHERE user_number = $1
     ORDER BY revocation_number`,
    [userNumber],
  );
  return rows.map((row) => row.id);
}

describe('a removal is refused', () => {
  it('without a step-up, of what is not there, and of what is of another', async () => {
    const [user, other] = [await newOwner(), await newOwner()];
    const path = `/v1/auth/factors/${user.id}`;
    const bare = await bench.send({ method: 'DELETE', path, caller: user.caller });
    expect(codeOf(bare)).toBe('STEP_UP_REQUIRED');
    expect(codeOf(await remove(user, other.id))).toBe('FACTOR_NOT_FOUND');
    expect(codeOf(await remove(user, 'fct_9999999999999999'))).toBe('FACTOR_NOT_FOUND');
    expect(codeOf(await remove(user, 'fct_1'))).toBe('PATH_INVALID');
    expect(codeOf(await remove(user, 'totp'))).toBe('METHOD_NOT_ALLOWED');
    expect(await get(other.caller, '/v1/auth/factors')).toMatchObject({
      factors: [{ id: other.id }],
      recoveryCodesLeft: 10,
    });
  });

  it('C10 with a step-up for another factor', async () => {
    const user = await newOwner();
    const headers = { 'step-up': await stepUp(user, 'DELETE', '/v1/auth/factors/fct_1') };
    const path = `/v1/auth/factors/${user.id}`;
    const answer = await bench.send({ method: 'DELETE', path, caller: user.caller, headers });
    expect(codeOf(answer)).toBe('STEP_UP_INVALID');
  });
});

describe('C12 a change of factors', () => {
  it('ends all other sessions, tells everybody, and keeps the one that made it', async () => {
    const user = await bench.newUser();
    const others = [
      await bench.newSession(user.userNumber),
      await bench.newSession(user.userNumber),
    ];
    const [stranger] = [await bench.newUser()];
    await bench.addTotp(user);
    const reasons = [null, 'factors_changed', 'factors_changed'];
    expect(await endedSessions(user.userNumber)).toEqual(reasons);
    expect(await revoked(user.userNumber)).toEqual(others.map((each) => each.credentialId));
    expect(await endedSessions(stranger.userNumber)).toEqual([null]);
  });

  it('leaves no trace when it fails at the end', async () => {
    const user = await bench.newUser();
    await bench.newSession(user.userNumber);
    const offer = await bench.post(user.caller, '/v1/auth/factors/totp');
    const { secret } = offer.body as { secret: string };
    await bench.database.pool.query(
      `ALTER TABLE auth.revocations ADD CONSTRAINT broken CHECK (user_number <> ${user.userNumber})`,
    );
    const path = '/v1/auth/factors/totp/confirm';
    const broken = await bench.post(user.caller, path, { code: bench.code(secret) });
    await bench.database.pool.query('ALTER TABLE auth.revocations DROP CONSTRAINT broken');
    expect(broken.status).toBe(500);
    expect(await endedSessions(user.userNumber)).toEqual([null, null]);
    expect(await bench.holdUntil(user.userNumber)).toBeNull();
    expect(await get(user.caller, '/v1/auth/factors')).toEqual({
      factors: [],
      recoveryCodesLeft: 0,
    });
  });

  it('takes the recovery codes away with the last factor, and not before', async () => {
    const user = await newOwner();
    const options = '/v1/auth/factors/passkeys/options';
    const { id } = await bench.addPasskey(user, 'ES256', await stepUp(user, 'POST', options));
    expect((await remove(user, id)).body).toMatchObject({
      factors: [{ id: user.id, kind: 'totp' }],
      recoveryCodesLeft: 10,
    });
    expect((await remove(user)).body).toEqual({ factors: [], recoveryCodesLeft: 0 });
    const [recoveryCode = ''] = user.recoveryCodes;
    expect(codeOf(await signIn(user, { recoveryCode }))).toBe('FACTOR_INVALID');
  });
});

describe('T19 C12 holds of withdrawals', () => {
  it.each([
    ['a first factor', 24, (user: TestUser) => bench.addTotp(user)],
    ['a first passkey', 24, (user: TestUser) => bench.addPasskey(user)],
  ] as const)('%s holds for %i h', async (_name, hours, change) => {
    const user = await bench.newUser();
    expect(await heldHours(user.userNumber)).toBe(0);
    await change(user);
    expect(await heldHours(user.userNumber)).toBe(hours);
  });

  it.each([
    ['a removed factor', 24, (user: Owner) => remove(user)],
    [
      'a passkey added to codes',
      24,
      async (user: Owner) => {
        const options = '/v1/auth/factors/passkeys/options';
        return bench.addPasskey(user, 'EdDSA', await stepUp(user, 'POST', options));
      },
    ],
    [
      'new recovery codes',
      24,
      async (user: Owner) =>
        bench.post(user.caller, CODES, undefined, await stepUp(user, 'POST', CODES)),
    ],
    [
      'a recovery code at sign-in',
      72,
      (user: Owner) => signIn(user, { recoveryCode: user.recoveryCodes[0] }),
    ],
    [
      'a recovery code at step-up',
      72,
      (user: Owner) =>
        bench.stepUp(user.caller, { recoveryCode: user.recoveryCodes[0] }, actionOf('GET', '/v1')),
    ],
    ['a sign-in with a code', 0, (user: Owner) => signIn(user, { totp: bench.code(user.secret) })],
    ['a step-up with a code', 0, (user: Owner) => stepUp(user, 'POST', '/v1/x')],
    ['a wrong recovery code', 0, (user: Owner) => signIn(user, { recoveryCode: '00'.repeat(16) })],
  ] as const)('%s holds for %i h', async (_name, hours, change) => {
    const user = await newOwner();
    await forgetHolds(user.userNumber);
    await change(user);
    expect(await heldHours(user.userNumber)).toBe(hours);
  });

  it.each([
    ['password_changed', 24],
    ['addresses_changed', 24],
    ['email_changed', 72],
    ['password_reset', 72],
  ])('%s holds for %i h, started by the owner of users', async (kind, hours) => {
    const user = await bench.newUser();
    const users = bench.database.poolFor('bourse_users', 1);
    await users.query('SELECT auth.start_withdrawal_hold($1, $2, $3)', [
      user.userNumber,
      kind,
      hours,
    ]);
    expect(await heldHours(user.userNumber)).toBe(hours);
  });

  it('the latest end counts, not the latest change', async () => {
    const user = await newOwner();
    await signIn(user, { recoveryCode: user.recoveryCodes[0] });
    await remove(user);
    expect(await heldHours(user.userNumber)).toBe(72);
  });

  it('hold a sub-account with the person whose it is, and nobody else', async () => {
    const [user, other] = [await newOwner(), await bench.newUser()];
    const { rows } = await bench.database.pool.query<{ userNumber: number }>(
      `INSERT INTO users.users (parent_number, label, status) VALUES ($1, 'a part', 'active')
       RETURNING user_number AS "userNumber"`,
      [user.userNumber],
    );
    expect(await heldHours(rows[0]?.userNumber ?? 0)).toBe(24);
    expect(await heldHours(other.userNumber)).toBe(0);
  });

  it('cannot be taken back, shortened or begun in the past', async () => {
    const user = await newOwner();
    for (const statement of [
      'DELETE FROM auth.withdrawal_holds',
      'UPDATE auth.withdrawal_holds SET until = now()',
      'TRUNCATE auth.withdrawal_holds',
    ]) {
      await expect(bench.deps.pool.query(statement)).rejects.toThrow('permission denied');
      await expect(bench.database.pool.query(statement)).rejects.toThrow('append-only');
    }
    const none = `SELECT auth.start_withdrawal_hold(1, 'factors_changed', 0)`;
    await expect(bench.deps.pool.query(none)).rejects.toThrow('withdrawal_holds_end_later');
    expect(await heldHours(user.userNumber)).toBe(24);
  });

  it('are told to the user', async () => {
    const user = await bench.newUser();
    const path = '/v1/auth/holds';
    expect(await get(user.caller, path)).toEqual({ withdrawalsHeldUntil: null, holds: [] });
    const { recoveryCodes } = await bench.addTotp(user);
    await signIn(user, { recoveryCode: recoveryCodes[0] });
    const until = (await bench.holdUntil(user.userNumber))?.toISOString();
    expect(await get(user.caller, path)).toMatchObject({
      withdrawalsHeldUntil: until,
      holds: [{ kind: 'recovery_code_used', until }, { kind: 'factors_changed' }],
    });
    bench.passTime(73 * HOUR_MS);
    expect(await get(user.caller, path)).toEqual({ withdrawalsHeldUntil: null, holds: [] });
  });
});

/** What no role of ours can: the change before must not hide the one that is looked at. */
async function forgetHolds(userNumber: number): Promise<void> {
  await bench.database.pool.query(
    `ALTER TABLE auth.withdrawal_holds DISABLE TRIGGER withdrawal_holds_append_only;
     DELETE FROM auth.withdrawal_holds WHERE user_number = ${userNumber};
     ALTER TABLE auth.withdrawal_holds ENABLE TRIGGER withdrawal_holds_append_only`,
  );
}

describe('C8 recovery codes', () => {
  it('are not given to who has no factor, nor without a step-up', async () => {
    const user = await bench.newUser('correct horse');
    expect(codeOf(await bench.post(user.caller, CODES))).toBe('STEP_UP_REQUIRED');
    const shown = { password: 'correct horse' };
    const proof = await bench.stepUp(user.caller, shown, actionOf('POST', CODES));
    expect(codeOf(await bench.post(user.caller, CODES, undefined, proof))).toBe('FACTOR_NOT_FOUND');
  });

  it('are ten of 128 bits, hashed, each good once, however it is typed', async () => {
    const user = await newOwner();
    const { rows } = await bench.database.pool.query(
      `SELECT encode(code_hash, 'hex') AS hash FROM auth.recovery_codes WHERE user_number = $1`,
      [user.userNumber],
    );
    expect(rows).toHaveLength(10);
    for (const code of user.recoveryCodes) {
      expect(code.replaceAll('-', '')).toMatch(/^[0-9a-f]{32}$/);
      expect(JSON.stringify(rows)).not.toContain(code.replaceAll('-', ''));
    }
    const [one = '', two = ''] = user.recoveryCodes;
    expect((await signIn(user, { recoveryCode: one })).status).toBe(200);
    expect(codeOf(await signIn(user, { recoveryCode: one }))).toBe('FACTOR_INVALID');
    const typed = two.replaceAll('-', ' ').toUpperCase();
    expect((await signIn(user, { recoveryCode: typed })).status).toBe(200);
  });

  it('of before are good no more once there are new ones; those of another never are', async () => {
    const [user, other] = [await newOwner(), await newOwner()];
    const proof = await stepUp(user, 'POST', CODES);
    const { body } = await bench.post(user.caller, CODES, undefined, proof);
    const { recoveryCodes } = body as { recoveryCodes: string[] };
    for (const recoveryCode of [user.recoveryCodes[0], other.recoveryCodes[0]]) {
      expect(codeOf(await signIn(user, { recoveryCode }))).toBe('FACTOR_INVALID');
    }
    expect((await signIn(user, { recoveryCode: recoveryCodes[9] })).status).toBe(200);
    const shown = await get(user.caller, '/v1/auth/factors');
    expect(shown).toMatchObject({ recoveryCodesLeft: 9 });
  });
});

describe('POST /v1/auth/sign-in/factor', () => {
  const path = '/v1/auth/sign-in/factor';

  it('refuses a pending sign-in that is unknown, done, too old, or of who was suspended', async () => {
    const user = await newOwner();
    const finish = (pendingToken: string) =>
      bench.post(null, path, { pendingToken, totp: bench.code(user.secret) });
    expect(codeOf(await finish(`bpt_${'A'.repeat(43)}`))).toBe('PENDING_SIGN_IN_INVALID');
    const done = await bench.newPending(user.userNumber);
    expect((await finish(done)).status).toBe(200);
    bench.passTime();
    expect(codeOf(await finish(done))).toBe('PENDING_SIGN_IN_INVALID');
    const old = await bench.newPending(user.userNumber);
    bench.passTime(5 * 60_000);
    expect(codeOf(await finish(old))).toBe('PENDING_SIGN_IN_INVALID');
    const options = '/v1/auth/sign-in/passkey/options';
    const late = await bench.post(null, options, { pendingToken: old });
    expect(codeOf(late)).toBe('PENDING_SIGN_IN_INVALID');
    const suspended = await bench.newPending(user.userNumber);
    await bench.database.pool.query(
      `UPDATE users.users SET status = 'suspended' WHERE user_number = $1`,
      [user.userNumber],
    );
    expect(codeOf(await finish(suspended))).toBe('ACCOUNT_SUSPENDED');
  });

  it('takes five tries, also with the right one among those that come after', async () => {
    const user = await newOwner();
    const pendingToken = await bench.newPending(user.userNumber);
    const recoveryCode = '00'.repeat(16);
    for (let tries = 1; tries <= 5; tries += 1) {
      const wrong = await bench.post(null, path, { pendingToken, recoveryCode });
      expect(codeOf(wrong)).toBe('FACTOR_INVALID');
    }
    const right = await bench.post(null, path, { pendingToken, totp: bench.code(user.secret) });
    expect(codeOf(right)).toBe('PENDING_SIGN_IN_INVALID');
  });

  it('takes no password, and one factor at a time', async () => {
    const user = await newOwner();
    const pendingToken = await bench.newPending(user.userNumber);
    for (const shown of [
      { password: 'correct horse' },
      {},
      { totp: '123456', recoveryCode: '00'.repeat(16) },
      { totp: '12345' },
      { totp: 123_456 },
    ]) {
      expect(codeOf(await bench.post(null, path, { pendingToken, ...shown }))).toBe('BODY_INVALID');
    }
  });

  it('opens a session that says how the user was known', async () => {
    const user = await newOwner();
    const [recoveryCode] = user.recoveryCodes;
    await signIn(user, { totp: bench.code(user.secret) });
    await signIn(user, { recoveryCode });
    const { rows } = await bench.database.pool.query<{ amr: string[] }>(
      'SELECT amr FROM auth.sessions WHERE user_number = $1 ORDER BY session_number',
      [user.userNumber],
    );
    expect(rows.map(({ amr }) => amr)).toEqual([['pwd'], ['pwd', 'otp'], ['pwd', 'rec']]);
  });

  it('is asked of users by what they have', async () => {
    const of = async ({ userNumber }: TestUser) => {
      const { rows } = await bench.deps.pool.query<{ has: string[] }>(
        'SELECT auth.factors_of($1) AS has',
        [userNumber],
      );
      return rows[0]?.has;
    };
    const [plain, key] = [await bench.newUser(), await bench.newUser()];
    expect(await of(plain)).toEqual([]);
    await bench.post(plain.caller, '/v1/auth/factors/totp');
    expect(await of(plain)).toEqual([]);
    await bench.addPasskey(key);
    expect(await of(key)).toEqual(['passkey', 'recovery_code']);
    const user = await newOwner();
    for (const recoveryCode of user.recoveryCodes) await signIn(user, { recoveryCode });
    expect(await of(user)).toEqual(['totp']);
  });
});
