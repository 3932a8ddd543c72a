// Postgres is down, or says nothing any more: no order is taken, nobody waits for a time-out each,
// and everything goes on by itself when it is back.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { migrate, readMigrations } from '../../shared/db/migrate.ts';
import { createPool, type Pool } from '../../shared/db/pool.ts';
import { DATABASE_ROLES, setRolePassword, urlForRole } from '../../shared/db/roles.ts';
import type { CallAnswer } from '../../shared/function/call.ts';
import type { TestDatabase } from '../../shared/testing/database.ts';
import {
  startEmbeddedPostgres,
  type EmbeddedPostgres,
} from '../../shared/testing/embedded-postgres.ts';
import { findFreePort } from '../../shared/testing/free-port.ts';
import { ALICE, createOrdersFixture, published, type OrdersFixture } from './fixture.ts';

const TIMEOUT_MS = 180_000;
const QUERY_TIMEOUT_MS = 2_000;
const PASSWORD = 'only-for-tests';
const ORDER = { market: 'BTC-USD', side: 'buy', type: 'limit', price: '1', quantity: '1' };
/** With a time-out each, these would not fit into the time of a test. */
const REFUSALS = 200;

/** A wire to the server that can be made to swallow everything. */
class Wire {
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  readonly port: number;
  #swallows = false;

  private constructor(port: number, targetPort: () => number) {
    this.port = port;
    this.#server = createServer((client) => {
      this.#sockets.add(client.on('error', () => undefined));
      if (this.#swallows) return;
      const server = connect(targetPort(), '127.0.0.1');
      this.#sockets.add(server.on('error', () => client.destroy()));
      client.on('data', (bytes) => this.#swallows || server.write(bytes));
      server.on('data', (bytes) => this.#swallows || client.write(bytes));
      client.on('close', () => server.destroy());
      server.on('close', () => this.#swallows || client.destroy());
    });
  }

  static async open(targetPort: () => number): Promise<Wire> {
    const wire = new Wire(await findFreePort(), targetPort);
    await new Promise<void>((done) => wire.#server.listen(wire.port, '127.0.0.1', done));
    return wire;
  }

  swallow(): void {
    this.#swallows = true;
  }

  /** What was swallowed is lost, and with it the connections. */
  restore(): void {
    this.#swallows = false;
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }

  async close(): Promise<void> {
    this.restore();
    await new Promise<void>((done) => this.#server.close(() => done()));
  }
}

describe('orders while Postgres is gone', () => {
  const dir = mkdtempSync(join(tmpdir(), 'bourse-postgres-gone-'));
  chmodSync(dir, 0o755);
  let postgres: EmbeddedPostgres;
  let wire: Wire;
  let fixture: OrdersFixture;

  beforeAll(async () => {
    postgres = await startEmbeddedPostgres({ dir });
    wire = await Wire.open(() => postgres.port);
    const url = new URL(postgres.url);
    url.port = String(wire.port);
    fixture = await createOrdersFixture({
      database: await openDatabase(url.toString()),
      openOrdersMax: 1_000,
    });
  }, TIMEOUT_MS);
  afterAll(async () => {
    await fixture.close();
    await wire.close();
    await postgres.stop();
    rmSync(dir, { recursive: true, force: true });
  }, TIMEOUT_MS);

  const place = (): Promise<CallAnswer> => fixture.call(ALICE, 'POST', '/v1/orders', ORDER);
  const numberOf = (answer: CallAnswer): number =>
    Number((answer.body as { id: string }).id.replace('ord_', ''));

  async function expectRefusedAtOnce(): Promise<void> {
    await vi.waitFor(
      async () => {
        expect((await place()).status).toBe(503);
        expect(fixture.deps.breaker.isOpen).toBe(true);
      },
      { timeout: TIMEOUT_MS / 3 },
    );
    for (let n = 0; n < REFUSALS; n++) {
      const refused = await place();
      expect(refused.status).toBe(503);
      expect(refused.body).toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
      expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    }
  }

  /** Takes orders again without anybody's help, and has lost none that it took before. */
  async function expectBack(taken: number[]): Promise<void> {
    await vi.waitFor(
      async () => {
        const answer = await place();
        expect(answer.status).toBe(201);
        taken.push(numberOf(answer));
      },
      { timeout: TIMEOUT_MS / 3 },
    );
    await published(fixture);
    const inLog = (await fixture.commands())
      .filter((command) => command['kind'] === 'place')
      .map((command) => Number(command['number']));
    expect(inLog).toEqual(expect.arrayContaining(taken));
    const rows = await fixture.database.pool.query<{ number: number }>(
      'SELECT order_number AS number FROM orders.orders',
    );
    // Nothing is in the log that was not committed.
    expect(new Set(inLog)).toEqual(new Set(rows.rows.map(({ number }) => number)));
  }

  it(
    'are refused at once after the server was killed, and taken again when it is back',
    async () => {
      const taken = [numberOf(await place())];
      process.kill(postgres.pid, 'SIGKILL');
      await postgres.exited;
      await expectRefusedAtOnce();
      postgres = await startEmbeddedPostgres({ dir, port: postgres.port });
      await expectBack(taken);
    },
    TIMEOUT_MS,
  );

  it(
    'are refused at once when it neither answers nor hangs up, and taken again when it does',
    async () => {
      const taken = [numberOf(await place())];
      wire.swallow();
      await expectRefusedAtOnce();
      wire.restore();
      await expectBack(taken);
    },
    TIMEOUT_MS,
  );
});

/** Like `createTestDatabase`, on a server that may be killed. */
async function openDatabase(url: string): Promise<TestDatabase> {
  const pools: Pool[] = [];
  const open = (at: string, connectionsMax: number): Pool => {
    const pool = createPool({
      url: at,
      applicationName: 'bourse-test',
      connectionsMax,
      queryTimeoutMs: QUERY_TIMEOUT_MS,
    });
    pools.push(pool);
    return pool;
  };
  const migrating = createPool({ url, applicationName: 'bourse-test', connectionsMax: 2 });
  await migrate(migrating, await readMigrations());
  for (const role of DATABASE_ROLES) await setRolePassword(migrating, role, PASSWORD);
  await migrating.end();
  return {
    url,
    pool: open(url, 4),
    urlFor: (role) => urlForRole(url, role, PASSWORD),
    poolFor: (role, connectionsMax = 4) => open(urlForRole(url, role, PASSWORD), connectionsMax),
    drop: async () => {
      await Promise.all(pools.filter((each) => !each.ended).map((each) => each.end()));
    },
  };
}
