// The tool on a real database: what it refuses, and the command and the trace that a change leaves.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Bus } from '../../bus/bus.ts';
import { openBus } from '../../bus/open-bus.ts';
import { Outbox } from '../../bus/outbox.ts';
import type { Pool } from '../../db/pool.ts';
import { TOPICS } from '../../events/catalog.ts';
import { commandsAcceptedSchema, type MarketCommand } from '../../events/commands.ts';
import { silentLogger } from '../../telemetry/logger.ts';
import { createTestDatabase, type TestDatabase } from '../../testing/database.ts';
import { applyMarket, saveAssets } from '../market-store.ts';
import { BTC_USD } from '../testing/btc-usd.ts';
import { readOptions } from './options.ts';
import { runCommand } from './run.ts';

let database: TestDatabase;
let pool: Pool;
let bus: Bus;
let outbox: Outbox;
let market = '';
let marketsMade = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = database.poolFor('bourse_reference');
  const log = silentLogger();
  bus = openBus({ url: database.url, applicationName: 'test', log });
  await bus.provision(Object.values(TOPICS));
  outbox = new Outbox({ pool, schema: 'reference', bus, log });
  await saveAssets(pool, [{ asset: 'USD', name: 'US dollar', decimals: 6 }]);
});
afterAll(async () => {
  await outbox.stop();
  await bus.close();
  await database.drop();
});
beforeEach(async () => {
  marketsMade += 1;
  const base = `B${marketsMade}`;
  await saveAssets(pool, [{ asset: base, name: base, decimals: 8 }]);
  market = `${base}-USD`;
  await applyMarket(pool, outbox, { ...BTC_USD, market: `${base}-USD`, base });
});

/** Runs a command on the market of the test; answers what it prints. */
async function run(word: string, ...args: string[]): Promise<string[]> {
  const reads = word === 'show' || word === 'list';
  const target = word === 'list' ? [] : [market];
  const why = reads ? [] : ['--reason', 'as planned', '--actor', 'ann'];
  const options = readOptions([word, ...target, ...args, ...why], 'somebody');
  if (options === null) throw new Error('help');
  const lines: string[] = [];
  const tell = (line: string) => lines.push(line);
  await runCommand({ pool, outbox, bus, nowMs: Date.now(), tell }, options);
  return lines;
}

async function commands(): Promise<MarketCommand[]> {
  const { rows } = await database.pool.query<{ value: Buffer }>(
    `SELECT r.value FROM log.records r WHERE r.key = $1 ORDER BY r.record_offset`,
    [market],
  );
  return rows.flatMap(({ value }) => {
    return commandsAcceptedSchema.parse(JSON.parse(value.toString())).commands;
  });
}

/** What market-data would have projected. */
async function tellInterruption(status: string, untilInMs: number): Promise<void> {
  await database.pool.query(
    `INSERT INTO market_data.phases (market, version, status, cause, since_ms, until_ms, sequence)
     SELECT market, version, $2, 'interruption', 1, $3, 9 FROM reference.markets WHERE market = $1`,
    [market, status, Date.now() + untilInMs],
  );
}

const inOneHour = () => new Date(Date.now() + 3_600_000).toISOString();
const inTwoHours = () => new Date(Date.now() + 7_200_000).toISOString();

describe('the tool refuses', () => {
  it.each<[string, string[], string]>([
    ['delist', [], 'close it first'],
    ['schedule', ['open@2020-01-01T00:00:00Z'], 'has passed'],
    ['schedule', [`delist@${inOneHour()}`], 'delisted may not follow trading'],
    ['schedule', [`halt@${inTwoHours()}`, `open@${inOneHour()}`], 'not after the entry before'],
    ['limits', ['--max-open-orders', '0'], 'maxOpenOrders'],
    ['band', ['--static-price', '30000'], 'go together'],
    ['band', ['--static-price', '30000.001', '--static-bps', '5'], 'multiple of 0.01'],
    ['band', ['--dynamic-bps', '10000'], 'dynamicBps'],
    ['interruption', ['--move-bps', '5'], 'go together'],
    [
      'interruption',
      ['--move-bps', '5', '--window-ms', '61', '--halt-ms', '0', '--auction-ms', '1'],
      'windowMs',
    ],
  ])('%s %j, and nothing is written', async (word, args, message) => {
    await expect(run(word, ...args)).rejects.toThrow(message);
    expect(await commands()).toHaveLength(1);
  });

  it('anything but delisting once a market is closing, and anything after that', async () => {
    await run('close');
    await expect(run('open')).rejects.toThrow('can only be delisted');
    await run('delist');
    for (const word of ['delist', 'open', 'close']) {
      await expect(run(word)).rejects.toThrow('is delisted, for ever');
    }
    await expect(run('limits', '--max-open-orders', '5')).rejects.toThrow('is delisted');
  });

  it('to change limits in an interruption, which that would end', async () => {
    await tellInterruption('halted', 60_000);
    await expect(run('limits', '--max-open-orders', '5')).rejects.toThrow('is interrupted (halted');
    await expect(run('schedule', '--clear')).resolves.toEqual(['version 1 (nothing changed)']);
  });

  it('a market that is not there', async () => {
    market = 'NO-USD';
    for (const word of ['show', 'halt'])
      await expect(run(word)).rejects.toThrow('no market NO-USD');
  });
});

describe('the tool', () => {
  it.each([
    ['pre-open', 'pre_open'],
    ['auction', 'auction'],
    ['post-only', 'post_only'],
    ['limit-only', 'limit_only'],
    ['cancel-only', 'cancel_only'],
    ['halt', 'halted'],
    ['close', 'closing'],
  ])('%s makes one command with a new version, once', async (word, status) => {
    expect(await run(word)).toEqual(['version 2']);
    expect(await run(word)).toEqual(['version 2 (nothing changed)']);
    expect(await commands()).toMatchObject([
      { kind: 'configure_market', status: 'trading' },
      { kind: 'configure_market', status, config: { market, version: 2 } },
    ]);
  });

  it('keeps the rest when it changes limits, band, interruption or schedule', async () => {
    const at = inOneHour();
    await run('pre-open');
    await run('schedule', `auction@${at}`, `open@${inTwoHours()}`);
    await run('limits', '--max-notional', '50000', '--self-trade-modes', 'cancel_taker');
    await run('band', '--static-price', '30000', '--static-bps', '500');
    const rule = ['--move-bps', '5', '--window-ms', '60', '--halt-ms', '0', '--auction-ms', '1'];
    await run('interruption', ...rule);
    await run('limits', '--max-notional', 'none', '--max-waiting-orders', '3');
    const last = (await commands()).at(-1);
    expect(last).toMatchObject({
      status: 'pre_open',
      schedule: [{ atMs: Date.parse(at), status: 'auction' }, { status: 'trading' }],
      config: {
        version: 7,
        priceBand: { staticPrice: '30000', staticBps: 500 },
        interruption: { moveBps: 5, windowMs: 60, haltMs: 0, auctionMs: 1 },
        maxWaitingOrders: 3,
        selfTradeModes: ['cancel_taker'],
      },
    });
    expect(last).not.toHaveProperty('config.maxNotional');
    await run('schedule', '--clear');
    expect((await commands()).at(-1)).not.toHaveProperty('schedule');
  });

  it('leaves a market in the status that its schedule has brought', async () => {
    await database.pool.query(
      `UPDATE reference.markets SET status = 'halted', schedule = $2 WHERE market = $1`,
      [market, JSON.stringify([{ atMs: 1, status: 'limit_only' }])],
    );
    await run('limits', '--max-open-orders', '5');
    const last = (await commands()).at(-1);
    expect(last).toMatchObject({ status: 'limit_only' });
    expect(last).not.toHaveProperty('schedule');
    expect(await run('limit-only')).toEqual(['version 2 (nothing changed)']);
  });

  it('ends an interruption with a status, even the one that the market had before', async () => {
    await tellInterruption('auction', 60_000);
    expect(await run('open')).toEqual(['version 2']);
    expect((await commands()).at(-1)).toMatchObject({ status: 'trading' });
  });

  it('writes down who changed what, and why', async () => {
    await run('halt');
    const { rows } = await database.pool.query(
      `SELECT version, actor, reason, before ->> 'status' AS before, after ->> 'status' AS after
       FROM reference.market_changes WHERE market = $1 ORDER BY version`,
      [market],
    );
    expect(rows).toEqual([
      { version: 1, actor: 'system', reason: null, before: null, after: 'trading' },
      { version: 2, actor: 'ann', reason: 'as planned', before: 'trading', after: 'halted' },
    ]);
  });

  it('shows a market with what the engine has told, and lists it', async () => {
    await tellInterruption('halted', 60_000);
    const shown = (await run('show')).join('\n');
    expect(shown).toMatch(/^market +B[0-9]+-USD$/m);
    expect(shown).toMatch(/^status +halted \(interrupted\)$/m);
    expect(shown).toMatch(/^told by the engine +halted since .*Z, by interruption$/m);
    expect(shown).toMatch(/^interruption +none$/m);
    expect(await run('list')).toContain(`${market}  halted (interrupted)  version 1  shard 0`);
  });
});
