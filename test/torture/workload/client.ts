// One client: sends what its seed draws, one request after the other, and writes down what it saw.
// An order whose end is unknown it often sends again under the same name, as real clients do.
import { userId } from '../../../shared/domain/ids.ts';
import type { Draw } from '../draw.ts';
import { pause } from '../pause.ts';
import type { History, HistoryLine, Phase, RequestKind } from './history.ts';
import type { ExchangeHttp, HttpAnswer, HttpRequest } from './http.ts';
import type { ListBody } from './list-mix.ts';
import { drawWish, type Wish } from './order-mix.ts';

/** Own orders, and own lists, that are remembered for cancels and amends. */
const REMEMBERED_MAX = 60;
const REPEAT_CHANCE = 0.6;
const REPEATS_MAX = 4;
const REPEAT_PAUSE_MS = 200;
const LOST_PAUSE_MS = 300;
/** One request in so many waits for the engine's outcome. */
const WAIT_CHANCE = 0.08;

export interface ClientOptions {
  readonly number: number;
  readonly userNumber: number;
  /** Orders of two runs on one exchange must not share names. */
  readonly prefix: string;
  readonly http: ExchangeHttp;
  readonly draw: Draw;
  readonly history: History;
  readonly token: (userId: string, renew: boolean) => Promise<string>;
  /** Time from one request to the next, on average. */
  readonly paceMs: number;
}

export class Client {
  readonly #options: ClientOptions;
  readonly #resting: string[] = [];
  readonly #lists: string[] = [];
  #requests = 0;
  #orders = 0;
  #running: Promise<void> | null = null;
  #stopped = false;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    const { draw, paceMs } = this.#options;
    while (!this.#stopped) {
      const startedMs = performance.now();
      await this.#fulfil(drawWish(draw));
      const waitMs = paceMs * (0.5 + draw.share()) - (performance.now() - startedMs);
      if (waitMs > 0) await pause(waitMs);
    }
  }

  async #fulfil(wish: Wish): Promise<void> {
    switch (wish.kind) {
      case 'place':
        return this.#place(wish.body);
      case 'place_list':
        return this.#placeList(wish.body);
      case 'cancel_list':
        return this.#cancelList();
      case 'cancel_all':
        await this.#send('cancel_all', null, {
          method: 'DELETE',
          path: `/v1/orders?market=${wish.market}${drawSide(this.#options.draw)}`,
        });
        return;
      case 'cancel_all_after':
        await this.#send('cancel_all_after', null, {
          method: 'POST',
          path: '/v1/orders/cancel-all-after',
          body: { seconds: wish.seconds, market: wish.market },
        });
        return;
      case 'cancel':
        return this.#change('cancel', undefined);
      case 'amend':
        return this.#change('amend', wish.body);
    }
  }

  async #place(body: Readonly<Record<string, unknown>>): Promise<void> {
    const { draw, history, userNumber } = this.#options;
    const clientOrderId = this.#newName();
    await this.#untilKnown(() => {
      history.invokeOrder(clientOrderId, userNumber);
      return this.#send('place', clientOrderId, {
        method: 'POST',
        path: '/v1/orders',
        body: { ...body, clientOrderId },
        ...(draw.chance(WAIT_CHANCE) ? { headers: { prefer: 'wait=2' } } : {}),
      });
    });
  }

  /** The list has a name, and each of its orders has one: any of them tells a repeat. */
  async #placeList(body: ListBody): Promise<void> {
    const { history, userNumber } = this.#options;
    const clientListId = this.#newName();
    const names = body.orders.map((_, at) => `${clientListId}-${at}`);
    const orders = body.orders.map((order, at) => ({ ...order, clientOrderId: names[at] }));
    await this.#untilKnown(() => {
      history.invokeList(clientListId, names, userNumber);
      return this.#send('place_list', clientListId, {
        method: 'POST',
        path: '/v1/order-lists',
        body: { ...body, orders, clientListId },
      });
    });
  }

  #newName(): string {
    const { number, prefix } = this.#options;
    this.#orders += 1;
    return `${prefix}-${number}-${this.#orders}`;
  }

  /** What has no answer is often sent again, under the same name. */
  async #untilKnown(send: () => Promise<Phase>): Promise<void> {
    const { draw } = this.#options;
    for (let repeats = 0; ; repeats += 1) {
      const phase = await send();
      const again = phase === 'info' && repeats < REPEATS_MAX && draw.chance(REPEAT_CHANCE);
      if (!again || this.#stopped) return;
      await pause(REPEAT_PAUSE_MS);
    }
  }

  async #cancelList(): Promise<void> {
    if (this.#lists.length === 0) return;
    const listId = this.#options.draw.pick(this.#lists);
    this.#lists.splice(this.#lists.indexOf(listId), 1);
    const path = `/v1/order-lists/${listId}`;
    await this.#send('cancel_list', null, { method: 'DELETE', path });
  }

  async #change(kind: 'cancel' | 'amend', body: unknown): Promise<void> {
    const { draw } = this.#options;
    if (this.#resting.length === 0) return;
    const orderId = draw.pick(this.#resting);
    const query = kind === 'cancel' ? drawCondition(draw) : '';
    const path = `/v1/orders/${orderId}${query}`;
    await this.#send(kind, null, {
      method: kind === 'cancel' ? 'DELETE' : 'PATCH',
      path,
      ...(body === undefined ? {} : { body }),
      ...(draw.chance(WAIT_CHANCE) ? { headers: { prefer: 'wait=2' } } : {}),
    });
    if (kind === 'cancel') this.#resting.splice(this.#resting.indexOf(orderId), 1);
  }

  async #send(
    kind: RequestKind,
    clientOrderId: string | null,
    request: Omit<HttpRequest, 'token'>,
  ): Promise<Phase> {
    const { history, http, number, token, userNumber } = this.#options;
    this.#requests += 1;
    const line = { client: number, request: this.#requests, kind, clientOrderId };
    const nothing = { status: null, code: null, orderId: null };
    history.note({ ...line, phase: 'invoke', ...nothing });
    const bearer = await token(userId(userNumber), false);
    const answer = await http.send({ ...request, token: bearer });
    // Nobody is there: asking again at once would only count refusals of the connection.
    if (answer.status === null) await pause(LOST_PAUSE_MS);
    if (answer.status === 401) await token(userId(userNumber), true);
    const end = { ...line, ...endOf(answer) };
    history.note(end);
    this.#remember(end);
    return end.phase;
  }

  /** The orders of a list are orders like any other. */
  #remember({ kind, phase, orderId, listed = [] }: HistoryLine): void {
    if (phase !== 'ok' || orderId === null) return;
    if (kind === 'place') keep(this.#resting, [orderId]);
    if (kind !== 'place_list') return;
    keep(this.#lists, [orderId]);
    keep(this.#resting, listed);
  }
}

function keep(remembered: string[], ids: readonly string[]): void {
  remembered.push(...ids);
  remembered.splice(0, Math.max(0, remembered.length - REMEMBERED_MAX));
}

type End = Pick<HistoryLine, 'phase' | 'status' | 'code' | 'orderId' | 'listed'>;

function endOf(answer: HttpAnswer): End {
  const { status, body } = answer;
  const code = textOf(body['code']);
  if (status === null || status >= 500) return { phase: 'info', status, code, orderId: null };
  if (status >= 400) return { phase: 'fail', status, code, orderId: null };
  const end = { phase: 'ok', status, code: null, orderId: textOf(body['id']) } as const;
  const { orders } = body;
  if (!Array.isArray(orders)) return end;
  return { ...end, listed: orders.flatMap(({ id }: { id?: unknown }) => textOf(id) ?? []) };
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** Most cancel both sides. */
function drawSide(draw: Draw): string {
  return draw.chance(0.3) ? `&side=${draw.pick(['buy', 'sell'])}` : '';
}

/** Most ask for nothing. */
function drawCondition(draw: Draw): string {
  return draw.chance(0.2) ? `?onlyIf=${draw.pick(['new', 'partially_filled'])}` : '';
}
