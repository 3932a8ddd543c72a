// Icebergs, trailing stops, replacements, batches, trade groups and both switches over HTTP, all
// processes real; the audit finds nothing afterwards. Attacks T4 and T16 are among them.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, Exchange, type HttpAnswer } from './exchange.ts';
import { expectCleanAudit, operate } from './operator.ts';

const WAIT = { prefer: 'wait=10' };
const MARKET = 'BTC-USD';
const ALICE = 'usr_0000000000000001';
const BOB = 'usr_0000000000000002';
const RACES = 40;
/** Of fifty races each: ten thousand, as attack T4 asks for. */
const WAVES = 200;
const RACES_OF_WAVE = 50;
const SEED = 20_261_129;
/** 0.01 of the market's smallest quantity. */
const LOT = 1_000_000;

let exchange: Exchange;
let alice: string;
let bob: string;

beforeAll(async () => {
  exchange = await Exchange.create();
  alice = await exchange.token('alice');
  bob = await exchange.token('bob');
}, 120_000);
afterAll(() => exchange.remove(), 60_000);

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

function toLots(quantity: string | undefined): number {
  return Math.round(Number(quantity) * 100 * LOT);
}

/** Every page of a list. */
async function listAll(token: string, path: string): Promise<Record<string, string>[]> {
  const items: Record<string, string>[] = [];
  let cursor = '';
  do {
    const { body } = await exchange.call(token, 'GET', `${path}&limit=500${cursor}`);
    items.push(...(body['items'] as Record<string, string>[]));
    const next = body['nextCursor'];
    cursor = typeof next === 'string' ? `&cursor=${encodeURIComponent(next)}` : '';
  } while (cursor !== '');
  return items;
}

/** All that an account has traded in the market, either way. */
async function lotsOf(token: string): Promise<number> {
  const trades = await listAll(token, `/v1/trades?market=${MARKET}`);
  return trades.reduce((sum, { quantity }) => sum + toLots(quantity), 0);
}

/** For each wave these whole numbers in another order. */
function shuffles(length: number): number[][] {
  const numbers = Array.from({ length }, (_, at) => at);
  const drawn = fc.shuffledSubarray(numbers, { minLength: length });
  return fc.sample(drawn, { seed: SEED, numRuns: WAVES });
}

/** The orders with these ids, once all of them have ended and their fills are told. */
async function endedOrders(token: string, ids: ReadonlySet<string>) {
  return eventually(
    async () => {
      const all = await listAll(token, `/v1/orders?market=${MARKET}&status=all`);
      return all.filter(({ id = '' }) => ids.has(id));
    },
    // Fills are told in no order: an end may be known before the fill that brought it.
    (orders) =>
      orders.length === ids.size &&
      orders.every(
        ({ status = '', filledQuantity, quantity }) =>
          ['filled', 'cancelled'].includes(status) &&
          (status === 'filled') === (filledQuantity === quantity),
      ),
  );
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

describe('orders of one owner', () => {
  const LEFT = { status: 'open', reason: null };
  const ENDED = { status: 'cancelled', reason: 'ORDER_SELF_TRADE_PREVENTED' };
  /** What becomes of a sale of 0.1 that rests, and of a buy of 0.2 that meets it. */
  const MODES = {
    cancel_taker: { maker: LEFT, taker: ENDED },
    cancel_maker: { maker: ENDED, taker: { ...LEFT, remainingQuantity: '0.2' } },
    cancel_both: { maker: ENDED, taker: ENDED },
    decrement: { maker: ENDED, taker: { ...LEFT, remainingQuantity: '0.1' } },
  } as const;

  async function publicTrades(): Promise<unknown> {
    return (await exchange.call(null, 'GET', `/v1/markets/${MARKET}/trades`)).body['items'];
  }

  /** In each mode: nothing trades, and either owner finds the match among his prevented ones. */
  async function expectPrevented(buyer: string): Promise<void> {
    const before = await publicTrades();
    for (const [mode, after] of Object.entries(MODES)) {
      const maker = idOf(await limit(alice, 'sell', '30000', '0.1'));
      const more = { selfTradePrevention: mode };
      const taker = await limit(buyer, 'buy', '30000', '0.2', more);
      expect(taker.body, mode).toMatchObject({ ...after.taker, filledQuantity: '0' });
      const made = await eventually(
        () => exchange.call(alice, 'GET', `/v1/orders/${maker}`),
        ({ body }) => body['status'] === after.maker.status,
      );
      expect(made.body, mode).toMatchObject({ ...after.maker, filledQuantity: '0' });
      for (const [token, id] of [
        [alice, maker],
        [buyer, idOf(taker)],
      ] as const) {
        const path = `/v1/prevented-matches?market=${MARKET}&orderId=${id}`;
        const prevented = await eventually(
          () => exchange.call(token, 'GET', path),
          ({ body }) => JSON.stringify(body['items']) !== '[]',
        );
        expect(prevented.body['items']).toMatchObject([{ selfTradePrevention: mode }]);
      }
      await clear();
    }
    expect(await publicTrades()).toEqual(before);
    const none = await limit(buyer, 'buy', '30000', '0.2', { selfTradePrevention: 'none' });
    expect(none.body).toMatchObject({ code: 'ORDER_SELF_TRADE_MODE_NOT_ALLOWED' });
  }

  it('do not trade with each other, in any mode', async () => {
    await expectPrevented(alice);
  }, 60_000);

  it('do not either when they are of two accounts that are a trade group', async () => {
    for (const user of [ALICE, BOB]) await operate(exchange, 'risk', 'group', user, '7');
    await expectPrevented(bob);
    const prevented = await eventually(
      () => exchange.call(bob, 'GET', `/v1/prevented-matches?market=${MARKET}`),
      ({ body }) => (body['items'] as unknown[]).length === 4,
    );
    // Each side sees its own order alone.
    expect(JSON.stringify(prevented.body)).not.toContain(ALICE);
    for (const user of [ALICE, BOB]) await operate(exchange, 'risk', 'group', user, 'none');
  }, 60_000);
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

  it('race by fifties, and each is filled, cancelled or both, once', async () => {
    const order = { market: MARKET, type: 'limit', price: '30000' };
    const sell = { ...order, side: 'sell', quantity: '0.02' };
    const sells = Array.from({ length: RACES_OF_WAVE }, () => sell);
    const take = { ...order, side: 'buy', quantity: '0.01', timeInForce: 'IOC' };
    const buys = { orders: Array.from({ length: 10 }, () => take) };
    const raced = new Map([alice, bob].map((token) => [token, new Set<string>()]));
    const before = [await lotsOf(alice), await lotsOf(bob)];
    const places = shuffles(RACES_OF_WAVE);
    for (const [wave, turns] of shuffles(20).entries()) {
      // They take turns, or one would run out of what it pays with.
      const [seller, buyer] = wave % 2 === 0 ? [alice, bob] : [bob, alice];
      const placed = await post(seller, '/v1/orders/batch', { orders: sells });
      const items = placed.body['items'] as { order: { id: string } }[];
      const ids = items.map((item) => item.order.id);
      for (const id of ids) raced.get(seller)?.add(id);
      const shuffled = (places[wave] ?? []).map((place) => ids[place] ?? '');
      // Fills begin at the front; cancels and amends meet them anywhere.
      const acts = Array.from({ length: 5 }, (_, part) => {
        const some = shuffled.slice(10 * part, 10 * part + 10);
        const cancel = { orders: some.map((id) => ({ id })) };
        const amended = `/v1/orders/${shuffled[(10 * part + 15) % RACES_OF_WAVE]}`;
        return [
          () => post(buyer, '/v1/orders/batch', buys),
          () => exchange.call(seller, 'PATCH', amended, { quantity: '0.015' }),
          () => post(seller, '/v1/orders/batch-cancel', cancel),
          () => post(buyer, '/v1/orders/batch', buys),
        ];
      }).flat();
      await Promise.all(turns.flatMap((turn) => acts[turn]?.() ?? []));
    }
    await clear();
    const orders: Record<string, string>[] = [];
    for (const [token, ids] of raced) orders.push(...(await endedOrders(token, ids)));
    expect(orders).toHaveLength(RACES_OF_WAVE * WAVES);
    for (const { filledQuantity, quantity } of orders) {
      expect(Number(filledQuantity)).toBeLessThanOrEqual(Number(quantity));
    }
    const filled = orders.reduce((sum, one) => sum + toLots(one['filledQuantity']), 0);
    const after = [await lotsOf(alice), await lotsOf(bob)];
    expect(after.map((lots, at) => lots - (before[at] ?? 0))).toEqual([filled, filled]);
    expect(orders.some(({ status }) => status === 'filled')).toBe(true);
    expect(orders.some(({ filledQuantity }) => filledQuantity === '0')).toBe(true);
    process.stdout.write(
      `${orders.length} races of one order, ${filled / LOT} fills, seed ${SEED}\n`,
    );
  }, 300_000);
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
    await operate(exchange, 'accounts', 'block', ALICE);
    expect((await limit(alice, 'sell', '40000', '0.1')).body).toMatchObject({
      code: 'ACCOUNT_BLOCKED',
    });
    const ended = await eventually(
      () => exchange.call(alice, 'GET', `/v1/orders/${id}`),
      ({ body }) => body['status'] === 'cancelled',
    );
    expect(ended.body).toMatchObject({ reason: 'ORDER_CANCELLED_BY_OPERATOR' });
    await operate(exchange, 'accounts', 'unblock', ALICE);
    const open = await eventually(
      () => limit(alice, 'sell', '40000', '0.1'),
      ({ body }) => body['status'] === 'open',
    );
    expect(open.status).toBe(201);
    await clear();
  });

  it('leave books that the audit finds nothing in', async () => {
    await expectCleanAudit(exchange);
  }, 120_000);
}, 120_000);
