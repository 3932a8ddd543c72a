// The auth function for tests: a database of its own, a clock in the test's hands, users, and a
// count of the passwords that were hashed.
import type { Pool } from '../../shared/db/pool.ts';
import { isRejection } from '../../shared/domain/rejection.ts';
import { callFunction, type CallAnswer, type FunctionCall } from '../../shared/function/call.ts';
import { createPasswordHasher, type PasswordHasher } from '../../shared/passwords/hasher.ts';
import { indexEmail } from '../../shared/secrets/email.ts';
import { createTestDatabase, type TestDatabase } from '../../shared/testing/database.ts';
import type { AuthDeps } from './deps.ts';
import { definition } from './handler.ts';
import { CHEAP_HASH, TEST_EMAIL_INDEX, testAuthDeps } from './testing-deps.ts';

export const PASSWORD = 'correct horse battery';
export const START_MS = Date.parse('2026-03-31T12:00:00Z');

export interface TestAuth {
  readonly database: TestDatabase;
  readonly pool: Pool;
  readonly deps: AuthDeps;
  /** Hashes so far: every kind of work with a password is one. */
  readonly hashes: () => number;
  readonly setNow: (nowMs: number) => void;
  readonly call: (call: FunctionCall) => Promise<CallAnswer>;
  readonly post: (path: string, body: unknown, more?: Partial<FunctionCall>) => Promise<CallAnswer>;
  /** `hasher` makes the hash of the password; unless given, today's. */
  readonly addUser: (email: string, status?: string, hasher?: PasswordHasher) => Promise<number>;
}

export async function startTestAuth(connectionsMax = 8): Promise<TestAuth> {
  const database = await createTestDatabase();
  const pool = database.poolFor('bourse_auth', connectionsMax);
  let nowMs = START_MS;
  let hashes = 0;
  const now = (): number => nowMs;
  const real = createPasswordHasher({ cost: CHEAP_HASH });
  const counted = <Args extends unknown[], Result>(work: (...args: Args) => Result) => {
    return (...args: Args): Result => {
      hashes += 1;
      return work(...args);
    };
  };
  const deps = testAuthDeps(pool, now, {
    passwords: {
      ...real,
      hash: counted((password: string) => real.hash(password)),
      verify: counted((password: string, phc: string) => real.verify(password, phc)),
      verifyNone: counted((password: string) => real.verifyNone(password)),
    },
  });
  const call = (wish: FunctionCall): Promise<CallAnswer> => callFunction(definition, deps, wish);
  return {
    database,
    pool,
    deps,
    hashes: () => hashes,
    setNow: (value) => (nowMs = value),
    call,
    post: (path, body, more = {}) => call({ method: 'POST', path, body, ...more }),
    addUser: async (email, status = 'active', hasher = real) => {
      const hash = await hasher.hash(PASSWORD);
      if (isRejection(hash)) throw new Error(hash.code);
      return addUser(database.pool, indexEmail(TEST_EMAIL_INDEX, email), status, hash);
    },
  };
}

async function addUser(
  pool: Pool,
  emailIndex: Buffer,
  status: string,
  hash: string,
): Promise<number> {
  const made = await pool.query<{ userNumber: number }>(
    `WITH made AS (
       INSERT INTO users.users (email_sealed, email_index, status, email_verified_at)
       VALUES ('s1.test.auth-opens-none', $1, $2, CASE WHEN $2 <> 'pending' THEN now() END)
       RETURNING user_number
     )
     INSERT INTO users.passwords (user_number, hash) SELECT user_number, $3 FROM made
     RETURNING user_number AS "userNumber"`,
    [emailIndex, status, hash],
  );
  const row = made.rows[0];
  if (row === undefined) throw new Error('the user was not written');
  return row.userNumber;
}
