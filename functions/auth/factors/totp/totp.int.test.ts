// One-time codes on a real database: what is refused, how often one may guess, what is kept.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { userId } from '../../../../shared/domain/ids.ts';
import { atOnce, codeOf, FactorsBench, type TestUser } from '../testing-user.ts';

const TOTP = '/v1/auth/factors/totp';
const CONFIRM = `${TOTP}/confirm`;

let bench: FactorsBench;
beforeAll(async () => {
  bench = await FactorsBench.open(8);
});
afterAll(() => bench.database.drop());

async function signIn(user: TestUser, totp: string) {
  const pendingToken = await bench.newPending(user.userNumber);
  return bench.post(null, '/v1/auth/sign-in/factor', { pendingToken, totp });
}

describe('C8 a secret is refused', () => {
  it('to nobody in particular, and to a program', async () => {
    expect((await bench.post(null, TOTP)).status).toBe(401);
    const { caller } = await bench.newUser();
    expect(codeOf(await bench.post({ ...caller, kind: 'client' }, TOTP))).toBe(
      'CALLER_NOT_ALLOWED',
    );
  });

  it('without a step-up where there is a factor, also one that came in between', async () => {
    const user = await bench.newUser();
    await bench.addTotp(user);
    expect(codeOf(await bench.post(user.caller, TOTP))).toBe('STEP_UP_REQUIRED');
    const late = { ...bench.checks, hasFactor: () => Promise.resolve(false) };
    const { checks } = bench;
    Object.assign(bench, { checks: late });
    expect(codeOf(await bench.post(user.caller, TOTP))).toBe('STEP_UP_REQUIRED');
    Object.assign(bench, { checks });
  });

  it('confirmation with nothing offered, too late, or with a wrong code', async () => {
    const user = await bench.newUser();
    const confirm = (code: string) => bench.post(user.caller, CONFIRM, { code });
    expect(codeOf(await confirm('000000'))).toBe('FACTOR_NOT_OFFERED');
    const { secret } = (await bench.post(user.caller, TOTP)).body as { secret: string };
    expect(codeOf(await confirm(bench.code(secret, -2)))).toBe('FACTOR_REFUSED');
    expect(codeOf(await confirm(bench.code(secret, 2)))).toBe('FACTOR_REFUSED');
    bench.passTime(15 * 60_000 + 1);
    expect(codeOf(await confirm(bench.code(secret)))).toBe('FACTOR_NOT_OFFERED');
  });

  it('confirmation of an offer that another has replaced', async () => {
    const user = await bench.newUser();
    const { secret } = (await bench.post(user.caller, TOTP)).body as { secret: string };
    await bench.post(user.caller, TOTP);
    const answer = await bench.post(user.caller, CONFIRM, { code: bench.code(secret) });
    expect(codeOf(answer)).toBe('FACTOR_REFUSED');
  });

  it('confirmation of an offer from before another factor was added', async () => {
    const user = await bench.newUser();
    const { secret } = (await bench.post(user.caller, TOTP)).body as { secret: string };
    await bench.addPasskey(user);
    const answer = await bench.post(user.caller, CONFIRM, { code: bench.code(secret) });
    expect(codeOf(answer)).toBe('FACTOR_NOT_OFFERED');
  });
});

describe('C8 a secret', () => {
  it('has 160 bits, is sealed in the database, and counts once confirmed', async () => {
    const user = await bench.newUser();
    const offer = await bench.post(user.caller, TOTP);
    const { secret, uri } = offer.body as { secret: string; uri: string };
    expect(secret).toMatch(/^[A-Z2-7]{32}$/);
    expect(uri).toBe(
      `otpauth://totp/Bourse:${userId(user.userNumber)}?issuer=Bourse&secret=${secret}` +
        '&algorithm=SHA1&digits=6&period=30',
    );
    const rows = await bench.database.pool.query('SELECT * FROM auth.totp WHERE user_number = $1', [
      user.userNumber,
    ]);
    expect(JSON.stringify(rows.rows)).not.toContain(secret);
    const { body } = await bench.send({
      method: 'GET',
      path: '/v1/auth/factors',
      caller: user.caller,
    });
    expect(body).toEqual({ factors: [], recoveryCodesLeft: 0 });
    const made = await bench.post(user.caller, CONFIRM, { code: bench.code(secret) });
    expect(made).toMatchObject({ status: 201, body: { kind: 'totp' } });
    expect(new Set((made.body as { recoveryCodes: string[] }).recoveryCodes).size).toBe(10);
  });

  it('is one a user: a second one is refused, whatever is shown', async () => {
    const user = await bench.newUser();
    const { secret } = await bench.addTotp(user);
    const action = {
      method: 'POST',
      path: TOTP,
      bodySha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    };
    const stepUp = await bench.stepUp(user.caller, { totp: bench.code(secret) }, action);
    expect(codeOf(await bench.post(user.caller, TOTP, undefined, stepUp))).toBe('FACTOR_EXISTS');
  });
});

describe('C8 a code', () => {
  it('of one step back, now, and one ahead is taken; two steps off is not', async () => {
    const user = await bench.newUser();
    const { secret } = await bench.addTotp(user);
    bench.passTime(120_000);
    for (const [steps, status] of [
      [-2, 401],
      [2, 401],
      [-1, 200],
      [0, 200],
      [1, 200],
    ] as const) {
      expect((await signIn(user, bench.code(secret, steps))).status).toBe(status);
    }
  });

  it('is taken once, and none of an older step after it', async () => {
    const user = await bench.newUser();
    const { secret } = await bench.addTotp(user);
    bench.passTime(60_000);
    const [older, code] = [bench.code(secret, -1), bench.code(secret)];
    expect((await signIn(user, code)).status).toBe(200);
    expect(codeOf(await signIn(user, code))).toBe('FACTOR_INVALID');
    expect(codeOf(await signIn(user, older))).toBe('FACTOR_INVALID');
  });

  it('that confirmed the factor does not sign in', async () => {
    const user = await bench.newUser();
    const { secret } = (await bench.post(user.caller, TOTP)).body as { secret: string };
    const code = bench.code(secret);
    await bench.post(user.caller, CONFIRM, { code });
    expect(codeOf(await signIn(user, code))).toBe('FACTOR_INVALID');
  });

  it('C30 whose secret was sealed with a key that is lost counts as no try, and a recovery code is taken', async () => {
    const user = await bench.newUser();
    const { secret, recoveryCodes } = await bench.addTotp(user);
    await bench.database.pool.query(
      `UPDATE auth.totp SET secret_sealed = 's1.gone.' || split_part(secret_sealed, '.', 3)
       WHERE user_number = $1`,
      [user.userNumber],
    );
    for (let tries = 1; tries <= 6; tries += 1) {
      const answer = await signIn(user, bench.code(secret));
      expect(answer).toMatchObject({ status: 503, body: { code: 'SERVICE_UNAVAILABLE' } });
    }
    const pendingToken = await bench.newPending(user.userNumber);
    const recovery = { pendingToken, recoveryCode: recoveryCodes[0] };
    expect((await bench.post(null, '/v1/auth/sign-in/factor', recovery)).status).toBe(200);
  });

  it('of another user is refused', async () => {
    const [user, other] = [await bench.newUser(), await bench.newUser()];
    await bench.addTotp(user);
    const { secret } = await bench.addTotp(other);
    expect(codeOf(await signIn(user, bench.code(secret)))).toBe('FACTOR_INVALID');
  });
});

describe('C8 guessing', () => {
  /** A code that is of no step near now. */
  function wrongCode(secret: string): string {
    const near = [-1, 0, 1].map((steps) => bench.code(secret, steps));
    const wrong = ['000000', '111111', '222222', '333333'].find((code) => !near.includes(code));
    return wrong ?? '444444';
  }

  it('locks the factor after five in a row, for a quarter of an hour, also for the right code', async () => {
    const user = await bench.newUser();
    const { secret } = await bench.addTotp(user);
    for (let tries = 1; tries <= 5; tries += 1) {
      expect(codeOf(await signIn(user, wrongCode(secret)))).toBe('FACTOR_INVALID');
    }
    const locked = await signIn(user, bench.code(secret));
    expect(codeOf(locked)).toBe('FACTOR_LOCKED');
    expect(Number(locked.headers['retry-after'])).toBeGreaterThan(14 * 60);
    bench.passTime(15 * 60_000 - 5_000);
    expect(codeOf(await signIn(user, bench.code(secret)))).toBe('FACTOR_LOCKED');
    bench.passTime(5_001);
    expect((await signIn(user, bench.code(secret))).status).toBe(200);
  });

  it('begins anew after a right code', async () => {
    const user = await bench.newUser();
    const { secret } = await bench.addTotp(user);
    for (let round = 1; round <= 3; round += 1) {
      for (let tries = 1; tries <= 4; tries += 1) await signIn(user, wrongCode(secret));
      expect((await signIn(user, bench.code(secret))).status).toBe(200);
      bench.passTime();
    }
  });

  it('gets no more tries by many at once, over sign-ins and step-ups together', async () => {
    const user = await bench.newUser();
    const { secret } = await bench.addTotp(user);
    const totp = wrongCode(secret);
    const action = { method: 'POST', path: '/v1/x', bodySha256: '0'.repeat(64) };
    const answers = await atOnce(20, async () => [
      await signIn(user, totp),
      await bench.post(user.caller, '/v1/auth/step-ups', { action, totp }),
    ]);
    const codes = answers.flat().map(codeOf);
    expect(codes.filter((code) => code !== 'FACTOR_LOCKED')).toHaveLength(5);
    expect(codes).toHaveLength(40);
  });

  it('is not given five more tries by a new offer', async () => {
    const user = await bench.newUser();
    for (let tries = 1; tries <= 5; tries += 1) {
      const { secret } = (await bench.post(user.caller, TOTP)).body as { secret: string };
      await bench.post(user.caller, CONFIRM, { code: wrongCode(secret) });
    }
    const { secret } = (await bench.post(user.caller, TOTP)).body as { secret: string };
    const answer = await bench.post(user.caller, CONFIRM, { code: bench.code(secret) });
    expect(codeOf(answer)).toBe('FACTOR_LOCKED');
  });
});
