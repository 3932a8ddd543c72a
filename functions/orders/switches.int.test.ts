// Cancels of everything, the dead-man switch and the kill switch, against real Postgres and the
// embedded log.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { changeBlock, listBlocks, type BlockChange } from '../../shared/accounts/block-store.ts';
import { runAccounts } from '../../shared/accounts/run.ts';
import { openBus } from '../../shared/bus/open-bus.ts';
import { Outbox } from '../../shared/bus/outbox.ts';
import type { Pool } from '../../shared/db/pool.ts';
import { parseOrderId, type OrderId } from '../../shared/domain/ids.ts';
import type { Caller } from '../../shared/domain/caller.ts';
import { silentLogger } from '../../shared/telemetry/logger.ts';
import { ALICE, BOB, CAROL, createOrdersFixture, outboxIsEmpty, published } from './fixture.ts';
import type { OrdersFixture } from './fixture.ts';
import { ended } from './outcome-fixture.ts';

const BUY = { market: 'BTC-USD', side: 'buy', type: 'limit', price: '100', quantity: '1' };
const AFTER = '/v1/orders/cancel-all-after';

let fixture: OrdersFixture;
let pool: Pool;
let outbox: Outbox;
let closeOutbox: () => Promise<void>;
beforeAll(async () => {
  fixture = await createOrdersFixture({ openOrdersMax: 100 });
  await fixture.setMarket({ market: 'ETH-USD', base: 'ETH' });
  await fixture.database.pool.query(`SELECT fees.set_schedule('ETH-USD', 1000, 2000)`);
  pool = fixture.database.poolFor('bourse_orders', 2);
  const log = silentLogger();
  const url = fixture.database.urlFor('bourse_orders');
  const bus = openBus({ url, applicationName: 'test-accounts', log });
  outbox = new Outbox({ pool, schema: 'orders', bus, log });
  closeOutbox = async () => {
    await outbox.stop();
    await bus.close();
  };
});
afterAll(async () => {
  await closeOutbox();
  await fixture.close();
});

async function call(caller: Caller, method: string, path: string, body?: unknown) {
  const answer = await fixture.call(caller, method, path, body);
  return { ...answer, body: answer.body as { code: string; id: OrderId; markets: unknown } };
}

async function place(change: object = {}, caller = ALICE): Promise<OrderId> {
  const { status, body } = await call(caller, 'POST', '/v1/orders', { ...BUY, ...change });
  expect(status).toBe(201);
  return body.id;
}

/** The commands that `work` has added to the log. */
async function added(work: () => Promise<unknown>) {
  await outboxIsEmpty(fixture);
  const before = (await fixture.commands()).length;
  await work();
  await outboxIsEmpty(fixture);
  return (await fixture.commands()).slice(before);
}

describe('a cancel of everything', () => {
  it.each(['market=', 'market=btc', 'side=both', 'market=BTC-USD&side=', 'all=true'])(
    'is refused with %s',
    async (query) => {
      const { status, body } = await call(ALICE, 'DELETE', `/v1/orders?${query}`);
      expect([status, body.code]).toEqual([400, 'QUERY_INVALID']);
    },
  );

  it('is nothing for who has nothing open, and names the markets of who has', async () => {
    expect((await call(CAROL, 'DELETE', '/v1/orders')).body).toEqual({ markets: [] });
    const gone = await place({ market: 'ETH-USD' }, BOB);
    await fixture.deliver([ended(1_000, parseOrderId(gone) ?? 0)]);
    await place({}, BOB);
    const commands = await added(async () => {
      const { status, body } = await call(BOB, 'DELETE', '/v1/orders?side=buy');
      expect([status, body]).toEqual([202, { markets: ['BTC-USD'] }]);
    });
    expect(commands).toMatchObject([{ kind: 'cancel_all', userNumber: 2, side: 'buy' }]);
  });

  it('is a command in each market, and takes along what another instance has not published', async () => {
    await place();
    await place({ market: 'ETH-USD' });
    const commands = await added(async () => {
      const { body } = await call(ALICE, 'DELETE', '/v1/orders');
      expect(body).toEqual({ markets: ['BTC-USD', 'ETH-USD'] });
    });
    expect(commands).toMatchObject([
      { kind: 'cancel_all', userNumber: 1 },
      { kind: 'cancel_all', userNumber: 1 },
    ]);
    expect(commands[0]).not.toHaveProperty('side');
  });

  it('of a market that is named goes there, open orders or not', async () => {
    const commands = await added(async () => {
      const { body } = await call(CAROL, 'DELETE', '/v1/orders?market=ETH-USD');
      expect(body).toEqual({ market: 'ETH-USD', markets: ['ETH-USD'] });
    });
    expect(commands).toMatchObject([{ kind: 'cancel_all', userNumber: 3 }]);
    const unknown = await call(CAROL, 'DELETE', '/v1/orders?market=XXX-USD');
    expect(unknown.body.code).toBe('MARKET_NOT_FOUND');
  });
});

describe('a dead-man switch', () => {
  it.each<[string, unknown]>([
    ['nothing', {}],
    ['a negative time', { seconds: -1 }],
    ['too short a time', { seconds: 4 }],
    ['too long a time', { seconds: 86_401 }],
    ['part of a second', { seconds: 5.5 }],
    ['a word', { seconds: '60' }],
    ['hex', { seconds: '0x10' }],
    ['wide digits', { seconds: '１２' }],
    ['forty digits', { seconds: 1e40 }],
    ['a malformed market', { seconds: 60, market: 'btc' }],
    ['a field too many', { seconds: 60, side: 'buy' }],
  ])('is refused with %s', async (_name, body) => {
    const answer = await call(ALICE, 'POST', AFTER, body);
    expect([answer.status, answer.body.code]).toEqual([400, 'BODY_INVALID']);
  });

  it('is refused in a market that is not there', async () => {
    const answer = await call(ALICE, 'POST', AFTER, { seconds: 60, market: 'XXX-USD' });
    expect(answer.body.code).toBe('MARKET_NOT_FOUND');
  });

  it('sets a deadline in every market by the clock of the database, and takes it away', async () => {
    const { rows } = await fixture.database.pool.query<{ now: Date }>(
      'SELECT clock_timestamp() AS now',
    );
    const nowMs = rows[0]?.now.getTime() ?? 0;
    const commands = await added(async () => {
      const { status, body } = await call(ALICE, 'POST', AFTER, { seconds: 5 });
      expect(status).toBe(202);
      expect(body.markets).toMatchObject([{ market: 'BTC-USD' }, { market: 'ETH-USD' }]);
      const [{ deadline }] = body.markets as [{ deadline: string }];
      expect(Date.parse(deadline) - nowMs).toBeGreaterThanOrEqual(5_000);
      expect(Date.parse(deadline) - nowMs).toBeLessThan(15_000);
    });
    expect(commands.map(({ kind }) => kind)).toEqual(['cancel_all_after', 'cancel_all_after']);
    const [{ deadlineMs, timeMs } = {}] = commands;
    expect(Number(deadlineMs) - Number(timeMs)).toBe(5_000);
    const disarming = await added(async () => {
      const { body } = await call(ALICE, 'POST', AFTER, { seconds: 0, market: 'ETH-USD' });
      expect(body.markets).toEqual([{ market: 'ETH-USD', deadline: null }]);
    });
    expect(disarming).toMatchObject([{ kind: 'cancel_all_after', deadlineMs: null }]);
  });

  it('is never armed by default: who did not ask has no deadline', async () => {
    await place({}, BOB);
    const { rows } = await fixture.database.pool.query(
      'SELECT FROM orders.deadlines WHERE user_number <> 1',
    );
    expect(rows).toEqual([]);
  });

  it('is taken away behind the deadline that another instance has yet to publish', async () => {
    const market = 'ETH-USD';
    await added(() => call(BOB, 'POST', AFTER, { seconds: 60, market }));
    // As if another instance had died right after its commit: the row still waits.
    await fixture.database.pool.query(
      `INSERT INTO orders.outbox (id, topic, partition, key, headers, value)
       OVERRIDING SYSTEM VALUE
       SELECT d.outbox_id, 'orders.accepted', 0, 'ETH-USD', '{}', json_build_object(
         'market', 'ETH-USD', 'commands', json_build_array(json_build_object('again', 1)))
       FROM orders.deadlines d WHERE d.user_number = 2`,
    );
    const before = (await fixture.commands()).length;
    await call(BOB, 'POST', AFTER, { seconds: 0, market });
    await published(fixture);
    expect((await fixture.commands()).slice(before)).toMatchObject([
      { again: 1 },
      { kind: 'cancel_all_after', deadlineMs: null },
    ]);
    await fixture.database.pool.query('DELETE FROM orders.outbox');
  });
});

describe('a blocked account', () => {
  const block = (isBlocked: boolean, more: Partial<BlockChange> = {}) =>
    changeBlock(pool, outbox, {
      userNumber: BOB.userNumber,
      isBlocked,
      operator: 'ops',
      reason: 'a test',
      ...more,
    });
  afterEach(() => block(false));

  it('places nothing, changes nothing, and cancels', async () => {
    const id = await place({}, BOB);
    const commands = await added(() => block(true));
    expect(commands).toMatchObject([
      { kind: 'block_user', userNumber: 2, isBlocked: true },
      { kind: 'block_user', userNumber: 2, isBlocked: true },
    ]);
    expect(new Set(commands.map(({ number }) => number)).size).toBe(2);
    const refused: [string, string, unknown][] = [
      ['POST', '/v1/orders', BUY],
      ['POST', '/v1/orders/test', BUY],
      ['POST', `/v1/orders/${id}/replace`, BUY],
      ['PATCH', `/v1/orders/${id}`, { quantity: '0.5' }],
    ];
    const held = await fixture.available(BOB, 'USD');
    for (const [method, path, body] of refused) {
      const answer = await call(BOB, method, path, body);
      expect([answer.status, answer.body.code]).toEqual([403, 'ACCOUNT_BLOCKED']);
    }
    const batch = await fixture.call(BOB, 'POST', '/v1/orders/batch', { orders: [BUY] });
    expect(batch.body).toMatchObject({ items: [{ problem: { code: 'ACCOUNT_BLOCKED' } }] });
    expect(await fixture.available(BOB, 'USD')).toEqual(held);
    expect((await call(BOB, 'DELETE', `/v1/orders/${id}`)).status).toBe(202);
    expect((await call(BOB, 'DELETE', '/v1/orders')).status).toBe(202);
    expect((await call(BOB, 'POST', AFTER, { seconds: 60 })).status).toBe(202);
    await place({}, ALICE);
  });

  it('places again once the block has ended, and all of it is kept for ever', async () => {
    await block(true, { reason: 'theft', operator: 'eve' });
    await block(false);
    await place({}, BOB);
    expect((await listBlocks(pool, 2)).slice(0, 2)).toMatchObject([
      { isBlocked: false, operator: 'ops' },
      { isBlocked: true, operator: 'eve', reason: 'theft' },
    ]);
    for (const change of ['DELETE FROM', 'TRUNCATE', 'UPDATE']) {
      const set = change === 'UPDATE' ? ` SET reason = 'x'` : '';
      const forge = `${change} orders.account_blocks${set}`;
      await expect(fixture.database.pool.query(forge)).rejects.toThrow('is refused');
    }
  });

  it('lets no order slip through that is accepted at the same time', async () => {
    for (let round = 0; round < 5; round += 1) {
      await block(false);
      await fixture.database.pool.query('TRUNCATE orders.open_counts');
      const placing = Array.from({ length: 30 }, () =>
        call(BOB, 'POST', '/v1/orders', { ...BUY, quantity: '0.01' }),
      );
      await runAccounts(
        { pool, outbox, tell: () => undefined },
        { command: 'block', userNumber: 2, operator: 'ops', reason: 'race' },
      );
      const answers = await Promise.all(placing);
      const { rows } = await fixture.database.pool.query<{ number: number }>(
        `SELECT max(order_number) AS number FROM orders.orders WHERE user_number = 2`,
      );
      // An order with a number above that of the block was decided after it: there is none.
      const commands = await fixture.commands();
      const blocked = commands.filter(({ kind, isBlocked }) => kind === 'block_user' && isBlocked);
      const last = Math.max(...blocked.map(({ number }) => Number(number)));
      expect(rows[0]?.number ?? 0).toBeLessThan(last);
      const words = new Set(answers.map(({ status, body }) => (status === 201 ? 201 : body.code)));
      for (const word of words) expect([201, 'ACCOUNT_BLOCKED']).toContain(word);
    }
  });

  it('is told again what the process that died has left behind, before what comes after', async () => {
    await added(() => block(true));
    const { rows } = await fixture.database.pool.query<{ id: number }>(
      `SELECT unnest(outbox_ids) AS id FROM orders.account_blocks ORDER BY block_number DESC LIMIT 1`,
    );
    await fixture.database.pool.query(
      `INSERT INTO orders.outbox (id, topic, partition, key, headers, value)
       OVERRIDING SYSTEM VALUE VALUES ($1, 'orders.accepted', 0, 'BTC-USD', '{}',
         '{"market": "BTC-USD", "commands": [{"again": true}]}')`,
      [rows[0]?.id],
    );
    const before = (await fixture.commands()).length;
    await block(false);
    const commands = (await fixture.commands()).slice(before);
    expect(commands).toMatchObject([{ again: true }, { isBlocked: false }, { isBlocked: false }]);
    await fixture.database.pool.query('DELETE FROM orders.outbox');
  });

  it('waits for a market that moves, with nothing done', async () => {
    const reference = fixture.database.pool;
    await reference.query(`UPDATE reference.markets SET moving_to = 1 WHERE market = 'ETH-USD'`);
    const count = async () => (await listBlocks(pool, 2)).length;
    const before = await count();
    await expect(block(true)).rejects.toThrow('ETH-USD is moving');
    expect(await count()).toBe(before);
    const wide = await call(ALICE, 'POST', AFTER, { seconds: 60 });
    expect([wide.status, wide.body.code]).toEqual([503, 'MARKET_MOVING']);
    const lines: string[] = [];
    const blocking = runAccounts(
      { pool, outbox, tell: (line) => lines.push(line) },
      { command: 'block', userNumber: 2, operator: 'ops', reason: 'a test' },
    );
    await reference.query(`UPDATE reference.markets SET moving_to = NULL`);
    await blocking;
    await runAccounts(
      { pool, outbox, tell: (line) => lines.push(line) },
      {
        command: 'show',
        userNumber: 2,
      },
    );
    expect(lines.slice(0, 2)).toEqual([
      'usr_0000000000000002 is blocked: told to BTC-USD, ETH-USD',
      'usr_0000000000000002 is blocked',
    ]);
    expect(lines[2]).toMatch(/^ {2}\S+Z {2}block {2}ops: a test$/);
  });
});
