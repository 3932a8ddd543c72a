// A whole exchange on a Redis that is killed, paused and emptied while people trade.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bookKey } from '../../shared/feed/feed-channels.ts';
import { parseBookSnapshot, type BookSnapshot } from '../../shared/feed/feed-messages.ts';
import { startRedis, type RedisServer } from '../../shared/testing/services/redis-server.ts';
import { eventually, Exchange, runProgram } from './exchange.ts';

const MARKET = 'BTC-USD';
const ORDER = { market: MARKET, type: 'limit', price: '30000', quantity: '0.1' };
const WAIT = { prefer: 'wait=10' };

let dir: string;
let server: RedisServer;
let exchange: Exchange;
let sellers: string;
let buyers: string;
let trades = 0;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'bourse-e2e-redis-'));
  server = await startRedis({ dir });
  exchange = await Exchange.create('--redis', server.url);
  sellers = await exchange.token('alice');
  buyers = await exchange.token('bob');
}, 180_000);
afterAll(async () => {
  await exchange.remove();
  await server.stop();
  rmSync(dir, { recursive: true, force: true });
}, 60_000);

/** Two orders that trade: accepted at once whatever Redis does, and settled soon after. */
async function trade(): Promise<readonly number[]> {
  const sell = await exchange.call(sellers, 'POST', '/v1/orders', { ...ORDER, side: 'sell' }, WAIT);
  const buy = await exchange.call(buyers, 'POST', '/v1/orders', { ...ORDER, side: 'buy' }, WAIT);
  trades += 1;
  await eventually(
    () => exchange.call(null, 'GET', `/v1/markets/${MARKET}/trades?limit=500`),
    ({ body }) => (body['items'] as unknown[]).length === trades,
  );
  return [sell.status, buy.status];
}

/** Trades until both sides are told the outcome: soon, whatever state Redis is in. */
async function untilHeard(): Promise<void> {
  await eventually(trade, (statuses) => statuses.every((status) => status === 201));
}

/** The book that the engine keeps in Redis, once it is as new as the market. */
async function snapshot(): Promise<BookSnapshot | null> {
  const book = await exchange.call(null, 'GET', `/v1/markets/${MARKET}/book`);
  const admin = new Redis(server.url);
  const found = await eventually(
    async () => parseBookSnapshot((await admin.get(bookKey(MARKET))) ?? ''),
    (read) => read !== null && read.sequence >= Number(book.body['sequence']),
  );
  await admin.quit();
  return found;
}

it('trades on without Redis, and uses it again when it is back', { timeout: 180_000 }, async () => {
  await untilHeard();
  expect(await snapshot()).toMatchObject({ market: MARKET, bids: [], asks: [] });

  await server.kill();
  // 202: accepted, the outcome not heard in time. 201: heard from the log.
  for (const status of [...(await trade()), ...(await trade())])
    expect([201, 202]).toContain(status);
  await untilHeard();

  await server.start();
  await snapshot();
  await untilHeard();

  await server.signal('SIGSTOP');
  for (const status of [...(await trade()), ...(await trade())])
    expect([201, 202]).toContain(status);
  await server.signal('SIGCONT');
  await snapshot();

  const admin = new Redis(server.url);
  await admin.flushall();
  await admin.quit();
  await snapshot();
  await untilHeard();

  const audit = await runProgram('test/audit/main.ts', ['--data-dir', exchange.dataDir, '--final']);
  expect(audit.output).not.toContain('VIOLATED');
  expect(audit.code, audit.output).toBe(0);
});
