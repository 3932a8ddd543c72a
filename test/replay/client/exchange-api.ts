// The few routes that the replay uses, with their answers checked: public ones, own orders, and the
// emulator's tokens and funds.
import { z } from 'zod';
import { parseDecimal } from '../../../shared/money/decimal.ts';
import type { MarketId } from '../../../shared/domain/ids.ts';
import { ORDER_STATUSES, SIDES, type Side } from '../../../shared/domain/order.ts';
import type { FlowStep, MarketSteps } from '../flow.ts';
import { formatSteps } from '../../../shared/domain/market.ts';
import type { Answer, ExchangeClient } from './exchange-client.ts';

const PAGE_LIMIT = 500;
export const BOOK_DEPTH = 1_000;
/** Seconds that an amend waits for the engine: the next amend of the order needs its end. */
const AMEND_WAIT_SECONDS = 5;

const marketSchema = z.looseObject({
  market: z.string().transform((text) => text as MarketId),
  base: z.string(),
  quote: z.string(),
  tickSize: z.string(),
  lotSize: z.string(),
  minQuantity: z.string(),
  minNotional: z.string(),
});

const bookSchema = z.looseObject({
  sequence: z.int(),
  bids: z.array(z.tuple([z.string(), z.string()])),
  asks: z.array(z.tuple([z.string(), z.string()])),
});
export type Book = z.output<typeof bookSchema>;

const orderSchema = z.looseObject({
  id: z.string(),
  clientOrderId: z.string().nullable(),
  side: z.enum(SIDES),
  price: z.string().nullable(),
  quantity: z.string().nullable(),
  filledQuantity: z.string(),
  remainingQuantity: z.string().nullable(),
  status: z.enum(ORDER_STATUSES),
});
export type Order = z.output<typeof orderSchema>;

const placedSchema = z.looseObject({ id: z.string() });
const balancesSchema = z.looseObject({
  items: z.array(z.looseObject({ asset: z.string(), available: z.string() })),
});
const tokenSchema = z.looseObject({ token: z.string() });

/** The exchange answered something that the replay cannot work with. */
export class UnexpectedAnswerError extends Error {
  override readonly name = 'UnexpectedAnswerError';
}

/** One user of the exchange: buys only or sells only, so that nobody meets himself. */
export interface Trader {
  readonly userId: string;
  readonly side: Side;
  readonly token: (renew: boolean) => Promise<string>;
}

export class ExchangeApi {
  readonly #client: ExchangeClient;
  readonly #own: ExchangeClient;

  /** `own` speaks to the emulator's own port. */
  constructor(client: ExchangeClient, own: ExchangeClient) {
    this.#client = client;
    this.#own = own;
  }

  async listMarkets(): Promise<MarketSteps[]> {
    const answer = await this.#client.request({ method: 'GET', path: '/v1/markets' });
    return expect(z.looseObject({ items: z.array(marketSchema) }), answer, 'markets').items;
  }

  async getBook(market: string): Promise<Book> {
    const path = `/v1/markets/${market}/book?depth=${BOOK_DEPTH}`;
    return expect(bookSchema, await this.#client.request({ method: 'GET', path }), 'the book');
  }

  /** Public trades after a sequence. */
  async countTrades(market: string, afterSequence: number): Promise<number> {
    const path = `/v1/markets/${market}/trades`;
    const trade = z.looseObject({ sequence: z.int() });
    let count = 0;
    for await (const { sequence } of this.#list(path, trade, null)) {
      if (sequence <= afterSequence) break;
      count += 1;
    }
    return count;
  }

  /** Own orders, newest first. */
  listOrders(trader: Trader, market: string, status: 'open' | 'all'): AsyncGenerator<Order> {
    return this.#list(`/v1/orders?market=${market}&status=${status}`, orderSchema, trader);
  }

  async getOrder(trader: Trader, orderId: string): Promise<Order> {
    const path = `/v1/orders/${orderId}`;
    const answer = await this.#client.request({ method: 'GET', path, token: trader.token });
    return expect(orderSchema, answer, `order ${orderId}`);
  }

  async findAvailable(trader: Trader, asset: string, decimals: number): Promise<bigint> {
    const { token } = trader;
    const answer = await this.#client.request({ method: 'GET', path: '/v1/balances', token });
    const { items } = expect(balancesSchema, answer, 'balances');
    const available = items.find((item) => item.asset === asset)?.available ?? '0';
    const value = parseDecimal(available, decimals);
    if (typeof value === 'bigint') return value;
    throw new UnexpectedAnswerError(`balance ${available} ${asset} is ${value}`);
  }

  async makeToken(user: string): Promise<string> {
    const body = { user };
    const answer = await this.#own.request({ method: 'POST', path: '/tokens', body });
    return expect(tokenSchema, answer, 'a token').token;
  }

  async fund(user: string, asset: string, amount: string): Promise<void> {
    const body = { user, asset, amount };
    const answer = await this.#own.request({ method: 'POST', path: '/fund', body });
    expect(z.unknown(), answer, `funds of ${amount} ${asset} for ${user}`);
  }

  /** Sends one command; a refusal is an answer, not an error. */
  async sendStep(step: FlowStep, sender: StepSender): Promise<Answer> {
    const { token } = sender.trader;
    const { beforeRepeat } = sender;
    if (step.kind === 'place') {
      const body = {
        market: step.market,
        side: step.side,
        type: 'limit',
        price: formatSteps(step.priceTicks, sender.steps.tickSize),
        quantity: formatSteps(step.quantityLots, sender.steps.lotSize),
        timeInForce: step.timeInForce,
        clientOrderId: sender.clientOrderId,
      };
      return this.#client.request({
        method: 'POST',
        path: '/v1/orders',
        body,
        token,
        beforeRepeat,
      });
    }
    const path = `/v1/orders/${sender.orderId}`;
    if (step.kind === 'cancel') {
      return this.#client.request({ method: 'DELETE', path, token, beforeRepeat });
    }
    const body = { quantity: formatSteps(step.quantityLots, sender.steps.lotSize) };
    const headers = { prefer: `wait=${AMEND_WAIT_SECONDS}` };
    return this.#client.request({ method: 'PATCH', path, body, headers, token, beforeRepeat });
  }

  async *#list<Item extends z.ZodType>(
    path: string,
    item: Item,
    trader: Trader | null,
  ): AsyncGenerator<z.output<Item>> {
    const page = z.looseObject({ items: z.array(item), nextCursor: z.string().nullable() });
    const separator = path.includes('?') ? '&' : '?';
    let cursor: string | null = '';
    while (cursor !== null) {
      const from: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const answer = await this.#client.request({
        method: 'GET',
        path: `${path}${separator}limit=${PAGE_LIMIT}${from}`,
        ...(trader === null ? {} : { token: trader.token }),
      });
      const { items, nextCursor } = expect(page, answer, 'a list');
      yield* items;
      cursor = nextCursor;
    }
  }
}

export interface StepSender {
  readonly trader: Trader;
  readonly steps: MarketSteps;
  readonly clientOrderId: string;
  /** The exchange's id; empty while the order is being placed. */
  readonly orderId: string;
  /** Called when a request was lost, before it is sent again. */
  readonly beforeRepeat: () => Promise<void>;
}

/** The id of the order that a successful placing answers with. */
export function orderIdOf(answer: Answer): string {
  return expect(placedSchema, answer, 'a placed order').id;
}

function expect<Schema extends z.ZodType>(
  schema: Schema,
  answer: Answer,
  what: string,
): z.output<Schema> {
  if (answer.status >= 400) {
    throw new UnexpectedAnswerError(`asked for ${what}: ${answer.status} ${answer.code ?? ''}`);
  }
  const parsed = schema.safeParse(answer.body);
  if (parsed.success) return parsed.data;
  throw new UnexpectedAnswerError(`asked for ${what}: ${z.prettifyError(parsed.error)}`);
}
