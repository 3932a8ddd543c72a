// Orders over HTTP against the whole exchange, real processes on one machine: request to accepted,
// to the engine's outcome in the log, and to posted in the ledger. Open loop: latency counts from
// when a request was due, so a stall is not hidden by the requests that it kept from being sent.
// Beside it a bare node:http server under the same load, which is what the machine, the client and
// the loopback cost by themselves.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { createPool, type Pool } from '../../shared/db/pool.ts';
import { userId } from '../../shared/domain/ids.ts';
import { Exchange } from '../e2e/exchange.ts';
import { Beside } from './servers/beside.ts';
import { cpuOf, cpuOfTree } from './order-to-ledger/cpu.ts';
import { medianOfWindows, percentiles, type Percentiles } from './order-to-ledger/figures.ts';
import { runOpenLoop, type Sent } from './order-to-ledger/open-loop.ts';
import { OrderMix } from './order-to-ledger/order-mix.ts';
import { OutcomeLog } from './order-to-ledger/outcomes.ts';

const HELP = `npm run bench -- order-to-ledger [options]

  --rates 1000,2000   orders per second, one run each (default 1000,2000,3000)
  --seconds 60        length of each run
  --warm-up 30        seconds at the first rate before anything is measured: a young JVM, V8 and
                      buffer cache cost several times what they cost later
  --users 200         users that trade
  --with kafka,redis  these servers beside it, which it starts itself (default none: the
                      embedded log and no feed)
  --gateway           send through the emulator's public port instead of straight to the function`;

const FIRST_USER = 1_000;
const FUND = { USD: '1000000000', BTC: '100000', ETH: '100000', SOL: '1000000' };
const PEER_SECONDS = 5;

export async function run(args: readonly string[]): Promise<unknown> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rates: { type: 'string', default: '1000,2000,3000' },
      seconds: { type: 'string', default: '60' },
      'warm-up': { type: 'string', default: '30' },
      users: { type: 'string', default: '200' },
      gateway: { type: 'boolean', default: false },
      with: { type: 'string', default: '' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return { usage: HELP.split('\n') };
  const beside = await Beside.start(values.with);
  const exchange = await Exchange.create(...beside.flags);
  const stage = await Stage.open(exchange, beside, Number(values.users), values.gateway);
  try {
    const rates = values.rates.split(',').map(Number);
    await stage.load(rates[0] ?? 0, Number(values['warm-up']));
    await untilSettled(exchange);
    const runs: object[] = [];
    for (const rate of rates) {
      runs.push(await stage.measure(rate, Number(values.seconds)));
    }
    const peer = await measureBare(rates[0] ?? 0);
    const through = values.gateway ? 'gateway' : 'function';
    return { ours: { through, with: values.with, runs }, peer };
  } finally {
    await stage.close();
    await exchange.remove();
    await beside.stop();
  }
}

/** The exchange with its users, and the eyes on its log and its database. */
class Stage {
  readonly #exchange: Exchange;
  readonly #url: string;
  readonly #mix: OrderMix;
  readonly #pool: Pool;
  readonly #log: OutcomeLog;
  readonly #beside: Beside;

  static async open(
    exchange: Exchange,
    beside: Beside,
    users: number,
    gateway: boolean,
  ): Promise<Stage> {
    const tokens = await openUsers(exchange, users);
    const { services } = await exchange.topology();
    const orders = services.find((service) => service.name === 'orders');
    if (orders === undefined) throw new Error('no orders function');
    const url = gateway ? exchange.publicUrl : `http://${orders.address}`;
    return new Stage(exchange, beside, url, new OrderMix(1, tokens));
  }

  private constructor(exchange: Exchange, beside: Beside, url: string, mix: OrderMix) {
    const file = readFileSync(`${exchange.dataDir}/postgres.json`, 'utf8');
    const postgres = JSON.parse(file) as { url: string };
    this.#exchange = exchange;
    this.#url = url;
    this.#mix = mix;
    this.#pool = createPool({
      url: postgres.url,
      applicationName: 'bench',
      connectionsMax: 1,
      statementTimeoutMs: 600_000,
    });
    this.#beside = beside;
    this.#log = new OutcomeLog(beside.kafkaUrl ?? postgres.url);
  }

  async measure(rate: number, seconds: number): Promise<object> {
    const from = await this.#log.end();
    const cpuBefore = await this.#cpu();
    const sent = await this.load(rate, seconds);
    const cpu = subtract(await this.#cpu(), cpuBefore, sent.length);
    await untilSettled(this.#exchange);
    const posted = await postedLatencies(this.#pool, sent);
    const isAccepted = (each: Sent): boolean => each.status >= 200 && each.status < 300;
    return {
      ordersPerSecond: rate,
      seconds,
      requests: sent.length,
      answersByStatus: countByStatus(sent),
      accepted: percentiles(sent.filter(isAccepted).map((each) => each.latencyMs)),
      engineOutcome: percentiles(await this.#log.latencies(from, sent)),
      posted: percentiles(posted.map((each) => each.latencyMs)),
      posted5sWindows: medianOfWindows(posted),
      cpuMicrosecondsPerRequest: cpu,
    };
  }

  load(rate: number, seconds: number): Promise<Sent[]> {
    return runOpenLoop({
      url: this.#url,
      rate,
      seconds,
      next: () => this.#mix.next(),
      onAnswer: (planned, orderId) => this.#mix.learn(planned, orderId),
    });
  }

  async close(): Promise<void> {
    await this.#log.close();
    await this.#pool.end();
  }

  async #cpu(): Promise<Map<string, number>> {
    const { pid, postgresPid, enginePid, services } = await this.#exchange.topology();
    const processes: [string, number | null][] = [
      ['load', cpuOf(process.pid)],
      ['emulator', cpuOf(pid)],
      ['engine', cpuOf(enginePid)],
      ['postgres', cpuOfTree(postgresPid)],
      ...this.#beside.pids.map(([name, pid]): [string, number | null] => [name, cpuOf(pid)]),
      ...services.map((each): [string, number | null] => [each.name, cpuOf(each.pid)]),
    ];
    return new Map(processes.flatMap(([name, ms]) => (ms === null ? [] : [[name, ms]])));
  }
}

async function openUsers(exchange: Exchange, users: number): Promise<string[]> {
  const tokens: string[] = [];
  for (let user = 1; user <= users; user++) {
    const name = userId(FIRST_USER + user);
    tokens.push(await exchange.token(name));
    for (const [asset, amount] of Object.entries(FUND)) {
      const funded = await exchange.own('POST', '/fund', { user: name, asset, amount });
      if (funded.status >= 300) throw new Error(JSON.stringify(funded.body));
    }
  }
  return tokens;
}

function subtract(
  after: ReadonlyMap<string, number>,
  before: ReadonlyMap<string, number>,
  requests: number,
): Record<string, number> {
  const shares = [...after].map(([name, ms]): [string, number] => [
    name,
    Math.round(((ms - (before.get(name) ?? 0)) * 1_000) / requests),
  ]);
  const total = shares.reduce((sum, [, share]) => sum + share, 0);
  return Object.fromEntries([...shares, ['total', total]]);
}

function countByStatus(sent: readonly Sent[]): Record<string, number> {
  const byStatus: Record<string, number> = {};
  for (const each of sent) byStatus[each.status] = (byStatus[each.status] ?? 0) + 1;
  return byStatus;
}

interface Posted {
  readonly dueAtMs: number;
  readonly latencyMs: number;
}

/** From when the taker's request was due until the commit of its last trade's journal entry. */
async function postedLatencies(pool: Pool, sent: readonly Sent[]): Promise<Posted[]> {
  const rows = await pool.query<{ order_id: string; posted_at_ms: number }>(
    `SELECT 'ord_' || lpad(f.order_number::text, 16, '0') AS order_id,
       max(extract(epoch FROM pg_xact_commit_timestamp(e.transaction_xid::xid)) * 1000)::float8
         AS posted_at_ms
     FROM orders.fills f
     JOIN ledger.entries e ON e.kind = 'trade'
       AND e.business_key = f.market || ':' || f.sequence
     WHERE f.liquidity = 'taker' GROUP BY f.order_number`,
  );
  const posted = new Map(rows.rows.map((row) => [row.order_id, row.posted_at_ms]));
  return sent.flatMap((each) => {
    const at = each.orderId === null ? undefined : posted.get(each.orderId);
    if (at === undefined || each.kind !== 'place') return [];
    return [{ dueAtMs: each.dueAtMs, latencyMs: at - each.dueAtMs }];
  });
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

async function measureBare(rate: number): Promise<{ name: string; accepted: Percentiles }> {
  const server = createServer((request, response) => {
    request.resume().once('end', () => response.writeHead(201).end('{"id":null}'));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  try {
    const { port } = server.address() as AddressInfo;
    const mix = new OrderMix(1, ['none']);
    const sent = await runOpenLoop({
      url: `http://127.0.0.1:${port}`,
      rate,
      seconds: PEER_SECONDS,
      next: () => mix.next(),
      onAnswer: () => undefined,
    });
    return { name: 'bare node:http', accepted: percentiles(sent.map((each) => each.latencyMs)) };
  } finally {
    server.close();
    server.closeAllConnections();
  }
}
