// What the audit makes of logs that are not tidy: repeats, strangers, and a past that is gone.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectOnly, Forgery, violatedBy } from './forgery.ts';

const SEED = 20_260_103;
const COMMANDS = 120;

let forgery: Forgery;

beforeAll(async () => {
  forgery = await Forgery.prepare(SEED, COMMANDS);
});

afterAll(() => forgery.end());

const told = (start: string): string => forgery.told.find((line) => line.startsWith(start)) ?? '';

describe('is silent on', () => {
  test('commands and executions that come again, byte for byte', async () => {
    const findings = await forgery.audit(async () => {
      await forgery.appendCopy('orders.accepted', '"place"', '', '');
      await forgery.appendCopy('engine.executions', '"opened"', '', '');
    });
    expect(violatedBy(findings)).toEqual([]);
    expect(told('executions')).toMatch(/ [1-9][0-9]* repeats/);
  });

  test('a repeat by another engine, with an epoch of its own', async () => {
    const findings = await forgery.audit(() =>
      forgery.appendCopy('engine.executions', '"opened"', '"epoch":1,', '"epoch":2,'),
    );
    expect(violatedBy(findings)).toEqual([]);
  });

  test('a record that the engine sets aside', async () => {
    const findings = await forgery.audit(() =>
      forgery.appendCopy('orders.accepted', '"place"', '"kind":"place"', '"kind":"steal"'),
    );
    expect(violatedBy(findings)).toEqual([]);
    expect(told('command log')).toContain(' 1 unreadable');
  });

  test('old executions that retention has removed', async () => {
    const findings = await forgery.auditSql(`
      UPDATE log.partitions SET first_offset = next_offset / 2
      WHERE topic_id = (SELECT topic_id FROM log.topics WHERE name = 'engine.executions');
      DELETE FROM log.records r USING log.partitions p
      WHERE r.topic_id = p.topic_id AND r.record_offset < p.first_offset`);
    expect(violatedBy(findings)).toEqual([]);
  });
});

describe('names', () => {
  test('M8 for a repeat that says something else', async () => {
    const findings = await forgery.audit(() =>
      forgery.appendCopy('engine.executions', '"opened"', '"timeMs":', '"timeMs":1'),
    );
    expectOnly(findings, 'M8', { problem: 'a repeat is not identical' });
  });

  test('M8 for a market whose settlement has stopped', async () => {
    const findings = await forgery.auditSql(`
      INSERT INTO settlement.stopped_markets (market, sequence, settled_hash, refused_hash)
      VALUES ('BTC-USD', 5, 'a', 'b')`);
    expectOnly(findings, 'M8', { market: 'BTC-USD', sequence: 5 });
  });

  test('M1 for a record that is gone from the end of the command log', async () => {
    const findings = await forgery.auditSql(`
      UPDATE log.partitions SET next_offset = next_offset + 1
      WHERE topic_id = (SELECT topic_id FROM log.topics WHERE name = 'orders.accepted')`);
    expectOnly(findings, 'M1', { problem: 'records are missing at the end of the command log' });
  });

  test('M1 for a market whose commands go where its book is not', async () => {
    const market = (movingTo: string, shard: number): string => `
      INSERT INTO reference.markets (market, base, quote, tick_size, lot_size, min_quantity,
        max_quantity, min_notional, min_price, max_price, protection_bps, fee_policy,
        self_trade_allowed, status, version, shard, moving_to)
      VALUES ('BTC-USD', 'BTC', 'USD', 1, 1, 1, 1, 1, 1, 1, 1, 'received', false, 'trading', 1,
        ${shard}, ${movingTo})`;
    for (const [movingTo, shard] of [
      ['NULL', 0],
      ['1', 0],
      ['0', 1],
    ] as const) {
      expect(violatedBy(await forgery.auditSql(market(movingTo, shard)))).toEqual([]);
    }
    const row = { market: 'BTC-USD', shard: 1, bookIsOn: 0 };
    expectOnly(await forgery.auditSql(market('NULL', 1)), 'M1', row);
    expectOnly(await forgery.auditSql(market('2', 1)), 'M1', row);
  });

  test('M1 for an order in the log that nobody accepted', async () => {
    const { number } = await forgery.one<{ number: number }>(
      `SELECT min(order_number) AS number FROM orders.orders WHERE status = 'rejected'`,
    );
    const findings = await forgery.audit(() =>
      forgery.client.query('DELETE FROM orders.orders WHERE order_number = $1', [number]),
    );
    expectOnly(findings, 'M1', { orderNumber: number });
  });

  test('L4 for an accepted order that nothing was held for', async () => {
    const { hold } = await forgery.one<{ hold: string }>(
      'SELECT min(hold) AS hold FROM ledger.holds WHERE remaining = 0',
    );
    const findings = await forgery.audit(() =>
      forgery.client.query('DELETE FROM ledger.holds WHERE hold = $1', [hold]),
    );
    expectOnly(findings, 'L4', { hold });
  });
});
