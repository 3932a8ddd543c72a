// Passkeys with a software authenticator: real keys and signatures, each fault refused.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { userId } from '../../../../shared/domain/ids.ts';
import {
  SoftwarePasskey,
  type PasskeyAlgorithm,
  type PasskeyFaults,
} from '../../../../shared/testing/software-passkey.ts';
import { actionOf, atOnce, codeOf, FactorsBench, ORIGIN, type TestUser } from '../testing-user.ts';
import { readSite } from '../../../../shared/passkeys/site.ts';

const PASSKEYS = '/v1/auth/factors/passkeys';
const CREATE = actionOf('POST', `${PASSKEYS}/options`);

type CreateOptions = Parameters<SoftwarePasskey['create']>[0];
type GetOptions = Parameters<SoftwarePasskey['get']>[0];

let bench: FactorsBench;
beforeAll(async () => {
  bench = await FactorsBench.open(8);
});
afterAll(() => bench.database.drop());

async function createOptions(user: TestUser, stepUp?: string): Promise<CreateOptions> {
  const answer = await bench.post(user.caller, `${PASSKEYS}/options`, undefined, stepUp);
  expect(answer.status).toBe(200);
  return answer.body as CreateOptions;
}

function add(user: TestUser, response: object) {
  return bench.post(user.caller, PASSKEYS, { name: 'a key', response });
}

async function pendingOptions(user: TestUser) {
  const pendingToken = await bench.newPending(user.userNumber);
  const answer = await bench.post(null, '/v1/auth/sign-in/passkey/options', { pendingToken });
  return { pendingToken, options: answer.body as GetOptions };
}

async function signIn(user: TestUser, passkey: SoftwarePasskey, faults?: PasskeyFaults) {
  const { pendingToken, options } = await pendingOptions(user);
  const shown = { pendingToken, passkey: passkey.get(options, faults) };
  return bench.post(null, '/v1/auth/sign-in/factor', shown);
}

const FAULTS: readonly (readonly [string, PasskeyFaults])[] = [
  ['another origin', { origin: 'https://bourse.example' }],
  ['another port of the origin', { origin: 'http://localhost:3001' }],
  ['a frame of another site', { crossOrigin: true }],
  ['another rpId', { rpId: 'bourse.example' }],
  ['the user not verified', { userVerified: false }],
  ['another ceremony', { type: 'payment.get' }],
];

describe('C9 a new passkey is refused', () => {
  it.each(FAULTS)('with %s', async (_name, faults) => {
    const user = await bench.newUser();
    const passkey = new SoftwarePasskey('ES256', ORIGIN);
    const response = passkey.create(await createOptions(user), faults);
    expect(codeOf(await add(user, response))).toBe('PASSKEY_INVALID');
    expect(await bench.holdUntil(user.userNumber)).toBeNull();
  });

  it('with a challenge that was used, has grown old, or is of another', async () => {
    const [user, other] = [await bench.newUser(), await bench.newUser()];
    const passkey = new SoftwarePasskey('ES256', ORIGIN);
    const spoilt = passkey.create(await createOptions(user), { userVerified: false });
    await add(user, spoilt);
    const challenge = JSON.parse(
      Buffer.from(spoilt.response.clientDataJSON, 'base64url').toString(),
    ) as { challenge: string };
    const options = await createOptions(user);
    const replayed = passkey.create({ ...options, ...challenge });
    expect(codeOf(await add(user, replayed))).toBe('PASSKEY_INVALID');
    expect(codeOf(await add(other, passkey.create(options)))).toBe('PASSKEY_INVALID');
    const session = await bench.newSession(user.userNumber);
    const elsewhere = await add({ ...user, caller: session }, passkey.create(options));
    expect(codeOf(elsewhere)).toBe('PASSKEY_INVALID');
    bench.passTime(5 * 60_000 + 1);
    expect(codeOf(await add(user, passkey.create(options)))).toBe('PASSKEY_INVALID');
  });

  it('with a challenge that is for a sign-in', async () => {
    const user = await bench.newUser();
    const { options } = await pendingOptions(user);
    const { challenge } = options;
    const passkey = new SoftwarePasskey('ES256', ORIGIN);
    const response = passkey.create({ ...(await createOptions(user)), challenge });
    expect(codeOf(await add(user, response))).toBe('PASSKEY_INVALID');
  });

  it('when somebody has it already, or its name is none', async () => {
    const [user, other] = [await bench.newUser(), await bench.newUser()];
    const { passkey } = await bench.addPasskey(user);
    const response = passkey.create(await createOptions(other));
    expect(codeOf(await add(other, response))).toBe('PASSKEY_INVALID');
    for (const name of ['', ' ', 'x'.repeat(65), 'a\u202eb']) {
      const answer = await bench.post(other.caller, PASSKEYS, { name, response });
      expect(codeOf(answer)).toBe('BODY_INVALID');
    }
  });

  it('without a step-up where there is a factor, and beyond ten', async () => {
    const user = await bench.newUser();
    const { passkey } = await bench.addPasskey(user);
    expect(codeOf(await bench.post(user.caller, `${PASSKEYS}/options`))).toBe('STEP_UP_REQUIRED');
    for (let count = 2; count <= 10; count += 1) {
      await bench.addPasskey(user, 'EdDSA', await stepUpWith(user, passkey));
    }
    const stepUp = await stepUpWith(user, passkey);
    const answer = await bench.post(user.caller, `${PASSKEYS}/options`, undefined, stepUp);
    expect(codeOf(answer)).toBe('PASSKEYS_TOO_MANY');
  });
});

async function stepUpWith(user: TestUser, passkey: SoftwarePasskey): Promise<string> {
  const path = '/v1/auth/step-ups/passkey/options';
  const options = await bench.post(user.caller, path, { action: CREATE });
  const shown = { passkey: passkey.get(options.body as GetOptions) };
  return bench.stepUp(user.caller, shown, CREATE);
}

describe('C9 a passkey is refused at sign-in', () => {
  it.each(FAULTS)('with %s', async (_name, faults) => {
    const user = await bench.newUser();
    const { passkey } = await bench.addPasskey(user);
    expect(codeOf(await signIn(user, passkey, faults))).toBe('FACTOR_INVALID');
    expect((await signIn(user, passkey)).status).toBe(200);
  });

  it.each([
    ['ES256', 'goes back', 3],
    ['ES256', 'stands still', 7],
    ['EdDSA', 'is gone', 0],
  ] as const)('%s: with a counter that %s', async (algorithm, _name, counter) => {
    const user = await bench.newUser();
    const { passkey } = await bench.addPasskey(user, algorithm);
    expect((await signIn(user, passkey, { counter: 7 })).status).toBe(200);
    expect(codeOf(await signIn(user, passkey, { counter }))).toBe('FACTOR_INVALID');
    expect((await signIn(user, passkey, { counter: 8 })).status).toBe(200);
  });

  it('when it is of another user, though the challenge is right', async () => {
    const [user, other] = [await bench.newUser(), await bench.newUser()];
    await bench.addPasskey(user);
    const { passkey } = await bench.addPasskey(other);
    expect(codeOf(await signIn(user, passkey))).toBe('FACTOR_INVALID');
  });

  it('when it says that it is of another user', async () => {
    const user = await bench.newUser();
    const { passkey } = await bench.addPasskey(user);
    const userHandle = Buffer.from('usr_0000000000000009').toString('base64url');
    expect(codeOf(await signIn(user, passkey, { userHandle }))).toBe('FACTOR_INVALID');
  });

  it('when another key has signed under its name', async () => {
    const user = await bench.newUser();
    const { passkey } = await bench.addPasskey(user);
    const { pendingToken, options } = await pendingOptions(user);
    const thief = new SoftwarePasskey('ES256', ORIGIN).get(options);
    const forged = { ...passkey.get(options), response: thief.response };
    const shown = { pendingToken, passkey: { ...forged, response: { ...forged.response } } };
    const { userHandle, ...response } = shown.passkey.response;
    expect(userHandle).toBe('');
    const answer = await bench.post(null, '/v1/auth/sign-in/factor', {
      pendingToken,
      passkey: { ...shown.passkey, response },
    });
    expect(codeOf(answer)).toBe('FACTOR_INVALID');
  });

  it('with a challenge of another sign-in, of a step-up, replayed, or too old', async () => {
    const user = await bench.newUser();
    const { passkey } = await bench.addPasskey(user);
    const [first, second] = [await pendingOptions(user), await pendingOptions(user)];
    const path = '/v1/auth/sign-in/factor';
    const finish = (pendingToken: string, options: GetOptions) =>
      bench.post(null, path, { pendingToken, passkey: passkey.get(options) });
    expect(codeOf(await finish(first.pendingToken, second.options))).toBe('FACTOR_INVALID');
    const stepUp = await bench.post(user.caller, '/v1/auth/step-ups/passkey/options', {
      action: CREATE,
    });
    const borrowed = stepUp.body as GetOptions;
    expect(codeOf(await finish(first.pendingToken, borrowed))).toBe('FACTOR_INVALID');
    expect((await finish(second.pendingToken, second.options)).status).toBe(200);
    const third = await pendingOptions(user);
    expect(codeOf(await finish(third.pendingToken, second.options))).toBe('FACTOR_INVALID');
    const fourth = await pendingOptions(user);
    await bench.database.pool.query(
      `UPDATE auth.challenges SET expires_at = $2 WHERE user_number = $1`,
      [user.userNumber, new Date(bench.nowMs)],
    );
    expect(codeOf(await finish(fourth.pendingToken, fourth.options))).toBe('FACTOR_INVALID');
  });
});

describe('C9 a passkey', () => {
  it.each<PasskeyAlgorithm>(['ES256', 'EdDSA'])('%s signs in and steps up', async (algorithm) => {
    const user = await bench.newUser();
    const { passkey, recoveryCodes } = await bench.addPasskey(user, algorithm);
    expect(recoveryCodes).toHaveLength(10);
    const signedIn = await signIn(user, passkey);
    expect(signedIn).toMatchObject({ status: 200, body: { status: 'signed_in' } });
    const { sessionId } = signedIn.body as { sessionId: string };
    const { rows } = await bench.database.pool.query<{ amr: string[] }>(
      'SELECT amr FROM auth.sessions WHERE session_number = $1::bigint',
      [Number(sessionId.slice(4))],
    );
    expect(rows).toEqual([{ amr: ['pwd', 'hwk'] }]);
    expect(await stepUpWith(user, passkey)).toMatch(/^bsu_/);
  });

  it('without a counter is taken again and again', async () => {
    const user = await bench.newUser();
    const passkey = new SoftwarePasskey('EdDSA', ORIGIN);
    const response = passkey.create(await createOptions(user), { counter: 0 });
    expect((await add(user, response)).status).toBe(201);
    for (let times = 1; times <= 3; times += 1) {
      expect((await signIn(user, passkey, { counter: 0 })).status).toBe(200);
    }
  });

  it('challenge brought back twenty times at once is taken once', async () => {
    const user = await bench.newUser();
    const passkey = new SoftwarePasskey('EdDSA', ORIGIN);
    const response = passkey.create(await createOptions(user), { counter: 0 });
    await add(user, response);
    const path = '/v1/auth/step-ups/passkey/options';
    const options = await bench.post(user.caller, path, { action: CREATE });
    const shown = { passkey: passkey.get(options.body as GetOptions, { counter: 0 }) };
    const answers = await atOnce(20, () =>
      bench.post(user.caller, '/v1/auth/step-ups', { ...shown, action: CREATE }),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
  });

  it('is asked for with the user verified, for this site, without the ones there are', async () => {
    const user = await bench.newUser();
    const { passkey } = await bench.addPasskey(user);
    const options = await createOptions(user, await stepUpWith(user, passkey));
    expect(options).toMatchObject({
      rp: { id: 'localhost' },
      user: { name: userId(user.userNumber) },
      attestation: 'none',
      excludeCredentials: [{ id: passkey.id }],
      authenticatorSelection: { userVerification: 'required' },
    });
    expect(Buffer.from(options.challenge, 'base64url')).toHaveLength(32);
  });
});

describe('the site of passkeys', () => {
  const read = (rpId: string, origins: string) =>
    readSite({ get: (name) => (name === 'WEBAUTHN_RP_ID' ? rpId : origins) });

  it.each([
    ['bourse.example', 'http://bourse.example'],
    ['bourse.example', 'https://bourse.example/'],
    ['bourse.example', 'https://bourse.example.org'],
    ['bourse.example', 'https://notbourse.example'],
    ['bourse.example', 'https://bourse.example, https://www.bourse.example'],
    ['bourse.example', 'bourse.example'],
  ])('%s is not at %s', (rpId, origins) => {
    expect(() => read(rpId, origins)).toThrow('WEBAUTHN_ORIGINS');
  });

  it.each([
    ['localhost', 'http://localhost:3000'],
    ['bourse.example', 'https://bourse.example,https://www.bourse.example'],
  ])('%s is at %s', (rpId, origins) => {
    expect(read(rpId, origins)).toMatchObject({ rpId, origins: origins.split(',') });
  });
});
