// The load: 50 % limits that rest, 30 % cancels of an own resting order, 20 % limits that cross,
// over four markets. Seeded.
import type { Planned } from './open-loop.ts';

const MARKETS = [
  { market: 'BTC-USD', price: 30_000, quantity: '0.001', decimals: 2 },
  { market: 'ETH-USD', price: 2_000, quantity: '0.01', decimals: 2 },
  { market: 'ETH-BTC', price: 0.06, quantity: '0.01', decimals: 5 },
  { market: 'SOL-USD', price: 100, quantity: '0.1', decimals: 2 },
] as const;

const RESTING_SHARE = 0.5;
const CANCEL_SHARE = 0.3;
/** Resting orders lie this far from the middle, at least and at most. */
const DISTANCE_MIN = 0.001;
const DISTANCE_MAX = 0.02;

interface Resting {
  readonly id: string;
  readonly token: string;
}

export class OrderMix {
  #state: number;
  readonly #tokens: readonly string[];
  readonly #resting: Resting[] = [];

  constructor(seed: number, tokens: readonly string[]) {
    this.#state = seed;
    this.#tokens = tokens;
  }

  next(): Planned {
    const share = this.#random();
    if (share < CANCEL_SHARE && this.#resting.length > 0) return this.#cancel();
    const crosses = share >= CANCEL_SHARE + RESTING_SHARE;
    const side = this.#random() < 0.5 ? 'buy' : 'sell';
    const market = this.#pick(MARKETS);
    const distance = DISTANCE_MIN + this.#random() * (DISTANCE_MAX - DISTANCE_MIN);
    const sign = (side === 'buy') === crosses ? 1 : -1;
    const price = market.price * (1 + sign * (crosses ? DISTANCE_MAX : distance));
    return {
      method: 'POST',
      path: '/v1/orders',
      token: this.#pick(this.#tokens),
      body: JSON.stringify({
        market: market.market,
        side,
        type: 'limit',
        timeInForce: crosses ? 'IOC' : 'GTC',
        price: canonical(price.toFixed(market.decimals)),
        quantity: market.quantity,
      }),
    };
  }

  /** Remembers orders that rest, to cancel them later. */
  learn(planned: Planned, orderId: string | null): void {
    if (orderId === null || planned.body?.includes('"IOC"') === true) return;
    this.#resting.push({ id: orderId, token: planned.token });
  }

  #cancel(): Planned {
    const at = Math.floor(this.#random() * this.#resting.length);
    const chosen = this.#resting[at];
    const last = this.#resting.pop();
    if (chosen === undefined || last === undefined) throw new Error('nothing rests');
    if (at < this.#resting.length) this.#resting[at] = last;
    return {
      method: 'DELETE',
      path: `/v1/orders/${chosen.id}`,
      token: chosen.token,
      body: null,
    };
  }

  #pick<Item>(items: readonly Item[]): Item {
    const item = items[Math.floor(this.#random() * items.length)];
    if (item === undefined) throw new Error('nothing to pick from');
    return item;
  }

  /** mulberry32: small, seeded, good enough for a load. */
  #random(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }
}

function canonical(text: string): string {
  return text.replace(/\.?0+$/, '');
}
