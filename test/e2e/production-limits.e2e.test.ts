// T30 under the limits of production: one user's storm of orders and of cancels is told to wait,
// then banned; large bodies and slow connections cost nobody else anything; neighbours trade on.
// What an exchange without limits takes is in resource-abuse.e2e.test.ts.
import { Pool } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, Exchange } from './exchange.ts';
import { Neighbours } from './neighbours.ts';
import { openRaw, type RawConnection } from './raw-connection.ts';

const MARKET = 'BTC-USD';
const STORM_AT_ONCE = 32;
/** A storm that is not stopped by then never is. */
const STORM_MAX = 60_000;
const LORIS = 40;
const BIG_BODY_BYTES = 10_000_000;
const ANSWERS_MIN = 12;
const ALIVE_MS = 10_000;

let exchange: Exchange;
let neighbours: Neighbours;
let stormer: string;
let orders: Pool;
const slow: RawConnection[] = [];

beforeAll(async () => {
  exchange = await Exchange.create('--production-limits');
  const user = 'usr_0000000000000110';
  await exchange.own('POST', '/fund', { user, asset: 'USD', amount: '1000' });
  stormer = await exchange.token(user);
  const [seller, buyer] = [await exchange.token('alice'), await exchange.token('bob')];
  const { services } = await exchange.topology();
  orders = new Pool(`http://${services.find(({ name }) => name === 'orders')?.address ?? ''}`);
  neighbours = new Neighbours(exchange, MARKET, { seller, buyer });
  neighbours.start();
}, 120_000);
afterAll(async () => {
  for (const connection of slow) connection.destroy();
  await neighbours.stop();
  await orders.close();
  await exchange.remove();
}, 60_000);

async function expectServed(): Promise<void> {
  neighbours.takeTiming();
  await eventually(
    () => Promise.resolve(neighbours.answers),
    (answers) => answers >= ANSWERS_MIN,
  );
  expect(neighbours.wrong).toEqual([]);
  expect(neighbours.takeTiming().worst).toBeLessThan(ALIVE_MS);
}

interface Answer {
  readonly status: number;
  readonly retryAfter: unknown;
}

/** Straight to the function: what one machine can send it, and not what our gateway forwards. */
async function send(method: 'POST' | 'DELETE', path: string, body?: string): Promise<Answer> {
  const json = body === undefined ? {} : { 'content-type': 'application/json' };
  const headers = { authorization: `Bearer ${stormer}`, ...json };
  const answer = await orders.request({ method, path, headers, body: body ?? null });
  await answer.body.dump();
  return { status: answer.statusCode, retryAfter: answer.headers['retry-after'] };
}

/** Sends until one is answered with `last`; all the answers there were. */
async function stormUntil(last: number, one: () => Promise<Answer>): Promise<Answer[]> {
  const answers: Answer[] = [];
  let isOver = false;
  const work = async (): Promise<void> => {
    while (!isOver && answers.length < STORM_MAX) {
      const answer = await one();
      answers.push(answer);
      isOver ||= answer.status === last;
    }
  };
  await Promise.all(Array.from({ length: STORM_AT_ONCE }, work));
  return answers;
}

function statusesOf(answers: readonly Answer[]): number[] {
  return [...new Set(answers.map(({ status }) => status))].sort();
}

describe('T30: an exchange with the limits of production', () => {
  it('serves two neighbours beside connections that never finish, and a body of 10 MB', async () => {
    const head = ['POST /v1/orders HTTP/1.1', 'host: x', `authorization: Bearer ${stormer}`];
    const lines = [...head, 'content-type: application/json'].join('\r\n');
    for (let at = 0; at < LORIS; at += 1) {
      slow.push(await openRaw(exchange.publicUrl, `${lines}\r\n`));
      slow.push(await openRaw(exchange.publicUrl, `${lines}\r\ncontent-length: 200\r\n\r\n{`));
    }
    const big = await openRaw(
      exchange.publicUrl,
      `${lines}\r\ncontent-length: ${BIG_BODY_BYTES}\r\n\r\n{`,
    );
    slow.push(big);
    const answer = await eventually(
      () => Promise.resolve(big.answer()),
      (text) => text.includes('BODY_TOO_LARGE'),
    );
    expect(answer.split('\r\n', 1)[0]).toContain('413');
    await expectServed();
  }, 60_000);

  it('tells a storm of cancels to wait, and bans nobody for it', async () => {
    const body = JSON.stringify({ orders: [{ id: 'ord_0000000000000001' }] });
    const cancel = () => send('POST', '/v1/orders/batch-cancel', body);
    const answers = await stormUntil(429, cancel);
    expect(statusesOf(answers)).toEqual([200, 429]);
    for (let more = 0; more < 500; more += 1) answers.push(await cancel());
    expect(statusesOf(answers)).toEqual([200, 429]);
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.every(({ retryAfter }) => Number(retryAfter) > 0)).toBe(true);
    await expectServed();
  }, 60_000);

  it('tells a storm of orders to wait, then bans, and still takes the cancels of its user', async () => {
    // Ten points each, and malformed: a caller is counted before a body is looked at.
    const answers = await stormUntil(418, () => send('POST', '/v1/orders/batch', '{}'));
    expect(statusesOf(answers)).toEqual([400, 418, 429]);
    const refused = answers.filter(({ status }) => status !== 400);
    expect(refused.every(({ retryAfter }) => Number(retryAfter) > 0)).toBe(true);
    expect((await send('POST', '/v1/orders', '{}')).status).toBe(418);
    // The allowance of cancels may be used up by the storm before; a window later it is not.
    const cancelled = await eventually(
      () => send('DELETE', '/v1/orders'),
      ({ status }) => status !== 429,
    );
    expect(cancelled.status).toBe(202);
    expect((await send('POST', '/v1/orders', '{}')).status).toBe(418);
    await expectServed();
  }, 120_000);
});
