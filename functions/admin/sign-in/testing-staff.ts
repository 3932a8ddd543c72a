// People of the staff with passkeys in software, for tests of how they sign in: on a real database,
// known as the host of the function knows them.
import type { Pool } from '../../../shared/db/pool.ts';
import { assert } from '../../../shared/domain/failure.ts';
import { createAuthenticateStaff } from '../../../shared/function/auth/staff-identity.ts';
import { callFunction, type CallAnswer } from '../../../shared/function/call.ts';
import { NO_EDGE, readAddresses, type Edge } from '../../../shared/function/edge.ts';
import { MetricsRegistry } from '../../../shared/telemetry/metrics/registry.ts';
import { createTestDatabase, type TestDatabase } from '../../../shared/testing/database.ts';
import { SoftwarePasskey, type PasskeyFaults } from '../../../shared/testing/software-passkey.ts';
import type { AdminDeps } from '../deps.ts';
import { closeAdmin, openAdmin, ORIGIN } from '../fixture.ts';
import { definition } from '../handler.ts';
import { readCommand } from '../operator/options.ts';
import { runCommand } from '../operator/run.ts';

const ADDRESSES = { ADMIN_ADDRESSES: '127.0.0.0/8, 2001:db8::/32' };

type CreateOptions = Parameters<SoftwarePasskey['create']>[0];
type GetOptions = Parameters<SoftwarePasskey['get']>[0];

export interface EnrolledPerson {
  readonly email: string;
  readonly passkey: SoftwarePasskey;
}

export interface CallMore {
  readonly token?: string;
  readonly clientAddress?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export class StaffBench {
  readonly database: TestDatabase;
  readonly pool: Pool;
  readonly deps: AdminDeps;
  readonly metrics = new MetricsRegistry();
  nowMs = Date.parse('2026-04-01T12:00:00Z');
  readonly #edge: Edge = { ...NO_EDGE, addresses: readAddresses('ADMIN_ADDRESSES', ADDRESSES) };
  #people = 0;

  static async open(): Promise<StaffBench> {
    return new StaffBench(await createTestDatabase());
  }

  constructor(database: TestDatabase) {
    this.database = database;
    this.deps = openAdmin(database, () => this.nowMs, this.metrics);
    this.pool = this.deps.pool;
  }

  async close(): Promise<void> {
    await closeAdmin(this.deps);
    await this.database.drop();
  }

  call(method: string, path: string, body?: unknown, more: CallMore = {}): Promise<CallAnswer> {
    const { token, clientAddress, headers } = more;
    const call = {
      method,
      path: `/v1/admin${path}`,
      headers: { ...(token === undefined ? {} : bearer(token)), ...headers },
      ...(body === undefined ? {} : { body }),
      ...(clientAddress === undefined ? {} : { clientAddress }),
    };
    const authenticate = createAuthenticateStaff(this.pool, () => this.nowMs);
    return callFunction(definition, this.deps, call, { authenticate, edge: this.#edge });
  }

  /** As on the command line; answers the lines it prints. */
  async operate(...words: string[]): Promise<string> {
    const command = readCommand(['staff', ...words, '--reason', 'a test'], 'olivia');
    assert(command !== null, 'a command, not a question for help');
    return (await runCommand(this.pool, command, this.nowMs)).join('\n');
  }

  /** A new person; answers their address and enrolment. */
  async create(...words: string[]): Promise<{ email: string; enrolment: string }> {
    this.#people += 1;
    const email = `p${this.#people}@bourse.example`;
    return { email, enrolment: enrolmentIn(await this.operate('create', email, 'P', ...words)) };
  }

  async enrolOptions(enrolment: string): Promise<CreateOptions> {
    const answer = await this.call('POST', '/enrolments/options', { enrolment });
    assert(answer.status === 200, `no options: ${JSON.stringify(answer.body)}`);
    return answer.body as CreateOptions;
  }

  async enrol(enrolment: string, faults?: PasskeyFaults, passkey = newPasskey()) {
    const response = passkey.create(await this.enrolOptions(enrolment), faults);
    const body = { enrolment, name: 'a key', response };
    return { passkey, answer: await this.call('POST', '/enrolments', body) };
  }

  async person(...words: string[]): Promise<EnrolledPerson> {
    const { email, enrolment } = await this.create(...words);
    const { passkey, answer } = await this.enrol(enrolment);
    assert(answer.status === 201, `not enrolled: ${JSON.stringify(answer.body)}`);
    return { email, passkey };
  }

  async signInOptions(): Promise<GetOptions> {
    return (await this.call('POST', '/sign-in/options')).body as GetOptions;
  }

  async trySignIn(passkey: SoftwarePasskey, faults?: PasskeyFaults): Promise<CallAnswer> {
    const options = await this.signInOptions();
    const { challenge } = options;
    return this.call('POST', '/sign-in', { challenge, response: passkey.get(options, faults) });
  }

  /** Answers the session token. */
  async signIn({ passkey }: Pick<EnrolledPerson, 'passkey'>): Promise<string> {
    const answer = await this.trySignIn(passkey);
    assert(answer.status === 200, `not signed in: ${JSON.stringify(answer.body)}`);
    return (answer.body as { sessionToken: string }).sessionToken;
  }

  /** What the route says to a session: its status, or the code of the refusal. */
  async me(token: string): Promise<string | number> {
    return outcomeOf(await this.call('GET', '/me', undefined, { token }));
  }

  /** Actions of the audit log of staff, oldest first. */
  async audited(): Promise<{ action: string; actor: string; record: string }[]> {
    const { rows } = await this.database.pool.query<{
      action: string;
      actor: string;
      record: string;
    }>(
      `SELECT action, actor_kind AS actor, record FROM audit.records
       WHERE stream = 'admin' ORDER BY sequence`,
    );
    return rows;
  }
}

export function newPasskey(origin = ORIGIN): SoftwarePasskey {
  return new SoftwarePasskey('ES256', origin);
}

export function enrolmentIn(printed: string): string {
  return /ben_[A-Za-z0-9_-]{43}/.exec(printed)?.[0] ?? '';
}

export function outcomeOf({ status, body }: CallAnswer): string | number {
  return (body as { code?: string } | undefined)?.code ?? status;
}

function bearer(token: string): Readonly<Record<string, string>> {
  return { authorization: `Bearer ${token}` };
}
