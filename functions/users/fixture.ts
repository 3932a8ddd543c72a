// A users function for tests: real Postgres and log, hashes that are counted and cheap, a clock
// that stands, and the mails as notifications would open them.
import { randomBytes } from 'node:crypto';
import { openBus } from '../../shared/bus/open-bus.ts';
import type { Caller } from '../../shared/domain/caller.ts';
import { TOPICS } from '../../shared/events/catalog.ts';
import {
  mailPlace,
  mailRequestedSchema,
  sealedMailSchema,
  type MailRequested,
  type SealedMail,
} from '../../shared/events/mail.ts';
import { callFunction, type CallAnswer } from '../../shared/function/call.ts';
import { openBreachedList } from '../../shared/passwords/breached-list.ts';
import { createPasswordHasher } from '../../shared/passwords/hasher.ts';
import { indexEmail } from '../../shared/secrets/email.ts';
import { parseKeyRing, type KeyRing, type SealingPurpose } from '../../shared/secrets/key-ring.ts';
import { unseal } from '../../shared/secrets/seal.ts';
import { drawSecret } from '../../shared/secrets/token.ts';
import { silentLogger, type Logger } from '../../shared/telemetry/logger.ts';
import { createTestDatabase, type TestDatabase } from '../../shared/testing/database.ts';
import { sessionCaller } from '../../shared/function/testing/session-caller.ts';
import type { UsersDeps } from './deps.ts';
import { closeUsers, definition, openUsers } from './handler.ts';

export const PASSWORD = 'seven winds over the hill';
export const OTHER_PASSWORD = 'eight moons under the sea';
/** What a fast hash costs, so that a race of many is not a queue. */
const CHEAP = { memoryKib: 8, passes: 1, lanes: 1 };

/** Good for anything: what a step-up is good for is tested where it is made. */
const STEP_UP = drawSecret('bsu');

export type OpenedMail = Omit<MailRequested, 'sealed' | 'recipientSealed'> & SealedMail;

export interface UsersFixture {
  readonly database: TestDatabase;
  readonly deps: UsersDeps;
  /** Milliseconds since 1970; tests set it. */
  nowMs: number;
  /** Passwords hashed or compared so far. */
  readonly hashes: () => number;
  call(
    method: string,
    path: string,
    body?: unknown,
    caller?: Caller,
    headers?: Readonly<Record<string, string>>,
  ): Promise<CallAnswer>;
  /** All mails asked for so far, opened, in order. */
  mails(): Promise<OpenedMail[]>;
  /** The newest mail of a template to an address. */
  mailTo(to: string, template: string): Promise<OpenedMail>;
  /** What users are found by in the database. */
  indexOf(email: string): Buffer;
  /** Signs up and follows the link; answers the caller. */
  addUser(email: string): Promise<Caller>;
  addSession(userNumber: number, userAgent?: string): Promise<number>;
  close(): Promise<void>;
}

export async function createUsersFixture(log: Logger = silentLogger()): Promise<UsersFixture> {
  const database = await createTestDatabase();
  const admin = openBus({ url: database.url, applicationName: 'test', log: silentLogger() });
  await admin.provision(Object.values(TOPICS));
  const mailRing = randomRing('mail');
  const hasher = createPasswordHasher({ cost: CHEAP });
  let hashed = 0;
  const counted: UsersDeps['hasher'] = {
    ...hasher,
    hash: (password) => ((hashed += 1), hasher.hash(password)),
    verify: (password, phc) => ((hashed += 1), hasher.verify(password, phc)),
    verifyNone: (password) => ((hashed += 1), hasher.verifyNone(password)),
  };
  const deps = openUsers({
    pool: database.poolFor('bourse_users', 8),
    bus: openBus({ url: database.urlFor('bourse_users'), applicationName: 'test-users', log }),
    log,
    mailRing,
    emailKeys: { ring: randomRing('users'), index: { key: randomBytes(32) } },
    hasher: counted,
    isBreached: openBreachedList(),
    now: () => fixture.nowMs,
  });
  const fixture: UsersFixture = {
    database,
    deps,
    nowMs: Date.now(),
    hashes: () => hashed,
    call: (method, path, body, caller, headers) =>
      callFunction(
        definition,
        deps,
        {
          method,
          path,
          ...(body === undefined ? {} : { body }),
          ...(caller === undefined ? {} : { caller }),
          headers: { ...(caller === undefined ? {} : { 'step-up': STEP_UP }), ...headers },
        },
        { log, useStepUp: () => Promise.resolve(true) },
      ),
    mails: async () => {
      while (deps.outbox.waiting() > 0) await new Promise((resolve) => setImmediate(resolve));
      const result = await database.pool.query<{ value: string }>(
        `SELECT convert_from(r.value, 'utf8') AS value
         FROM log.records r JOIN log.topics t USING (topic_id)
         WHERE t.name = 'mail.requested' ORDER BY r.record_offset`,
      );
      return result.rows.map(({ value }) => {
        const { sealed, ...facts } = mailRequestedSchema.parse(JSON.parse(value));
        const plain = unseal(mailRing, mailPlace(facts.id), sealed).toString();
        return { ...facts, ...sealedMailSchema.parse(JSON.parse(plain)) };
      });
    },
    mailTo: async (to, template) => {
      const found = (await fixture.mails()).findLast(
        (mail) => mail.to === to && mail.template === template,
      );
      if (found === undefined) throw new Error(`no mail ${template}`);
      return found;
    },
    indexOf: (email) => indexEmail(deps.emailKeys.index, email),
    addUser: async (email) => {
      await fixture.call('POST', '/v1/users', { email, password: PASSWORD });
      const { token } = (await fixture.mailTo(email, 'verify_email')).values;
      const answer = await fixture.call('POST', '/v1/users/verify-email', { token });
      const { userId } = answer.body as { readonly userId: string };
      return sessionCaller(Number(userId.slice('usr_'.length)));
    },
    addSession: async (userNumber, userAgent = 'a') => {
      const result = await database.pool.query<{ number: number }>(
        `INSERT INTO auth.sessions (user_number, token_hash, amr, authenticated_at, created_at,
           last_used_at, expires_at, address, user_agent)
         VALUES ($1, $2, '{pwd}', now(), now(), now(), now() + interval '12 h', '192.0.2.1', $3)
         RETURNING session_number AS number`,
        [userNumber, randomBytes(32), userAgent],
      );
      return result.rows[0]?.number ?? 0;
    },
    close: async () => {
      await closeUsers(deps);
      await admin.close();
      await database.drop();
    },
  };
  return fixture;
}

function randomRing(purpose: SealingPurpose): KeyRing {
  const key = randomBytes(32).toString('base64');
  const ring = parseKeyRing(JSON.stringify({ current: 'a', keys: { a: key } }), purpose);
  if (ring === null) throw new Error('no ring');
  return ring;
}

/** The code of a refusal, or the status of another answer. */
export function codeOf({ status, body }: CallAnswer): string | number {
  return status < 400 ? status : (body as { readonly code: string }).code;
}
