// Icebergs, trailing stops, replacements, batches, trade groups and both switches over HTTP, all
// processes real; the audit finds nothing afterwards. Attacks T4 and T16 are among them.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, Exchange, runProgram, type HttpAnswer } from './exchange.ts';

const WAIT = { prefer: 'wait=10' };
const MARKET = 'BTC-USD';
const ALICE = 'usr_0000000000000001';
const BOB = 'usr_0000000000000002';
const RACES = 40;

let exchange: Exchange;
let alice: string;
let bob: string;

beforeAll(async () => {
  exchange = await Exchange.create();
  alice = await exchange.token('alice');
  bob = await exchange.token('bob');
}, 120_000);
afterAll(() => exchange.remove(), 60_000);

async function operate(file: string, ...args: readonly string[]): Promise<void> {
  const done = await runProgram(file, args, { DATABASE_URL: exchange.databaseUrl });
  expect(done.code, done.output).toBe(0);
}

function post(token: string, path: string, body: object, headers = WAIT): Promise<HttpAnswer> {
  return exchange.call(token, 'POST', path, body, headers);
}

function limit(token: string, side: string, price: string, quantity: string, more = {}) {
  const order = { market: MARKET, side, type: 'limit', price, quantity };
  return post(token, '/v1/orders', { ...order, ...more });
}

function idOf(answer: HttpAnswer): string {
  expect(answer.body).toHaveProperty('id');
  return String(answer.body['id']);
}

async function asks(): Promise<unknown> {
  const book = await exchange.call(null, 'GET', `/v1/markets/${MARKET}/book`);
  return book.body['asks'];
}

async function nothingHeld(): Promise<void> {
  for (const token of [alice, bob]) {
    await eventually(
      () => exchange.balances(token),
      (now) => Object.values(now).every(({ held }) => held === '0'),
    );
  }
}

async function clear(): Promise<void> {
  for (const token of [alice, bob]) await exchange.call(token, 'DELETE', '/v1/orders');
  await nothingHeld();
}

describe('an iceberg', () => {
  it('shows its part, and hides the others from the book', async () => {
    const placed = await limit(alice, 'sell', '30000', '0.5', { displayQuantity: '0.1' });
    expect(placed.body).toMatchObject({ status: 'open', remainingQuantity: '0.5' });
    await eventually(asks, (now) => JSON.stringify(now) === '[["30000","0.1"]]');
    const taken = await limit(bob, 'buy', '30000', '0.25');
    expect(taken.body).toMatchObject({ status: 'filled', averagePrice: '30000' });
    await eventually(asks, (now) => JSON.stringify(now) === '[["30000","0.05"]]');
    await clear();
  });

  it('gives way to others at its price with each new part', async () => {
    const iceberg = await limit(alice, 'sell', '30000', '0.3', { displayQuantity: '0.1' });
    const plain = await limit(alice, 'sell', '30000', '0.1');
    await limit(bob, 'buy', '30000', '0.2');
    const order = await eventually(
      () => exchange.call(alice, 'GET', `/v1/orders/${idOf(plain)}`),
      ({ body }) => body['status'] === 'filled',
    );
    expect(order.status).toBe(200);
    const left = await exchange.call(alice, 'GET', `/v1/orders/${idOf(iceberg)}`);
    expect(left.body).toMatchObject({ remainingQuantity: '0.2' });
    await clear();
  });
});

describe('a replacement', () => {
  it('takes the place in one step, and stops when there is nothing to replace', async () => {
    const first = idOf(await limit(alice, 'sell', '31000', '0.1'));
    const next = { market: MARKET, side: 'sell', type: 'limit', price: '31500', quantity: '0.2' };
    const replaced = await post(alice, `/v1/orders/${first}/replace`, next);
    expect(replaced.body).toMatchObject({
      result: 'replaced',
      replaced: { id: first, cancelled: true, cancelledQuantity: '0.1' },
      order: { status: 'open', price: '31500' },
    });
    const again = await post(alice, `/v1/orders/${first}/replace`, next);
    expect(again.status).toBe(409);
    const other = idOf(await limit(alice, 'sell', '32000', '0.1'));
    const foreign = await post(bob, `/v1/orders/${other}/replace`, { ...next, side: 'buy' });
    expect(foreign.status).toBe(404);
    await clear();
  });
});

describe('a batch', () => {
  it('is taken order by order, or whole, and funds count for all of it', async () => {
    const order = { market: MARKET, side: 'sell', type: 'limit', price: '33000', quantity: '0.1' };
    const mixed = { orders: [order, { ...order, price: '0.001' }, order] };
    const some = await post(alice, '/v1/orders/batch', mixed, {} as never);
    const items = some.body['items'] as Record<string, unknown>[];
    expect(items.map((item) => Object.keys(item)[0])).toEqual(['order', 'problem', 'order']);
    const whole = { orders: [order, { ...order, quantity: '1000000' }], allOrNone: true };
    expect((await post(alice, '/v1/orders/batch', whole)).body).toMatchObject({
      code: 'ORDER_BATCH_REFUSED',
    });
    await eventually(asks, (now) => JSON.stringify(now) === '[["33000","0.2"]]');
    await clear();
  });
});

describe('a trailing stop', () => {
  it('follows the market up, and sells when that turns', async () => {
    const trade = async (price: string): Promise<void> => {
      await limit(alice, 'sell', price, '0.01');
      const taken = await limit(bob, 'buy', price, '0.01');
      expect(taken.body).toMatchObject({ status: 'filled' });
    };
    await trade('30000');
    await limit(bob, 'buy', '30100', '0.5');
    await limit(alice, 'sell', '32000', '0.01');
    const trigger = { type: 'trailing_stop', trailBps: 200 };
    const stop = { market: MARKET, side: 'sell', type: 'market', quantity: '0.1', trigger };
    const id = idOf(await post(alice, '/v1/orders', stop));
    await limit(bob, 'buy', '32000', '0.01');
    // 2 % below 32,000 is 31,360: what trades at 30,100 reaches it, and would not have at 30,000.
    await limit(alice, 'sell', '30100', '0.01');
    const done = await eventually(
      () => exchange.call(alice, 'GET', `/v1/orders/${id}`),
      ({ body }) => body['status'] === 'filled',
    );
    expect(done.body).toMatchObject({ status: 'filled', averagePrice: '30100' });
    await clear();
  });
});

describe('accounts of one owner', () => {
  it('do not trade with each other once they are a trade group', async () => {
    for (const user of [ALICE, BOB]) {
      await operate('functions/risk/operator/main.ts', 'group', user, '7', '--reason', 'one owner');
    }
    await limit(alice, 'sell', '30000', '0.1');
    const taker = await limit(bob, 'buy', '30000', '0.2');
    expect(taker.body).toMatchObject({ reason: 'ORDER_SELF_TRADE_PREVENTED' });
    const prevented = await eventually(
      () => exchange.call(bob, 'GET', `/v1/prevented-matches?market=${MARKET}`),
      ({ body }) => JSON.stringify(body['items']) !== '[]',
    );
    expect(prevented.body['items']).toHaveLength(1);
    // Each side sees its own order alone.
    expect(JSON.stringify(prevented.body)).not.toContain(ALICE);
    for (const user of [ALICE, BOB]) {
      await operate(
        'functions/risk/operator/main.ts',
        ...['group', user, 'none', '--reason', 'sold'],
      );
    }
    await clear();
  });
});

describe('a cancel, an amend and a fill of one order', () => {
  it('race, and its hold is released once', async () => {
    for (let race = 0; race < RACES; race += 1) {
      const id = idOf(await limit(alice, 'sell', '30000', '0.2'));
      const order = { market: MARKET, side: 'buy', type: 'limit', price: '30000', quantity: '0.1' };
      await Promise.all([
        exchange.call(alice, 'DELETE', `/v1/orders/${id}`),
        exchange.call(alice, 'PATCH', `/v1/orders/${id}`, { quantity: '0.15' }),
        exchange.call(bob, 'POST', '/v1/orders', { ...order, timeInForce: 'IOC' }),
      ]);
    }
    await clear();
  }, 120_000);
});

describe('the switches', () => {
  it('end all orders of a user who falls silent', async () => {
    const id = idOf(await limit(alice, 'sell', '40000', '0.1'));
    const armed = await post(alice, '/v1/orders/cancel-all-after', { seconds: 5, market: MARKET });
    expect(armed.status).toBeLessThan(300);
    const ended = await eventually(
      () => exchange.call(alice, 'GET', `/v1/orders/${id}`),
      ({ body }) => body['status'] === 'cancelled',
    );
    expect(ended.body).toMatchObject({ reason: 'ORDER_CANCELLED_BY_DEADMAN' });
  });

  it('end all orders of an account that is blocked, and refuse the next', async () => {
    const id = idOf(await limit(alice, 'sell', '40000', '0.1'));
    await operate('shared/accounts/main.ts', 'block', ALICE, '--reason', 'a court order');
    expect((await limit(alice, 'sell', '40000', '0.1')).body).toMatchObject({
      code: 'ACCOUNT_BLOCKED',
    });
    const ended = await eventually(
      () => exchange.call(alice, 'GET', `/v1/orders/${id}`),
      ({ body }) => body['status'] === 'cancelled',
    );
    expect(ended.body).toMatchObject({ reason: 'ORDER_CANCELLED_BY_OPERATOR' });
    await operate('shared/accounts/main.ts', 'unblock', ALICE, '--reason', 'lifted');
    const open = await eventually(
      () => limit(alice, 'sell', '40000', '0.1'),
      ({ body }) => body['status'] === 'open',
    );
    expect(open.status).toBe(201);
    await clear();
  });

  it('leave books that the audit finds nothing in', async () => {
    const flags = ['--data-dir', exchange.dataDir, '--final'];
    const audit = await runProgram('test/audit/main.ts', flags);
    expect(audit.output).not.toContain('VIOLATED');
    expect(audit.code, audit.output).toBe(0);
  }, 120_000);
}, 120_000);
