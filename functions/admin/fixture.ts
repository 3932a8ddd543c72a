// Set-up of the tests of admin: its parts on a test database, and staff who ask and approve.
import { openBus } from '../../shared/bus/open-bus.ts';
import { Outbox } from '../../shared/bus/outbox.ts';
import type { Caller } from '../../shared/domain/caller.ts';
import { sessionId, userId } from '../../shared/domain/ids.ts';
import { callFunction, type CallAnswer } from '../../shared/function/call.ts';
import { silentLogger } from '../../shared/telemetry/logger.ts';
import { MetricsRegistry } from '../../shared/telemetry/metrics/registry.ts';
import type { TestDatabase } from '../../shared/testing/database.ts';
import type { Role } from './decide/permissions.ts';
import type { AdminDeps } from './deps.ts';
import { definition } from './handler.ts';
import { grantRole, insertStaff } from './store/staff.ts';

/** Where the pages of staff would be. */
export const ORIGIN = 'https://admin.bourse.example';
const RP_ID = 'admin.bourse.example';

/** To be closed by `closeAdmin` before the database is dropped. */
export function openAdmin(
  database: TestDatabase,
  now: () => number = Date.now,
  metrics = new MetricsRegistry(),
): AdminDeps {
  const log = silentLogger();
  const pool = database.poolFor('bourse_admin', 10);
  const bus = openBus({ url: database.urlFor('bourse_admin'), applicationName: 'test', log });
  const outbox = new Outbox({ pool, schema: 'reference', bus, log });
  const breakGlassUses = metrics.counter('bourse_break_glass_uses_total', 'Uses.').with();
  const site = { rpId: RP_ID, rpName: 'Bourse', origins: [ORIGIN] };
  return { pool, bus, outbox, site, log, now, breakGlassUses };
}

export async function closeAdmin({ outbox, bus }: AdminDeps): Promise<void> {
  await outbox.stop();
  await bus.close();
}

export interface Asked {
  readonly id: string;
  readonly payloadSha256: string;
}

/** Staff of one exchange. */
export class Staff {
  readonly deps: AdminDeps;
  #made = 0;

  constructor(deps: AdminDeps) {
    this.deps = deps;
  }

  async make(...roles: readonly Role[]): Promise<Caller> {
    this.#made += 1;
    const name = `p${this.#made}`;
    const person = { name, email: `${name}@bourse.example`, isBreakGlass: false };
    const number = await insertStaff(this.deps.pool, person);
    for (const role of roles) await grantRole(this.deps.pool, number, role, null);
    return {
      userId: userId(number),
      userNumber: number,
      kind: 'staff',
      credentialId: sessionId(number),
      scopes: [],
      markets: null,
      validUntilMs: null,
      signedInAtMs: this.deps.now(),
    };
  }

  call(caller: Caller, method: string, path: string, body?: unknown): Promise<CallAnswer> {
    return callFunction(definition, this.deps, {
      method,
      path: `/v1/admin${path}`,
      caller,
      ...(body === undefined ? {} : { body }),
    });
  }

  /** The request, or the code of its refusal. */
  async ask(maker: Caller, action: string, payload: object): Promise<Asked & { code?: string }> {
    const body = { action, payload, reason: 'a case' };
    return (await this.call(maker, 'POST', '/requests', body)).body as Asked;
  }

  /** The request's status then, or the code and detail of the refusal. */
  async approve(checker: Caller, { id, payloadSha256 }: Asked): Promise<string> {
    const path = `/requests/${id}/approve`;
    const { body } = await this.call(checker, 'POST', path, { payloadSha256 });
    const { code, detail = '', status = '' } = body as Readonly<Record<string, string>>;
    return code === undefined ? status : `${code}: ${detail}`;
  }

  async do(maker: Caller, checker: Caller, action: string, payload: object): Promise<string> {
    return this.approve(checker, await this.ask(maker, action, payload));
  }
}

/** What the newest record of an action says. */
export async function lastRecord(database: TestDatabase, action: string): Promise<unknown> {
  const { rows } = await database.pool.query<{ record: string }>(
    `SELECT record FROM audit.records WHERE stream = 'admin' AND action = $1
     ORDER BY sequence DESC LIMIT 1`,
    [action],
  );
  return JSON.parse(rows[0]?.record ?? 'null');
}
