// An exchange under a load of orders: what is sent, what became of it, what it cost each process.
import { readFileSync } from 'node:fs';
import { createPool, type Pool } from '../../../shared/db/pool.ts';
import { userId } from '../../../shared/domain/ids.ts';
import type { Exchange } from '../../e2e/exchange.ts';
import type { Beside } from '../servers/beside.ts';
import { cpuOf, cpuOfTree } from './cpu.ts';
import { medianOfWindows, percentiles, type Percentiles } from './figures.ts';
import { runOpenLoop, type Sent } from './open-loop.ts';
import { OrderMix } from './order-mix.ts';
import { OutcomeLog } from './outcomes.ts';

const FIRST_USER = 1_000;
const FUND = { USD: '1000000000', BTC: '100000', ETH: '100000', SOL: '1000000' };

/** Where orders are sent. */
export interface Target {
  readonly name: string;
  readonly url: string;
  /** Of a process that the exchange does not know of; null when it does. */
  readonly pid: number | null;
}

export interface Measured {
  readonly ordersPerSecond: number;
  readonly seconds: number;
  readonly requests: number;
  readonly answersByStatus: Readonly<Record<string, number>>;
  readonly accepted: Percentiles;
  readonly engineOutcome: Percentiles;
  readonly posted: Percentiles;
  readonly posted5sWindows: ReturnType<typeof medianOfWindows>;
  readonly cpuMicrosecondsPerRequest: Readonly<Record<string, number>>;
}

/** The orders function of an exchange, by its own port or by the public one. */
export async function ordersOf(exchange: Exchange, gateway: boolean): Promise<Target> {
  const { services } = await exchange.topology();
  const orders = services.find((service) => service.name === 'orders');
  if (orders === undefined) throw new Error('no orders function');
  const url = gateway ? exchange.publicUrl : `http://${orders.address}`;
  return { name: 'orders', url, pid: null };
}

/** Measured, rounded up: 2.9 kB at 1,000 requests a second. */
const WAL_BYTES_OF_REQUEST = 4_000;
const WAL_FILE_BYTES = 16 * 1_024 ** 2;
const WAL_FILES_SPARE = 4;
/**
 * After a checkpoint the first change of each page writes the page whole: for a second, orders wait
 * twice as long. A server that runs meets that each quarter of an hour, and not once a minute.
 */
const LEAD_SECONDS = 5;

/** The exchange with its users, and the eyes on its log and its database. */
export class Stage {
  readonly #exchange: Exchange;
  readonly #mix: OrderMix;
  readonly #pool: Pool;
  readonly #log: OutcomeLog;
  readonly #beside: Beside;

  static async open(exchange: Exchange, beside: Beside, users: number): Promise<Stage> {
    const tokens = await openUsers(exchange, users);
    return new Stage(exchange, beside, new OrderMix(1, tokens));
  }

  private constructor(exchange: Exchange, beside: Beside, mix: OrderMix) {
    const file = readFileSync(`${exchange.dataDir}/postgres.json`, 'utf8');
    const postgres = JSON.parse(file) as { url: string };
    this.#exchange = exchange;
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

  /** Sends to `target`, whose process is counted with those of the exchange when it is no part. */
  async measure(target: Target, rate: number, seconds: number): Promise<Measured> {
    await fillWal(this.#pool, rate * (seconds + LEAD_SECONDS));
    await this.load(target, rate, LEAD_SECONDS);
    const from = await this.#log.end();
    const cpuBefore = await this.#cpu(target);
    const sent = await this.load(target, rate, seconds);
    const cpu = subtract(await this.#cpu(target), cpuBefore, sent.length);
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

  load({ url }: Target, rate: number, seconds: number): Promise<Sent[]> {
    return runOpenLoop({
      url,
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

  async #cpu({ name, pid: own }: Target): Promise<Map<string, number>> {
    const { pid, postgresPid, enginePid, services } = await this.#exchange.topology();
    const processes: [string, number | null][] = [
      ['load', cpuOf(process.pid)],
      ['emulator', cpuOf(pid)],
      ['engine', cpuOf(enginePid)],
      ['postgres', cpuOfTree(postgresPid)],
      ...this.#beside.pids.map(([name, pid]): [string, number | null] => [name, cpuOf(pid)]),
      ...services.map((each): [string, number | null] => [each.name, cpuOf(each.pid)]),
      [name, own === null ? null : cpuOf(own)],
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

/**
 * Makes the WAL files that so many requests will need. A database that has run for a while uses its
 * old ones again; a new one writes each full of zeros first, and every commit waits for 50 ms.
 */
async function fillWal(pool: Pool, requests: number): Promise<void> {
  const files = Math.ceil((requests * WAL_BYTES_OF_REQUEST) / WAL_FILE_BYTES) + WAL_FILES_SPARE;
  await pool.query("ALTER SYSTEM SET min_wal_size = '2GB'");
  await pool.query('SELECT pg_reload_conf()');
  for (let made = 0; made < files; made += 1) {
    await pool.query("SELECT pg_logical_emit_message(true, 'bench', '')");
    await pool.query('SELECT pg_switch_wal()');
  }
  await pool.query('CHECKPOINT');
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
export async function untilSettled(exchange: Exchange): Promise<void> {
  let before = '';
  for (;;) {
    await new Promise((done) => setTimeout(done, 1_000));
    const answer = await exchange.own('GET', '/deliveries?limit=1');
    const now = JSON.stringify(answer.body);
    if (now === before) return;
    before = now;
  }
}
