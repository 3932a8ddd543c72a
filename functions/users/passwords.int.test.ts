// Passwords that are forgotten or changed: refusals, what strangers learn, what ends with them.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Caller } from '../../shared/domain/caller.ts';
import { sessionId } from '../../shared/domain/ids.ts';
import { sessionCaller } from '../../shared/function/testing/session-caller.ts';
import { policyOf } from '../../shared/policy/policies.ts';
import {
  codeOf,
  createUsersFixture,
  OTHER_PASSWORD,
  PASSWORD,
  type UsersFixture,
} from './fixture.ts';

let users: UsersFixture;
beforeAll(async () => {
  users = await createUsersFixture();
});
afterAll(() => users.close());

const requestReset = (email: string) => users.call('POST', '/v1/users/password-resets', { email });
const confirm = (token: string | undefined, password = OTHER_PASSWORD) =>
  users.call('POST', '/v1/users/password-resets/confirm', { token, password });
const change = (caller: Caller, currentPassword: string, newPassword = OTHER_PASSWORD) =>
  users.call('PUT', '/v1/users/me/password', { currentPassword, newPassword }, caller);

async function resetToken(email: string): Promise<string | undefined> {
  await requestReset(email);
  return (await users.mailTo(email, 'reset_password')).values['token'];
}

async function isPassword(caller: Caller, password: string): Promise<boolean> {
  const result = await users.database.pool.query<{ hash: string }>(
    'SELECT hash FROM users.passwords WHERE user_number = $1',
    [caller.userNumber],
  );
  const verified = await users.deps.hasher.verify(password, result.rows[0]?.hash ?? '');
  return 'matches' in verified && verified.matches;
}

async function openSessions(caller: Caller): Promise<number[]> {
  const result = await users.database.pool.query<{ number: number }>(
    `SELECT session_number AS number FROM auth.sessions
     WHERE user_number = $1 AND ended_at IS NULL ORDER BY 1`,
    [caller.userNumber],
  );
  return result.rows.map((row) => row.number);
}

async function revoked(caller: Caller): Promise<string[]> {
  const result = await users.database.pool.query<{ id: string }>(
    `SELECT credential_id AS id FROM auth.revocations WHERE user_number = $1
     AND kind = 'credential' ORDER BY 1`,
    [caller.userNumber],
  );
  return result.rows.map((row) => row.id);
}

async function holdHours(caller: Caller): Promise<{ kind: string; hours: number }[]> {
  const result = await users.database.pool.query<{ kind: string; hours: number }>(
    `SELECT kind, (extract(epoch FROM until - started_at) / 3600)::float8 AS hours
     FROM auth.withdrawal_holds WHERE user_number = $1 ORDER BY hold_number`,
    [caller.userNumber],
  );
  return result.rows;
}

describe('a reset refuses', () => {
  it.each(['', 'bml_x', 'x'.repeat(100)])('the token %j, without a hash', async (token) => {
    const before = users.hashes();
    expect(codeOf(await confirm(token))).toBe('LINK_INVALID');
    expect(users.hashes()).toBe(before);
  });

  it('a link that is half an hour old', async () => {
    await users.addUser('slow@example.org');
    const token = await resetToken('slow@example.org');
    users.nowMs += 30 * 60_000;
    expect(codeOf(await confirm(token))).toBe('LINK_INVALID');
  });

  it('C2 a bad password, and the link is still good', async () => {
    await users.addUser('bad.habits@example.org');
    const token = await resetToken('bad.habits@example.org');
    expect(codeOf(await confirm(token, 'short'))).toBe('BODY_INVALID');
    expect(codeOf(await confirm(token, 'password123'))).toBe('PASSWORD_BREACHED');
    expect(codeOf(await confirm(token, 'my bad.habits win'))).toBe('PASSWORD_PREDICTABLE');
    expect(codeOf(await confirm(token))).toBe(200);
  });
});

describe('a reset', () => {
  it('C3 is answered and costs the same for a known, pending and unknown address', async () => {
    await users.addUser('real@example.org');
    await users.call('POST', '/v1/users', { email: 'waiting@example.org', password: PASSWORD });
    const told = new Set<string>();
    for (const name of ['real', 'waiting', 'nobody']) {
      const [hashes, mails] = [users.hashes(), (await users.mails()).length];
      const { status, body } = await requestReset(`${name}@example.org`);
      told.add(JSON.stringify({ status, body }));
      expect(users.hashes() - hashes).toBe(0);
      expect((await users.mails()).length - mails).toBe(1);
    }
    expect([...told]).toEqual(['{"status":202,"body":{"status":"reset_sent"}}']);
    await expect(users.mailTo('waiting@example.org', 'reset_password')).rejects.toThrow();
    await expect(users.mailTo('nobody@example.org', 'reset_password')).rejects.toThrow();
  });

  it('sets the password, ends every session, holds withdrawals, voids all links, and tells', async () => {
    const caller = await users.addUser('whole@example.org');
    const sessions = [
      await users.addSession(caller.userNumber),
      await users.addSession(caller.userNumber),
    ];
    const stranger = await users.addSession(999);
    const older = await resetToken('whole@example.org');
    const token = await resetToken('whole@example.org');
    expect(codeOf(await confirm(token))).toBe(200);
    expect(await isPassword(caller, OTHER_PASSWORD)).toBe(true);
    expect(await openSessions(caller)).toEqual([]);
    expect(await openSessions(sessionCaller(999))).toEqual([stranger]);
    expect(await revoked(caller)).toEqual(sessions.map(sessionId));
    expect(await holdHours(caller)).toEqual([{ kind: 'password_reset', hours: 72 }]);
    expect(codeOf(await confirm(token))).toBe('LINK_INVALID');
    expect(codeOf(await confirm(older))).toBe('LINK_INVALID');
    await users.mailTo('whole@example.org', 'password_changed');
  });

  it.each([1, 2, 3])(
    'C3 by twenty with one link at once is done by one, round %i',
    async (round) => {
      const email = `race${round}@example.org`;
      const caller = await users.addUser(email);
      const token = await resetToken(email);
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, at) => confirm(token, `${OTHER_PASSWORD} ${at}`)),
      );
      const winners = answers.flatMap((answer, at) => (answer.status === 200 ? [at] : []));
      expect(winners).toHaveLength(1);
      expect(await isPassword(caller, `${OTHER_PASSWORD} ${winners[0] ?? ''}`)).toBe(true);
      expect(answers.map(codeOf).filter((code) => code === 'LINK_INVALID')).toHaveLength(19);
    },
  );
});

describe('a change of password', () => {
  it('needs a step-up', () => {
    expect(policyOf('PUT', '/v1/users/me/password')).toMatchObject({
      stepUp: true,
      callers: ['session'],
    });
  });

  it('is refused for a wrong one, a bad one, and another caller than a session', async () => {
    const caller = await users.addUser('careful@example.org');
    expect(codeOf(await change(caller, 'not my password'))).toBe('PASSWORD_WRONG');
    expect(codeOf(await change(caller, PASSWORD, 'iloveyou1'))).toBe('PASSWORD_BREACHED');
    expect(codeOf(await change({ ...caller, kind: 'key' }, PASSWORD))).toBe('CALLER_NOT_ALLOWED');
    expect(await isPassword(caller, PASSWORD)).toBe(true);
    expect(await holdHours(caller)).toEqual([]);
  });

  it('ends all other sessions, holds withdrawals for a day, and tells', async () => {
    const caller = await users.addUser('changed@example.org');
    const own = await users.addSession(caller.userNumber);
    const other = await users.addSession(caller.userNumber);
    const current = { ...caller, credentialId: sessionId(own) };
    expect(codeOf(await change(current, PASSWORD))).toBe(200);
    expect(await isPassword(caller, OTHER_PASSWORD)).toBe(true);
    expect(await openSessions(caller)).toEqual([own]);
    expect(await revoked(caller)).toEqual([sessionId(other)]);
    expect(await holdHours(caller)).toEqual([{ kind: 'password_changed', hours: 24 }]);
    await users.mailTo('changed@example.org', 'password_changed');
  });

  it('by ten at once from one old password is done by one', async () => {
    const caller = await users.addUser('many@example.org');
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, at) => change(caller, PASSWORD, `${OTHER_PASSWORD} ${at}`)),
    );
    expect(answers.map(codeOf).filter((code) => code === 200)).toHaveLength(1);
    expect(await holdHours(caller)).toHaveLength(1);
  });
});
