// Attack T30: one exchange under abuse, over HTTP, all processes real. Ten thousand price levels,
// orders beyond every limit, storms of cancels, bodies of 10 MB and connections that never finish a
// request; meanwhile two neighbours trade in the same market, and every answer they get is right.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, Exchange, type HttpAnswer } from './exchange.ts';
import { Neighbours } from './neighbours.ts';
import { expectCleanAudit, operate } from './operator.ts';
import { openRaw, type RawConnection } from './raw-connection.ts';

const MARKET = 'BTC-USD';
const CROWD = 10;
/** Most open orders of a user in a market. */
const LEVELS_EACH = 1_000;
const BATCH = 50;
/** Requests of the crowd under way at a time. */
const AT_ONCE = 8;
/** Batches that one account sends: more at a time than all that may wait, for anybody. */
const FLOOD = 300;
const FLOOD_AT_ONCE = 100;
const LORIS = 100;
const DRIP_MS = 500;
const BIG_BODY_BYTES = 10_000_000;
/** Of the neighbours, before they are judged. */
const ANSWERS_MIN = 20;
/** Nobody waits longer for an answer, whatever the others do: generous, for a busy machine. */
const ALIVE_MS = 10_000;

let exchange: Exchange;
let neighbours: Neighbours;
let crowd: string[];
/** Connections that go on sending a little, for as long as the test runs. */
const slow: { readonly more: string; readonly connection: RawConnection }[] = [];
let dripping: NodeJS.Timeout | undefined;

beforeAll(async () => {
  exchange = await Exchange.create();
  const users = Array.from({ length: CROWD }, (_, at) => `usr_00000000000001${10 + at}`);
  for (const user of users) {
    const funded = await exchange.own('POST', '/fund', { user, asset: 'USD', amount: '1000' });
    expect(funded.status).toBe(201);
  }
  crowd = await Promise.all(users.map((user) => exchange.token(user)));
  const [seller, buyer] = [await exchange.token('alice'), await exchange.token('bob')];
  neighbours = new Neighbours(exchange, MARKET, { seller, buyer });
  neighbours.start();
}, 120_000);
afterAll(async () => {
  clearInterval(dripping);
  for (const { connection } of slow) connection.destroy();
  await exchange.remove();
}, 60_000);

/** Does all of it, so many at a time. */
async function atOnce(work: readonly (() => Promise<void>)[], most = AT_ONCE): Promise<void> {
  const left = [...work];
  const next = async (): Promise<void> => {
    for (let one = left.shift(); one !== undefined; one = left.shift()) await one();
  };
  await Promise.all(Array.from({ length: most }, next));
}

/** Below the neighbours' price: a level of its own for each order of the crowd. */
function bid(user: number, at: number): object {
  const price = (20_000 + (user * LEVELS_EACH + at) / 100).toFixed(2);
  return { market: MARKET, side: 'buy', type: 'limit', price, quantity: '0.000001' };
}

/** Of a request that has all it needs but a body and an end. */
function headOf(token: string): string {
  const lines = ['host: x', `authorization: Bearer ${token}`, 'content-type: application/json'];
  return ['POST /v1/orders HTTP/1.1', ...lines, ''].join('\r\n');
}

interface Item {
  readonly order?: { readonly id: string };
  readonly problem?: { readonly code: string; readonly status: number };
}

async function sendBatch(token: string, orders: readonly object[]): Promise<Item[]> {
  const answer = await exchange.call(token, 'POST', '/v1/orders/batch', { orders });
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body['items'] as Item[];
}

/** Prints how the neighbours were served, and holds them to be alive and right. */
async function expectServed(during: string): Promise<void> {
  await eventually(
    () => Promise.resolve(neighbours.answers),
    (answers) => answers >= ANSWERS_MIN,
  );
  const timing = neighbours.takeTiming();
  process.stdout.write(`neighbours during ${during}: ${JSON.stringify(timing)}\n`);
  expect(neighbours.wrong).toEqual([]);
  expect(timing.worst).toBeLessThan(ALIVE_MS);
}

function pause(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}

describe('an exchange under abuse', () => {
  const ids: string[][] = Array.from({ length: CROWD }, () => []);

  it('serves two neighbours on a quiet day', async () => {
    await expectServed('a quiet second');
  });

  it('serves others beside two hundred connections that do not finish a request', async () => {
    const { services } = await exchange.topology();
    const own = services.find(({ name }) => name === 'orders')?.address ?? '';
    const head = headOf(crowd[0] ?? '');
    const body = `${head}content-length: 200\r\n\r\n{"market":`;
    for (let at = 0; at < LORIS; at += 1) {
      slow.push({ more: 'x: y\r\n', connection: await openRaw(exchange.publicUrl, head) });
      slow.push({ more: ' ', connection: await openRaw(exchange.publicUrl, body) });
    }
    // One of them at the function's own port, where no gateway stands before it.
    slow.push({ more: ' ', connection: await openRaw(own, body) });
    dripping = setInterval(() => {
      for (const { more, connection } of slow) connection.write(more);
    }, DRIP_MS);
    await expectServed('slow connections');
  }, 60_000);

  it('takes ten thousand price levels', async () => {
    const startedAt = performance.now();
    const batches = crowd.flatMap((token, user) =>
      Array.from({ length: LEVELS_EACH / BATCH }, (_, batch) => async () => {
        const orders = Array.from({ length: BATCH }, (__, at) => bid(user, batch * BATCH + at));
        const items = await sendBatch(token, orders);
        ids[user]?.push(...items.flatMap(({ order }) => (order === undefined ? [] : [order.id])));
      }),
    );
    await atOnce(batches);
    const seconds = (performance.now() - startedAt) / 1_000;
    process.stdout.write(`10,000 levels in ${seconds.toFixed(1)} s\n`);
    expect(ids.map(({ length }) => length)).toEqual(crowd.map(() => LEVELS_EACH));
    const last = ids[0]?.at(-1) ?? '';
    await eventually(
      () => exchange.call(crowd[0] ?? '', 'GET', `/v1/orders/${last}`),
      ({ body }) => body['status'] === 'open',
    );
    await expectServed('ten thousand levels');
  }, 120_000);

  it('takes no more of a user who has as many as allowed, or as an operator allows', async () => {
    const more = Array.from({ length: BATCH }, (_, at) => bid(0, at));
    for (const token of crowd) {
      const codes = (await sendBatch(token, more)).map(({ problem }) => problem?.code);
      expect(new Set(codes)).toEqual(new Set(['ORDERS_OPEN_TOO_MANY']));
    }
    const limits = ['limit', 'usr_0000000000000002', 'ETH-USD', 'open_orders_max', '7'];
    await operate(exchange, 'risk', ...limits);
    const order = { market: 'ETH-USD', side: 'buy', type: 'limit', price: '100', quantity: '1' };
    const orders = Array.from({ length: BATCH }, () => order);
    const items = await sendBatch(await exchange.token('bob'), orders);
    expect(items.filter((item) => item.order !== undefined)).toHaveLength(7);
    const refused = items.filter((item) => item.problem?.code === 'ORDERS_OPEN_TOO_MANY');
    expect(refused).toHaveLength(BATCH - 7);
    await expectServed('orders beyond the limits');
  }, 60_000);

  it('lets one account that floods it wait, and nobody else', async () => {
    const orders = Array.from({ length: BATCH }, (_, at) => bid(0, at));
    const answers = new Map<string, number>();
    const flood = Array.from({ length: FLOOD }, () => async () => {
      const answer = await exchange.call(crowd[0] ?? '', 'POST', '/v1/orders/batch', { orders });
      const code = answer.body['code'];
      const name = `${answer.status} ${typeof code === 'string' ? code : ''}`;
      answers.set(name, (answers.get(name) ?? 0) + 1);
      if (answer.status === 503) expect(answer.headers.get('retry-after')).toBe('1');
    });
    await atOnce(flood, FLOOD_AT_ONCE);
    process.stdout.write(`a flood of ${FLOOD} batches: ${JSON.stringify([...answers])}\n`);
    expect([...answers.keys()].sort()).toEqual(['200 ', '503 SERVICE_BUSY']);
    await expectServed('a flood by one account');
  }, 60_000);

  it('lives through one order that sweeps a thousand levels', async () => {
    const sweep = { market: MARKET, side: 'sell', type: 'limit', quantity: '0.001' };
    const body = { ...sweep, price: '20090', timeInForce: 'IOC' };
    const wait = { prefer: 'wait=10' };
    const bob = await exchange.token('bob');
    const swept = await exchange.call(bob, 'POST', '/v1/orders', body, wait);
    expect(swept.body).toMatchObject({ status: 'filled', filledQuantity: '0.001' });
    await expectServed('a sweep of a thousand levels');
  }, 60_000);

  it('refuses bodies of 10 MB with 413, whether their size is told or not', async () => {
    const part = 'x'.repeat(65_536);
    const open: RawConnection[] = [];
    const send = async (isTold: boolean): Promise<void> => {
      const size = isTold ? `content-length: ${BIG_BODY_BYTES}` : 'transfer-encoding: chunked';
      const head = `${headOf(crowd[0] ?? '')}${size}\r\n\r\n`;
      const raw = await openRaw(exchange.publicUrl, head);
      open.push(raw);
      for (let sent = 0; sent < BIG_BODY_BYTES && raw.answer() === ''; sent += part.length) {
        raw.write(isTold ? part : `${part.length.toString(16)}\r\n${part}\r\n`);
        await pause(1);
      }
      const answer = await eventually(
        () => Promise.resolve(raw.answer()),
        (text) => text.includes('BODY_TOO_LARGE'),
      );
      expect(answer.split('\r\n', 1)[0]).toContain('413');
    };
    await atOnce(
      [true, false, true, false, true, false, true, false].map((told) => () => send(told)),
    );
    for (const raw of open) raw.destroy();
    await expectServed('bodies of 10 MB');
  }, 60_000);

  it('lives through a storm of cancels', async () => {
    const startedAt = performance.now();
    const answers = new Map<string, number>();
    const count = (name: string): void => void answers.set(name, (answers.get(name) ?? 0) + 1);
    const cancelBatch = async (token: string, orders: readonly string[]): Promise<void> => {
      const body = { orders: orders.map((id) => ({ id })) };
      const answer = await exchange.call(token, 'POST', '/v1/orders/batch-cancel', body);
      count(`batch-cancel ${answer.status}`);
      for (const { problem } of (answer.body['items'] ?? []) as Item[]) {
        count(problem === undefined ? 'cancelling' : problem.code);
      }
    };
    const storm = crowd.flatMap((token, user) => {
      const own = ids[user] ?? [];
      const batches = Array.from({ length: LEVELS_EACH / BATCH }, (_, at) => () => {
        return cancelBatch(token, own.slice(at * BATCH, (at + 1) * BATCH));
      });
      const alls = Array.from({ length: 10 }, () => async () => {
        const answer: HttpAnswer = await exchange.call(token, 'DELETE', '/v1/orders');
        count(`cancel-all ${answer.status}`);
      });
      return [...batches.slice(0, 10), ...alls, ...batches.slice(10)];
    });
    await atOnce(storm, 2 * AT_ONCE);
    const seconds = (performance.now() - startedAt) / 1_000;
    process.stdout.write(`cancels in ${seconds.toFixed(1)} s: ${JSON.stringify([...answers])}\n`);
    // All that an account may have open can be cancelled at once, and again: none is turned away.
    expect(new Set(answers.keys())).toEqual(
      new Set(['batch-cancel 200', 'cancel-all 202', 'cancelling', 'ORDER_ALREADY_DONE']),
    );
    for (const token of crowd) {
      await eventually(
        () => exchange.balances(token),
        (now) => now['USD']?.['held'] === '0',
      );
    }
    await expectServed('a storm of cancels');
  }, 120_000);

  it('hangs up on a request that does not end within ten seconds', async () => {
    const direct = slow.at(-1)?.connection;
    const answer = await eventually(
      () => Promise.resolve(direct?.answer() ?? ''),
      (text) => text !== '',
    );
    expect(answer).toContain('the body came too slowly');
  }, 60_000);

  it('leaves nothing that the audit finds', async () => {
    await neighbours.stop();
    for (const user of ['alice', 'bob']) {
      const token = await exchange.token(user);
      await exchange.call(token, 'DELETE', '/v1/orders');
      await eventually(
        () => exchange.balances(token),
        (now) => Object.values(now).every(({ held }) => held === '0'),
      );
    }
    expect(neighbours.wrong).toEqual([]);
    await expectCleanAudit(exchange);
  }, 120_000);
}, 120_000);
