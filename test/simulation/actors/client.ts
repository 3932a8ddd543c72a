// A trader: places, changes and cancels orders in a random mixture, repeats what got no answer, and
// writes down everything.
import { userId } from '../../../shared/domain/ids.ts';
import { CANCEL_CONDITIONS, SIDES } from '../../../shared/domain/order.ts';
import { ConnectionLost } from '../world/network.ts';
import { SimulatedProcess } from '../world/process.ts';
import type { Random } from '../world/random.ts';
import type { ClientRecord, PlaceRecord, Told } from './client-record.ts';
import type { HttpCall } from './http.ts';
import { MARKETS } from './markets.ts';
import { makeOrder, price, quantity } from './order-maker.ts';
import type { Parts } from './parts.ts';

const REPEATS_MAX = 2;
const REPEAT_AFTER_MS_MAX = 300;
/** Own orders that a client remembers well enough to change them. */
const REMEMBERED_MAX = 30;

type Asked = Pick<HttpCall, 'method' | 'path'> & {
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
};

interface Heard {
  readonly told: Told;
  readonly body: { readonly id?: string; readonly code?: string } | null;
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
  #orders: PlaceRecord[] = [];
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
      const known = this.#random.pick(this.#orders.filter(({ orderId }) => orderId !== null));
      const orderId = known?.orderId ?? null;
      const what = this.#random.weighted<ClientRecord['kind']>([
        [70, 'place'],
        [14, 'cancel'],
        [12, 'amend'],
        [2, 'cancel_all'],
      ]);
      if (what === 'cancel_all') await this.#cancelAll();
      else if (what === 'place' || orderId === null) await this.#place();
      else await this.#change(what, orderId);
    }
  }

  async #place(): Promise<void> {
    const { world } = this.#parts;
    const market = this.#random.pick(MARKETS)?.description.market ?? 'BTC-USD';
    this.#made += 1;
    const name = `${this.#process.name}-${this.#made}`;
    const body = makeOrder(this.#random, market, name, world.wallMs);
    const record: PlaceRecord = {
      kind: 'place',
      user: this.#user,
      body,
      told: [],
      wasRepeated: false,
      orderId: null,
      conflicts: 0,
    };
    this.records.push(record);
    this.#orders = [...this.#orders.slice(-REMEMBERED_MAX), record];
    const heard = await this.#ask(record, { method: 'POST', path: '/v1/orders', body });
    const id = heard.body?.id;
    if (heard.told !== 'ok' || id === undefined) return;
    record.orderId = id;
    // At times a client asks again although it was answered.
    if (!this.#random.chance(0.03)) return;
    const again = await this.#ask(record, { method: 'POST', path: '/v1/orders', body });
    if (again.told === 'ok' && again.body?.id !== id) record.conflicts += 1;
  }

  async #change(kind: 'cancel' | 'amend', orderId: string): Promise<void> {
    const record = { kind, user: this.#user, orderId, told: [], wasRepeated: false };
    this.records.push(record);
    const path = `/v1/orders/${orderId}`;
    if (kind === 'cancel') {
      const query = this.#random.chance(0.2)
        ? `?onlyIf=${this.#random.pick(CANCEL_CONDITIONS)}`
        : '';
      await this.#ask(record, { method: 'DELETE', path: `${path}${query}` });
      return;
    }
    const isBuy = this.#orders.find((order) => order.orderId === orderId)?.body.side === 'buy';
    const body = {
      ...(this.#random.chance(0.6) ? { price: price(this.#random, isBuy ? 'buy' : 'sell') } : {}),
      ...(this.#random.chance(0.7) ? { quantity: quantity(this.#random) } : {}),
    };
    await this.#ask(record, { method: 'PATCH', path, body });
  }

  async #cancelAll(): Promise<void> {
    const market = this.#random.pick(MARKETS)?.description.market ?? 'BTC-USD';
    const record = {
      kind: 'cancel_all' as const,
      user: this.#user,
      market,
      told: [],
      wasRepeated: false,
    };
    this.records.push(record);
    const side = this.#random.chance(0.3) ? `&side=${this.#random.pick(SIDES)}` : '';
    await this.#ask(record, { method: 'DELETE', path: `/v1/orders?market=${market}${side}` });
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
    const caller = { userId: userId(this.#user), userNumber: this.#user };
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
