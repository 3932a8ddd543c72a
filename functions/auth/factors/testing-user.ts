// Users with sessions, factors and step-ups for the tests of factors, on a real database.
import { createHash } from 'node:crypto';
import { callFunction, type CallAnswer, type FunctionCall } from '../../../shared/function/call.ts';
import { stepUpsOf } from '../../../shared/function/auth/step-up-store.ts';
import { sessionCaller } from '../../../shared/function/testing/session-caller.ts';
import type { Caller } from '../../../shared/domain/caller.ts';
import { assert } from '../../../shared/domain/failure.ts';
import { indexEmail } from '../../../shared/secrets/email.ts';
import { drawSecret, hashSecret } from '../../../shared/secrets/token.ts';
import { createTestDatabase, type TestDatabase } from '../../../shared/testing/database.ts';
import {
  SoftwarePasskey,
  type PasskeyAlgorithm,
} from '../../../shared/testing/software-passkey.ts';
import type { AuthDeps } from '../deps.ts';
import { definition } from '../handler.ts';
import { TEST_EMAIL_INDEX, TEST_ORIGIN, testAuthDeps } from '../testing-deps.ts';
import { openSession } from '../sessions/open-session.ts';
import { Secret, TOTP } from 'otpauth';

export const ORIGIN = TEST_ORIGIN;
const STEP_MS = 30_000;

export interface TestUser {
  readonly userNumber: number;
  readonly email: string;
  readonly caller: Caller;
}

export interface Enrolled {
  readonly id: string;
  readonly secret: string;
  readonly recoveryCodes: readonly string[];
}

export type Body = Readonly<Record<string, unknown>>;

/** The function auth on a database of its own, with a clock that tests push ahead. */
export class FactorsBench {
  readonly database: TestDatabase;
  readonly deps: AuthDeps;
  /** As the host of another function would check a step-up. */
  readonly checks: ReturnType<typeof stepUpsOf>;
  /** Stands still between pushes: a code of two steps ahead stays one. */
  #nowMs = Date.now();
  #users = 0;

  static async open(connectionsMax = 4): Promise<FactorsBench> {
    return new FactorsBench(await createTestDatabase(), connectionsMax);
  }

  constructor(database: TestDatabase, connectionsMax: number) {
    this.database = database;
    this.deps = testAuthDeps(database.poolFor('bourse_auth', connectionsMax), () => this.nowMs);
    this.checks = stepUpsOf(database.poolFor('bourse_orders', connectionsMax));
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  /** The end of a step of one-time codes, or as long as is said. */
  passTime(ms = STEP_MS): void {
    this.#nowMs += ms;
  }

  async newUser(password = 'correct horse'): Promise<TestUser> {
    this.#users += 1;
    const email = `user-${this.#users}@example.org`;
    const result = await this.database.pool.query<{ userNumber: number }>(
      `INSERT INTO users.users (email_sealed, email_index, email_verified_at, status)
       VALUES ('s1.test.auth-opens-none', $1, now(), 'active')
       RETURNING user_number AS "userNumber"`,
      [indexEmail(TEST_EMAIL_INDEX, email)],
    );
    const userNumber = result.rows[0]?.userNumber ?? 0;
    const hash = await this.deps.passwords.hash(password);
    await this.database.pool.query(
      'INSERT INTO users.passwords (user_number, hash) VALUES ($1, $2)',
      [userNumber, hash],
    );
    return { userNumber, email, caller: await this.newSession(userNumber) };
  }

  async newSession(userNumber: number): Promise<Caller> {
    const opened = await openSession(
      this.deps.pool,
      { userNumber, amr: ['pwd'], address: null, userAgent: null },
      this.nowMs,
    );
    return { ...sessionCaller(userNumber), credentialId: opened.sessionId };
  }

  send(call: FunctionCall): Promise<CallAnswer> {
    return callFunction(definition, this.deps, call, this.checks);
  }

  post(caller: Caller | null, path: string, body?: Body, stepUp?: string): Promise<CallAnswer> {
    return this.send({
      method: 'POST',
      path,
      ...(body === undefined ? {} : { body }),
      ...(caller === null ? {} : { caller }),
      ...(stepUp === undefined ? {} : { headers: { 'step-up': stepUp } }),
    });
  }

  /** Fails when the user may not step up so. */
  async stepUp(caller: Caller, shown: Body, action: Body): Promise<string> {
    const { status, body } = await this.post(caller, '/v1/auth/step-ups', { ...shown, action });
    assert(status === 201, `no step-up: ${JSON.stringify(body)}`);
    return (body as { stepUp: string }).stepUp;
  }

  /** Adds one-time codes as the first factor. The code it took is used; time has passed since. */
  async addTotp(user: TestUser, stepUp?: string): Promise<Enrolled> {
    const offer = await this.post(user.caller, '/v1/auth/factors/totp', undefined, stepUp);
    assert(offer.status === 201, `no offer: ${JSON.stringify(offer.body)}`);
    const { secret } = offer.body as { secret: string };
    const made = await this.post(user.caller, '/v1/auth/factors/totp/confirm', {
      code: this.code(secret),
    });
    assert(made.status === 201, `not confirmed: ${JSON.stringify(made.body)}`);
    const { id, recoveryCodes } = made.body as { id: string; recoveryCodes?: string[] };
    this.passTime();
    return { id, secret, recoveryCodes: recoveryCodes ?? [] };
  }

  async addPasskey(
    user: TestUser,
    algorithm: PasskeyAlgorithm = 'ES256',
    stepUp?: string,
  ): Promise<{ passkey: SoftwarePasskey; id: string; recoveryCodes: readonly string[] }> {
    const passkey = new SoftwarePasskey(algorithm, ORIGIN);
    const path = '/v1/auth/factors/passkeys';
    const options = await this.post(user.caller, `${path}/options`, undefined, stepUp);
    assert(options.status === 200, `no options: ${JSON.stringify(options.body)}`);
    const response = passkey.create(options.body as Parameters<SoftwarePasskey['create']>[0]);
    const made = await this.post(user.caller, path, { name: 'a key', response });
    assert(made.status === 201, `not added: ${JSON.stringify(made.body)}`);
    const { id, recoveryCodes } = made.body as { id: string; recoveryCodes?: string[] };
    return { passkey, id, recoveryCodes: recoveryCodes ?? [] };
  }

  /** The code of the step that is so many steps from now. */
  code(secret: string, steps = 0): string {
    const totp = new TOTP({ secret: Secret.fromBase32(secret) });
    return totp.generate({ timestamp: this.nowMs + steps * STEP_MS });
  }

  /** As the password step leaves it. */
  async newPending(userNumber: number): Promise<string> {
    const token = drawSecret('bpt');
    await this.database.pool.query(
      `INSERT INTO auth.pending_sign_ins (pending_hash, user_number, created_at, expires_at,
         tries_left) VALUES ($1, $2, $3, $4, 5)`,
      [hashSecret(token), userNumber, new Date(this.nowMs), new Date(this.nowMs + 5 * 60_000)],
    );
    return token;
  }

  async holdUntil(userNumber: number): Promise<Date | null> {
    const result = await this.database.pool.query<{ until: Date | null }>(
      'SELECT auth.withdrawal_hold_until($1::bigint) AS until',
      [userNumber],
    );
    return result.rows[0]?.until ?? null;
  }
}

/** What a step-up is asked for. */
export function actionOf(method: string, path: string, body: string | Buffer = ''): Body {
  return { method, path, bodySha256: createHash('sha256').update(body).digest('hex') };
}

export function codeOf({ body }: CallAnswer): string | undefined {
  return (body as { code?: string } | undefined)?.code;
}

/** As many at once as are asked for. */
export function atOnce<Result>(times: number, work: () => Promise<Result>): Promise<Result[]> {
  return Promise.all(Array.from({ length: times }, work));
}
