// One exchange, all processes real: a trade to the last unit, bad input, forged tokens, repeated
// and poisonous events, and an audit at the end.
import { createPrivateKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPool } from '../../shared/db/pool.ts';
import { readKeyRing } from '../../shared/secrets/key-ring.ts';
import { unseal } from '../../shared/secrets/seal.ts';
import { openBus } from '../../shared/bus/open-bus.ts';
import { silentLogger } from '../../shared/telemetry/logger.ts';
import { eventually, Exchange, runProgram } from './exchange.ts';
import { hostileOrders } from './hostile-orders.ts';

let exchange: Exchange;
let alice: string;
let bob: string;

beforeAll(async () => {
  exchange = await Exchange.create();
  alice = await exchange.token('alice');
  bob = await exchange.token('bob');
}, 120_000);
afterAll(() => exchange.remove(), 60_000);

const SELL = { market: 'BTC-USD', side: 'sell', type: 'limit', price: '30000', quantity: '0.5' };
const BUY = { ...SELL, side: 'buy', price: '30001', quantity: '0.7' };

describe('a trade', () => {
  it('pays both sides and the fees exactly as a person computes them', async () => {
    const before = { alice: await exchange.balances(alice), bob: await exchange.balances(bob) };
    const wait = { prefer: 'wait=10' };
    const sell = await exchange.call(alice, 'POST', '/v1/orders', SELL, wait);
    expect(sell.status).toBe(201);
    expect(sell.body).toMatchObject({ status: 'open', trades: [] });
    const buy = await exchange.call(bob, 'POST', '/v1/orders', BUY, wait);
    expect(buy.headers.get('preference-applied')).toBe('wait');
    expect(buy.body).toMatchObject({
      status: 'partially_filled',
      filledQuantity: '0.5',
      filledQuote: '15000',
      averagePrice: '30000',
      remainingQuantity: '0.2',
      // The taker pays 0.2 % of the 0.5 BTC it receives.
      fees: [{ asset: 'BTC', amount: '0.001' }],
    });
    const after = await eventually(
      async () => ({ alice: await exchange.balances(alice), bob: await exchange.balances(bob) }),
      (now) => now.alice['USD']?.['total'] !== before.alice['USD']?.['total'],
    );
    // The maker receives 15,000 USD less 0.1 %.
    expect(difference(before.alice, after.alice, 'USD', 'total')).toBe(14_985);
    expect(difference(before.alice, after.alice, 'BTC', 'total')).toBe(-0.5);
    expect(after.alice['BTC']?.['held']).toBe('0');
    expect(difference(before.bob, after.bob, 'USD', 'total')).toBe(-15_000);
    expect(after.bob['BTC']?.['total']).toBe('100.499');
    // 0.2 BTC still wanted at 30,001; the improvement of 0.5 x 1 USD has returned to available.
    expect(after.bob['USD']?.['held']).toBe('6000.2');
  });

  it('shows in book, public trades, own trades and ledger', async () => {
    // The book that is read here follows the log by itself, settlement or not.
    const book = await eventually(
      () => exchange.call(null, 'GET', '/v1/markets/BTC-USD/book'),
      ({ body }) => (body['asks'] as unknown[]).length === 0,
    );
    expect(book.body).toMatchObject({ bids: [['30001', '0.2']], asks: [] });
    const trades = await eventually(
      () => exchange.call(null, 'GET', '/v1/markets/BTC-USD/trades'),
      ({ body }) => (body['items'] as unknown[]).length > 0,
    );
    expect(trades.body['items']).toMatchObject([
      { price: '30000', quantity: '0.5', takerSide: 'buy' },
    ]);
    const readOwn = () => exchange.call(alice, 'GET', '/v1/trades');
    const own = await eventually(readOwn, ({ body }) => (body['items'] as unknown[]).length > 0);
    expect(own.body['items']).toMatchObject([
      { liquidity: 'maker', side: 'sell', fee: { asset: 'USD', amount: '15' } },
    ]);
    const entries = await exchange.call(alice, 'GET', '/v1/ledger/entries?asset=USD&limit=2');
    expect(entries.body['items']).toMatchObject([{ amount: '-15' }, { amount: '15000' }]);
  });

  it('cancels what is left and gives its hold back', async () => {
    const open = await exchange.call(bob, 'GET', '/v1/orders?status=open');
    const [order] = open.body['items'] as { id: string }[];
    const path = `/v1/orders/${order?.id ?? ''}`;
    const amended = await exchange.call(
      bob,
      'PATCH',
      path,
      { quantity: '0.6' },
      { prefer: 'wait=10' },
    );
    expect(amended.body).toMatchObject({ quantity: '0.6', remainingQuantity: '0.1' });
    const cancelled = await exchange.call(bob, 'DELETE', path, undefined, { prefer: 'wait=10' });
    expect(cancelled.status).toBe(200);
    expect(cancelled.body).toMatchObject({
      status: 'cancelled',
      reason: 'ORDER_CANCELLED_BY_USER',
    });
    const balances = await eventually(
      () => exchange.balances(bob),
      (now) => now['USD']?.['held'] === '0',
    );
    expect(balances['USD']?.['available']).toBe(balances['USD']?.['total']);
    const again = await eventually(
      () => exchange.call(bob, 'DELETE', path),
      (answer) => answer.status !== 202,
    );
    expect(again).toMatchObject({ status: 409, body: { code: 'ORDER_ALREADY_DONE' } });
  });
});

describe('a trade whose fees do not divide', () => {
  it('rounds each fee up to the smallest unit, in favour of the house', async () => {
    const order = { market: 'BTC-USD', type: 'limit', price: '30000.07', quantity: '0.00000501' };
    await exchange.call(alice, 'POST', '/v1/orders', { ...order, side: 'sell' });
    const buy = { ...order, side: 'buy' };
    const taken = await exchange.call(bob, 'POST', '/v1/orders', buy, { prefer: 'wait=10' });
    // 0.2 % of 501 satoshi is 1.002.
    expect(taken.body).toMatchObject({ fees: [{ asset: 'BTC', amount: '0.00000002' }] });
    const trades = await eventually(
      () => exchange.call(alice, 'GET', '/v1/trades?limit=1'),
      (answer) => JSON.stringify(answer.body).includes('30000.07'),
    );
    // 0.1 % of 0.1503003507 USD is 0.0001503003507, and USD is kept to 10 decimals.
    expect(trades.body['items']).toMatchObject([{ fee: { asset: 'USD', amount: '0.0001503004' } }]);
  });
});

describe('bad input', () => {
  const cases: [string, string, Record<string, string>, number, string][] = [
    ['malformed JSON', '{"market":', {}, 400, 'BODY_INVALID'],
    ['a duplicate field', `{"market":"BTC-USD","market":"ETH-USD"}`, {}, 400, 'BODY_INVALID'],
    ['__proto__', `{"__proto__":{"admin":true}}`, {}, 400, 'BODY_INVALID'],
    ['a body of 70 kB', `{"market":"${'x'.repeat(70_000)}"}`, {}, 413, 'BODY_TOO_LARGE'],
    [
      'another content type',
      '<a/>',
      { 'content-type': 'text/xml' },
      415,
      'BODY_TYPE_NOT_SUPPORTED',
    ],
    ['a number for a string', JSON.stringify({ ...SELL, price: 30000 }), {}, 400, 'BODY_INVALID'],
    ['an exponent', JSON.stringify({ ...SELL, price: '3e4' }), {}, 400, 'BODY_INVALID'],
    [
      'a price off the tick',
      JSON.stringify({ ...SELL, price: '1.001' }),
      {},
      422,
      'ORDER_PRICE_OFF_TICK',
    ],
    [
      'an unknown market',
      JSON.stringify({ ...SELL, market: 'AA-BB' }),
      {},
      404,
      'MARKET_NOT_FOUND',
    ],
    ['no funds', JSON.stringify({ ...SELL, quantity: '900' }), {}, 422, 'ORDER_FUNDS_INSUFFICIENT'],
    ['a wait beyond the limit', JSON.stringify(SELL), { prefer: 'wait=11' }, 400, 'HEADER_INVALID'],
  ];

  it.each(cases)(
    'answers %s with its documented code',
    async (_name, body, headers, status, code) => {
      const answer = await exchange.call(alice, 'POST', '/v1/orders', body, headers);
      expect(answer.status).toBe(status);
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
      expect(answer.body).toMatchObject({ status, code });
      expect(answer.body['requestId']).toBe(answer.headers.get('x-request-id'));
    },
  );

  it('of an attacker is refused before it comes to the log, field by field (T14)', async () => {
    const before = { log: await commandsInLog(), money: await exchange.balances(alice) };
    const bodies = hostileOrders(SELL);
    expect(bodies.length).toBeGreaterThan(80);
    for (const body of bodies) {
      for (const [path, sent] of [
        ['/v1/orders', body],
        ['/v1/orders/batch', { orders: [body], allOrNone: true }],
      ] as const) {
        const answer = await exchange.call(alice, 'POST', path, sent);
        const shown = JSON.stringify({ path, body, answer: answer.body });
        expect([400, 404, 422], shown).toContain(answer.status);
      }
    }
    expect(await exchange.balances(alice)).toEqual(before.money);
    expect(await commandsInLog()).toBe(before.log);
  }, 60_000);

  it('about an order of somebody else finds none (T14)', async () => {
    const placed = await exchange.call(bob, 'POST', '/v1/orders', BUY, { prefer: 'wait=10' });
    const path = `/v1/orders/${String(placed.body['id'])}`;
    const before = await commandsInLog();
    for (const [method, to, body] of [
      ['GET', path, undefined],
      ['DELETE', path, undefined],
      ['PATCH', path, { quantity: '0.1' }],
      ['POST', `${path}/replace`, BUY],
    ] as const) {
      expect((await exchange.call(alice, method, to, body)).status, method).toBe(404);
    }
    expect(await commandsInLog()).toBe(before);
    const mine = await exchange.call(bob, 'DELETE', path, undefined, { prefer: 'wait=10' });
    expect(mine.body).toMatchObject({ status: 'cancelled' });
  });

  it('does not show what the route table does not name', async () => {
    const answers = await Promise.all(
      ['/events', '/healthz', '/metrics', '/v1/nothing'].map((path) =>
        exchange.call(alice, 'POST', path, {}),
      ),
    );
    expect(answers.map((answer) => answer.status)).toEqual([403, 403, 403, 404]);
  });
});

describe('a token', () => {
  const HOUR = 3_600;
  const now = () => Math.floor(Date.now() / 1_000);

  function forge(
    header: Record<string, unknown>,
    change: Record<string, unknown>,
    makeSignature: (text: string) => string,
  ): string {
    const claims = JSON.parse(
      Buffer.from(alice.split('.')[1] ?? '', 'base64url').toString(),
    ) as Record<string, unknown>;
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const own = JSON.parse(
      Buffer.from(alice.split('.')[0] ?? '', 'base64url').toString(),
    ) as object;
    const text = `${encode({ ...own, ...header })}.${encode({ ...claims, ...change })}`;
    return `${text}.${makeSignature(text)}`;
  }

  /** The very key that signs: what is refused below is not refused for its signature. */
  let issuerKey: KeyObject;
  const signed = (text: string) => sign(null, Buffer.from(text), issuerKey).toString('base64url');
  const otherKey = generateKeyPairSync('ed25519').privateKey;
  const signedByOther = (text: string) =>
    sign(null, Buffer.from(text), otherKey).toString('base64url');

  beforeAll(async () => {
    const pool = createPool({
      url: exchange.databaseUrl,
      applicationName: 'e2e',
      connectionsMax: 1,
    });
    const header = Buffer.from(alice.split('.')[0] ?? '', 'base64url').toString();
    const { kid } = JSON.parse(header) as { kid: string };
    const found = await pool.query<{ sealed: string }>(
      'SELECT sealed FROM auth.signing_keys WHERE kid = $1',
      [kid],
    );
    await pool.end();
    const ring = readKeyRing(`${exchange.dataDir}/sealing`, 'auth');
    const jwk = unseal(ring, `signing-key/${kid}`, found.rows[0]?.sealed ?? '').toString();
    issuerKey = createPrivateKey({ key: JSON.parse(jwk) as never, format: 'jwk' });
  });

  it('is missing: 401', async () => {
    const answer = await exchange.call(null, 'GET', '/v1/balances');
    expect(answer).toMatchObject({ status: 401, body: { code: 'TOKEN_MISSING' } });
  });

  it.each([
    ['expired', () => forge({}, { iat: now() - 2 * HOUR, exp: now() - HOUR }, signed)],
    ['not signed', () => forge({}, {}, () => '')],
    ['signed by another key', () => forge({}, {}, signedByOther)],
    ['of algorithm none', () => forge({ alg: 'none' }, {}, () => '')],
    ['for another audience', () => forge({}, { aud: 'other' }, signed)],
    ['for nobody', () => forge({}, { sub: 'nobody' }, signed)],
    ['not a token', () => 'abc'],
  ])('is %s: 401, and nothing is told', async (_name, make) => {
    const answer = await exchange.call(make(), 'GET', '/v1/balances');
    expect(answer).toMatchObject({ status: 401, body: { code: 'TOKEN_INVALID' } });
  });

  it('that is good stays good when only re-signed', async () => {
    const answer = await exchange.call(forge({}, {}, signed), 'GET', '/v1/balances');
    expect(answer.status).toBe(200);
  });
});

describe('events', () => {
  it('change nothing when they are delivered again', async () => {
    const before = await exchange.balances(alice);
    const deliveries = await exchange.own('GET', '/deliveries?limit=100');
    const items = deliveries.body['items'] as { id: string; status: number }[];
    expect(items.length).toBeGreaterThan(3);
    for (const { id } of items) {
      const replayed = await exchange.own('POST', `/deliveries/${id}/replay`);
      expect(replayed.status).toBeLessThan(300);
    }
    expect(await exchange.balances(alice)).toEqual(before);
  });
});

describe('the audit, and an event that is poison', () => {
  it('finds nothing', async () => {
    const clean = await audit();
    expect(clean.output).not.toContain('VIOLATED');
    expect(clean.code).toBe(0);
  });

  it('sends poison to the dead letters, and the consumers go on', async () => {
    const url = exchange.databaseUrl;
    const bus = openBus({ url, applicationName: 'e2e', log: silentLogger() });
    try {
      const letters = async () => (await bus.offsets('dead-letters', 0)).next;
      const before = await letters();
      await bus.publish([
        {
          topic: 'engine.executions',
          partition: 0,
          key: 'BTC-USD',
          headers: {
            'content-type': 'application/json',
            ce_specversion: '1.0',
            ce_type: 'dev.bourse.exchange.engine.executed.v1',
            ce_id: 'poison',
            ce_source: '/e2e',
          },
          value: Buffer.from('{"market":"BTC-USD"}'),
        },
      ]);
      // Settlement, the projection of orders, and market data each refuse it.
      await eventually(letters, (next) => next >= before + 3);
      const order = await exchange.call(alice, 'POST', '/v1/orders', SELL, { prefer: 'wait=10' });
      expect(order.body).toMatchObject({ status: 'open' });
      const path = `/v1/orders/${String(order.body['id'])}`;
      await eventually(
        () => exchange.call(alice, 'GET', path),
        (answer) => answer.body['status'] === 'open',
      );
    } finally {
      await bus.close();
    }
  });

  it('lets an operator see, redrive and drop the letters', async () => {
    const tool = async (...args: string[]): Promise<{ code: number | null; items: Letter[] }> => {
      const all = [...args, '--json', '--data-dir', exchange.dataDir];
      const { code, stdout } = await runProgram('shared/dead-letters/main.ts', all);
      return { code, items: (JSON.parse(stdout) as { items: Letter[] }).items };
    };
    const mine = ['--source', 'settlement'];
    const open = await tool('list', '--open', ...mine);
    expect(open.items).toMatchObject([{ state: 'open', code: '400', consumer: 'settlement' }]);
    // It is poison still: the function refuses it again, and says why.
    const again = await tool('redrive', ...mine, '--reason', 'to see it refused');
    expect(again.code).toBe(1);
    expect(again.items[0]?.detail).toContain('EVENT_INVALID');
    const dropped = await tool('drop', ...mine, '--reason', 'made by a test');
    expect(dropped.items).toMatchObject([{ result: 'dropped' }]);
    expect((await tool('list', '--open', ...mine)).items).toEqual([]);
    // Four programs, one after the other: on a busy machine each takes seconds to start.
  }, 180_000);

  it('then names the record that no engine has written', async () => {
    const found = await audit();
    expect(found.output).toContain(
      'M3 VIOLATED {"problem":"a record of the executions cannot be read"',
    );
    expect(found.code).toBe(1);
  });
});

interface Letter {
  readonly state?: string;
  readonly detail?: string;
}

function audit(): ReturnType<typeof runProgram> {
  return runProgram('test/audit/main.ts', ['--data-dir', exchange.dataDir]);
}

/** Records that the engine has been given; nothing may be on its way. */
async function commandsInLog(): Promise<number> {
  const url = exchange.databaseUrl;
  const bus = openBus({ url, applicationName: 'e2e', log: silentLogger() });
  try {
    return (await bus.offsets('orders.accepted', 0)).next;
  } finally {
    await bus.close();
  }
}

function difference(
  before: Record<string, Record<string, string>>,
  after: Record<string, Record<string, string>>,
  asset: string,
  part: string,
): number {
  return Number(after[asset]?.[part]) - Number(before[asset]?.[part]);
}
