// A market moves between two engines while clients trade in it, and whoever takes part is killed at
// each side of each of its effects. Nothing is lost, repeated or overtaken; the audit says so.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { MOVE_CRASH_POINTS } from '../../shared/config/crash-point.ts';
import { createPool, type Pool } from '../../shared/db/pool.ts';
import { eventually, Exchange, runProgram } from './exchange.ts';
import { MarketTrader } from './market-trader.ts';

const MARKET = 'BTC-USD';
const AUDITS_MAX = 10;
/** Each place to be killed at, and who is killed there. */
const POINTS: readonly (readonly [point: string, target: string])[] = [
  ...Object.entries(MOVE_CRASH_POINTS).flatMap(([point, targets]) =>
    targets.map((target) => [point, target] as const),
  ),
  ['outbox.publish.before', 'markets'],
  ['outbox.publish.after', 'markets'],
];

let folder: string;
let overrides: string;
let exchange: Exchange;
let pool: Pool;
/** Where the market is. */
let shard = 0;
const traders: MarketTrader[] = [];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bourse-move-'));
  overrides = join(folder, 'overrides.json');
  writeFileSync(overrides, '{}');
  exchange = await Exchange.createIn({ BOURSE_CHILD_OVERRIDES: overrides }, '--shards', '2');
  pool = createPool({ url: exchange.databaseUrl, applicationName: 'e2e', connectionsMax: 1 });
  for (const name of ['alice', 'bob']) traders.push(new MarketTrader(exchange, name, MARKET));
}, 120_000);
afterAll(async () => {
  for (const trader of traders) await trader.stop();
  await pool.end();
  await exchange.remove();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

async function move(
  to: number,
  variables: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number | null; readonly output: string }> {
  const args = ['move', MARKET, '--to', String(to)];
  return runProgram('shared/markets/main.ts', args, {
    DATABASE_URL: exchange.databaseUrl,
    ...variables,
  });
}

/** To the other shard; whoever is killed on the way, the command is only given again. */
async function moveOn(variables: Readonly<Record<string, string>> = {}): Promise<number> {
  const to = 1 - shard;
  let kills = 0;
  let done = await move(to, variables);
  for (; done.code === null; kills += 1) done = await move(to);
  expect(done.code, done.output).toBe(0);
  expect(done.output).toMatch(new RegExp(`${MARKET} is (open )?on shard ${to}`));
  shard = to;
  return kills;
}

interface Book {
  readonly sequence: number;
  readonly levels: string;
}

async function bookNow(): Promise<Book> {
  const { body } = await exchange.call(null, 'GET', `/v1/markets/${MARKET}/book?depth=100`);
  const { sequence, bids, asks } = body;
  return { sequence: Number(sequence), levels: JSON.stringify({ bids, asks }) };
}

async function expectCleanAudit(): Promise<string> {
  let audit = { code: 1 as number | null, output: '' };
  // What is on its way is not at rest yet; what is wrong stays so.
  for (let times = 0; audit.code !== 0 && times < AUDITS_MAX; times += 1) {
    audit = await runProgram('test/audit/main.ts', ['--data-dir', exchange.dataDir, '--final']);
  }
  expect(audit.output).not.toContain('VIOLATED');
  expect(audit.code, audit.output).toBe(0);
  return audit.output;
}

/** Sequences of the market in both partitions: how many different ones, and the highest. */
async function sequences(): Promise<{ distinct: number; highest: number; shards: number }> {
  const found = await pool.query<{ distinct: number; highest: number; shards: number }>(
    `SELECT count(DISTINCT e.event ->> 'sequence')::int AS distinct,
       max((e.event ->> 'sequence')::int) AS highest, count(DISTINCT r.partition)::int AS shards
     FROM log.records r JOIN log.topics t USING (topic_id)
     CROSS JOIN LATERAL jsonb_array_elements(
       convert_from(r.value, 'UTF8')::jsonb -> 'outputs') AS o (output)
     CROSS JOIN LATERAL jsonb_array_elements(o.output -> 'events') AS e (event)
     WHERE t.name = 'engine.executions' AND o.output ->> 'market' = $1`,
    [MARKET],
  );
  return found.rows[0] ?? { distinct: 0, highest: 0, shards: 0 };
}

async function deadLetters(): Promise<number> {
  const found = await pool.query<{ letters: number }>(
    `SELECT count(*)::int AS letters FROM log.records r JOIN log.topics t USING (topic_id)
     WHERE t.name = 'dead-letters'`,
  );
  return found.rows[0]?.letters ?? 0;
}

/** New engines, which die at the point, once for both of them. */
async function armEngines(variables: Readonly<Record<string, string>>): Promise<void> {
  writeFileSync(overrides, JSON.stringify({ 'engine-daemon': variables }));
  const before = (await exchange.topology()).enginePids;
  for (const pid of before) process.kill(pid, 'SIGKILL');
  await eventually(
    async () => (await exchange.topology()).enginePids,
    (pids) => pids.every((pid) => typeof pid === 'number' && !before.includes(pid)),
  );
}

function showOnFailure(): void {
  onTestFailed(() => void process.stderr.write(exchange.output.slice(-20_000)));
}

const NO_LEVELS = JSON.stringify({ bids: [], asks: [] });

describe('a market that moves to another engine', () => {
  it.each([
    ['an unknown market', ['move', 'AA-BB', '--to', '1'], /no market AA-BB/],
    ['the shard it is on', ['move', MARKET, '--to', '0'], /is on shard 0/],
    ['a shard that is not there', ['move', MARKET, '--to', '2'], /there is no shard 2/],
    ['no shard', ['move', MARKET], /move needs --to/],
  ])('is refused for %s', async (_, args, problem) => {
    const refused = await runProgram('shared/markets/main.ts', args, {
      DATABASE_URL: exchange.databaseUrl,
    });
    expect(refused.code).toBe(1);
    expect(refused.output).toMatch(problem);
  });

  it('has the same book and sequence there, and its orders can be changed', async () => {
    showOnFailure();
    const [alice, bob] = [await exchange.token('alice'), await exchange.token('bob')];
    const place = async (token: string, side: string, price: string): Promise<string> => {
      const body = { market: MARKET, side, type: 'limit', price, quantity: '1' };
      const answer = await exchange.call(token, 'POST', '/v1/orders', body, { prefer: 'wait=10' });
      expect(answer.body).toMatchObject({ status: 'open' });
      return String(answer.body['id']);
    };
    const cancelled = await place(alice, 'buy', '20000');
    const amended = await place(bob, 'sell', '40000');
    await place(alice, 'sell', '41000');
    // What is shown comes a moment after what was answered: configured, and opened three times.
    const before = await eventually(bookNow, ({ sequence }) => sequence === 4);
    await moveOn();
    expect(await bookNow()).toEqual(before);
    const wait = { prefer: 'wait=10' };
    const cancel = await exchange.call(alice, 'DELETE', `/v1/orders/${cancelled}`, undefined, wait);
    expect(cancel).toMatchObject({ status: 200, body: { status: 'cancelled' } });
    const change = { quantity: '0.5' };
    const amend = await exchange.call(bob, 'PATCH', `/v1/orders/${amended}`, change, wait);
    expect(amend).toMatchObject({ status: 200, body: { remainingQuantity: '0.5' } });
    const buy = { market: MARKET, side: 'buy', type: 'limit', price: '40000', quantity: '0.5' };
    const trade = await exchange.call(alice, 'POST', '/v1/orders', buy, wait);
    expect(trade.body).toMatchObject({ status: 'filled' });
    const now = await eventually(bookNow, ({ sequence }) => sequence >= before.sequence + 5);
    expect(now.sequence).toBe(before.sequence + 5);
    expect(await sequences()).toEqual({ distinct: now.sequence, highest: now.sequence, shards: 2 });
    expect(await expectCleanAudit()).toContain('1 moves of markets');
  }, 120_000);

  it('trades on between two moves, with nobody refused for good', async () => {
    showOnFailure();
    for (const trader of traders) trader.start();
    await eventually(
      () => Promise.resolve(traders.map(({ accepted }) => accepted.length)),
      (accepted) => accepted.every((count) => count > 20),
    );
    await moveOn();
    await moveOn();
    const before = traders.map(({ accepted }) => accepted.length);
    await eventually(
      () => Promise.resolve(traders.map(({ accepted }) => accepted.length)),
      (accepted) => accepted.every((count, at) => count > (before[at] ?? 0) + 10),
    );
  }, 120_000);

  it.each(POINTS)(
    'survives a kill -9 at %s of %s, while clients trade',
    async (point, target) => {
      showOnFailure();
      const mark = join(folder, `mark-${point}`);
      const order = { CRASH_POINT: point, CRASH_POINT_FILE: mark };
      const accepted = traders.map((trader) => trader.accepted.length);
      if (target === 'engine-daemon') {
        await armEngines(order);
        expect(await moveOn()).toBe(0);
      } else {
        expect(await moveOn(order)).toBe(1);
      }
      await eventually(
        () => Promise.resolve(existsSync(mark)),
        (isThere) => isThere,
      );
      // It goes on: whoever was killed is not needed for what is accepted from now on.
      await eventually(
        () => Promise.resolve(traders.map((trader) => trader.accepted.length)),
        (now) => now.every((count, at) => count > (accepted[at] ?? 0)),
      );
    },
    120_000,
  );

  it('has lost nothing, repeated nothing and left no gap', async () => {
    showOnFailure();
    for (const trader of traders) await trader.stop();
    const answers = traders.map((trader) => Object.fromEntries(trader.answers));
    for (const each of answers) {
      expect(each['503 MARKET_MOVING'], JSON.stringify(answers)).toBeGreaterThan(0);
      expect(Object.keys(each).filter((name) => /^(400|404|500)/.test(name))).toEqual([]);
    }
    const output = await expectCleanAudit();
    expect(output).toContain(`${3 + POINTS.length} moves of markets`);
    const found = await sequences();
    expect(found.distinct).toBe(found.highest);
    expect(found.highest).toBeGreaterThan(200);
    expect(await deadLetters()).toBe(0);
    for (const [at, name] of ['alice', 'bob'].entries()) {
      const token = await exchange.token(name);
      for (const id of traders[at]?.accepted ?? []) {
        const order = await exchange.call(token, 'GET', `/v1/orders/${id}`);
        expect(order.body['status'], id).toMatch(/^(open|partially_filled|filled|cancelled)$/);
      }
      const all = await exchange.call(token, 'DELETE', `/v1/orders?market=${MARKET}`);
      expect(all.status).toBe(202);
      const balances = await eventually(
        () => exchange.balances(token),
        (now) => now['BTC']?.['held'] === '0' && now['USD']?.['held'] === '0',
      );
      expect(balances['BTC']?.['available']).toBe(balances['BTC']?.['total']);
    }
  }, 180_000);

  it('is rebuilt on both shards from their logs alone', async () => {
    showOnFailure();
    // All was cancelled above; the projection of the book follows a moment later.
    const before = await eventually(bookNow, ({ levels }) => levels === NO_LEVELS);
    const [alice] = [await exchange.token('alice')];
    expect(await exchange.stop()).toBe(0);
    rmSync(join(exchange.dataDir, 'snapshots'), { recursive: true });
    writeFileSync(overrides, '{}');
    await exchange.start();
    expect(await bookNow()).toEqual(before);
    const body = { market: MARKET, side: 'buy', type: 'limit', price: '20000', quantity: '1' };
    const answer = await exchange.call(alice, 'POST', '/v1/orders', body, { prefer: 'wait=10' });
    expect(answer.body).toMatchObject({ status: 'open' });
    await expectCleanAudit();
    await moveOn();
    await expectCleanAudit();
  }, 180_000);
});
