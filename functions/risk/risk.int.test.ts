// Flags, limits and groups on a real database: what is refused, what is kept, what a user is shown.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findViolatedConstraint } from '../../shared/db/failure.ts';
import { callFunction, type CallAnswer } from '../../shared/function/call.ts';
import { messageOf } from '../../shared/operator/operator.ts';
import { createTestDatabase, type TestDatabase } from '../../shared/testing/database.ts';
import { sessionCaller } from '../../shared/function/testing/session-caller.ts';
import { definition, type RiskDeps } from './handler.ts';
import { readCommand } from './operator/options.ts';
import { MEANINGS, runCommand } from './operator/run.ts';

const ALICE = sessionCaller(1);

let database: TestDatabase;
let deps: RiskDeps;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.pool.query(
    `INSERT INTO reference.assets VALUES ('BTC', 'Bitcoin', 8), ('USD', 'US dollar', 2);
     INSERT INTO reference.markets (market, base, quote, tick_size, lot_size, min_quantity,
       max_quantity, min_notional, min_price, max_price, protection_bps, fee_policy,
       self_trade_allowed, status, version)
     VALUES ('BTC-USD', 'BTC', 'USD', 0.01, 1, 1, 100, 1, 0.01, 1000000, 100, 'received', false,
       'trading', 1)`,
  );
  deps = {
    pool: database.poolFor('bourse_risk'),
    now: () => Date.parse('2026-03-31T12:00:00Z'),
  };
});
afterAll(() => database.drop());

function get(caller?: typeof ALICE, path = '/v1/risk/limits'): Promise<CallAnswer> {
  return callFunction(definition, deps, { method: 'GET', path, ...(caller ? { caller } : {}) });
}

async function refusal(statement: string): Promise<string> {
  try {
    await database.pool.query(statement);
    return 'was not refused';
  } catch (error) {
    return findViolatedConstraint(error) ?? (error as Error).message;
  }
}

/** What is printed, or what is complained of. */
async function risk(...args: string[]): Promise<string> {
  const command = readCommand(
    [...args, ...(args[0] === 'show' ? [] : ['--reason', 'a test'])],
    'o',
  );
  if (command === null) return 'help';
  try {
    return (await runCommand(deps.pool, command)).join('\n');
  } catch (error) {
    return messageOf(error, MEANINGS);
  }
}

describe('GET /v1/risk/limits refuses', () => {
  it('a caller that nobody knows, and a query', async () => {
    expect((await get()).status).toBe(401);
    expect(await get(ALICE, '/v1/risk/limits?user=2')).toMatchObject({
      body: { code: 'QUERY_INVALID' },
    });
  });
});

describe('the database refuses', () => {
  it.each([
    [`SELECT risk.set_flag(0, 'frozen', true, 'o', 'why')`, 'accounts_user_positive'],
    [`SELECT risk.set_flag(1, 'asleep', true, 'o', 'why')`, 'account_changes_what_known'],
    [`SELECT risk.set_flag(1, 'frozen', true, ' ', 'why')`, 'account_changes_actor'],
    [`SELECT risk.set_flag(1, 'frozen', true, 'o', '')`, 'account_changes_reason'],
    [`SELECT risk.set_trade_group(1, 0, 'o', 'why')`, 'accounts_trade_group_positive'],
    [`SELECT risk.set_limit(1, '*', 'sleep_max', 1, 'o', 'why')`, 'limits_name_known'],
    [`SELECT risk.set_limit(1, 'BTC', 'turnover_max', 1, 'o', 'why')`, 'limits_scope_fits'],
    [`SELECT risk.set_limit(1, 'BTC-USD', 'position_max', 1, 'o', 'why')`, 'limits_scope_fits'],
    [
      `SELECT risk.set_limit(1, '*', 'open_orders_max', 1.5, 'o', 'why')`,
      'limits_counts_are_whole',
    ],
    [
      `SELECT risk.set_limit(1, '*', 'orders_per_10s_max', 1.5, 'o', 'why')`,
      'limits_counts_are_whole',
    ],
    [`SELECT risk.set_limit(1, 'BTC', 'orders_per_10s_max', 1, 'o', 'why')`, 'limits_scope_fits'],
    [`SELECT risk.set_limit(1, '*', 'turnover_max', -1, 'o', 'why')`, 'limits_value_not_negative'],
  ])('%s', async (statement, constraint) => {
    expect(await refusal(statement)).toBe(constraint);
  });

  it('that orders sets anything, or that history is changed', async () => {
    const orders = database.poolFor('bourse_orders', 1);
    for (const statement of [
      `SELECT risk.set_flag(1, 'frozen', false, 'o', 'why')`,
      'SELECT FROM risk.accounts',
      'UPDATE risk.limits SET value = 1',
    ]) {
      await expect(orders.query(statement)).rejects.toThrow('permission denied');
    }
    for (const table of ['account_changes', 'limit_changes']) {
      expect(await refusal(`UPDATE risk.${table} SET reason = 'another'`)).toMatch('append-only');
      expect(await refusal(`DELETE FROM risk.${table}`)).toMatch('append-only');
    }
  });
});

describe('an operator is told', () => {
  it.each([
    [['flag', 'bob', 'frozen', 'on'], 'bob is no user id'],
    [['flag', ALICE.userId, 'asleep', 'on'], 'no flag asleep: trading, withdrawal, frozen'],
    [['flag', ALICE.userId, 'frozen', 'yes'], 'yes is not on or off'],
    [['flag', ALICE.userId, 'frozen'], 'flag USER FLAG on|off'],
    [['limit', 'everybody', 'BTC', 'turnover_max', '1'], 'BTC: a market or all for turnover_max'],
    [['limit', 'everybody', 'BTC-USD', 'position_max', '1'], 'an asset or all for position_max'],
    [['limit', 'everybody', 'all', 'open_orders_max', '1.5'], 'open_orders_max is a whole number'],
    [
      ['limit', 'everybody', 'all', 'orders_per_10s_max', '0.5'],
      'orders_per_10s_max is a whole number',
    ],
    [['limit', 'everybody', 'all', 'turnover_max', '1e9'], '1e9 is no decimal'],
    [['limit', 'everybody', 'all', 'sleep_max', '1'], 'no limit sleep_max'],
    [['group', ALICE.userId, '0'], '0: a group is 1 to 2147483647, or none'],
    [['group', ALICE.userId, '2147483648'], 'a group is 1 to 2147483647'],
    [['thaw', ALICE.userId], 'no command thaw'],
  ])('%j: %s', (args, complaint) => {
    expect(() => readCommand([...args, '--reason', 'a test'], 'o')).toThrow(complaint);
  });

  it('that a reason is needed, and which markets there are not', async () => {
    expect(() => readCommand(['flag', ALICE.userId, 'frozen', 'on'], 'o')).toThrow('--reason');
    expect(await risk('limit', 'everybody', 'ETH-USD', 'turnover_max', '1')).toBe(
      'no market ETH-USD, nor one of ETH-USD',
    );
    expect(readCommand(['--help'], 'o')).toBeNull();
  });
});

describe('flags, limits and groups', () => {
  it('are set, told, and kept with who and why', async () => {
    expect(await risk('flag', ALICE.userId, 'frozen', 'on')).toBe(`${ALICE.userId}: frozen is on`);
    expect(await risk('flag', ALICE.userId, 'frozen', 'on')).toContain('nothing changed');
    expect(await risk('flag', ALICE.userId, 'withdrawal', 'off')).toContain('withdrawal is off');
    expect(await risk('flag', ALICE.userId, 'frozen', 'off')).toContain('frozen is off');
    expect(await risk('group', ALICE.userId, '7')).toContain('group 7');
    await risk('limit', 'everybody', 'all', 'turnover_max', '1000000');
    await risk('limit', ALICE.userId, 'BTC-USD', 'turnover_max', '500.5');
    await risk('limit', ALICE.userId, 'BTC-USD', 'orders_per_10s_max', '30');
    await risk('limit', ALICE.userId, 'BTC', 'position_max', '3');
    await risk('limit', ALICE.userId, 'BTC', 'position_max', 'none');
    const shown = await risk('show', ALICE.userId);
    for (const line of [
      /^frozen {2}off$/m,
      /^withdrawal {2}off$/m,
      /^group {2}7$/m,
      /^everybody {2}\* {2}turnover_max {2}1000000$/m,
      /^usr_0000000000000001 {2}BTC-USD {2}turnover_max {2}500.5$/m,
      /^usr_0000000000000001 {2}BTC-USD {2}orders_per_10s_max {2}30$/m,
      /limit BTC position_max none {2}o: a test$/m,
      /frozen on {2}o: a test$/m,
    ]) {
      expect(shown).toMatch(line);
    }
    expect(shown).not.toMatch(/^usr_.*position_max/m);
    expect(await risk('show', 'everybody')).toContain('limit * turnover_max 1000000');
  });

  it('are shown to their user with what is used, and without why', async () => {
    await database.pool.query(
      `INSERT INTO orders.open_counts VALUES (1, 'BTC-USD', 2, '2026-03-31', 12345, $1, 7)`,
      [deps.now()],
    );
    const { body } = await get(ALICE);
    expect(body).toMatchObject({
      trading: { on: true, since: null },
      withdrawal: { on: false },
      frozen: { on: false },
      limits: [
        { name: 'turnover_max', market: 'BTC-USD', asset: 'USD', limit: '500.5', used: '123.45' },
        { name: 'orders_per_10s_max', market: 'BTC-USD', asset: null, limit: '30', used: '7' },
      ],
    });
    expect(JSON.stringify(body)).not.toContain('a test');
    expect((await get(sessionCaller(9))).body).toMatchObject({
      withdrawal: { on: true, since: null },
      limits: [{ limit: '1000000', used: '0' }],
    });
  });
});

describe('a sub-account', () => {
  it('is shown its owner’s flags and group, and has no group of its own', async () => {
    await database.poolFor('bourse_users', 1).query('SELECT risk.add_sub_account(31, 30)');
    const shown = await risk('show', 'usr_0000000000000031');
    expect(shown).toMatch(/group {2}1\d{9}/);
    expect(await risk('group', 'usr_0000000000000031', '7')).toContain('the group of its owner');
    expect(await risk('group', 'usr_0000000000000030', 'none')).toContain('in a group with them');
    await risk('flag', 'usr_0000000000000030', 'frozen', 'on');
    const answer = await get(sessionCaller(31));
    expect(JSON.stringify(answer.body)).toContain('frozen');
    expect(await risk('show', 'usr_0000000000000031')).toContain('frozen  on');
    await risk('flag', 'usr_0000000000000030', 'frozen', 'off');
    expect(await risk('show', 'usr_0000000000000031')).toContain('frozen  off');
  });
});
