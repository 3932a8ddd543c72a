// Replacing an order against real Postgres and the embedded log: refused, accepted, repeated, and
// waited for. The engine's part is played by hand.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBus } from '../../shared/bus/open-bus.ts';
import { orderId, parseOrderId, userId, type OrderId } from '../../shared/domain/ids.ts';
import type { EndedEvent, ExecutionEvent } from '../../shared/events/executions.ts';
import type { Caller } from '../../shared/domain/caller.ts';
import { silentLogger } from '../../shared/telemetry/logger.ts';
import { ALICE, BOB, createOrdersFixture, published, type OrdersFixture } from './fixture.ts';
import { ended, opened, tellLog } from './outcome-fixture.ts';
import type { ReplaceAnswer } from './schema.ts';

const BUY = { market: 'BTC-USD', side: 'buy', type: 'limit', price: '100', quantity: '1' };

let fixture: OrdersFixture;
beforeAll(async () => {
  fixture = await createOrdersFixture({ openOrdersMax: 100 });
});
afterAll(() => fixture.close());

async function place(change: object = {}, caller: Caller = ALICE): Promise<OrderId> {
  const answer = await fixture.call(caller, 'POST', '/v1/orders', { ...BUY, ...change });
  expect(answer.status).toBe(201);
  return (answer.body as { id: OrderId }).id;
}

async function replace(id: string, body: unknown, headers = {}, caller: Caller = ALICE) {
  const answer = await fixture.call(caller, 'POST', `/v1/orders/${id}/replace`, body, headers);
  return { ...answer, body: answer.body as ReplaceAnswer & { code: string; detail: string } };
}

async function trace(): Promise<unknown> {
  const { rows } = await fixture.database.pool.query(
    'SELECT (SELECT count(*) FROM orders.orders), (SELECT count(*) FROM ledger.holds) AS holds',
  );
  await published(fixture);
  return [rows[0], (await fixture.commands()).length];
}

describe('a replacement that must be refused', () => {
  it.each<[string, object, string]>([
    ['no order', { market: undefined }, 'BODY_INVALID'],
    ['an unknown field', { cancelReplaceMode: 'STOP' }, 'BODY_INVALID'],
    ['an unknown onFailure', { onFailure: 'retry' }, 'BODY_INVALID'],
    ['an unknown onlyIf', { onlyIf: 'filled' }, 'BODY_INVALID'],
    ['a trade group', { tradeGroup: 1 }, 'BODY_INVALID'],
    ['a quantity in hex', { quantity: '0x10' }, 'BODY_INVALID'],
    ['a quantity in wide digits', { quantity: '１２' }, 'BODY_INVALID'],
    ['forty digits', { quantity: '1'.repeat(40) }, 'BODY_INVALID'],
    ['a negative quantity', { quantity: '-1' }, 'BODY_INVALID'],
    ['no quantity at all', { quantity: '0' }, 'ORDER_QUANTITY_TOO_SMALL'],
    ['more than may be ordered', { quantity: '1001' }, 'ORDER_QUANTITY_TOO_LARGE'],
    ['more than there is', { quantity: '1000' }, 'ORDER_FUNDS_INSUFFICIENT'],
    ['another market', { market: 'ETH-USD' }, 'ORDER_REPLACE_MARKET_DIFFERS'],
  ])('for %s leaves no trace', async (_name, change, code) => {
    const id = await place();
    const before = await trace();
    expect((await replace(id, { ...BUY, ...change })).body.code).toBe(code);
    expect(await trace()).toEqual(before);
  });

  it('of what is not there, or not theirs, leaves no trace', async () => {
    const bobs = await place({}, BOB);
    const before = await trace();
    for (const id of [bobs, 'ord_0000000000000000', orderId(999_999)]) {
      for (const onFailure of ['stop', 'proceed']) {
        const answer = await replace(id, { ...BUY, onFailure });
        expect(answer).toMatchObject({ status: 404, body: { code: 'ORDER_NOT_FOUND' } });
      }
    }
    expect((await replace('0x10', BUY)).body.code).toBe('PATH_INVALID');
    expect(await trace()).toEqual(before);
  });

  it('of an order that has ended is told so, unless the new one is wanted all the same', async () => {
    const id = await place();
    await fixture.deliver([ended(1_000, parseOrderId(id) ?? 0)]);
    expect(await replace(id, BUY)).toMatchObject({
      status: 409,
      body: { code: 'ORDER_REPLACE_CANCEL_FAILED', detail: 'it is cancelled' },
    });
    expect(await replace(id, { ...BUY, onFailure: 'proceed' })).toMatchObject({
      status: 201,
      body: { result: 'pending', order: { replaces: id } },
    });
  });
});

describe('a replacement', () => {
  it('is one command, and holds beside the order that it replaces', async () => {
    const id = await place();
    const before = await fixture.available(ALICE, 'USD');
    const body = { ...BUY, price: '101', onlyIf: 'new' };
    const answer = await replace(id, body);
    expect(answer).toMatchObject({
      status: 201,
      body: {
        result: 'pending',
        replaced: { id, cancelled: null, cancelledQuantity: null },
        order: { status: 'accepted', price: '101', replaces: id, replacedBy: null },
      },
    });
    const after = await fixture.available(ALICE, 'USD');
    expect(BigInt(after.held) - BigInt(before.held)).toBe(101_000_000n);
    await published(fixture);
    expect((await fixture.commands()).at(-1)).toMatchObject({
      kind: 'place',
      replaces: { orderNumber: parseOrderId(id), onFailure: 'stop', onlyIf: 'new' },
    });
  });

  it('is answered as the first time when repeated, and refused under its name otherwise', async () => {
    const [id, other] = [await place(), await place()];
    const headers = { 'idempotency-key': 'replace-1' };
    const first = await replace(id, BUY, headers);
    const before = await trace();
    const reversed = Object.fromEntries(Object.entries(BUY).reverse());
    const again = await replace(id, reversed, headers);
    expect(again.body).toEqual(first.body);
    expect(again.headers['idempotency-replayed']).toBe('true');
    const reused = { body: { code: 'IDEMPOTENCY_KEY_REUSED' } };
    expect(await replace(other, BUY, headers)).toMatchObject(reused);
    expect(await replace(id, { ...BUY, onFailure: 'proceed' }, headers)).toMatchObject(reused);
    expect(await replace(id, { ...BUY, price: '99' }, headers)).toMatchObject(reused);
    const plain = await fixture.call(ALICE, 'POST', '/v1/orders', BUY, headers);
    expect(plain).toMatchObject(reused);
    expect(await trace()).toEqual(before);
  });
});

describe('who waits for a replacement', () => {
  const rejected = (sequence: number, number: number, reason: string): EndedEvent => ({
    kind: 'ended',
    sequence,
    timeMs: 1,
    orderId: orderId(number),
    userId: userId(ALICE.userNumber),
    status: 'rejected',
    reason,
    cancelledLots: 10_000,
    releaseMinor: '100000000',
  });
  const replaced = (sequence: number, number: number): EndedEvent => ({
    ...rejected(sequence, number, 'ORDER_REPLACED'),
    ...{ status: 'cancelled', cancelledLots: 4_000 },
  });

  type Tell = (at: number, old: number, fresh: number) => readonly (readonly ExecutionEvent[])[];

  async function outcome(tell: Tell, onFailure = 'proceed') {
    const id = await place();
    const old = parseOrderId(id) ?? 0;
    const log = silentLogger();
    const bus = openBus({ url: fixture.database.url, applicationName: 'test-engine', log });
    try {
      const answer = replace(id, { ...BUY, onFailure }, { prefer: 'wait=5' });
      let fresh = 0;
      while (fresh === 0) {
        const { rows } = await fixture.database.pool.query<{ number: number | null }>(
          'SELECT max(order_number) AS number FROM orders.orders WHERE order_number > $1',
          [old],
        );
        fresh = rows[0]?.number ?? 0;
      }
      await published(fixture);
      for (const events of tell(old * 10, old, fresh)) await tellLog(bus, events);
      return { ...(await answer), id };
    } finally {
      await bus.close();
    }
  }

  it.each<[string, Tell, object]>([
    [
      'that both were done',
      (at, old, fresh) => [[replaced(at, old), opened(at + 1, fresh)]],
      { result: 'replaced', replaced: { cancelled: true, cancelledQuantity: '0.4' } },
    ],
    [
      'that both were done, though it is told in two parts',
      (at, old, fresh) => [[replaced(at, old)], [opened(at + 1, fresh)]],
      { result: 'replaced', order: { status: 'open' } },
    ],
    [
      'that the old one is gone for nothing',
      (at, old, fresh) => [
        [replaced(at, old), rejected(at + 1, fresh, 'ORDER_POST_ONLY_WOULD_TAKE')],
      ],
      {
        result: 'place_failed',
        replaced: { cancelled: true },
        order: { status: 'rejected', reason: 'ORDER_POST_ONLY_WOULD_TAKE' },
      },
    ],
    [
      'that the new one stands beside the old one',
      (at, _old, fresh) => [[opened(at, fresh)]],
      { result: 'cancel_failed', replaced: { cancelled: false, cancelledQuantity: null } },
    ],
    [
      'that neither was done',
      (at, _old, fresh) => [[rejected(at, fresh, 'MARKET_HALTED')]],
      { result: 'both_failed', replaced: { cancelled: false }, order: { status: 'rejected' } },
    ],
  ])('hears %s', async (_name, tell, expected) => {
    const answer = await outcome(tell);
    expect(answer).toMatchObject({ status: 201, body: expected });
    expect(answer.headers['preference-applied']).toBe('wait');
    expect(answer.body.replaced.id).toBe(answer.id);
  });

  it('is refused when the old one could not be cancelled and the new one was not to be', async () => {
    const answer = await outcome(
      (at, _old, fresh) => [[rejected(at, fresh, 'ORDER_REPLACE_CANCEL_FAILED')]],
      'stop',
    );
    expect(answer).toMatchObject({ status: 409, body: { code: 'ORDER_REPLACE_CANCEL_FAILED' } });
  });

  it('is told that it is pending when nothing is heard', async () => {
    const answer = await replace(await place(), BUY, { prefer: 'wait=0' });
    expect(answer).toMatchObject({ status: 202, body: { result: 'pending' } });
  });
});
