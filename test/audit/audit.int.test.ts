// The audit on a real database: silent on what a real exchange leaves behind, and naming exactly
// the one invariant that a forger breaks, with the offending row.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Place } from '../oracle/naive-types.ts';
import { INVARIANTS, reportLines } from './findings.ts';
import { expectOnly, Forgery, violatedBy } from './forgery.ts';
import { readClaims } from './snapshots.ts';

const SEED = 20_260_102;
const COMMANDS = 600;
const CLEAN = [...Object.keys(INVARIANTS), 'A5'].map((name) => `${name} ok`);

const nothing = (): Promise<void> => Promise.resolve();

let forgery: Forgery;

beforeAll(async () => {
  forgery = await Forgery.prepare(SEED, COMMANDS);
});

afterAll(() => forgery.end());

test('finds nothing wrong with a clean exchange at rest, and has read a good deal', async () => {
  const findings = await forgery.audit(nothing);
  expect(reportLines(findings, true)).toEqual(CLEAN);
  const settled = forgery.told.find((line) => line.startsWith('settled'));
  const trades = Number(/([0-9]+) trade entries/.exec(settled ?? '')?.[1]);
  expect(trades).toBeGreaterThan(20);
});

describe('names exactly the invariant that is broken:', () => {
  test('L1, an entry that does not sum to zero', async () => {
    const forge = (): Promise<unknown> =>
      forgery.client.query(`
        INSERT INTO ledger.entries (entry, kind, business_key, reference_type, reference_id)
          VALUES (nextval('ledger.entry_numbers'), 'deposit', 'forged', 'deposit', 'forged');
        UPDATE ledger.accounts SET total = total + 5 WHERE owner = 'custody' AND asset = 'USD';
        INSERT INTO ledger.postings
          SELECT e.entry, 1, a.account, 'USD', 5, a.total FROM ledger.entries e, ledger.accounts a
          WHERE e.business_key = 'forged' AND a.owner = 'custody' AND a.asset = 'USD'`);
    const row = { problem: 'an entry does not sum to zero', business_key: 'forged', sum: 5n };
    expectOnly(await forgery.audit(forge), 'L1', row);
  });

  test('L2, a balance that was raised by hand', async () => {
    const forge = (): Promise<unknown> =>
      forgery.client.query(`UPDATE ledger.accounts SET total = total + 1
        WHERE owner = 'usr_0000000000000011' AND asset = 'USD'`);
    const row = { owner: 'usr_0000000000000011', asset: 'USD' };
    expectOnly(await forgery.audit(forge), 'L2', row);
  });

  test('L3, a user who has less than nothing', async () => {
    const forge = (): Promise<unknown> =>
      forgery.client.query(`
        ALTER TABLE ledger.accounts DROP CONSTRAINT balances_available_not_negative;
        INSERT INTO ledger.accounts (owner, asset, kind) VALUES ('usr_99', 'USD', 'user');
        INSERT INTO ledger.entries (entry, kind, business_key, reference_type, reference_id)
          VALUES (nextval('ledger.entry_numbers'), 'deposit', 'forged', 'deposit', 'forged');
        UPDATE ledger.accounts SET total = total + CASE owner WHEN 'custody' THEN 7 ELSE -7 END
          WHERE owner IN ('custody', 'usr_99') AND asset = 'USD';
        INSERT INTO ledger.postings
          SELECT e.entry, row_number() OVER (), a.account, 'USD',
            CASE a.owner WHEN 'custody' THEN 7 ELSE -7 END, a.total
          FROM ledger.entries e, ledger.accounts a WHERE e.business_key = 'forged'
            AND a.owner IN ('custody', 'usr_99') AND a.asset = 'USD'`);
    expectOnly(await forgery.audit(forge), 'L3', { owner: 'usr_99', total: -7n });
  });

  test('L4, a hold that was released twice', async () => {
    const forge = (): Promise<unknown> =>
      forgery.client.query(`
        WITH open AS (SELECT hold FROM ledger.holds WHERE remaining > 1 ORDER BY hold LIMIT 1),
        taken AS (UPDATE ledger.holds SET remaining = remaining - 1
          WHERE hold = (SELECT hold FROM open) RETURNING account)
        UPDATE ledger.accounts SET held = held - 1 WHERE account = (SELECT account FROM taken)`);
    const { hold } = await forgery.one<{ hold: string }>(
      'SELECT hold FROM ledger.holds WHERE remaining > 1 ORDER BY hold LIMIT 1',
    );
    expectOnly(await forgery.audit(forge), 'L4', { hold });
  });

  test('L4, the hold of a pair that was made for both of its orders', async () => {
    const { hold } = await forgery.one<{ hold: string }>(
      `SELECT hold FROM ledger.holds WHERE hold LIKE 'lst_%' ORDER BY hold LIMIT 1`,
    );
    const forge = (): Promise<unknown> =>
      forgery.client.query('UPDATE ledger.holds SET made = made * 2 WHERE hold = $1', [hold]);
    const problem = 'a hold was made for another amount than its commands say';
    expectOnly(await forgery.audit(forge), 'L4', { problem, hold });
  });

  test('L4, a hold of its own for an order of a pair', async () => {
    const forge = (): Promise<unknown> =>
      forgery.client.query(`UPDATE ledger.holds SET hold =
          (SELECT 'ord_' || lpad(min(order_number)::text, 16, '0') FROM orders.orders
           WHERE is_pair AND list_number = substr(hold, 5)::bigint)
        WHERE hold = (SELECT min(hold) FROM ledger.holds WHERE hold LIKE 'lst_%')`);
    expectOnly(await forgery.audit(forge), 'L4', { problem: 'a hold is of no accepted order' });
  });

  test('M1, a list of another kind, and an order that is no order of its list', async () => {
    const kind = `UPDATE orders.order_lists SET kind = 'oto' WHERE list_number =
      (SELECT min(list_number) FROM orders.order_lists WHERE kind = 'oco')`;
    const problem = 'a list is not what the log says was accepted';
    expectOnly(await forgery.auditSql(kind), 'M1', { problem });
    const role = `UPDATE orders.orders SET is_pair = false WHERE order_number =
      (SELECT min(order_number) FROM orders.orders WHERE is_pair)`;
    const order = 'an order is not what the log says was accepted';
    expectOnly(await forgery.auditSql(role), 'M1', { problem: order });
  });

  test('M3, an end that names no hold although its order shares one', async () => {
    const forge = (): Promise<unknown> =>
      forgery.rewriteExecutions(',"holdId":"lst_', ',"holdOf":"lst_', '"holdId"');
    expectOnly(await forgery.audit(forge), 'M3', {
      problem: 'an event is not what the log replays to',
    });
  });

  test('M6, a pegged order that shows the price which it did not take', async () => {
    const forge = `UPDATE orders.orders SET price_ticks = peg_limit_ticks, amend_sequence = 0
      WHERE order_number = (SELECT min(order_number) FROM orders.orders
        WHERE price_ticks <> peg_limit_ticks)`;
    expectOnly(await forgery.auditSql(forge), 'M6', {
      problem: 'an order missed its last change of price',
    });
    const price = `UPDATE orders.orders SET price_ticks = peg_limit_ticks
      WHERE order_number = (SELECT min(order_number) FROM orders.orders
        WHERE price_ticks <> peg_limit_ticks)`;
    expectOnly(await forgery.auditSql(price), 'M6', {
      problem: 'an order shows another price or quantity than its last amend',
    });
  });

  test('L4, a held balance that no hold explains', async () => {
    const forge = (): Promise<unknown> =>
      forgery.client.query(`UPDATE ledger.accounts SET held = held + 3
        WHERE owner = 'usr_0000000000000012' AND asset = 'BTC'`);
    const row = { owner: 'usr_0000000000000012', asset: 'BTC' };
    expectOnly(await forgery.audit(forge), 'L4', row);
  });

  test('L6, a guard that is switched off', async () => {
    const forge = (): Promise<unknown> =>
      forgery.client.query('ALTER TABLE ledger.postings DISABLE TRIGGER postings_append_only');
    expectOnly(await forgery.audit(forge), 'L6', { name: 'postings_append_only', enabled: 'D' });
  });

  test('L6, a role that may rewrite the journal', async () => {
    const forge = (): Promise<unknown> =>
      forgery.client.query('GRANT UPDATE ON ledger.entries TO bourse_settlement');
    const row = { table: 'ledger.entries', privilege: 'UPDATE', role: 'bourse_settlement' };
    expectOnly(await forgery.audit(forge), 'L6', row);
  });

  test('L6, a row of the journal that was rewritten without a trace in its amounts', async () => {
    const forge = (): Promise<unknown> =>
      forgery.client.query(`UPDATE ledger.entries SET created_at = created_at - interval '1 day'
        WHERE kind = 'trade' AND entry = (SELECT max(entry) FROM ledger.entries)`);
    expectOnly(await forgery.audit(forge), 'L6', { kind: 'trade' });
  });

  test('M1, an accepted order that never reached the log', async () => {
    const forge = (): Promise<unknown> =>
      forgery.client.query(`
        CREATE TEMP TABLE forged (LIKE orders.orders) ON COMMIT DROP;
        INSERT INTO forged SELECT * FROM orders.orders ORDER BY order_number LIMIT 1;
        UPDATE forged SET order_number = 777777, last_sequence = 0, status = 'accepted';
        DO $$ DECLARE columns text := (SELECT string_agg(quote_ident(attname), ', ')
          FROM pg_attribute WHERE attrelid = 'orders.orders'::regclass AND attnum > 0
            AND NOT attisdropped AND attgenerated = '');
        BEGIN
          EXECUTE format('INSERT INTO orders.orders (%1$s) SELECT %1$s FROM forged', columns);
        END $$`);
    expectOnly(await forgery.audit(forge), 'M1', { number: 777_777 });
  });

  test('M1, one command number with two contents', async () => {
    const forge = (): Promise<void> =>
      forgery.appendCopy('orders.accepted', '"place"', '"userNumber":', '"userNumber":1');
    const problem = 'a command number was used for two different commands';
    expectOnly(await forgery.audit(forge), 'M1', { problem });
  });

  test('M3, a recorded event that the log does not lead to', async () => {
    const forge = (): Promise<unknown> =>
      forgery.rewriteExecutions('"priceTicks":', '"priceTicks":1', 'opened');
    expectOnly(await forgery.audit(forge), 'M3', { recorded: { kind: 'opened' } });
  });

  test('M4, a fee that was rounded down', async () => {
    const { entry } = await forgery.one<{ entry: number }>(FEE_ENTRY);
    const forge = (): Promise<unknown> => undercharge(entry);
    const problem = 'a trade entry moves other amounts than the trade';
    expectOnly(await forgery.audit(forge), 'M4', { problem, entry });
  });

  test('M4, a settled trade without its entry', async () => {
    const { sequence } = await forgery.one<{ sequence: number }>(
      `SELECT max(sequence) AS sequence FROM settlement.executions
       WHERE kind = 'trade' AND market = 'BTC-USD'`,
    );
    const forge = (): Promise<unknown> => removeEntry(`BTC-USD:${sequence}`);
    expectOnly(await forgery.audit(forge), 'M4', { market: 'BTC-USD', sequence });
  });

  test('M4, a trade that was posted twice under two names', async () => {
    const { entry } = await forgery.one<{ entry: number }>(FEE_ENTRY);
    const forge = async (): Promise<void> => {
      await forgery.client.query(
        `INSERT INTO ledger.entries (entry, kind, business_key, reference_type, reference_id)
         SELECT nextval('ledger.entry_numbers'), kind, business_key || '0000', reference_type,
           reference_id FROM ledger.entries WHERE entry = $1`,
        [entry],
      );
      await forgery.rewriteEntry(
        `INSERT INTO ledger.postings (entry, leg, account, asset, amount, balance_after)
         SELECT (SELECT max(entry) FROM ledger.entries), leg, account, asset, amount, 0
         FROM ledger.postings WHERE entry = $1`,
        [entry],
      );
    };
    const problem = 'a trade entry is of no settled trade';
    expectOnly(await forgery.audit(forge), 'M4', { problem });
  });

  test('L1 and M4, a posting that was dropped', async () => {
    const { entry } = await forgery.one<{ entry: number }>(FEE_ENTRY);
    const findings = await forgery.audit(() =>
      forgery.rewriteEntry('DELETE FROM ledger.postings WHERE entry = $1 AND leg = 1', [entry]),
    );
    expect(violatedBy(findings)).toEqual(['L1', 'M4']);
    expect(findings.find('L1')?.row).toMatchObject({ entry });
  });

  test('M6, an order that shows more than it filled', async () => {
    const forge = (): Promise<unknown> =>
      forgery.client
        .query(`UPDATE orders.orders SET filled_lots = filled_lots + 1 WHERE order_number =
        (SELECT min(order_number) FROM orders.orders WHERE status = 'cancelled')`);
    expectOnly(await forgery.audit(forge), 'M6', { status: 'cancelled' });
  });

  test('M7, a depth that was told crossed', async () => {
    const forge = (): Promise<unknown> =>
      forgery.rewriteExecutions(
        '"depth":[',
        '"depth":[["buy",4294967295,0],["sell",1,5],',
        // One that tells of levels itself.
        '"depth":[["sell"',
      );
    expectOnly(await forgery.audit(forge), 'M7', { problem: 'the depth that was told is crossed' });
  });

  test('M8, executions that are missing', async () => {
    const forge = (): Promise<unknown> =>
      forgery.client.query(`DELETE FROM log.records WHERE (topic_id, record_offset) =
        (SELECT topic_id, next_offset / 2 FROM log.partitions JOIN log.topics USING (topic_id)
         WHERE name = 'engine.executions')`);
    const findings = await forgery.audit(forge);
    // What a lost record told of the depth is lost as well, so the depth may be off from then on.
    expect(findings.find('M8')?.row).toMatchObject({
      problem: 'sequences are missing before a record',
    });
    for (const name of ['L1', 'L2', 'L3', 'L4', 'L6', 'M1', 'M3', 'M4', 'M6'] as const) {
      expect(findings.find(name)).toBeNull();
    }
  });
});

const FEE_ENTRY = `SELECT e.entry FROM ledger.entries e JOIN ledger.postings p USING (entry)
  JOIN ledger.accounts a USING (account)
  WHERE e.kind = 'trade' AND a.kind = 'fees' AND p.amount > 1 ORDER BY e.entry DESC LIMIT 1`;

/** Gives one unit of the fee back to its payer, with every sum made right again. */
async function undercharge(entry: number): Promise<void> {
  await forgery.rewriteEntry(
    `UPDATE ledger.postings SET amount = amount + CASE WHEN amount > 0 THEN -1 ELSE 1 END
     WHERE (entry, leg) IN (
       SELECT fee.entry, fee.leg FROM ledger.postings fee JOIN ledger.accounts a USING (account)
       WHERE fee.entry = $1 AND a.kind = 'fees' AND fee.amount > 1
       UNION ALL
       SELECT payer.entry, payer.leg FROM ledger.postings payer
       JOIN ledger.postings fee ON fee.entry = payer.entry AND fee.asset = payer.asset
         AND fee.amount = -payer.amount
       JOIN ledger.accounts a ON a.account = fee.account
       WHERE payer.entry = $1 AND a.kind = 'fees' AND fee.amount > 1)`,
    [entry],
  );
}

async function removeEntry(key: string): Promise<void> {
  const { entry } = await forgery.one<{ entry: number }>(
    `SELECT entry FROM ledger.entries WHERE business_key = '${key}'`,
  );
  await forgery.rewriteEntry('DELETE FROM ledger.postings WHERE entry = $1', [entry]);
  await forgery.client.query('DELETE FROM ledger.entries WHERE entry = $1', [entry]);
}

describe('work in flight', () => {
  const place: Place = {
    kind: 'place',
    number: 900_001,
    timeMs: 5_000,
    userNumber: 11,
    side: 'sell',
    type: 'limit',
    timeInForce: 'GTC',
    postOnly: false,
    selfTradePrevention: 'cancel_taker',
    priceTicks: 100,
    quantityLots: 5,
    quoteBudgetMinor: null,
    expiresAtMs: null,
    makerFeePpm: 0,
    takerFeePpm: 0,
    holdMinor: '50000',
  };

  test('is no violation, but is lag: an order in the outbox', async () => {
    const busy = await Forgery.prepare(SEED, 20);
    try {
      await busy.exchange.acceptOnly('BTC-USD', place);
      const running = await busy.audit(nothing, { isFinal: false });
      expect(reportLines(running, false)).toEqual(CLEAN.slice(0, -1));
      const problem = 'commands are still to be published';
      expectOnly(await busy.audit(nothing), 'A5', { problem, pending: 1 });
    } finally {
      await busy.end();
    }
  });

  test('is no violation, but is lag: events not yet settled', async () => {
    const forge = (): Promise<unknown> =>
      forgery.client
        .query(`DELETE FROM settlement.executions WHERE kind = 'opened' AND (market, sequence) =
        (SELECT market, max(sequence) FROM settlement.executions
         WHERE kind = 'opened' GROUP BY market ORDER BY market LIMIT 1)`);
    expectOnly(await forgery.audit(forge), 'A5', { problem: 'an event is not settled' });
    expect((await forgery.audit(forge, { isFinal: false })).isClean).toBe(true);
  });
});

describe('engine snapshots', () => {
  const dir = mkdtempSync(join(tmpdir(), 'bourse-audit-'));
  afterAll(() => rmSync(dir, { recursive: true }));

  test('are none in a folder that does not exist', () => {
    expect(readClaims(join(dir, 'nowhere'))).toEqual([]);
  });

  test('agree with the replay, and the newest is passed over when it is damaged', async () => {
    const file = forgery.exchange.writeSnapshot(dir);
    writeFileSync(join(dir, 'shard-0-0000000000999999.snapshot'), 'cut');
    const claims = readClaims(dir);
    expect(claims).toMatchObject([{ file, shard: 0 }]);
    const findings = await forgery.audit(nothing, { claims });
    expect(reportLines(findings, true)).toEqual(CLEAN);
  });

  test('are M3 when their state is another, or when they are beyond the log', async () => {
    const [claim] = readClaims(dir);
    if (claim === undefined) throw new Error('no claim');
    const markets = claim.markets.map((each) => ({ ...each, stateHash: 'f'.repeat(64) }));
    const changed = await forgery.audit(nothing, { claims: [{ ...claim, markets }] });
    expectOnly(changed, 'M3', { problem: 'a snapshot is not what the log replays to' });
    const beyond = await forgery.audit(nothing, { claims: [{ ...claim, inputOffset: 999_999 }] });
    expectOnly(beyond, 'M3', { problem: 'a snapshot is beyond the end of the log' });
    const other = await forgery.audit(nothing, { claims: [{ ...claim, inputRecordSha256: '' }] });
    expectOnly(other, 'M3', { problem: 'a snapshot belongs to another log' });
  });
});
