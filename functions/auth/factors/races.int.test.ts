// C33: what is good once is good once, also for twenty at the same moment, a hundred times over.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withTransaction, type Tx } from '../../../shared/db/pool.ts';
import { hashAction } from '../../../shared/function/auth/step-up.ts';
import { drawSecret, hashSecret } from '../../../shared/secrets/token.ts';
import { hashRecoveryCode } from './recovery/codes.ts';
import { readOwn } from '../read-own.ts';
import { countCodesLeft, replaceCodes } from './recovery/store.ts';
import { saveStepUp } from './step-ups/store.ts';
import { atOnce, FactorsBench, type TestUser } from './testing-user.ts';
import { examine, useUp, type Evidence } from './proof.ts';
import { findStep } from './totp/codes.ts';

const ROUNDS = 100;
const AT_ONCE = 20;

let bench: FactorsBench;
beforeAll(async () => {
  bench = await FactorsBench.open(AT_ONCE);
  await atOnce(AT_ONCE, () => bench.deps.pool.query('SELECT pg_sleep(0.1)'));
});
afterAll(() => bench.database.drop());

/** How many of twenty won, round by round; each round has a user of its own. */
async function race(
  prepare: (user: TestUser) => Promise<() => Promise<boolean>>,
  newUser = () => bench.newUser(),
): Promise<number[]> {
  const winners: number[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    const use = await prepare(await newUser());
    const outcomes = await atOnce(AT_ONCE, use);
    winners.push(outcomes.filter(Boolean).length);
  }
  return winners;
}

const ONE_EACH = Array.from({ length: ROUNDS }, () => 1);

/** As the routes do it: what was found right is used up in a transaction. */
function using(user: TestUser, evidence: Evidence): () => Promise<boolean> {
  return () =>
    withTransaction(bench.deps.pool, (tx: Tx) => useUp(tx, user.userNumber, evidence, bench.nowMs));
}

describe('C33 of twenty at once, one wins', () => {
  it('with one code of one step', { timeout: 120_000 }, async () => {
    const winners = await race(async (user) => {
      const { secret } = await bench.addTotp(user);
      const purpose = { userNumber: user.userNumber, purpose: 'sign_in' } as const;
      const shown = { totp: bench.code(secret) };
      const evidence = await examine(bench.deps, { ...purpose, binding: Buffer.alloc(32) }, shown);
      if (!('kind' in evidence)) throw new Error('the code is right');
      expect(evidence).toMatchObject({ step: findStep(secret, shown.totp, bench.nowMs) });
      return using(user, evidence);
    });
    expect(winners).toEqual(ONE_EACH);
  });

  it('with one code, through the whole of the sign-in', { timeout: 120_000 }, async () => {
    const winners = await race(async (user) => {
      const { secret } = await bench.addTotp(user);
      const totp = bench.code(secret);
      const tokens = await atOnce(AT_ONCE, () => bench.newPending(user.userNumber));
      return async () => {
        const shown = { pendingToken: tokens.pop() ?? '', totp };
        return (await bench.post(null, '/v1/auth/sign-in/factor', shown)).status === 200;
      };
    });
    expect(winners).toEqual(ONE_EACH);
  });

  it('with one recovery code', { timeout: 120_000 }, async () => {
    const winners = await race(async (user) => {
      const [code = ''] = await replaceCodes(bench.deps.pool, user.userNumber, bench.nowMs);
      return using(user, { kind: 'recovery_code', codeHash: hashRecoveryCode(code) });
    });
    expect(winners).toEqual(ONE_EACH);
  });

  it('with one step-up', { timeout: 120_000 }, async () => {
    const action = hashAction({ method: 'POST', path: '/v1/x', bodySha256: '0'.repeat(64) });
    const winners = await race(async ({ userNumber, caller }) => {
      const { credentialId } = caller;
      const hash = hashSecret(drawSecret('bsu'));
      const sessionNumber = Number(credentialId.slice(4));
      const made = { hash, userNumber, sessionNumber, action };
      expect(await saveStepUp(bench.deps.pool, made, bench.nowMs)).toBe(true);
      return () => bench.checks.useStepUp({ hash, userNumber, credentialId, action });
    });
    expect(winners).toEqual(ONE_EACH);
  });

  it('with one pending sign-in and ten recovery codes, of which one is used', async () => {
    for (let round = 1; round <= 10; round += 1) {
      const user = await bench.newUser();
      const { recoveryCodes } = await bench.addTotp(user);
      const pendingToken = await bench.newPending(user.userNumber);
      const codes = [...recoveryCodes];
      const answers = await atOnce(codes.length, () => {
        const shown = { pendingToken, recoveryCode: codes.pop() };
        return bench.post(null, '/v1/auth/sign-in/factor', shown);
      });
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      const left = await readOwn(bench.deps.pool, user.userNumber, (tx) =>
        countCodesLeft(tx, user.userNumber),
      );
      expect(left).toBe(9);
    }
  });

  it('to confirm a factor, and only one is given recovery codes', async () => {
    const user = await bench.newUser();
    const offer = await bench.post(user.caller, '/v1/auth/factors/totp');
    const code = bench.code((offer.body as { secret: string }).secret);
    const path = '/v1/auth/factors/totp/confirm';
    const answers = await atOnce(5, () => bench.post(user.caller, path, { code }));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
  });
});
