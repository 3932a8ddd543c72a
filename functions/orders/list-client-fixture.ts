// For tests: order lists as a client asks for them, and what accepting one leaves behind.
import { expect } from 'vitest';
import type { CallAnswer } from '../../shared/function/call.ts';
import type { Caller } from '../../shared/domain/caller.ts';
import { ALICE, published, type OrdersFixture } from './fixture.ts';
import type { OrderListAnswer } from './schema/order-lists.ts';

const SELL = { side: 'sell', quantity: '0.1' };
export const PROFIT = { ...SELL, type: 'limit', price: '31000', postOnly: true };
export const STOP = { ...SELL, type: 'market', trigger: { type: 'stop_loss', price: '29000' } };
export const WORKING = { side: 'buy', type: 'limit', price: '30000', quantity: '0.1' };
export const BUY_LOW = { ...PROFIT, side: 'buy', price: '28000' };
export const BUY_HIGH = { ...STOP, side: 'buy', trigger: { type: 'stop_loss', price: '32000' } };

export const OCO = { type: 'oco', market: 'BTC-USD', orders: [PROFIT, STOP] };
export const OTO = { type: 'oto', market: 'BTC-USD', orders: [WORKING, STOP] };
export const OTOCO = { type: 'otoco', market: 'BTC-USD', orders: [WORKING, PROFIT, STOP] };

export type Answered = OrderListAnswer & {
  readonly code: string;
  readonly errors: readonly { readonly path: string; readonly code: string }[];
  readonly items: readonly OrderListAnswer[];
  readonly nextCursor: string | null;
};

/** A client of the fixture, which is there once the test has begun. */
export class ListClient {
  readonly #fixture: () => OrdersFixture;

  constructor(fixture: () => OrdersFixture) {
    this.#fixture = fixture;
  }

  async call(
    method: string,
    path: string,
    body?: unknown,
    headers = {},
    caller: Caller = ALICE,
  ): Promise<Omit<CallAnswer, 'body'> & { readonly body: Answered }> {
    const answer = await this.#fixture().call(caller, method, path, body, headers);
    return { ...answer, body: answer.body as Answered };
  }

  place(body: unknown, headers = {}, caller = ALICE): ReturnType<ListClient['call']> {
    return this.call('POST', '/v1/order-lists', body, headers, caller);
  }

  async placed(body: object, caller = ALICE): Promise<OrderListAnswer> {
    const answer = await this.place(body, {}, caller);
    expect(answer.status, JSON.stringify(answer.body)).toBe(201);
    return answer.body;
  }

  /** Everything that accepting could leave behind. */
  async trace(): Promise<Trace> {
    const { rows } = await this.#fixture().database.pool.query<Omit<Trace, 'commands'>>(
      `SELECT (SELECT count(*)::integer FROM orders.orders) AS orders,
         (SELECT count(*) FROM orders.order_lists) AS lists,
         (SELECT count(*) FROM orders.request_keys) AS keys,
         (SELECT count(*) FROM ledger.holds) AS holds,
         (SELECT sum(open_orders) FROM orders.open_counts) AS open`,
    );
    const commands = (await this.commandsAfter(0)).length;
    return { orders: 0, ...rows[0], commands };
  }

  async commandsAfter(count: number): Promise<readonly Record<string, unknown>[]> {
    await published(this.#fixture());
    return (await this.#fixture().commands()).slice(count);
  }

  /** The holds that were made for a list, by name. */
  async holdsOf(list: OrderListAnswer): Promise<Record<string, string>> {
    const { rows } = await this.#fixture().database.pool.query<{ hold: string; made: string }>(
      'SELECT hold, made::text FROM ledger.holds WHERE hold = ANY ($1) ORDER BY hold',
      [[list.id, ...list.orders.map(({ id }) => id)]],
    );
    return Object.fromEntries(rows.map(({ hold, made }) => [hold, made]));
  }
}

interface Trace {
  readonly orders: number;
  readonly commands: number;
}

export function numbersOf({ orders }: OrderListAnswer): number[] {
  return orders.map(({ id }) => Number(id.slice('ord_'.length)));
}
