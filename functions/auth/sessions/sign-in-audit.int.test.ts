// C19 What is kept of sign-ins: completed ones in the audit log with their session, refused ones in
// the log and the count, and neither with an address of mail.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyAudit } from '../../../shared/audit/verify.ts';
import { userId } from '../../../shared/domain/ids.ts';
import { callFunction, type CallAnswer } from '../../../shared/function/call.ts';
import { createLogger } from '../../../shared/telemetry/logger.ts';
import { MetricsRegistry } from '../../../shared/telemetry/metrics/registry.ts';
import type { AuthDeps } from '../deps.ts';
import { FactorsBench } from '../factors/testing-user.ts';
import { definition } from '../handler.ts';
import { registerSignIns } from './sign-in-outcome.ts';

const PASSWORD = 'correct horse';
const HERE = '198.51.100.7';
const metrics = new MetricsRegistry();
const lines: string[] = [];
const log = createLogger({
  service: 'auth',
  level: 'trace',
  destination: { write: (line: string) => void lines.push(line) },
});

let bench: FactorsBench;
let deps: AuthDeps;
beforeAll(async () => {
  bench = await FactorsBench.open(8);
  deps = { ...bench.deps, signIns: registerSignIns(metrics), log };
});
afterAll(() => bench.database.drop());

function post(path: string, body: unknown, by = deps): Promise<CallAnswer> {
  const call = { method: 'POST', path, body, clientAddress: HERE };
  return callFunction(definition, by, call, { log });
}

const signIn = (email: string, password: string): Promise<CallAnswer> =>
  post('/v1/auth/sign-in', { email, password });

async function recorded(): Promise<Record<string, unknown>[]> {
  const result = await bench.database.pool.query<{ record: string }>(
    `SELECT record FROM audit.records WHERE stream = 'auth' AND action = 'sessions.sign_in'
     ORDER BY sequence`,
  );
  return result.rows.map(({ record }) => JSON.parse(record) as Record<string, unknown>);
}

describe('C19 a sign-in', () => {
  it('that is refused is counted and logged, with nobody’s address, and in no record', async () => {
    const { email } = await bench.newUser();
    for (const address of [email, 'nobody@example.org']) {
      expect((await signIn(address, 'a wrong one')).status).toBe(401);
    }
    const pendingToken = `bpt_${'x'.repeat(43)}`;
    await post('/v1/auth/sign-in/factor', { pendingToken, totp: '123456' });
    expect(metrics.render()).toContain('bourse_sign_ins_total{outcome="SIGN_IN_FAILED"} 2');
    expect(metrics.render()).toContain('outcome="PENDING_SIGN_IN_INVALID"} 1');
    expect(lines.filter((line) => line.includes('a sign-in was refused'))).toHaveLength(3);
    expect(lines.join('')).not.toMatch(/example\.org|198\.51/);
    expect(await recorded()).toEqual([]);
  });

  it('with a password, and one with a code, are recorded with their session', async () => {
    const user = await bench.newUser();
    const plain = (await signIn(user.email, PASSWORD)).body as { sessionId: string };
    const { secret } = await bench.addTotp(user);
    const begun = await signIn(user.email, PASSWORD);
    const { pendingToken } = begun.body as { pendingToken: string };
    expect(await recorded()).toHaveLength(1);
    const shown = { pendingToken, totp: bench.code(secret) };
    const completed = await post('/v1/auth/sign-in/factor', shown);
    const { sessionId } = completed.body as { sessionId: string };
    const actor = { kind: 'user', id: userId(user.userNumber) };
    expect(await recorded()).toMatchObject([
      { actor, subject: plain.sessionId, after: { amr: ['pwd'], address: HERE } },
      { actor, subject: sessionId, after: { amr: ['pwd', 'otp'], address: HERE } },
    ]);
    expect(metrics.render()).toContain('outcome="signed_in"} 2');
    expect(metrics.render()).toContain('outcome="factor_required"} 1');
  });

  it('of a hundred at once, on eight connections, is done and in one whole chain', async () => {
    const before = (await recorded()).length;
    const people = [];
    for (let at = 0; at < 100; at += 1) people.push(await bench.newUser());
    // The queue of hashes is bounded by itself; here it is the chain that is waited for.
    const verify = () => Promise.resolve({ matches: true, isOutdated: false });
    const quick = { ...deps, passwords: { ...deps.passwords, verify } };
    const from = (at: number) => `203.0.${at}.1`;
    const answers = await Promise.all(
      people.map(({ email }, at) => {
        const body = { email, password: PASSWORD };
        const call = { method: 'POST', path: '/v1/auth/sign-in', body, clientAddress: from(at) };
        return callFunction(definition, quick, call);
      }),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(await recorded()).toHaveLength(before + 100);
    const report = await verifyAudit(bench.database.poolFor('bourse_audit_reader', 1), null);
    expect(report.findings).toEqual([]);
  });
});
