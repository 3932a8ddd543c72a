// Load shedding over HTTP (T30): the host's slots, the queue of what is to be accepted, the outbox
// and the connections for reads are filled one after the other; placing is refused with a time to
// come back, and each cancel gets through.
import { Agent, request as httpRequest } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Bus } from '../../shared/bus/bus.ts';
import { openBus } from '../../shared/bus/open-bus.ts';
import { RetryableError } from '../../shared/domain/failure.ts';
import { hostFunction, type HostedFunction } from '../../shared/function/host.ts';
import { silentLogger } from '../../shared/telemetry/logger.ts';
import { ALICE, BOB, createOrdersFixture, type OrdersFixture } from './fixture.ts';
import { definition, openOrders } from './handler.ts';
import type { OrdersDeps } from './handler/deps.ts';

const SLOTS = 32;
/** Of the slots, those that placing and reading may take. */
const COMMON_SLOTS = 28;
const READ_CONNECTIONS = 2;
const OUTBOX_MAX = 8;
/** Of one account, and of all, in the queue of what is to be accepted. */
const SHARE_MAX = 1_000;
const BATCH = 50;
const STOP_MS = 50;
const TIMEOUT_MS = 60_000;
const ORDER = { market: 'BTC-USD', side: 'buy', type: 'limit', price: '1', quantity: '1' };

interface HttpAnswer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly body: { readonly code?: string; readonly id?: string };
}

let fixture: OrdersFixture;
let deps: OrdersDeps;
let bus: Bus;
let hosted: HostedFunction;
let agent: Agent;

beforeAll(async () => {
  fixture = await createOrdersFixture();
}, TIMEOUT_MS);
afterAll(() => fixture.close());

async function open(requestsInFlightMax: number): Promise<void> {
  const log = silentLogger();
  const { database } = fixture;
  bus = openBus({ url: database.urlFor('bourse_orders'), applicationName: 'shedding', log });
  deps = openOrders({
    pool: database.poolFor('bourse_orders', READ_CONNECTIONS),
    commandPool: database.poolFor('bourse_orders', 6),
    bus,
    log,
    openOrdersMax: 100_000,
    outboxWaitingMax: OUTBOX_MAX,
  });
  agent = new Agent({ keepAlive: true });
  hosted = await hostFunction(
    { ...definition, connect: () => Promise.resolve(deps) },
    {
      log,
      port: 0,
      hostname: '127.0.0.1',
      requestsInFlightMax,
      environment: { RATE_LIMITS: 'off' },
      authenticate: ({ headers }) => ({ caller: headers['authorization'] === 'bob' ? BOB : ALICE }),
    },
  );
}
afterEach(async () => {
  vi.restoreAllMocks();
  agent.destroy();
  await hosted.stop(STOP_MS);
}, TIMEOUT_MS);

interface Sent {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The end of a connection that is cut is no answer: it fails. */
function send(method: string, path: string, { body, headers }: Sent = {}): Promise<HttpAnswer> {
  return new Promise((done, fail) => {
    const json = body === undefined ? {} : { 'content-type': 'application/json' };
    const request = httpRequest(
      {
        port: hosted.port,
        host: '127.0.0.1',
        method,
        path,
        agent,
        headers: { ...json, ...headers },
      },
      (response) => {
        text(response).then((answered) => {
          const parsed = (answered === '' ? {} : JSON.parse(answered)) as HttpAnswer['body'];
          const { statusCode = 0, headers: told } = response;
          done({ status: statusCode, retryAfter: told['retry-after'], body: parsed });
        }, fail);
      },
    );
    request.on('error', fail);
    request.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

const place = (more: Sent = {}) => send('POST', '/v1/orders', { body: ORDER, ...more });

async function placed(name: string): Promise<string> {
  const { status, body } = await place({ body: { ...ORDER, clientOrderId: name } });
  expect(status).toBe(201);
  return body.id ?? '';
}

/** Sends what is not waited for: it ends when the test does. */
function leave(sent: Promise<unknown>): void {
  sent.catch(() => undefined);
}

function expectBusy(answer: HttpAnswer): void {
  expect(answer).toMatchObject({ status: 503, body: { code: 'SERVICE_BUSY' }, retryAfter: '1' });
}

/** One of each way to take orders out of the market. */
function cancelEach(name: string, id: string, other: string): Promise<HttpAnswer>[] {
  return [
    send('DELETE', `/v1/orders/${id}`),
    send('DELETE', `/v1/orders/by-client-id/${name}`),
    send('POST', '/v1/orders/batch-cancel', { body: { orders: [{ id: other }] } }),
    send('DELETE', '/v1/orders?market=BTC-USD'),
  ];
}
const CANCELLED = [202, 202, 200, 202];

describe('T30: while placing is refused', () => {
  describe('because all slots are taken', () => {
    beforeEach(() => open(SLOTS));

    it('cancels get through, and what is neither is refused', async () => {
      const [id, , other] = [
        await placed('slots-1'),
        await placed('slots-2'),
        await placed('slots-3'),
      ];
      // Nobody plays the engine here, so that each of these waits its ten seconds.
      for (let held = 0; held < COMMON_SLOTS; held += 1) {
        leave(place({ headers: { prefer: 'wait=10' } }));
      }
      await vi.waitFor(async () => expectBusy(await place()), { timeout: TIMEOUT_MS / 4 });
      expectBusy(await place({ headers: { authorization: 'bob' } }));
      expectBusy(await send('GET', '/v1/orders'));
      expectBusy(await send('PATCH', `/v1/orders/${id}`, { body: { quantity: '0.5' } }));
      for (let round = 0; round < 3; round += 1) {
        const cancels = await Promise.all(cancelEach('slots-2', id, other));
        expect(cancels.map(({ status }) => status)).toEqual(CANCELLED);
        expectBusy(await place());
      }
    }, 60_000);
  });

  describe('because the queue is full', () => {
    beforeEach(() => open(1_024));

    it('cancels of the account that has filled it get through, in their turn', async () => {
      const [id, , other] = [
        await placed('queue-1'),
        await placed('queue-2'),
        await placed('queue-3'),
      ];
      const stop = await fixture.database.pool.connect();
      await stop.query('BEGIN');
      await stop.query('LOCK TABLE orders.open_counts IN ACCESS EXCLUSIVE MODE');
      const orders = Array.from({ length: BATCH }, () => ORDER);
      const batches: Promise<HttpAnswer>[] = [];
      try {
        // A batch of two hundred is under way already, and takes none of the queue.
        for (let sent = 0; sent < SHARE_MAX + 200; sent += BATCH) {
          batches.push(send('POST', '/v1/orders/batch', { body: { orders } }));
        }
        await vi.waitFor(async () => expectBusy(await place()), { timeout: TIMEOUT_MS / 4 });
        const cancels = cancelEach('queue-2', id, other);
        await vi.waitFor(() => expect(deps.accepts.queued).toBeGreaterThan(SHARE_MAX / BATCH));
        expectBusy(await place());
        await stop.query('ROLLBACK');
        expect((await Promise.all(cancels)).map(({ status }) => status)).toEqual(CANCELLED);
      } finally {
        stop.release(true);
        await Promise.allSettled(batches);
      }
    }, 60_000);
  });

  describe('because the log is away and the outbox full', () => {
    beforeEach(() => open(1_024));

    it('cancels are taken, until they too have filled theirs', async () => {
      const [id, , other] = [await placed('log-1'), await placed('log-2'), await placed('log-3')];
      await vi.waitFor(() => expect(deps.outbox.waiting()).toBe(0));
      const publish = vi.spyOn(bus, 'publish');
      publish.mockRejectedValue(new RetryableError('the log is away'));
      for (let taken = 0; taken < OUTBOX_MAX; taken += 1) expect((await place()).status).toBe(201);
      expectBusy(await place());
      // A quarter above: two rows, the last two of which are of one batch.
      expect((await send('DELETE', `/v1/orders/${id}`)).status).toBe(202);
      expectBusy(await place());
      expect((await send('DELETE', '/v1/orders/by-client-id/log-2')).status).toBe(202);
      expectBusy(await send('DELETE', `/v1/orders/${other}`));
      publish.mockRestore();
      await vi.waitFor(() => expect(deps.outbox.waiting()).toBe(0), { timeout: TIMEOUT_MS / 4 });
      expect((await send('DELETE', `/v1/orders/${other}`)).status).toBe(202);
      expect((await place()).status).toBe(201);
    }, 60_000);
  });

  describe('because reads have used up their connections', () => {
    beforeEach(() => open(1_024));

    it('cancels get through, those that look an order up as well', async () => {
      const [id, , other] = [
        await placed('reads-1'),
        await placed('reads-2'),
        await placed('reads-3'),
      ];
      const stop = await fixture.database.pool.connect();
      await stop.query('BEGIN');
      await stop.query('LOCK TABLE orders.prevented_matches IN ACCESS EXCLUSIVE MODE');
      try {
        for (let read = 0; read < 4 * READ_CONNECTIONS; read += 1) {
          leave(send('GET', '/v1/prevented-matches'));
        }
        await vi.waitFor(() => expect(deps.pool.waitingCount).toBeGreaterThan(READ_CONNECTIONS));
        const cancels = await Promise.all(cancelEach('reads-2', id, other));
        expect(cancels.map(({ status }) => status)).toEqual(CANCELLED);
        expect(deps.pool.waitingCount).toBeGreaterThan(0);
      } finally {
        await stop.query('ROLLBACK');
        stop.release();
      }
    }, 60_000);
  });
});
