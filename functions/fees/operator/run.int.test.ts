// What an operator does about rates, from the command line to the tables and back.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../shared/testing/database.ts';
import { messageOf } from '../../../shared/operator/operator.ts';
import { openMarkets } from '../testing-market.ts';
import { readCommand } from './options.ts';
import { MEANINGS, runCommand } from './run.ts';

const USER = 'usr_0000000000000001';
let database: TestDatabase;
let folder: string;
beforeAll(async () => {
  database = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'bourse-fees-'));
  await openMarkets(database, 'BTC-USD', 'BTC-EUR', 'EUR-USD');
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  await database.drop();
});

/** What is printed, or what is complained of. */
async function fees(...args: string[]): Promise<string> {
  const changes = !['recompute', 'show'].includes(args[0] ?? '');
  const command = readCommand([...args, ...(changes ? ['--reason', 'a test'] : [])], 'olivia');
  if (command === null) return 'help';
  try {
    return (await runCommand(database.poolFor('bourse_fees', 2), command)).join('\n');
  } catch (error) {
    return messageOf(error, MEANINGS);
  }
}

async function file(name: string, content: unknown): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

const TIERS = [
  { tier: 'standard', leastVolume: '0', makerPpm: 1_000, takerPpm: 2_000 },
  { tier: 'vip', leastVolume: '100000', makerPpm: -100, takerPpm: 1_000 },
];

describe('an operator is told', () => {
  it.each([
    [['reference', 'price', 'EUR', '1.1'], 'no reference asset: set one first'],
    [['reference', 'asset', 'XYZ'], 'no asset XYZ'],
    [['terms', USER, 'XYZ-USD', 'vip', '1', '2'], 'no market XYZ-USD'],
    [['schedule', '/nowhere.json'], '/nowhere.json: ENOENT'],
    [['recompute'], 'no reference asset: set one first'],
    [['discount', USER, '5', '--from', '2026-01-01'], 'a discount cannot begin in the past'],
  ])('%j: %s', async (args, complaint) => {
    expect(await fees(...args)).toContain(complaint);
  });

  it('what is wrong with a file', async () => {
    expect(await fees('schedule', await file('no.json', '{'))).toContain('no.json: ');
    const path = await file('volume.json', { schedule: 'exchange', tiers: TIERS });
    expect(await fees('schedule', path)).toContain('set one first');
    const past = { schedule: 'exchange', tiers: [TIERS[0]], effectiveFrom: '2026-01-01T00:00:00Z' };
    expect(await fees('schedule', await file('past.json', past))).toBe(
      'a schedule cannot begin in the past',
    );
    const unknown = { schedule: 'XYZ-USD', tiers: [TIERS[0]] };
    expect(await fees('schedule', await file('unknown.json', unknown))).toBe('no market XYZ-USD');
  });
});

describe('an operator', () => {
  it('sets what volumes are measured in, for ever', async () => {
    expect(await fees('reference', 'asset', 'USD')).toBe('volumes are measured in USD');
    expect(await fees('reference', 'asset', 'USD')).toContain('nothing changed');
    expect(await fees('reference', 'asset', 'EUR')).toContain('that stays');
    expect(await fees('reference', 'price', 'USD', '1')).toContain('itself');
    expect(await fees('reference', 'market', 'EUR', 'BTC-EUR')).toBe(
      'BTC-EUR does not price EUR in USD',
    );
    expect(await fees('reference', 'market', 'EUR', 'EUR-USD')).toBe('EUR-USD prices EUR');
    const at = ['--at', '2026-03-30T12:00:00Z'];
    expect(await fees('reference', 'price', 'EUR', '1.1', ...at)).toContain('1 EUR = 1.1 USD');
    expect(await fees('reference', 'price', 'EUR', '1.1', '--at', '2999-01-01')).toBe(
      'a price cannot be of a time that has not come',
    );
  });

  it('sets a schedule, terms and a discount, and sees who did and why', async () => {
    const path = await file('exchange.json', { schedule: 'exchange', tiers: TIERS });
    expect(await fees('schedule', path)).toBe('version 1');
    expect(await fees('schedule', path)).toBe('version 1');
    expect(await fees('terms', USER, 'BTC-USD', 'partner', '-50', '300')).toBe('version 1');
    expect(await fees('discount', USER, '200')).toBe('version 1');
    const all = await fees('show');
    expect(all).toContain('volumes are measured in USD');
    expect(all).toContain('EUR  1.1 (2026-03-30T12:00:00.000Z)  from EUR-USD');
    expect(all).toMatch(/exchange {2}version 1, in force since .* {2}olivia: a test/);
    expect(all).toContain('vip  from 100000  maker -0.0001  taker 0.001');
    const one = await fees('show', USER);
    expect(one).toMatch(/terms .* BTC-USD partner maker -50 taker 300 {2}olivia: a test/);
    expect(one).toMatch(/discount .* 200 ppm off {2}olivia: a test/);
  });

  it('ends a market’s own schedule, but not the exchange’s', async () => {
    const own = await file('own.json', { schedule: 'BTC-EUR', tiers: [TIERS[0]] });
    expect(await fees('schedule', own)).toBe('version 1');
    expect(await fees('end-schedule', 'BTC-EUR')).toBe('version 2');
    expect(await fees('show')).toContain('(ended: the exchange’s holds)');
  });

  it('recomputes a day and hears what counted nothing', async () => {
    await database.pool.query(
      `INSERT INTO settlement.volumes VALUES ($1, 'BTC-EUR', '2026-03-29', 11000000, 1)`,
      [USER],
    );
    expect(await fees('recompute', '--day', '2026-03-31')).toBe('2026-03-31: 1 users, 1 written');
    expect(await fees('recompute', '--day', '2026-03-31')).toBe('2026-03-31: 1 users, 0 written');
    expect(await fees('show', USER)).toContain('2026-03-31: vip, volume 12100000 base units');
    expect(await fees('recompute', '--day', '2026-03-30')).toContain(
      'nobody has said what EUR was worth before 2026-03-30: BTC-EUR counted nothing',
    );
  });
});
