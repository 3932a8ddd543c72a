// A trader: places, replaces, changes and cancels orders and lists of orders in a random mixture,
// repeats what got no answer, and writes down everything.
import { CANCEL_CONDITIONS, REPLACE_FAILURES, SIDES } from '../../../shared/domain/order.ts';
import { DEADMAN_SECONDS_MIN } from '../../../functions/orders/schema.ts';
import { ConnectionLost } from '../world/network.ts';
import { SimulatedProcess } from '../world/process.ts';
import type { Random } from '../world/random.ts';
import { sessionCaller } from '../../../shared/function/testing/session-caller.ts';
import type { ChangeRecord, ClientRecord, ListRecord, PlaceRecord } from './client-record.ts';
import type { PlaceBody, Told } from './client-record.ts';
import type { HttpCall } from './http.ts';
import { makeList } from './list-maker.ts';
import { MARKETS } from './markets.ts';
import { makeOrder, price, quantity } from './order-maker.ts';
import type { Parts } from './parts.ts';

const REPEATS_MAX = 2;
const REPEAT_AFTER_MS_MAX = 300;
/** Own orders, and own lists, that a client remembers. */
const REMEMBERED_MAX = 30;

type Asked = Pick<HttpCall, 'method' | 'path'> & {
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
};

interface Heard {
  readonly told: Told;
  readonly body: {
    readonly id?: string;
    /** Of a replacement, or of a list. */
    readonly order?: { readonly id: string };
    readonly orders?: readonly { readonly id: string }[];
  } | null;
}

/** An order that a client knows well enough to change it. */
interface Known {
  readonly id: string;
  readonly side: PlaceBody['side'];
  readonly market: PlaceBody['market'];
}

export class Client {
  readonly records: ClientRecord[] = [];
  /** False once it has asked for all that it wanted and got its last answer. */
  isBusy = false;
  readonly #parts: Parts;
  readonly #user: number;
  readonly #process: SimulatedProcess;
  readonly #random: Random;
  readonly #thinkMs: number;
  #orders: Known[] = [];
  #lists: string[] = [];
  #made = 0;

  constructor(parts: Parts, user: number, name: string, thinkMs: number) {
    this.#parts = parts;
    this.#user = user;
    this.#process = new SimulatedProcess(name);
    this.#random = parts.world.random;
    this.#thinkMs = thinkMs;
  }

  /** Asks until `mayAsk` says no, or until it has asked that often. */
  start(mayAsk: () => boolean): void {
    this.isBusy = true;
    this.#parts.world.schedule(0, this.#process, 'client begins', () => {
      void this.#trade(mayAsk)
        .catch((error: unknown) => this.#parts.world.fail(error))
        .finally(() => {
          this.isBusy = false;
        });
    });
  }

  async #trade(mayAsk: () => boolean): Promise<void> {
    const { world } = this.#parts;
    for (;;) {
      await world.wait(this.#random.exponential(this.#thinkMs), this.#process, 'think');
      if (!mayAsk()) return;
      await this.#fulfil(
        this.#random.weighted([
          [60, 'place'],
          [8, 'place_list'],
          [5, 'replace'],
          [13, 'cancel'],
          [2, 'cancel_list'],
          [10, 'amend'],
          [2, 'cancel_all'],
          [2, 'cancel_all_after'],
        ]),
      );
    }
  }

  /** Who knows nothing to change places an order. */
  async #fulfil(what: ClientRecord['kind'] | 'replace'): Promise<void> {
    const order = this.#random.pick(this.#orders);
    const list = this.#random.pick(this.#lists);
    if (what === 'place_list') return this.#placeList();
    if (what === 'cancel_all') return this.#cancelAll();
    if (what === 'cancel_all_after') return this.#cancelAllAfter();
    if (what === 'cancel_list' && list !== undefined) return this.#cancelList(list);
    if (what === 'replace' && order !== undefined) return this.#replace(order);
    if (what === 'cancel' && order !== undefined) return this.#cancel(order);
    if (what === 'amend' && order !== undefined) return this.#amend(order);
    return this.#placeBy('/v1/orders', this.#makeOrder(this.#pickMarket()), null);
  }

  #pickMarket(): PlaceBody['market'] {
    return this.#random.pick(MARKETS)?.description.market ?? 'BTC-USD';
  }

  #newName(): string {
    this.#made += 1;
    return `${this.#process.name}-${this.#made}`;
  }

  #makeOrder(market: PlaceBody['market']): PlaceBody {
    return makeOrder(this.#random, market, this.#newName(), this.#parts.world.wallMs);
  }

  async #replace({ id, market }: Known): Promise<void> {
    // Mostly of the same market: of another one it is refused.
    const body = this.#makeOrder(this.#random.chance(0.95) ? market : this.#pickMarket());
    const onFailure = this.#random.chance(0.5)
      ? {}
      : { onFailure: this.#random.pick(REPLACE_FAILURES) };
    const onlyIf = this.#random.chance(0.8) ? {} : { onlyIf: this.#random.pick(CANCEL_CONDITIONS) };
    await this.#placeBy(`/v1/orders/${id}/replace`, body, id, { ...onFailure, ...onlyIf });
  }

  async #placeBy(
    path: string,
    body: PlaceBody,
    replaces: string | null,
    more: object = {},
  ): Promise<void> {
    const record: PlaceRecord = { kind: 'place', body, replaces, ...this.#named() };
    this.records.push(record);
    const idOf = ({ body: heard }: Heard): string | undefined => heard?.order?.id ?? heard?.id;
    const asked: Asked = { method: 'POST', path, body: { ...body, ...more } };
    const id = idOf(await this.#askNamed(record, asked, idOf));
    if (id !== undefined) this.#remember([{ id, side: body.side, market: body.market }]);
  }

  async #placeList(): Promise<void> {
    const { wallMs } = this.#parts.world;
    const body = makeList(this.#random, this.#pickMarket(), this.#newName(), wallMs);
    const record: ListRecord = { kind: 'place_list', body, orderIds: [], ...this.#named() };
    this.records.push(record);
    const asked: Asked = { method: 'POST', path: '/v1/order-lists', body };
    const heard = await this.#askNamed(record, asked, ({ body: list }) => list?.id);
    if (record.id === null) return;
    const { market } = body;
    record.orderIds = heard.body?.orders?.map(({ id }) => id) ?? [];
    this.#lists = [...this.#lists.slice(-REMEMBERED_MAX), record.id];
    this.#remember(
      record.orderIds.map((id, at) => ({ id, market, side: body.orders[at]?.side ?? 'buy' })),
    );
  }

  #named(): Pick<PlaceRecord, 'user' | 'told' | 'wasRepeated' | 'id' | 'conflicts'> {
    return { ...this.#asked(), id: null, conflicts: 0 };
  }

  #asked(): Pick<PlaceRecord, 'user' | 'told' | 'wasRepeated'> {
    return { user: this.#user, told: [], wasRepeated: false };
  }

  #remember(orders: readonly Known[]): void {
    this.#orders = [...this.#orders, ...orders].slice(-REMEMBERED_MAX);
  }

  /** Asks for what gets an id; at times once more, although it was answered. */
  async #askNamed(
    record: PlaceRecord | ListRecord,
    asked: Asked,
    idOf: (heard: Heard) => string | undefined,
  ): Promise<Heard> {
    const heard = await this.#ask(record, asked);
    const id = idOf(heard);
    if (heard.told !== 'ok' || id === undefined) return heard;
    record.id = id;
    if (!this.#random.chance(0.03)) return heard;
    const again = await this.#ask(record, asked);
    if (again.told === 'ok' && idOf(again) !== id) record.conflicts += 1;
    return heard;
  }

  #change(kind: ChangeRecord['kind'], id: string): ChangeRecord {
    const record = { kind, id, ...this.#asked() };
    this.records.push(record);
    return record;
  }

  async #cancel({ id }: Known): Promise<void> {
    const query = this.#random.chance(0.2) ? `?onlyIf=${this.#random.pick(CANCEL_CONDITIONS)}` : '';
    const path = `/v1/orders/${id}${query}`;
    await this.#ask(this.#change('cancel', id), { method: 'DELETE', path });
  }

  async #cancelList(id: string): Promise<void> {
    const path = `/v1/order-lists/${id}`;
    await this.#ask(this.#change('cancel_list', id), { method: 'DELETE', path });
  }

  async #amend({ id, side }: Known): Promise<void> {
    const body = {
      ...(this.#random.chance(0.6) ? { price: price(this.#random, side) } : {}),
      ...(this.#random.chance(0.7) ? { quantity: quantity(this.#random) } : {}),
    };
    await this.#ask(this.#change('amend', id), { method: 'PATCH', path: `/v1/orders/${id}`, body });
  }

  /** Of one market, or of all. */
  async #cancelAll(): Promise<void> {
    const record = { kind: 'cancel_all' as const, ...this.#asked() };
    this.records.push(record);
    const query = new URLSearchParams();
    if (this.#random.chance(0.8)) query.set('market', this.#pickMarket());
    if (this.#random.chance(0.3)) query.set('side', this.#random.pick(SIDES));
    await this.#ask(record, { method: 'DELETE', path: `/v1/orders?${query.toString()}` });
  }

  async #cancelAllAfter(): Promise<void> {
    const record = { kind: 'cancel_all_after' as const, ...this.#asked() };
    this.records.push(record);
    const market = this.#random.chance(0.7) ? { market: this.#pickMarket() } : {};
    const body = { seconds: this.#random.chance(0.2) ? 0 : DEADMAN_SECONDS_MIN, ...market };
    await this.#ask(record, { method: 'POST', path: '/v1/orders/cancel-all-after', body });
  }

  async #ask(record: ClientRecord, asked: Asked): Promise<Heard> {
    const { world } = this.#parts;
    const onRepeat = (): void => {
      record.wasRepeated = true;
    };
    for (let repeats = 0; ; repeats += 1) {
      const heard = await this.#askOnce(asked, onRepeat);
      record.told.push(heard.told);
      const isOver = heard.told !== 'unknown' || repeats >= REPEATS_MAX;
      if (isOver || this.#random.chance(0.3)) return heard;
      await world.wait(
        this.#random.fraction() * REPEAT_AFTER_MS_MAX,
        this.#process,
        'ask once more',
      );
    }
  }

  async #askOnce(asked: Asked, onRepeat: () => void): Promise<Heard> {
    const { body, method, path } = asked;
    const bytes = body === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(body));
    const headers: Record<string, string> = {
      'content-type': 'application/json',
      'x-request-id': `${this.#process.name}.${this.records.length}`,
      ...(this.#random.chance(0.15) ? { prefer: 'wait=2' } : {}),
    };
    const caller = sessionCaller(this.#user);
    try {
      const call: HttpCall = { method, path, headers, body: bytes, caller };
      const answer = await this.#parts.http.call(this.#process, 'orders', call, onRepeat);
      this.#parts.world.note(`${method} ${path} ${answer.status} ${answer.body ?? ''}`);
      const heard = answer.body === undefined ? null : (JSON.parse(answer.body) as Heard['body']);
      return { told: toldBy(answer.status), body: heard };
    } catch (error) {
      if (!(error instanceof ConnectionLost)) throw error;
      return { told: 'unknown', body: null };
    }
  }
}

function toldBy(status: number): Told {
  if (status < 300) return 'ok';
  return status < 500 ? 'refused' : 'unknown';
}
