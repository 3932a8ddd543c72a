// Sessions on a real database: whose token draws what, when one ends, and who is told.
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sessionId } from '../../../shared/domain/ids.ts';
import { sessionCaller } from '../../../shared/function/testing/session-caller.ts';
import type { CallAnswer } from '../../../shared/function/call.ts';
import { drawSecret } from '../../../shared/secrets/token.ts';
import { START_MS, startTestAuth, type TestAuth } from '../testing-auth.ts';
import {
  openSession,
  SESSION_IDLE_MS,
  SESSION_LIFE_MS,
  type OpenedSession,
} from './open-session.ts';

let auth: TestAuth;
let user = 0;
let users = 0;
beforeAll(async () => {
  auth = await startTestAuth(16);
});
beforeEach(async () => {
  auth.setNow(START_MS);
  users += 1;
  user = await auth.addUser(`user${users}@example.test`);
});
afterAll(() => auth.database.drop());

function open(userNumber = user, nowMs = START_MS): Promise<OpenedSession> {
  const device = { address: '203.0.113.7', userAgent: 'a browser' };
  return openSession(auth.pool, { userNumber, amr: ['pwd', 'otp'], ...device }, nowMs);
}

function callerOf({ sessionId: id }: OpenedSession, userNumber = user) {
  return { ...sessionCaller(userNumber), credentialId: id };
}

function withBearer(method: string, path: string, bearer?: string): Promise<CallAnswer> {
  const headers = bearer === undefined ? {} : { authorization: `Bearer ${bearer}` };
  return auth.call({ method, path, headers });
}

function draw(bearer?: string): Promise<CallAnswer> {
  return withBearer('POST', '/v1/auth/access-tokens', bearer);
}

async function accessToken(session: OpenedSession): Promise<string> {
  return String((await draw(session.sessionToken)).body?.['accessToken' as never]);
}

async function endOf(session: OpenedSession): Promise<{ reason: string | null; told: number }> {
  const found = await auth.database.pool.query<{ reason: string | null; told: number }>(
    `SELECT s.end_reason AS reason, (SELECT count(*) FROM auth.revocations r
       WHERE r.kind = 'credential' AND r.credential_id = $1) AS told
     FROM auth.sessions s WHERE 'ses_' || lpad(s.session_number::text, 16, '0') = $1`,
    [session.sessionId],
  );
  return found.rows[0] ?? { reason: 'no such session', told: 0 };
}

const INVALID = { status: 401, body: { code: 'SESSION_INVALID' } };

describe('C5 no access token is drawn', () => {
  it('without a session token, or with another secret in its place', async () => {
    const session = await open();
    expect(await draw()).toMatchObject(INVALID);
    for (const bearer of [
      'x',
      drawSecret('bst'),
      drawSecret('bpt'),
      session.sessionToken.replace('bst_', 'brt_'),
      `${session.sessionToken}x`,
      session.sessionToken.toLowerCase(),
      session.sessionId,
      await accessToken(session),
    ]) {
      expect(await draw(bearer)).toMatchObject(INVALID);
    }
    const basic = await auth.call({
      method: 'POST',
      path: '/v1/auth/access-tokens',
      headers: { authorization: `Basic ${session.sessionToken}` },
    });
    expect(basic).toMatchObject(INVALID);
  });

  it('of a session that was not used for 30 min, though it was before', async () => {
    const session = await open();
    auth.setNow(START_MS + SESSION_IDLE_MS - 1);
    expect((await draw(session.sessionToken)).status).toBe(200);
    auth.setNow(START_MS + 2 * SESSION_IDLE_MS - 2);
    expect((await draw(session.sessionToken)).status).toBe(200);
    auth.setNow(START_MS + 3 * SESSION_IDLE_MS - 2);
    expect(await draw(session.sessionToken)).toMatchObject(INVALID);
  });

  it('of a session of 12 h, however busy, and none outlives it', async () => {
    const session = await open();
    for (let ms = SESSION_IDLE_MS - 1; ms < SESSION_LIFE_MS; ms += SESSION_IDLE_MS - 1) {
      auth.setNow(START_MS + ms);
      expect((await draw(session.sessionToken)).status).toBe(200);
    }
    auth.setNow(START_MS + SESSION_LIFE_MS - 5_000);
    expect((await draw(session.sessionToken)).body).toMatchObject({ expiresInSeconds: 5 });
    auth.setNow(START_MS + SESSION_LIFE_MS);
    expect(await draw(session.sessionToken)).toMatchObject(INVALID);
  });

  it.each(['suspended', 'closed'])('of a user who is %s', async (status) => {
    const session = await open();
    await auth.database.pool.query('UPDATE users.users SET status = $2 WHERE user_number = $1', [
      user,
      status,
    ]);
    expect(await draw(session.sessionToken)).toMatchObject(INVALID);
  });

  it('once the session is taken back, in the middle of many that are', async () => {
    for (let round = 0; round < 5; round += 1) {
      const session = await open();
      const other = await open();
      const drawing = Array.from({ length: 30 }, () => draw(session.sessionToken));
      const path = `/v1/auth/sessions/${session.sessionId}`;
      const taken = await auth.call({ method: 'DELETE', path, caller: callerOf(other) });
      expect(taken.status).toBe(200);
      const late = Array.from({ length: 5 }, () => draw(session.sessionToken));
      for (const { status } of await Promise.all(late)) expect(status).toBe(401);
      for (const { status } of await Promise.all(drawing)) expect([200, 401]).toContain(status);
      expect(await endOf(session)).toEqual({ reason: 'revoked', told: 1 });
    }
  });
});

describe('an access token', () => {
  it('is drawn as often as one likes, also at the same moment, for ten minutes each', async () => {
    const session = await open();
    auth.setNow(START_MS + 60_000);
    const answers = await Promise.all(Array.from({ length: 20 }, () => draw(session.sessionToken)));
    const tokens = answers.map(({ body }) =>
      String((body as Record<string, unknown>)['accessToken']),
    );
    expect(new Set(tokens).size).toBe(20);
    expect(answers[0]?.body).toMatchObject({ tokenType: 'Bearer', expiresInSeconds: 600 });
    expect(decodeJwt(tokens[0] ?? '')).toMatchObject({
      sid: session.sessionId,
      scope: 'read trade withdraw',
      auth_time: START_MS / 1_000,
      iat: START_MS / 1_000 + 60,
      amr: ['pwd', 'otp'],
      acr: 'aal2',
    });
  });
});

describe('a session of somebody else', () => {
  it('is neither shown nor taken back, and looks like none', async () => {
    const mine = await open();
    const other = await auth.addUser(`other${users}@example.test`);
    const theirs = await open(other);
    for (const id of [theirs.sessionId, sessionId(9_000_000), 'ses_0000000000000000']) {
      const path = `/v1/auth/sessions/${id}`;
      const answer = await auth.call({ method: 'DELETE', path, caller: callerOf(mine) });
      expect(answer).toMatchObject({ status: 404, body: { code: 'SESSION_NOT_FOUND' } });
    }
    await auth.call({ method: 'DELETE', path: '/v1/auth/sessions', caller: callerOf(mine) });
    expect(await endOf(theirs)).toEqual({ reason: null, told: 0 });
    expect((await draw(theirs.sessionToken)).status).toBe(200);
  });

  it.each([
    ['GET', '/v1/auth/sessions'],
    ['DELETE', '/v1/auth/sessions'],
    ['DELETE', '/v1/auth/sessions/ses_0000000000000001'],
  ])('is not for %s %s by a key, a client, or nobody', async (method, path) => {
    for (const kind of ['key', 'client'] as const) {
      const caller = { ...sessionCaller(user), kind };
      const answer = await auth.call({ method, path, caller });
      expect(answer).toMatchObject({ status: 403, body: { code: 'CALLER_NOT_ALLOWED' } });
    }
    expect((await auth.call({ method, path })).status).toBe(401);
  });
});

describe('sessions', () => {
  it('are listed, the newest first, without those that have ended or run out', async () => {
    const idle = await open();
    const ended = await open();
    await withBearer('DELETE', '/v1/auth/sessions/current', ended.sessionToken);
    auth.setNow(START_MS + SESSION_IDLE_MS);
    const one = await open(user, START_MS + SESSION_IDLE_MS);
    const two = await open(user, START_MS + SESSION_IDLE_MS);
    const path = '/v1/auth/sessions';
    const answer = await auth.call({ method: 'GET', path, caller: callerOf(one) });
    const at = new Date(START_MS + SESSION_IDLE_MS).toISOString();
    const common = {
      createdAt: at,
      lastUsedAt: at,
      address: '203.0.113.7',
      userAgent: 'a browser',
      amr: ['pwd', 'otp'],
    };
    expect(answer.body).toEqual({
      items: [
        { id: two.sessionId, current: false, ...common },
        { id: one.sessionId, current: true, ...common },
      ],
    });
    expect(JSON.stringify(answer.body)).not.toContain(idle.sessionId);
  });

  it('are taken back all but one, and every process is told of each', async () => {
    const [kept, ...others] = [await open(), await open(), await open()];
    const path = '/v1/auth/sessions';
    const answer = await auth.call({ method: 'DELETE', path, caller: callerOf(kept) });
    expect(answer.body).toEqual({ ended: 2 });
    for (const session of others) {
      expect(await endOf(session)).toEqual({ reason: 'revoked', told: 1 });
      expect(await draw(session.sessionToken)).toMatchObject(INVALID);
    }
    expect((await draw(kept.sessionToken)).status).toBe(200);
  });

  it('end by signing out, with the session token or an access token, once', async () => {
    for (const bearerOf of [
      (session: OpenedSession) => Promise.resolve(session.sessionToken),
      accessToken,
    ]) {
      const session = await open();
      const bearer = await bearerOf(session);
      const out = await withBearer('DELETE', '/v1/auth/sessions/current', bearer);
      expect(out).toMatchObject({ status: 200, body: { ended: 1 } });
      expect(await endOf(session)).toEqual({ reason: 'signed_out', told: 1 });
      const again = await withBearer('DELETE', '/v1/auth/sessions/current', bearer);
      expect(again).toMatchObject(INVALID);
      expect(await endOf(session)).toEqual({ reason: 'signed_out', told: 1 });
    }
  });

  it('do not end by a token that is no longer good, or forged', async () => {
    const session = await open();
    const token = await accessToken(session);
    const [head, claims] = token.split('.');
    const none = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url');
    for (const bearer of [`${none}.${claims ?? ''}.`, `${head ?? ''}.${claims ?? ''}.AAAA`, 'x']) {
      const path = '/v1/auth/sessions/current';
      expect(await withBearer('DELETE', path, bearer)).toMatchObject(INVALID);
    }
    auth.setNow(START_MS + 606_000);
    const late = await withBearer('DELETE', '/v1/auth/sessions/current', token);
    expect(late).toMatchObject(INVALID);
    expect(await endOf(session)).toEqual({ reason: null, told: 0 });
  });

  it('that have run out are written off when their user signs in again', async () => {
    const email = `user${users}@example.test`;
    const old = await open();
    auth.setNow(START_MS + SESSION_IDLE_MS);
    const password = 'correct horse battery';
    expect((await auth.post('/v1/auth/sign-in', { email, password })).status).toBe(200);
    expect(await endOf(old)).toEqual({ reason: 'expired', told: 1 });
  });
});
