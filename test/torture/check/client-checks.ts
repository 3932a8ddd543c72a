// The clients' side of the story against the exchange's: M1, every acknowledged order exists once
// and is open or has ended; M2, a refusal has no effect and an unanswered request at most one.
import { userId } from '../../../shared/domain/ids.ts';
import { makeClient } from '../../audit/database.ts';
import { pause } from '../pause.ts';
import { verdictOf, type History, type OrderHistory } from '../workload/history.ts';
import type { ExchangeHttp } from '../workload/http.ts';
import type { Workload } from '../workload/workload.ts';
import type { Violations } from './violations.ts';

const RESOLVE_ATTEMPTS_MAX = 50;
const RESOLVE_PAUSE_MS = 200;
const RESOLVERS = 16;

interface StoredOrder {
  readonly userNumber: number;
  readonly clientOrderId: string | null;
  readonly orderNumber: number;
  readonly status: string;
}

export interface ClientFigures {
  readonly ok: number;
  readonly fail: number;
  /** Requests whose end stayed unknown, and how many of them turned out to be orders. */
  readonly info: number;
  readonly infoWithEffect: number;
}

export interface ClientCheckOptions {
  readonly databaseUrl: string;
  readonly history: History;
  readonly http: ExchangeHttp;
  readonly workload: Workload;
  readonly violations: Violations;
}

export async function checkClients(options: ClientCheckOptions): Promise<ClientFigures> {
  const { history, violations } = options;
  const stored = await readOrders(options.databaseUrl, [
    ...options.workload.users,
    options.workload.probeUser,
  ]);
  const figures = { ok: 0, fail: 0, info: 0, infoWithEffect: 0 };
  const unknown: OrderHistory[] = [];
  for (const order of history.orders.values()) {
    const rows = stored.get(nameOf(order.userNumber, order.clientOrderId)) ?? [];
    const verdict = verdictOf(order);
    figures[verdict] += 1;
    judge(order, verdict, rows, violations);
    if (verdict !== 'info') continue;
    unknown.push(order);
    if (rows.length > 0) figures.infoWithEffect += 1;
  }
  checkGhosts(stored, history, violations);
  await resolveAll(unknown, stored, options);
  return figures;
}

type Stored = ReadonlyMap<string, readonly StoredOrder[]>;

function judge(
  order: OrderHistory,
  verdict: 'ok' | 'fail' | 'info',
  rows: readonly StoredOrder[],
  violations: Violations,
): void {
  const { clientOrderId } = order;
  const numbers = rows.map((row) => row.orderNumber);
  if (verdict === 'ok') {
    const ids = [...order.ids];
    const isOne = rows.length === 1 && ids.length === 1 && ids[0] === idOf(numbers[0]);
    const row = { clientOrderId, acknowledged: ids, numbers };
    if (!isOne) violations.add('M1', 'an acknowledged order is not there exactly once', row);
  }
  if (verdict === 'fail' && rows.length > 0) {
    violations.add('M2', 'a refused order is there', { clientOrderId, numbers });
  }
  if (verdict === 'info' && rows.length > 1) {
    violations.add('M2', 'an unanswered order is there twice', { clientOrderId, numbers });
  }
  const unfinished = rows.find((row) => row.status === 'accepted');
  if (unfinished !== undefined) {
    const row = { clientOrderId, numbers };
    violations.add('M1', 'an order has neither ended nor come to rest on the book', row);
  }
}

function checkGhosts(stored: Stored, history: History, violations: Violations): void {
  for (const rows of stored.values()) {
    for (const row of rows) {
      if (history.orders.has(row.clientOrderId ?? '')) continue;
      violations.add('M2', 'an order that nobody has asked for', row);
    }
  }
}

/** As a client would: GET by the name it gave. */
async function resolveAll(
  unknown: readonly OrderHistory[],
  stored: Stored,
  options: ClientCheckOptions,
): Promise<void> {
  const queue = [...unknown];
  const work = async (): Promise<void> => {
    for (let order = queue.pop(); order !== undefined; order = queue.pop()) {
      const found = await resolve(order, options);
      const rows = stored.get(nameOf(order.userNumber, order.clientOrderId)) ?? [];
      if (found === (idOf(rows[0]?.orderNumber) ?? null)) continue;
      const row = { clientOrderId: order.clientOrderId, answered: found, stored: rows };
      options.violations.add('M2', 'an unknown end cannot be resolved by the order name', row);
    }
  };
  await Promise.all(Array.from({ length: RESOLVERS }, work));
}

/** The order's id, null when there is none, undefined when nobody could say. */
async function resolve(
  order: OrderHistory,
  { http, workload }: ClientCheckOptions,
): Promise<string | null | undefined> {
  for (let attempts = 0; attempts < RESOLVE_ATTEMPTS_MAX; attempts += 1) {
    const token = await workload.token(userId(order.userNumber), attempts > 0);
    const path = `/v1/orders/client/${order.clientOrderId}`;
    const { status, body } = await http.send({ method: 'GET', path, token });
    if (status === 200) return String(body['id']);
    if (status === 404) return null;
    await pause(RESOLVE_PAUSE_MS);
  }
  return undefined;
}

async function readOrders(url: string, users: readonly number[]): Promise<Stored> {
  const client = makeClient(url);
  await client.connect();
  try {
    const { rows } = await client.query<StoredOrder>(
      `SELECT user_number AS "userNumber", client_order_id AS "clientOrderId",
         order_number AS "orderNumber", status
       FROM orders.orders WHERE user_number = ANY ($1::bigint[])`,
      [users],
    );
    const byName = new Map<string, StoredOrder[]>();
    for (const row of rows) {
      const name = nameOf(row.userNumber, row.clientOrderId);
      const known = byName.get(name);
      if (known === undefined) byName.set(name, [row]);
      else known.push(row);
    }
    return byName;
  } finally {
    await client.end();
  }
}

function nameOf(userNumber: number, clientOrderId: string | null): string {
  return `${userNumber} ${clientOrderId ?? ''}`;
}

function idOf(orderNumber: number | undefined): string | undefined {
  return orderNumber === undefined ? undefined : `ord_${String(orderNumber).padStart(16, '0')}`;
}
