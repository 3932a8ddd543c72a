// Two users who trade as every day while others attack: each answer is judged, and timed.
import type { Exchange, HttpAnswer } from './exchange.ts';

const WAIT = { prefer: 'wait=10' };
const PRICE = '30000';
const FAR = '30100';
const QUANTITY = '0.001';
const MEDIAN = 0.5;
const TAIL = 0.99;

export interface Timing {
  readonly answers: number;
  readonly p50: number;
  readonly p99: number;
  readonly worst: number;
}

export class Neighbours {
  /** Answers that were not as they should be. */
  readonly wrong: unknown[] = [];
  readonly #exchange: Exchange;
  readonly #market: string;
  readonly #tokens: { readonly seller: string; readonly buyer: string };
  #times: number[] = [];
  #isStopped = false;
  #running: Promise<void> = Promise.resolve();

  constructor(
    exchange: Exchange,
    market: string,
    tokens: { readonly seller: string; readonly buyer: string },
  ) {
    this.#exchange = exchange;
    this.#market = market;
    this.#tokens = tokens;
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  /** Since timings were taken last. */
  get answers(): number {
    return this.#times.length;
  }

  /** Of the answers since it was asked last, in milliseconds. */
  takeTiming(): Timing {
    const sorted = this.#times.sort((a, b) => a - b);
    this.#times = [];
    const at = (share: number) =>
      Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
    return { answers: sorted.length, p50: at(MEDIAN), p99: at(TAIL), worst: at(1) };
  }

  async #run(): Promise<void> {
    const { seller, buyer } = this.#tokens;
    while (!this.#isStopped) {
      await this.#expect(this.#place(seller, 'sell', PRICE, 'GTC'), { status: 'open' });
      const filled = { status: 'filled', averagePrice: PRICE, filledQuantity: QUANTITY };
      await this.#expect(this.#place(buyer, 'buy', PRICE, 'IOC'), filled);
      const rested = await this.#expect(this.#place(seller, 'sell', FAR, 'GTC'), {
        status: 'open',
      });
      const path = `/v1/orders/${String(rested?.body['id'])}`;
      const cancel = this.#exchange.call(seller, 'DELETE', path, undefined, WAIT);
      await this.#expect(cancel, { status: 'cancelled', filledQuantity: '0' });
    }
  }

  #place(token: string, side: string, price: string, timeInForce: string): Promise<HttpAnswer> {
    const order = { market: this.#market, side, type: 'limit', price, quantity: QUANTITY };
    return this.#exchange.call(token, 'POST', '/v1/orders', { ...order, timeInForce }, WAIT);
  }

  async #expect(
    asked: Promise<HttpAnswer>,
    wanted: Readonly<Record<string, string>>,
  ): Promise<HttpAnswer | null> {
    const startedAt = performance.now();
    const answer = await asked.catch((error: unknown) => {
      this.wrong.push(String(error));
      return null;
    });
    this.#times.push(performance.now() - startedAt);
    if (answer === null) return null;
    const { status, body } = answer;
    const isRight = Object.entries(wanted).every(([name, value]) => body[name] === value);
    if (!isRight || status >= 300) this.wrong.push({ status, body });
    return answer;
  }
}
