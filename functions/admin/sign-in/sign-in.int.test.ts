// C18, C9, C5: staff sign in by passkey alone, with a software authenticator: each fault refused.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { staffId, userId } from '../../../shared/domain/ids.ts';
import { createAuthenticateStaff } from '../../../shared/function/auth/staff-identity.ts';
import type { PasskeyFaults } from '../../../shared/testing/software-passkey.ts';
import { enrolmentIn, newPasskey, outcomeOf, StaffBench } from './testing-staff.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

let bench: StaffBench;
beforeAll(async () => {
  bench = await StaffBench.open();
});
afterAll(() => bench.close());

const FAULTS: readonly (readonly [string, PasskeyFaults])[] = [
  ['another origin', { origin: 'https://bourse.example' }],
  ['a frame of another site', { crossOrigin: true }],
  ['another rpId', { rpId: 'bourse.example' }],
  ['the user not verified', { userVerified: false }],
  ['another ceremony', { type: 'payment.get' }],
];

describe('C9 an enrolment', () => {
  it('is refused when it is unknown, used, a day old, or another was printed', async () => {
    const unknown = { enrolment: `ben_${'a'.repeat(43)}` };
    const refused = async (enrolment: string) =>
      outcomeOf(await bench.call('POST', '/enrolments/options', { enrolment }));
    expect(await refused(unknown.enrolment)).toBe('ENROLMENT_INVALID');
    const { email, enrolment } = await bench.create();
    expect(outcomeOf((await bench.enrol(enrolment)).answer)).toBe(201);
    expect(await refused(enrolment)).toBe('ENROLMENT_INVALID');
    const second = enrolmentIn(await bench.operate('enrol', email));
    const third = enrolmentIn(await bench.operate('enrol', email));
    expect(await refused(second)).toBe('ENROLMENT_INVALID');
    bench.nowMs += 24 * HOUR_MS;
    expect(await refused(third)).toBe('ENROLMENT_INVALID');
  });

  it('is refused once its person is disabled, and does not come back with them', async () => {
    const { email, enrolment } = await bench.create();
    await bench.operate('disable', email);
    await bench.operate('enable', email);
    const answer = await bench.call('POST', '/enrolments/options', { enrolment });
    expect(outcomeOf(answer)).toBe('ENROLMENT_INVALID');
  });

  it.each(FAULTS)('takes no passkey with %s, and is still good', async (_name, faults) => {
    const { enrolment } = await bench.create();
    expect(outcomeOf((await bench.enrol(enrolment, faults)).answer)).toBe('PASSKEY_INVALID');
    expect(outcomeOf((await bench.enrol(enrolment)).answer)).toBe(201);
  });

  it('takes no challenge of another enrolment, of a sign-in, or twice, or too late', async () => {
    const [one, other] = [await bench.create(), await bench.create()];
    const finish = async (enrolment: string, options: { challenge: string }) => {
      const asked = { ...(await bench.enrolOptions(enrolment)), challenge: options.challenge };
      const body = { enrolment, name: 'a key', response: newPasskey().create(asked) };
      return outcomeOf(await bench.call('POST', '/enrolments', body));
    };
    const theirs = await bench.enrolOptions(other.enrolment);
    expect(await finish(one.enrolment, theirs)).toBe('PASSKEY_INVALID');
    expect(await finish(one.enrolment, await bench.signInOptions())).toBe('PASSKEY_INVALID');
    const replaced = await bench.enrolOptions(one.enrolment);
    expect(await finish(one.enrolment, replaced)).toBe('PASSKEY_INVALID');
    const late = await bench.enrolOptions(one.enrolment);
    bench.nowMs += 5 * MINUTE_MS;
    const body = { enrolment: one.enrolment, name: 'a key', response: newPasskey().create(late) };
    expect(outcomeOf(await bench.call('POST', '/enrolments', body))).toBe('PASSKEY_INVALID');
  });

  it('used twenty times at once gives one passkey', async () => {
    const { enrolment } = await bench.create();
    const bodies = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const response = newPasskey().create(await bench.enrolOptions(enrolment));
        return { enrolment, name: 'a key', response };
      }),
    );
    const outcomes = await Promise.all(
      bodies.map(async (body) => outcomeOf(await bench.call('POST', '/enrolments', body))),
    );
    expect(outcomes.filter((each) => each === 201)).toHaveLength(1);
  });

  it('asks for a key that knows whose it is, and for nothing of the person', async () => {
    const { enrolment } = await bench.create();
    expect(await bench.enrolOptions(enrolment)).toMatchObject({
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      attestation: 'none',
    });
  });
});

describe('C18 a sign-in of staff is refused', () => {
  it.each<(typeof FAULTS)[number]>([
    ...FAULTS,
    ['a handle of another person', { userHandle: Buffer.from(staffId(1)).toString('base64url') }],
    ['the handle of a user', { userHandle: Buffer.from(userId(2)).toString('base64url') }],
  ])('with %s', async (_name, faults) => {
    const { passkey } = await bench.person();
    expect(outcomeOf(await bench.trySignIn(passkey, faults))).toBe('SIGN_IN_FAILED');
    expect((await bench.trySignIn(passkey)).status).toBe(200);
  });

  it.each([
    ['goes back', 3],
    ['stands still', 7],
  ])('with a counter that %s (C9 a cloned key)', async (_name, counter) => {
    const { passkey } = await bench.person();
    expect((await bench.trySignIn(passkey, { counter: 7 })).status).toBe(200);
    expect(outcomeOf(await bench.trySignIn(passkey, { counter }))).toBe('SIGN_IN_FAILED');
    expect((await bench.trySignIn(passkey, { counter: 8 })).status).toBe(200);
  });

  it('with a key that nobody has, or without a handle', async () => {
    const { passkey } = await bench.person();
    const options = await bench.signInOptions();
    const shown = passkey.get(options);
    const { challenge } = options;
    const { userHandle, ...signed } = shown.response;
    expect(userHandle).not.toBe('');
    const anonymous = { challenge, response: { ...shown, response: signed } };
    expect(outcomeOf(await bench.call('POST', '/sign-in', anonymous))).toBe('SIGN_IN_FAILED');
    const stranger = newPasskey();
    stranger.create(await bench.enrolOptions((await bench.create()).enrolment));
    expect(outcomeOf(await bench.trySignIn(stranger))).toBe('SIGN_IN_FAILED');
  });

  it('with a challenge that was replayed, swapped, of an enrolment, or five minutes old', async () => {
    const { passkey } = await bench.person();
    const post = async (challenge: string, signed = challenge) => {
      const options = { ...(await bench.signInOptions()), challenge: signed };
      const body = { challenge, response: passkey.get(options) };
      return outcomeOf(await bench.call('POST', '/sign-in', body));
    };
    const [first, second] = [await bench.signInOptions(), await bench.signInOptions()];
    expect(await post(first.challenge, second.challenge)).toBe('SIGN_IN_FAILED');
    expect(await post(second.challenge)).toBe(200);
    expect(await post(second.challenge)).toBe('SIGN_IN_FAILED');
    const enrolling = await bench.enrolOptions((await bench.create()).enrolment);
    expect(await post(enrolling.challenge)).toBe('SIGN_IN_FAILED');
    bench.nowMs += 5 * MINUTE_MS;
    expect(await post(first.challenge)).toBe('SIGN_IN_FAILED');
  });

  it('when the person is disabled, or was enrolled anew, like one that is unknown', async () => {
    const person = await bench.person();
    await bench.operate('disable', person.email);
    const disabled = await bench.trySignIn(person.passkey);
    expect(outcomeOf(disabled)).toBe('SIGN_IN_FAILED');
    await bench.operate('enable', person.email);
    await bench.operate('enrol', person.email);
    const unknown = await bench.trySignIn(person.passkey);
    const told = ({ body }: typeof unknown) => ({ ...(body as object), requestId: '' });
    expect(told(unknown)).toEqual(told(disabled));
  });

  it('and tells nobody who there is before that', async () => {
    const options = (await bench.call('POST', '/sign-in/options')).body;
    expect(options).toMatchObject({ allowCredentials: [], userVerification: 'required' });
  });
});

describe('C5 a session of staff', () => {
  it('is ended by another sign-in of the person, by signing out, and by the operator', async () => {
    const person = await bench.person();
    const first = await bench.signIn(person);
    expect(await bench.me(first)).toBe(200);
    const second = await bench.signIn(person);
    expect([await bench.me(first), await bench.me(second)]).toEqual(['TOKEN_INVALID', 200]);
    const out = await bench.call('DELETE', '/sessions/current', undefined, { token: second });
    expect(out.body).toEqual({ ended: 1 });
    expect(await bench.me(second)).toBe('TOKEN_INVALID');
    const third = await bench.signIn(person);
    await bench.operate('disable', person.email);
    expect(await bench.me(third)).toBe('TOKEN_INVALID');
    await bench.operate('enable', person.email);
    expect(await bench.me(third)).toBe('TOKEN_INVALID');
    const fourth = await bench.signIn(person);
    const printed = await bench.operate('enrol', person.email);
    expect(printed).toContain('passkeys taken away: 1, sessions ended: 1');
    expect(await bench.me(fourth)).toBe('TOKEN_INVALID');
  });

  it('ends after 15 min without a request, and after 8 h', async () => {
    const person = await bench.person();
    const idle = await bench.signIn(person);
    bench.nowMs += 15 * MINUTE_MS - 1;
    expect(await bench.me(idle)).toBe(200);
    bench.nowMs += 15 * MINUTE_MS;
    expect(await bench.me(idle)).toBe('TOKEN_INVALID');
    const long = await bench.signIn(person);
    for (let minutes = 10; minutes < 8 * 60; minutes += 10) {
      bench.nowMs += 10 * MINUTE_MS;
      expect(await bench.me(long), `after ${minutes} min`).toBe(200);
    }
    bench.nowMs += 10 * MINUTE_MS;
    expect(await bench.me(long)).toBe('TOKEN_INVALID');
  });

  it('is written once a minute at most', async () => {
    const token = await bench.signIn(await bench.person());
    const version = async () => {
      const { rows } = await bench.database.pool.query<{ version: string }>(
        'SELECT max(xmin::text::bigint)::text AS version FROM admin.sessions',
      );
      return rows[0]?.version;
    };
    const before = await version();
    bench.nowMs += MINUTE_MS - 1;
    await bench.me(token);
    expect(await version()).toBe(before);
    bench.nowMs += 1;
    await bench.me(token);
    expect(await version()).not.toBe(before);
  });

  it('is one, however often a person signs in at once', async () => {
    const person = await bench.person();
    const tokens = await Promise.all(
      Array.from({ length: 10 }, async (_, at) => {
        const answer = await bench.trySignIn(person.passkey, { counter: 100 + at });
        return (answer.body as { sessionToken?: string }).sessionToken ?? '';
      }),
    );
    const seen = await Promise.all(tokens.map((token) => bench.me(token)));
    expect(seen.filter((each) => each === 200)).toHaveLength(1);
  });

  it('does not outlive a person who is disabled in the same moment', async () => {
    for (let round = 1; round <= 10; round += 1) {
      const person = await bench.person();
      const [answer] = await Promise.all([
        bench.trySignIn(person.passkey),
        bench.operate('disable', person.email),
      ]);
      const { sessionToken = '' } = answer.body as { sessionToken?: string };
      await bench.operate('enable', person.email);
      expect(await bench.me(sessionToken)).toBe('TOKEN_INVALID');
    }
  });

  it('that ends while the body comes lets nothing through', async () => {
    const token = await bench.signIn(await bench.person());
    const authenticate = createAuthenticateStaff(bench.pool, () => bench.nowMs);
    const headers = { authorization: `Bearer ${token}` };
    const known = await authenticate({ method: 'POST', target: '/', headers });
    if (!('caller' in known)) throw new Error('the session is not known');
    const prove = () => known.proveBody?.(Buffer.alloc(0), { replayGuarded: false });
    expect(await prove()).toBeNull();
    await bench.call('DELETE', '/sessions/current', undefined, { token });
    expect(await prove()).toMatchObject({ code: 'TOKEN_INVALID' });
  });

  it('has a token that no table holds', async () => {
    const token = await bench.signIn(await bench.person());
    expect(token).toMatch(/^bas_[A-Za-z0-9_-]{43}$/);
    const { rows } = await bench.database.pool.query<{ text: string }>(
      `SELECT string_agg(s::text, ' ') || (SELECT string_agg(record, ' ') FROM audit.records)
         AS text FROM admin.sessions s`,
    );
    expect(rows[0]?.text).not.toContain(token.slice(4));
  });
});

describe('C18 a caller of the admin host', () => {
  const ME = ['GET', '/me', undefined] as const;

  it.each([
    ['no token', {}, 'TOKEN_MISSING'],
    ['an unknown token', { token: `bas_${'a'.repeat(43)}` }, 'TOKEN_INVALID'],
    ['a session token of a user', { token: `bst_${'a'.repeat(43)}` }, 'TOKEN_INVALID'],
    ['a signed token', { token: 'eyJhbGciOiJFZERTQSJ9.e30.AAAA' }, 'TOKEN_INVALID'],
    ['a signed request', { headers: { 'bourse-key': 'key_1' } }, 'CALLER_NOT_ALLOWED'],
  ])('with %s is refused', async (_name, more, code) => {
    expect(outcomeOf(await bench.call(...ME, more))).toBe(code);
  });

  it.each([
    ['GET', '/me'],
    ['POST', '/sign-in/options'],
    ['POST', '/enrolments'],
    ['DELETE', '/me'],
    ['GET', '/nowhere'],
    ['GET', '/%zz'],
  ])('from another address gets nothing of %s %s', async (method, path) => {
    const token = await bench.signIn(await bench.person());
    for (const clientAddress of ['192.0.2.7', '2001:db9::1', '0.0.0.0', 'unknown']) {
      const answer = await bench.call(method, path, undefined, { token, clientAddress });
      expect(outcomeOf(answer), clientAddress).toBe('ADDRESS_NOT_ALLOWED');
      expect(answer.status).toBe(403);
    }
    for (const clientAddress of ['127.0.0.9', '::ffff:127.0.0.1', '2001:db8::1']) {
      const answer = await bench.call(method, path, undefined, { token, clientAddress });
      expect(outcomeOf(answer), clientAddress).not.toBe('ADDRESS_NOT_ALLOWED');
    }
  });
});

describe('C17 approving', () => {
  it('takes a passkey that was shown within 15 min (STAFF_SIGN_IN_STALE)', async () => {
    const [maker, checker] = [await bench.person('risk'), await bench.person('risk')];
    const payload = { userId: null, scope: '*', name: 'turnover_max', value: '5' };
    const asked = await bench.call(
      ...(['POST', '/requests'] as const),
      { action: 'limits.change', payload, reason: 'a case' },
      { token: await bench.signIn(maker) },
    );
    const { id, payloadSha256 } = asked.body as { id: string; payloadSha256: string };
    const approve = async (token: string) =>
      outcomeOf(await bench.call('POST', `/requests/${id}/approve`, { payloadSha256 }, { token }));
    const token = await bench.signIn(checker);
    bench.nowMs += 10 * MINUTE_MS;
    expect(await bench.me(token)).toBe(200);
    bench.nowMs += 5 * MINUTE_MS;
    expect([await bench.me(token), await approve(token)]).toEqual([200, 'STAFF_SIGN_IN_STALE']);
    expect(await approve(await bench.signIn(checker))).toBe(200);
  });
});

describe('another passkey', () => {
  const add = async (token: string, faults?: PasskeyFaults) => {
    const options = await bench.call('POST', '/passkeys/options', undefined, { token });
    if (options.status !== 200) return outcomeOf(options);
    const passkey = newPasskey();
    const asked = options.body as Parameters<typeof passkey.create>[0];
    const body = { name: 'spare', response: passkey.create(asked, faults) };
    const answer = await bench.call('POST', '/passkeys', body, { token });
    return answer.status === 201 ? passkey : outcomeOf(answer);
  };

  it('is refused with a fault, from an old sign-in, for another session, beyond five', async () => {
    const person = await bench.person();
    const old = await bench.signIn(person);
    expect(await add(old, { userVerified: false })).toBe('PASSKEY_INVALID');
    bench.nowMs += 10 * MINUTE_MS;
    await bench.me(old);
    bench.nowMs += 5 * MINUTE_MS;
    expect(await add(old)).toBe('STAFF_SIGN_IN_STALE');
    const token = await bench.signIn(person);
    const options = await bench.call('POST', '/passkeys/options', undefined, { token });
    const other = await bench.signIn(await bench.person());
    const asked = options.body as Parameters<typeof person.passkey.create>[0];
    const body = { name: 'spare', response: newPasskey().create(asked) };
    const stolen = await bench.call('POST', '/passkeys', body, { token: other });
    expect(outcomeOf(stolen)).toBe('PASSKEY_INVALID');
    for (let count = 2; count <= 5; count += 1) expect(await add(token)).toBeTypeOf('object');
    expect(await add(token)).toBe('PASSKEYS_TOO_MANY');
    const listed = await bench.call('GET', '/passkeys', undefined, { token });
    const { passkeys } = listed.body as { passkeys: { name: string; lastUsedAt: unknown }[] };
    expect(passkeys.map(({ name }) => name)).toEqual(['a key', 'spare', 'spare', 'spare', 'spare']);
    expect(passkeys.map(({ lastUsedAt }) => lastUsedAt === null)).toEqual([
      ...[false, true, true, true, true],
    ]);
  });

  it('signs in as the first does', async () => {
    const added = await add(await bench.signIn(await bench.person()));
    if (typeof added !== 'object') throw new Error(`not added: ${added}`);
    expect(await bench.me(await bench.signIn({ passkey: added }))).toBe(200);
  });
});

describe('C20 the audit log', () => {
  it('has enrolments, sign-ins, refused ones of known passkeys, and sign-outs', async () => {
    const before = (await bench.audited()).length;
    const person = await bench.person();
    const token = await bench.signIn(person);
    await bench.trySignIn(person.passkey, { userVerified: false });
    await bench.trySignIn(person.passkey, { counter: 1 });
    await bench.call('DELETE', '/sessions/current', undefined, { token });
    const records = (await bench.audited()).slice(before);
    expect(records.map(({ action, actor }) => `${action} ${actor}`)).toEqual([
      'staff.create operator',
      'staff.enrolled staff',
      'staff.sign_in staff',
      'staff.sign_in_refused system',
      'staff.sign_in_refused system',
      'staff.sign_out staff',
    ]);
    expect(records[2]?.record).toContain('"address":"127.0.0.1"');
  });

  it('has the sign-in of a break-glass account, which alarms', async () => {
    const glass = await bench.person('--break-glass');
    await bench.signIn(glass);
    expect(bench.metrics.render()).toContain('bourse_break_glass_uses_total 1');
    const last = (await bench.audited()).slice(-2).map(({ action }) => action);
    expect(last).toEqual(['break_glass.use', 'staff.sign_in']);
  });
});
