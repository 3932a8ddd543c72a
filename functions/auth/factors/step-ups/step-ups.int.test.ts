// T19, C10: step-ups on a real database, from the factor that is shown to the request they open.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Caller } from '../../../../shared/domain/caller.ts';
import { callFunction } from '../../../../shared/function/call.ts';
import { defineFunction, route } from '../../../../shared/function/definition.ts';
import { manages } from '../../../../shared/policy/policy.ts';
import {
  actionOf,
  atOnce,
  codeOf,
  FactorsBench,
  type Enrolled,
  type TestUser,
} from '../testing-user.ts';

const PATH = '/v1/withdrawals?chain=a';
const BODY = '{"amount":"1.00"}';
const ACTION = actionOf('POST', PATH, BODY);

let bench: FactorsBench;
beforeAll(async () => {
  bench = await FactorsBench.open(8);
});
afterAll(() => bench.database.drop());

/** A function of another owner, which checks on its own connection. */
const withdrawals = defineFunction<null>({
  name: 'withdrawals',
  routes: [
    route({
      method: 'POST',
      path: '/v1/withdrawals',
      policy: manages({ stepUp: true }),
      summary: 'Moves funds away.',
      query: z.strictObject({ chain: z.string() }),
      body: z.strictObject({ amount: z.string() }),
      answers: { 200: z.strictObject({ sent: z.string() }) },
      refusals: [],
      handle: ({ body }) => Promise.resolve({ status: 200, body: { sent: body.amount } }),
    }),
  ],
  events: [],
  connect: () => Promise.resolve(null),
  close: () => Promise.resolve(),
  isReady: () => Promise.resolve(true),
});

async function withdraw(
  caller: Caller,
  stepUp: string,
  path = PATH,
  rawBody = BODY,
): Promise<string> {
  const headers = { 'step-up': stepUp, 'content-type': 'application/json' };
  const call = { method: 'POST', path, headers, rawBody, caller };
  const answer = await callFunction(withdrawals, null, call, bench.checks);
  return codeOf(answer) ?? 'sent';
}

async function newUser(): Promise<TestUser & Enrolled> {
  const user = await bench.newUser();
  return { ...user, ...(await bench.addTotp(user)) };
}

/** A good one; time passes, so that the next code is another. */
async function stepUpOf(user: TestUser & Enrolled, action = ACTION): Promise<string> {
  const stepUp = await bench.stepUp(user.caller, { totp: bench.code(user.secret) }, action);
  bench.passTime();
  return stepUp;
}

describe('T19 a step-up does not open', () => {
  it.each([
    ['another path', '/v1/withdrawals?chain=b', BODY],
    ['a body changed by one byte', PATH, '{"amount":"9.00"}'],
  ])('a request with %s', async (_name, path, body) => {
    const user = await newUser();
    const stepUp = await stepUpOf(user);
    expect(await withdraw(user.caller, stepUp, path, body)).toBe('STEP_UP_INVALID');
    expect(await withdraw(user.caller, stepUp)).toBe('sent');
  });

  it('a request of another method, or of none at all', async () => {
    const user = await newUser();
    for (const action of [actionOf('PUT', PATH, BODY), actionOf('POST', PATH)]) {
      expect(await withdraw(user.caller, await stepUpOf(user, action))).toBe('STEP_UP_INVALID');
    }
  });

  it('a request of another user, or of another session of the same', async () => {
    const [user, other] = [await newUser(), await newUser()];
    const stepUp = await stepUpOf(user);
    expect(await withdraw(other.caller, stepUp)).toBe('STEP_UP_INVALID');
    const session = await bench.newSession(user.userNumber);
    expect(await withdraw(session, stepUp)).toBe('STEP_UP_INVALID');
    const forged = { ...other.caller, credentialId: user.caller.credentialId };
    expect(await withdraw(forged, stepUp)).toBe('STEP_UP_INVALID');
  });

  it('anything once it is used, too old, or its session is over', async () => {
    const user = await newUser();
    const used = await stepUpOf(user);
    expect(await withdraw(user.caller, used)).toBe('sent');
    expect(await withdraw(user.caller, used)).toBe('STEP_UP_INVALID');
    const old = await stepUpOf(user);
    await bench.database.pool.query(
      'UPDATE auth.step_ups SET expires_at = clock_timestamp() WHERE user_number = $1',
      [user.userNumber],
    );
    expect(await withdraw(user.caller, old)).toBe('STEP_UP_INVALID');
    const orphan = await stepUpOf(user);
    await bench.database.pool.query(
      `UPDATE auth.sessions SET ended_at = now(), end_reason = 'signed_out'
       WHERE user_number = $1`,
      [user.userNumber],
    );
    expect(await withdraw(user.caller, orphan)).toBe('STEP_UP_INVALID');
  });

  it('more than one of twenty requests at once', async () => {
    const user = await newUser();
    const stepUp = await stepUpOf(user);
    const outcomes = await atOnce(20, () => withdraw(user.caller, stepUp));
    expect(outcomes.filter((outcome) => outcome === 'sent')).toHaveLength(1);
  });

  it('anything after a factor was changed', async () => {
    const user = await newUser();
    const stepUp = await stepUpOf(user);
    const remove = `/v1/auth/factors/${user.id}`;
    const headers = { 'step-up': await stepUpOf(user, actionOf('DELETE', remove)) };
    const { caller } = user;
    expect((await bench.send({ method: 'DELETE', path: remove, caller, headers })).status).toBe(
      200,
    );
    expect(await withdraw(caller, stepUp)).toBe('STEP_UP_INVALID');
  });
});

describe('C10 a step-up is not given', () => {
  const ask = (user: TestUser, shown: object) =>
    bench.post(user.caller, '/v1/auth/step-ups', { action: ACTION, ...shown });

  it('to programs, to nobody, and for two factors at a time', async () => {
    const user = await newUser();
    const totp = bench.code(user.secret);
    const program = { ...user.caller, kind: 'key' } as const;
    const answer = await bench.post(program, '/v1/auth/step-ups', { action: ACTION, totp });
    expect(codeOf(answer)).toBe('CALLER_NOT_ALLOWED');
    expect((await bench.post(null, '/v1/auth/step-ups', { action: ACTION, totp })).status).toBe(
      401,
    );
    expect(codeOf(await ask(user, {}))).toBe('BODY_INVALID');
    expect(codeOf(await ask(user, { totp, password: 'x' }))).toBe('BODY_INVALID');
  });

  it.each([
    { method: 'HEAD', path: '/v1/x', bodySha256: '0'.repeat(64) },
    { method: 'POST', path: 'v1/x', bodySha256: '0'.repeat(64) },
    { method: 'POST', path: '/v1/x y', bodySha256: '0'.repeat(64) },
    { method: 'POST', path: '/v1/x', bodySha256: 'A'.repeat(64) },
    { method: 'POST', path: '/v1/x', bodySha256: '' },
  ])('for %j', async (action) => {
    const user = await newUser();
    const totp = bench.code(user.secret);
    const answer = await bench.post(user.caller, '/v1/auth/step-ups', { action, totp });
    expect(codeOf(answer)).toBe('BODY_INVALID');
  });

  it('for the password of a user who has a factor', async () => {
    const user = await newUser();
    expect(codeOf(await ask(user, { password: 'correct horse' }))).toBe('FACTOR_REQUIRED');
  });

  it('for a wrong password; after five, not for the right one either', async () => {
    const user = await bench.newUser('correct horse');
    for (let tries = 1; tries <= 5; tries += 1) {
      expect(codeOf(await ask(user, { password: 'battery staple' }))).toBe('FACTOR_REFUSED');
    }
    expect(codeOf(await ask(user, { password: 'correct horse' }))).toBe('FACTOR_LOCKED');
    bench.passTime(15 * 60_000);
    expect((await ask(user, { password: 'correct horse' })).status).toBe(201);
  });

  it('for a session that is over', async () => {
    const user = await newUser();
    await bench.database.pool.query(
      `UPDATE auth.sessions SET ended_at = now(), end_reason = 'revoked' WHERE user_number = $1`,
      [user.userNumber],
    );
    expect(codeOf(await ask(user, { totp: bench.code(user.secret) }))).toBe('TOKEN_INVALID');
  });
});

describe('C10 a step-up', () => {
  it('is stored as its hash alone, and tells the session when a factor was shown', async () => {
    const user = await newUser();
    const nowMs = bench.nowMs;
    const stepUp = await stepUpOf(user);
    const { rows } = await bench.database.pool.query(
      'SELECT * FROM auth.step_ups WHERE user_number = $1',
      [user.userNumber],
    );
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain(stepUp.slice(4));
    const sessions = await bench.database.pool.query<{ at: Date }>(
      'SELECT authenticated_at AS at FROM auth.sessions WHERE user_number = $1',
      [user.userNumber],
    );
    expect(sessions.rows[0]?.at.getTime()).toBe(nowMs);
  });

  it('is given for a recovery code, once, and for a password where there is no factor', async () => {
    const user = await newUser();
    const [recoveryCode = ''] = user.recoveryCodes;
    const stepUp = await bench.stepUp(user.caller, { recoveryCode }, ACTION);
    expect(await withdraw(user.caller, stepUp)).toBe('sent');
    const again = await bench.post(user.caller, '/v1/auth/step-ups', {
      action: ACTION,
      recoveryCode,
    });
    expect(codeOf(again)).toBe('FACTOR_REFUSED');
    const plain = await bench.newUser('correct horse');
    const byPassword = await bench.stepUp(plain.caller, { password: 'correct horse' }, ACTION);
    expect(await withdraw(plain.caller, byPassword)).toBe('sent');
  });

  it('is asked of a role that may use it up and nothing else', async () => {
    const orders = bench.database.poolFor('bourse_orders', 1);
    for (const statement of [
      'SELECT FROM auth.step_ups',
      'SELECT FROM auth.totp',
      'SELECT FROM auth.recovery_codes',
      `SELECT auth.start_withdrawal_hold(1, 'factors_changed', 1)`,
      'SELECT auth.factors_of(1)',
      'SELECT users.find_for_factors(1)',
    ]) {
      await expect(orders.query(statement)).rejects.toThrow('permission denied');
    }
  });
});
