// T24: every route by every caller: let in or refused as its policy says, over HTTP, and nothing of
// another user in any answer.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { userId } from '../../shared/domain/ids.ts';
import { isRecord, readJson } from './answers.ts';
import { admittedBy, CALLER_NAMES, OWNER, refusalOf } from './callers.ts';
import { openMatrixExchange, ROUTES, type AnyRoute, type MatrixExchange } from './exchange.ts';
import { fits, pathOf } from './requests.ts';

/** Codes by which a policy refuses; a handler has others. */
const POLICY_CODES = new Set<unknown>([
  'TOKEN_MISSING',
  'TOKEN_INVALID',
  'CALLER_NOT_ALLOWED',
  'SCOPE_MISSING',
  'STEP_UP_REQUIRED',
]);
const MARK = 'matrix-secret-1';

let exchange: MatrixExchange;
/** Ids of what the owner has. */
let owned: string[] = [];

beforeAll(async () => {
  exchange = await openMatrixExchange();
  owned = await placeOrders();
});
afterAll(() => exchange.close());

function routeOf(name: string): AnyRoute {
  const found = ROUTES.find(([each]) => each === name);
  if (found === undefined) throw new Error(`no route ${name}`);
  return found[2];
}

/** The owner has an open order with a name of its own. */
async function placeOrders(): Promise<string[]> {
  const { headers } = exchange.callers.get('owner');
  const place = routeOf('POST /v1/orders');
  const order = { market: 'BTC-USD', side: 'buy', type: 'limit', price: '100', quantity: '1' };
  const body = JSON.stringify({ ...order, clientOrderId: MARK });
  const keyed = { ...headers, 'idempotency-key': 'matrix-1' };
  const placed = await exchange.send(place, place.path, keyed, body);
  const { id } = readJson(placed) as { readonly id?: string };
  if (id === undefined) throw new Error(`the order was refused: ${placed.text}`);
  return [id];
}

async function ownerOrder(): Promise<unknown> {
  const route = routeOf('GET /v1/orders/{id}');
  const { headers } = exchange.callers.get('owner');
  return readJson(await exchange.send(route, pathOf(route, { id: owned[0] ?? '' }), headers));
}

function ask(route: AnyRoute, caller: string, path = pathOf(route)) {
  const { headers } = exchange.callers.get(caller);
  const body = route.body === undefined ? undefined : '{}';
  return exchange.send(route, path, headers, body);
}

describe('T24 the matrix of routes and callers', () => {
  it('has all of them', () => {
    expect(exchange.callers.all.map(({ name }) => name)).toEqual(CALLER_NAMES);
    expect(ROUTES.length).toBeGreaterThan(30);
  });

  it.each(ROUTES)('%s', async (_name, _owner, route) => {
    await exchange.callers.reviveStaff();
    for (const caller of exchange.callers.all) {
      const refusal = refusalOf(route.policy, caller);
      const answer = await ask(route, caller.name);
      const isJson = /json/.test(String(answer.headers['content-type']));
      // A page is no refusal: those are JSON, as is looked at below.
      const body = isJson && answer.text !== '' ? readJson(answer) : null;
      const code = isRecord(body) ? body['code'] : undefined;
      const outcome = [caller.name, answer.status, code];
      expect(answer.status, outcome.join(' ')).toBeLessThan(500);
      if (refusal?.code === 'STEP_UP_REQUIRED') {
        // A body that does not fit may be refused before.
        expect([400, 403], outcome.join(' ')).toContain(answer.status);
      } else if (refusal === null) {
        expect(POLICY_CODES.has(code), outcome.join(' ')).toBe(false);
      } else {
        expect(outcome).toEqual([caller.name, refusal.status, refusal.code]);
        expect(answer.headers['content-type']).toBe('application/problem+json');
      }
      if (answer.status === 401) expect(answer.headers['www-authenticate']).toContain('Bearer');
    }
  });
});

describe('T24 what is another user’s', () => {
  const known = ROUTES.filter(([, , { policy }]) => admittedBy(policy) === 'owner');

  it.each(known)('%s gives a stranger nothing of it', async (_name, _owner, route) => {
    const before = await ownerOrder();
    expect(JSON.stringify(before)).toContain(MARK);
    const names = [...route.path.matchAll(/\{([a-zA-Z]+)\}/g)].map((match) => match[1] ?? '');
    for (const name of names.length === 0 ? [''] : names) {
      for (const value of [...owned, MARK, userId(OWNER)]) {
        const isOwned = name !== '' && fits(route, name, value);
        const path = pathOf(route, { [name]: value });
        const answer = await ask(route, 'another user', path);
        expect(answer.status).toBeLessThan(500);
        if (isOwned && value !== userId(OWNER)) expect(answer.status).toBeGreaterThanOrEqual(400);
        // The path that was asked for is repeated in a problem; nothing else may be.
        const told = answer.text.replaceAll(path, '');
        for (const secret of [...owned, MARK, userId(OWNER)]) expect(told).not.toContain(secret);
      }
    }
    expect(await ownerOrder()).toEqual(before);
  });

  it('is there for its owner', async () => {
    const route = routeOf('GET /v1/orders');
    const mine = await ask(route, 'owner');
    expect([mine.status, mine.text.includes(MARK)]).toEqual([200, true]);
    const theirs = await ask(route, 'another user');
    expect([theirs.status, theirs.text.includes(MARK)]).toEqual([200, false]);
  });
});
