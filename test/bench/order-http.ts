// Orders over HTTP against the whole exchange: request to accepted, and request to posted in the
// ledger. Open loop: latency counts from when a request was due, so a stall is not hidden by the
// requests that it kept from being sent. Beside it a bare node:http server under the same load,
// which is what the machine, the client and the loopback cost by themselves.
import { build, type Histogram } from 'hdr-histogram-js';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFileSync } from 'node:fs';
import { createPool } from '../../shared/db/pool.ts';
import { userId } from '../../shared/domain/ids.ts';
import { Exchange } from '../e2e/exchange.ts';
import { runOpenLoop, type Sent } from './order-http/open-loop.ts';
import { OrderMix } from './order-http/order-mix.ts';

const RATES_PER_SECOND = [200, 500, 1_000];
const SECONDS = 20;
const WARM_UP_SECONDS = 5;
const USERS = 50;
const FIRST_USER = 1_000;
const FUND = { USD: '1000000000', BTC: '100000', ETH: '100000', SOL: '1000000' };

export async function run(): Promise<unknown> {
  const exchange = await Exchange.create();
  try {
    const tokens = await openUsers(exchange);
    await load(exchange.publicUrl, 200, WARM_UP_SECONDS, new OrderMix(1, tokens));
    const steps: Record<string, unknown>[] = [];
    for (const rate of RATES_PER_SECOND) {
      const mix = new OrderMix(rate, tokens);
      const sent = await load(exchange.publicUrl, rate, SECONDS, mix);
      steps.push({
        ordersPerSecond: rate,
        seconds: SECONDS,
        ...outcome(sent),
        accepted: percentiles(sent.map((each) => each.latencyMs)),
        posted: percentiles(await postedLatencies(exchange, sent)),
      });
    }
    const peer = await measureBare();
    const own = steps.at(-1)?.['accepted'] as { p50Ms: number };
    return {
      ours: { openLoop: steps },
      peer,
      ratio: own.p50Ms / peer.accepted.p50Ms,
    };
  } finally {
    await exchange.remove();
  }
}

async function openUsers(exchange: Exchange): Promise<string[]> {
  const tokens: string[] = [];
  for (let user = 1; user <= USERS; user++) {
    const name = userId(FIRST_USER + user);
    tokens.push(await exchange.token(name));
    for (const [asset, amount] of Object.entries(FUND)) {
      const funded = await exchange.own('POST', '/fund', { user: name, asset, amount });
      if (funded.status >= 300) throw new Error(JSON.stringify(funded.body));
    }
  }
  return tokens;
}

function load(url: string, rate: number, seconds: number, mix: OrderMix): Promise<Sent[]> {
  return runOpenLoop({
    url,
    rate,
    seconds,
    next: () => mix.next(),
    onAnswer: (a, b) => mix.learn(a, b),
  });
}

function outcome(sent: readonly Sent[]): Record<string, unknown> {
  const byStatus: Record<string, number> = {};
  for (const each of sent) byStatus[each.status] = (byStatus[each.status] ?? 0) + 1;
  return { requests: sent.length, answersByStatus: byStatus };
}

/** From when the taker's request was due until the commit of its last trade's journal entry. */
async function postedLatencies(exchange: Exchange, sent: readonly Sent[]): Promise<number[]> {
  const { url } = JSON.parse(readFileSync(`${exchange.dataDir}/postgres.json`, 'utf8')) as {
    url: string;
  };
  const pool = createPool({ url, applicationName: 'bench', connectionsMax: 1 });
  try {
    await untilSettled(exchange);
    const rows = await pool.query<{ order_id: string; posted_at_ms: number }>(
      `SELECT 'ord_' || lpad(f.order_number::text, 16, '0') AS order_id,
         max(extract(epoch FROM pg_xact_commit_timestamp(e.transaction_xid::xid)) * 1000)::float8
           AS posted_at_ms
       FROM orders.fills f
       JOIN ledger.entries e ON e.kind = 'trade'
         AND e.reference_id = 'trd_' || f.market || '_' || lpad(f.sequence::text, 16, '0')
       WHERE f.liquidity = 'taker' GROUP BY f.order_number`,
    );
    const posted = new Map(rows.rows.map((row) => [row.order_id, row.posted_at_ms]));
    return sent.flatMap((each) => {
      const at = each.orderId === null ? undefined : posted.get(each.orderId);
      return at === undefined ? [] : [at - each.dueAtMs];
    });
  } finally {
    await pool.end();
  }
}

/** Until no source has anything left to deliver. */
async function untilSettled(exchange: Exchange): Promise<void> {
  let before = '';
  for (;;) {
    await new Promise((done) => setTimeout(done, 1_000));
    const answer = await exchange.own('GET', '/deliveries?limit=1');
    const now = JSON.stringify(answer.body);
    if (now === before) return;
    before = now;
  }
}

async function measureBare(): Promise<{ name: string; accepted: Percentiles }> {
  const server = createServer((request, response) => {
    request.resume().once('end', () => response.writeHead(201).end('{"id":null}'));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  try {
    const { port } = server.address() as AddressInfo;
    const mix = new OrderMix(1, ['none']);
    const rate = RATES_PER_SECOND.at(-1) ?? 0;
    const sent = await load(`http://127.0.0.1:${port}`, rate, WARM_UP_SECONDS, mix);
    return { name: 'bare node:http', accepted: percentiles(sent.map((each) => each.latencyMs)) };
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

interface Percentiles {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
}

function percentiles(latenciesMs: readonly number[]): Percentiles {
  const histogram: Histogram = build({ numberOfSignificantValueDigits: 3 });
  for (const each of latenciesMs) histogram.recordValue(Math.max(0, Math.round(each * 1_000)));
  const at = (percentile: number) => histogram.getValueAtPercentile(percentile) / 1_000;
  return {
    count: latenciesMs.length,
    p50Ms: at(50),
    p99Ms: at(99),
    p999Ms: at(99.9),
    maxMs: histogram.maxValue / 1_000,
  };
}
