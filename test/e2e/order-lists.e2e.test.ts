// Order lists and pegged orders over HTTP, all processes real: a pair that ends by either of its
// orders, orders that wait for another, a bracket, cancels. Balances are right to the last unit,
// and the audit finds nothing afterwards.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatDecimal, toMinor } from '../../shared/money/decimal.ts';
import { eventually, Exchange, runProgram, type HttpAnswer } from './exchange.ts';

const WAIT = { prefer: 'wait=10' };
const MARKET = 'BTC-USD';
const DECIMALS = 18;

let exchange: Exchange;
let alice: string;
let bob: string;

type Balances = Awaited<ReturnType<Exchange['balances']>>;
type Order = Readonly<Record<string, unknown>>;

beforeAll(async () => {
  exchange = await Exchange.create();
  alice = await exchange.token('alice');
  bob = await exchange.token('bob');
  await trade('30000', '0.01');
}, 120_000);
afterAll(() => exchange.remove(), 60_000);

function limit(
  token: string,
  side: string,
  price: string,
  quantity: string,
  more = {},
): Promise<HttpAnswer> {
  const order = { market: MARKET, side, type: 'limit', price, quantity, ...more };
  return exchange.call(token, 'POST', '/v1/orders', order, WAIT);
}

/** Alice sells to Bob, and is the maker. */
async function trade(price: string, quantity: string): Promise<void> {
  expect((await limit(alice, 'sell', price, quantity)).body).toMatchObject({ status: 'open' });
  expect((await limit(bob, 'buy', price, quantity)).body).toMatchObject({ status: 'filled' });
}

const profit = (side: string, price: string, quantity: string) => {
  return { side, type: 'limit', price, quantity, postOnly: true };
};

const stop = (side: string, price: string, quantity: string) => {
  return { side, type: 'market', quantity, trigger: { type: 'stop_loss', price } };
};

const working = (price: string, quantity: string, more = {}) => {
  return { side: 'buy', type: 'limit', price, quantity, ...more };
};

async function placeList(type: string, orders: readonly object[]): Promise<string> {
  const body = { type, market: MARKET, orders };
  const answer = await exchange.call(alice, 'POST', '/v1/order-lists', body);
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return String(answer.body['id']);
}

const read = (id: string) => exchange.call(alice, 'GET', `/v1/order-lists/${id}`);

function wordsOf({ body }: HttpAnswer): string {
  const orders = body['orders'] as Order[];
  return [body['status'], ...orders.map((order) => order['status'])].join(' ');
}

/** Waits until the list and its orders are so. */
async function becomes(id: string, words: string): Promise<readonly Order[]> {
  const answer = await eventually(
    () => read(id),
    (now) => wordsOf(now) === words,
  );
  return answer.body['orders'] as Order[];
}

/** Waits until Alice holds exactly this, of what is named. */
async function holds(held: Readonly<Record<string, string>>): Promise<void> {
  await eventually(
    () => exchange.balances(alice),
    (now) => Object.entries(held).every(([asset, amount]) => now[asset]?.['held'] === amount),
  );
}

/** Waits until Alice has exactly so much more than before, and nothing is held. */
async function gains(before: Balances, gained: Readonly<Record<string, string>>): Promise<void> {
  const changeOf = (now: Balances, asset: string): string => {
    const total = (of: Balances) => toMinor(of[asset]?.['total'] ?? '0', DECIMALS);
    return formatDecimal(total(now) - total(before), DECIMALS);
  };
  const now = await eventually(
    () => exchange.balances(alice),
    (at) =>
      Object.entries(gained).every(([asset, amount]) => changeOf(at, asset) === amount) &&
      Object.values(at).every(({ held }) => held === '0'),
  );
  for (const [asset, amount] of Object.entries(gained)) expect(changeOf(now, asset)).toBe(amount);
}

async function clear(): Promise<void> {
  for (const token of [alice, bob]) {
    await exchange.call(token, 'DELETE', '/v1/orders');
    await eventually(
      () => exchange.balances(token),
      (now) => Object.values(now).every(({ held }) => held === '0'),
    );
  }
}

describe('a pair', () => {
  it('is refused when it is none, and holds nothing then', async () => {
    const orders = [profit('sell', '31000', '0.1'), stop('sell', '29000', '0.2')];
    const body = { type: 'oco', market: MARKET, orders };
    const answer = await exchange.call(alice, 'POST', '/v1/order-lists', body);
    expect(answer).toMatchObject({ status: 422, body: { code: 'ORDER_LIST_INVALID' } });
    await holds({ BTC: '0', USD: '0' });
  });

  it('is ended by its limit order: what is filled of that decides', async () => {
    const before = await exchange.balances(alice);
    const orders = [profit('sell', '31000', '0.1'), stop('sell', '29000', '0.1')];
    const id = await placeList('oco', orders);
    await becomes(id, 'executing open untriggered');
    await holds({ BTC: '0.1' });
    expect((await limit(bob, 'buy', '31000', '0.04')).body).toMatchObject({ status: 'filled' });
    const [, second] = await becomes(id, 'executing partially_filled cancelled');
    expect(second).toMatchObject({ reason: 'ORDER_CANCELLED_BY_LIST' });
    await holds({ BTC: '0.06' });
    await limit(bob, 'buy', '31000', '0.06');
    await becomes(id, 'done filled cancelled');
    // 3,100 less 0.1 %.
    await gains(before, { BTC: '-0.1', USD: '3096.9' });
    await clear();
  });

  it('is ended by its stop, which then sells what both were for', async () => {
    const before = await exchange.balances(alice);
    const id = await placeList('oco', [
      profit('sell', '32000', '0.1'),
      stop('sell', '30500', '0.1'),
    ]);
    await becomes(id, 'executing open untriggered');
    await limit(bob, 'buy', '30400', '0.1');
    await trade('30500', '0.01');
    const [first, second] = await becomes(id, 'done cancelled filled');
    expect(first).toMatchObject({ reason: 'ORDER_CANCELLED_BY_LIST' });
    expect(second).toMatchObject({ averagePrice: '30400' });
    // 305 less 0.1 %, and 3,040 less 0.2 %.
    await gains(before, { BTC: '-0.11', USD: '3338.615' });
    await clear();
  });

  it('that buys holds the greater of both, and gives back what the lesser did not need', async () => {
    const before = await exchange.balances(alice);
    const orders = [stop('buy', '33000', '0.1'), profit('buy', '25000', '0.1')];
    const id = await placeList('oco', orders);
    await becomes(id, 'executing untriggered open');
    // 0.1 at 33,000 and the protection of ten per cent.
    await holds({ USD: '3630' });
    expect((await limit(bob, 'sell', '25000', '0.1')).body).toMatchObject({ status: 'filled' });
    await becomes(id, 'done cancelled filled');
    await gains(before, { BTC: '0.0999', USD: '-2500' });
    await clear();
  });

  it('is cancelled as a whole, once', async () => {
    const before = await exchange.balances(alice);
    const orders = [profit('sell', '33000', '0.1'), stop('sell', '20000', '0.1')];
    const id = await placeList('oco', orders);
    await becomes(id, 'executing open untriggered');
    const path = `/v1/order-lists/${id}`;
    const amend = { price: '33500' };
    const [leg] = await becomes(id, 'executing open untriggered');
    const amended = await exchange.call(alice, 'PATCH', `/v1/orders/${String(leg?.['id'])}`, amend);
    expect(amended).toMatchObject({ status: 422, body: { code: 'ORDER_AMEND_NOT_ALLOWED' } });
    expect((await exchange.call(bob, 'DELETE', path)).status).toBe(404);
    expect((await exchange.call(alice, 'DELETE', path)).status).toBe(202);
    await becomes(id, 'done cancelled cancelled');
    expect(await exchange.call(alice, 'DELETE', path)).toMatchObject({
      status: 409,
      body: { code: 'ORDER_LIST_ALREADY_DONE' },
    });
    await gains(before, { BTC: '0', USD: '0' });
  });

  it('loses one order to another that takes its place, and with it the other one', async () => {
    const before = await exchange.balances(alice);
    const orders = [profit('sell', '33000', '0.1'), stop('sell', '20000', '0.1')];
    const id = await placeList('oco', orders);
    const [leg] = await becomes(id, 'executing open untriggered');
    const next = { market: MARKET, ...profit('sell', '33500', '0.1') };
    const path = `/v1/orders/${String(leg?.['id'])}/replace`;
    const replaced = await exchange.call(alice, 'POST', path, next, WAIT);
    expect(replaced.body).toMatchObject({ result: 'replaced', order: { status: 'open' } });
    const [, second] = await becomes(id, 'done cancelled cancelled');
    expect(second).toMatchObject({ reason: 'ORDER_CANCELLED_BY_LIST' });
    await holds({ BTC: '0.1' });
    await clear();
    await gains(before, { BTC: '0', USD: '0' });
  });
});

describe('an order that waits for another', () => {
  it('comes when that is filled, and then waits for its own price', async () => {
    const before = await exchange.balances(alice);
    const id = await placeList('oto', [working('24000', '0.2'), stop('sell', '23000', '0.2')]);
    await becomes(id, 'executing open untriggered');
    await holds({ USD: '4800', BTC: '0.2' });
    expect((await limit(bob, 'sell', '24000', '0.2')).body).toMatchObject({ status: 'filled' });
    await becomes(id, 'executing filled untriggered');
    await holds({ USD: '0', BTC: '0.2' });
    await limit(bob, 'buy', '22900', '0.2');
    await trade('23000', '0.01');
    const [, second] = await becomes(id, 'done filled filled');
    expect(second).toMatchObject({ averagePrice: '22900' });
    // Bought for 4,800 and 0.1 % of 0.2; sold for 230 less 0.1 % and for 4,580 less 0.2 %.
    await gains(before, { BTC: '-0.0102', USD: '0.61' });
    await clear();
  });

  it('ends when that is cancelled', async () => {
    const before = await exchange.balances(alice);
    const id = await placeList('oto', [working('20000', '0.2'), stop('sell', '19000', '0.2')]);
    const [first] = await becomes(id, 'executing open untriggered');
    await exchange.call(alice, 'DELETE', `/v1/orders/${String(first?.['id'])}`);
    const [, second] = await becomes(id, 'done cancelled cancelled');
    expect(second).toMatchObject({ reason: 'ORDER_CANCELLED_BY_LIST' });
    await gains(before, { BTC: '0', USD: '0' });
  });

  it('is not placed at all when the whole list is cancelled', async () => {
    const before = await exchange.balances(alice);
    const id = await placeList('otoco', [
      working('20000', '0.1'),
      profit('sell', '33000', '0.1'),
      stop('sell', '19000', '0.1'),
    ]);
    await becomes(id, 'executing open untriggered untriggered');
    expect((await exchange.call(alice, 'DELETE', `/v1/order-lists/${id}`)).status).toBe(202);
    await becomes(id, 'done cancelled cancelled cancelled');
    await gains(before, { BTC: '0', USD: '0' });
  });
});

describe('a bracket', () => {
  it('buys, and then either takes its profit or stops its loss', async () => {
    const before = await exchange.balances(alice);
    const id = await placeList('otoco', [
      working('22000', '0.1'),
      profit('sell', '24500', '0.1'),
      stop('sell', '21000', '0.1'),
    ]);
    await becomes(id, 'executing open untriggered untriggered');
    await holds({ USD: '2200', BTC: '0.1' });
    await limit(bob, 'sell', '22000', '0.1');
    await becomes(id, 'executing filled open untriggered');
    await holds({ USD: '0', BTC: '0.1' });
    await limit(bob, 'buy', '24500', '0.1');
    const [, , third] = await becomes(id, 'done filled filled cancelled');
    expect(third).toMatchObject({ reason: 'ORDER_CANCELLED_BY_LIST' });
    // Bought for 2,200 and 0.1 % of 0.1; sold for 2,450 less 0.1 %.
    await gains(before, { BTC: '-0.0001', USD: '247.55' });
    await clear();
  });
});

describe('a pegged order', () => {
  it('is refused by the engine when the book has no such level', async () => {
    const answer = await limit(alice, 'buy', '24000', '0.1', { peg: { to: 'same' } });
    expect(answer.body).toMatchObject({ status: 'rejected', reason: 'ORDER_PEG_REFERENCE_NONE' });
    await holds({ USD: '0' });
  });

  it('takes its price from the book, holds no more than that needs, and can be amended', async () => {
    const before = await exchange.balances(alice);
    await limit(bob, 'buy', '20000', '0.01');
    await limit(bob, 'buy', '19000', '0.01');
    const peg = { to: 'same', offsetLevels: 1 };
    const placed = await limit(alice, 'buy', '24000', '0.1', { peg });
    expect(placed.body).toMatchObject({
      status: 'open',
      price: '19000',
      peg: { ...peg, limitPrice: '24000' },
    });
    await holds({ USD: '1900' });
    const path = `/v1/orders/${String(placed.body['id'])}`;
    await eventually(
      () => exchange.call(alice, 'GET', path),
      ({ body }) => body['price'] === '19000',
    );
    const amended = await exchange.call(alice, 'PATCH', path, { quantity: '0.2' }, WAIT);
    expect(amended.body).toMatchObject({ status: 'open', price: '19000', quantity: '0.2' });
    await holds({ USD: '3800' });
    await clear();
    await gains(before, { BTC: '0', USD: '0' });
  });

  it('may be the working order of a list', async () => {
    const before = await exchange.balances(alice);
    await limit(bob, 'sell', '23000', '0.1');
    const peg = { to: 'opposite' };
    const orders = [working('24000', '0.1', { peg }), stop('sell', '20000', '0.1')];
    const id = await placeList('oto', orders);
    const [first] = await becomes(id, 'executing filled untriggered');
    expect(first).toMatchObject({ price: '23000', averagePrice: '23000' });
    await exchange.call(alice, 'DELETE', `/v1/order-lists/${id}`);
    await becomes(id, 'done filled cancelled');
    // Bought for 2,300 and 0.2 % of 0.1.
    await gains(before, { BTC: '0.0998', USD: '-2300' });
    await clear();
  });
});

describe('all of it', () => {
  it('leaves books that the audit finds nothing in', async () => {
    const flags = ['--data-dir', exchange.dataDir, '--final'];
    const audit = await runProgram('test/audit/main.ts', flags);
    expect(audit.output).not.toContain('VIOLATED');
    expect(audit.code, audit.output).toBe(0);
  }, 120_000);
});
