// `npm run accounts` as a process of its own, beside the orders function that reads its blocks.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ALICE, createOrdersFixture, outboxIsEmpty, type OrdersFixture } from './fixture.ts';

const ORDER = { market: 'BTC-USD', side: 'buy', type: 'limit', price: '100', quantity: '1' };
const TIMEOUT_MS = 60_000;

let fixture: OrdersFixture;
beforeAll(async () => {
  fixture = await createOrdersFixture();
});
afterAll(() => fixture.close());

async function accounts(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', 'shared/accounts/main.ts', ...args],
    { env: { ...process.env, DATABASE_URL: fixture.database.urlFor('bourse_orders') } },
  );
  return stdout;
}

async function statusOfPlacing(): Promise<number> {
  return (await fixture.call(ALICE, 'POST', '/v1/orders', ORDER)).status;
}

it(
  'blocks an account, says so, and ends the block',
  async () => {
    const user = ALICE.userId;
    expect(await statusOfPlacing()).toBe(201);
    expect(await accounts('show', user)).toBe(`${user} is not blocked\n`);
    const told = await accounts('block', user, '--reason', 'stolen keys', '--by', 'eve');
    expect(told).toBe(`${user} is blocked: told to BTC-USD\n`);
    expect(await statusOfPlacing()).toBe(403);
    expect(await accounts('show', user)).toContain('block  eve: stolen keys');
    await accounts('unblock', user, '--reason', 'new keys');
    expect(await statusOfPlacing()).toBe(201);
    await outboxIsEmpty(fixture);
    const blocks = (await fixture.commands()).filter(({ kind }) => kind === 'block_user');
    expect(blocks).toMatchObject([{ isBlocked: true }, { isBlocked: false }]);
    await expect(accounts('block', user)).rejects.toThrow('say why');
  },
  TIMEOUT_MS,
);
