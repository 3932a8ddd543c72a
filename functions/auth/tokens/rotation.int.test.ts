// C6: keys are rotated while tokens are minted by two instances and checked by two functions; not a
// single one is refused. And what is refused: tokens that only look like ours.
import { createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignJWT } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SCOPES } from '../../../shared/domain/caller.ts';
import { sessionId } from '../../../shared/domain/ids.ts';
import { isRejection } from '../../../shared/domain/rejection.ts';
import type { Pool } from '../../../shared/db/pool.ts';
import { createAuthenticate } from '../../../shared/function/auth/auth.ts';
import type { Authenticate } from '../../../shared/function/auth/authenticated.ts';
import { drawSecret } from '../../../shared/secrets/token.ts';
import { silentLogger } from '../../../shared/telemetry/logger.ts';
import { createTestDatabase, type TestDatabase } from '../../../shared/testing/database.ts';
import { messageOf } from '../../../shared/operator/operator.ts';
import { readCommand } from '../operator/options.ts';
import { runCommand } from '../operator/run.ts';
import { ACCESS_TOKEN_SECONDS, mintAccessToken, type Issuing } from './mint.ts';
import { TEST_AUDIENCE, TEST_ISSUER, testIssuing, testRing } from './testing-issuing.ts';

const START = Date.parse('2026-03-31T12:00:00Z');
const SUBJECT = {
  userNumber: 42,
  credentialId: sessionId(7),
  scopes: SCOPES,
  authTimeMs: START,
  amr: ['pwd'],
};

let database: TestDatabase;
let pool: Pool;
let server: Server;
let issuing: readonly Issuing[];
let nowMs = START;
const now = (): number => nowMs;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = database.poolFor('bourse_auth', 8);
});
beforeEach(async () => {
  nowMs = START;
  issuing = [testIssuing(pool, now), testIssuing(pool, now)];
  let asked = 0;
  server = createServer((_request, response) => {
    // The instances take turns, as behind a load balancer.
    asked += 1;
    void issuing[asked % 2]?.keys.published().then((keys) => {
      response.end(JSON.stringify({ keys }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await database.pool.query('TRUNCATE auth.signing_keys, auth.signing_key_changes');
});
afterAll(() => database.drop());

function verifier(): Authenticate {
  const { port } = server.address() as AddressInfo;
  return createAuthenticate({
    jwksUrl: `http://127.0.0.1:${port}/`,
    issuer: TEST_ISSUER,
    audience: TEST_AUDIENCE,
    log: silentLogger(),
    nowMs: now,
  });
}

async function outcomeOf(authenticate: Authenticate, token: string): Promise<string> {
  const headers = { authorization: `Bearer ${token}` };
  const outcome = await authenticate({ method: 'GET', target: '/', headers });
  return isRejection(outcome) ? outcome.code : outcome.caller.userId;
}

/** What an operator is told. */
async function auth(...args: string[]): Promise<string> {
  try {
    const command = readCommand(args, 'o');
    if (command === null) return 'help';
    const sealing = () => testRing('auth');
    return (await runCommand({ pool, sealing, now }, command)).join('\n');
  } catch (error) {
    return messageOf(error, {});
  }
}

const WHY = ['--reason', 'every quarter'];

describe('C6 a rotation under load', () => {
  it('refuses no token, from before, during and after it', { timeout: 60_000 }, async () => {
    const verifiers = [verifier(), verifier()];
    const alive: { token: string; untilMs: number }[] = [];
    const kids = new Set<string>();
    const refused: string[] = [];
    let checked = 0;
    const mint = async (from: Issuing): Promise<void> => {
      const { accessToken } = await mintAccessToken(from, SUBJECT, nowMs);
      alive.push({ token: accessToken, untilMs: nowMs + 600_000 });
      kids.add(accessToken.split('.')[0] ?? '');
    };
    const check = async (authenticate: Authenticate, token: string): Promise<void> => {
      const outcome = await outcomeOf(authenticate, token);
      checked += 1;
      if (outcome !== 'usr_0000000000000042') refused.push(`${outcome} at ${nowMs - START} ms`);
    };
    const rotations: string[] = [];
    // Three hours, 20 s at a time; a rotation soon after the start, and two in a row later.
    for (let step = 0; step < 540; step += 1) {
      nowMs = START + step * 20_000;
      while ((alive[0]?.untilMs ?? Infinity) <= nowMs) alive.shift();
      const rotating = [10, 200, 201].includes(step) ? auth('keys', 'rotate', ...WHY) : null;
      await Promise.all([
        ...issuing.map(mint),
        ...alive.flatMap(({ token }) => verifiers.map((each) => check(each, token))),
      ]);
      await Promise.all(
        alive.slice(-2).flatMap(({ token }) => verifiers.map((each) => check(each, token))),
      );
      if (rotating !== null) rotations.push(await rotating);
    }
    expect(refused).toEqual([]);
    expect(rotations).toEqual(
      Array.from({ length: 3 }, () => expect.stringContaining('signs from') as unknown),
    );
    expect(kids.size).toBe(4);
    expect(checked).toBeGreaterThan(50_000);
  });

  it('of a key that has leaked refuses what it has signed, once keys are renewed', async () => {
    const authenticate = verifier();
    const [one] = issuing;
    if (one === undefined) throw new Error('no instance');
    const { accessToken } = await mintAccessToken(one, SUBJECT, nowMs);
    expect(await outcomeOf(authenticate, accessToken)).toBe('usr_0000000000000042');
    expect(await auth('keys', 'rotate', '--now', ...WHY)).toContain('is published no longer');
    nowMs += 5 * 60_000;
    // Refused for its key: polling moves the clock less far than to the end of the token.
    const outcomeLater = (): Promise<string> => {
      nowMs += 1_000;
      return outcomeOf(authenticate, accessToken);
    };
    await expect.poll(outcomeLater, { timeout: 10_000 }).toBe('TOKEN_INVALID');
    expect(nowMs - START).toBeLessThan(ACCESS_TOKEN_SECONDS * 1_000);
    const next = await mintAccessToken(one, SUBJECT, nowMs);
    expect(await outcomeOf(authenticate, next.accessToken)).toBe('usr_0000000000000042');
  });
});

describe('C6 what is no access token of ours is refused', () => {
  it.each(['bst', 'brt', 'bac', 'bpt'] as const)(
    'a secret of another kind (%s)',
    async (prefix) => {
      expect(await outcomeOf(verifier(), drawSecret(prefix))).toBe('TOKEN_INVALID');
    },
  );

  it('alg none and HS256 with what is published, under the id of a key that is', async () => {
    const [one] = issuing;
    const { accessToken } = await mintAccessToken(one as Issuing, SUBJECT, nowMs);
    const [head = '', claims = ''] = accessToken.split('.');
    const header = JSON.parse(Buffer.from(head, 'base64url').toString()) as object;
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const published = (await (one as Issuing).keys.published())[0];
    const bare = `${encode({ ...header, alg: 'HS256' })}.${claims}`;
    for (const secret of [
      Buffer.from(published?.x ?? '', 'base64url'),
      published?.x ?? '',
      JSON.stringify(published),
    ]) {
      const signature = createHmac('sha256', secret).update(bare).digest('base64url');
      expect(await outcomeOf(verifier(), `${bare}.${signature}`)).toBe('TOKEN_INVALID');
    }
    const none = `${encode({ ...header, alg: 'none' })}.${claims}.`;
    expect(await outcomeOf(verifier(), none)).toBe('TOKEN_INVALID');
  });

  it.each([
    ['typ', { typ: 'JWT' }, {}],
    ['typ of a refresh token', { typ: 'rt+jwt' }, {}],
    ['kid with a path', { kid: '../../etc/passwd' }, {}],
    ['kid with SQL', { kid: `' OR 1=1 --` }, {}],
    ['audience', {}, { aud: 'other' }],
    ['issuer', {}, { iss: 'https://auth.test.evil' }],
    ['time, in the future', {}, { nbf: START / 1_000 + 60 }],
    ['expiry, in the past', {}, { exp: START / 1_000 - 60 }],
  ])('another %s, signed with our own key', async (_name, header, claims) => {
    const { privateKey, publicKey } = await (issuing[0] as Issuing).keys.current();
    const token = await new SignJWT({
      iss: TEST_ISSUER,
      aud: TEST_AUDIENCE,
      sub: 'usr_0000000000000042',
      sid: sessionId(7),
      jti: '1',
      iat: START / 1_000,
      exp: START / 1_000 + 600,
      scope: 'read',
      ...claims,
    })
      .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid: publicKey.kid, ...header })
      .sign(privateKey);
    expect(await outcomeOf(verifier(), token)).toBe('TOKEN_INVALID');
  });
});

describe('npm run auth refuses', () => {
  it.each([
    [['keys'], 'no command keys'],
    [['keys', 'drop'], 'no command keys drop'],
    [['keys', 'list', 'all'], 'no command keys list all'],
    [['keys', 'rotate'], '--reason TEXT is needed'],
    [['keys', 'rotate', '--reason', 'x'], '--reason TEXT is needed'],
    [['keys', 'list', '--now'], 'changes nothing'],
    [['keys', 'rotate', '--soon'], 'soon'],
    [['keys', 'rotate', ...WHY], 'there are no keys to rotate yet'],
  ])('%j', async (args, complaint) => {
    expect(await auth(...args)).toContain(complaint);
  });

  it('a rotation while another is under way', async () => {
    await issuing[0]?.keys.current();
    expect(await auth('keys', 'rotate', ...WHY)).toContain('signs from 2026-03-31T12:15:00.000Z');
    expect(await auth('keys', 'rotate', ...WHY)).toContain('a rotation is under way');
  });
});

describe('npm run auth', () => {
  it('lists the keys with their times, and who did what', async () => {
    await issuing[0]?.keys.current();
    await auth('keys', 'rotate', ...WHY);
    nowMs += 900_000;
    const lines = (await auth('keys', 'list')).split('\n');
    expect(lines.map((line) => line.slice(45, 54).trim()).slice(0, 3)).toEqual([
      'retired',
      'signing',
      'published',
    ]);
    expect(lines[0]).toContain('signs from 2026-03-31T12:00:00.000Z, until 2026-03-31T12:15');
    expect(lines[2]).toContain('stands by');
    expect(lines[3]).toMatch(/rotated \S{43} {2}o: every quarter/);
    expect(lines[4]).toMatch(/made \S{43} {2}auth: there was no key/);
    expect(await auth('--help')).toBe('help');
  });
});
