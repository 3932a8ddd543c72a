// A user who trades in one market for as long as it takes, and remembers what was promised to him.
import type { Exchange, HttpAnswer } from './exchange.ts';

const PAUSE_MS = 15;
const RESTING_MAX = 12;

export class MarketTrader {
  /** Ids of orders that were accepted. */
  readonly accepted: string[] = [];
  /** Answers by status and code, such as `503 MARKET_MOVING`. */
  readonly answers = new Map<string, number>();
  readonly #exchange: Exchange;
  readonly #name: string;
  readonly #market: string;
  readonly #resting: string[] = [];
  #running: Promise<void> = Promise.resolve();
  #isStopped = false;
  #orders = 0;

  constructor(exchange: Exchange, name: string, market: string) {
    this.#exchange = exchange;
    this.#name = name;
    this.#market = market;
  }

  start(): void {
    this.#isStopped = false;
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  count(answer: string): number {
    return this.answers.get(answer) ?? 0;
  }

  async #run(): Promise<void> {
    const token = await this.#exchange.token(this.#name);
    while (!this.#isStopped) {
      const oldest = this.#resting.length > RESTING_MAX ? this.#resting.shift() : undefined;
      if (oldest !== undefined) {
        await this.#send(token, 'DELETE', `/v1/orders/${oldest}`);
      } else {
        await this.#place(token);
      }
      await new Promise((done) => setTimeout(done, PAUSE_MS));
    }
  }

  /** The same order again, under its own name, until it is answered for good. */
  async #place(token: string): Promise<void> {
    this.#orders += 1;
    const turn = this.#orders * 7;
    const body = {
      market: this.#market,
      side: turn % 4 < 2 ? 'buy' : 'sell',
      type: 'limit',
      price: String(30_000 + (turn % 21) - 10),
      quantity: '0.001',
      clientOrderId: `${this.#name}-${this.#orders}`,
    };
    for (;;) {
      const answer = await this.#send(token, 'POST', '/v1/orders', body);
      if (answer !== null && answer.status < 500) {
        const id = answer.body['id'];
        if (answer.status < 300 && typeof id === 'string') {
          this.accepted.push(id);
          this.#resting.push(id);
        }
        return;
      }
      if (this.#isStopped) return;
      await new Promise((done) => setTimeout(done, PAUSE_MS));
    }
  }

  async #send(
    token: string,
    method: string,
    path: string,
    body?: unknown,
  ): Promise<HttpAnswer | null> {
    const answer = await this.#exchange.call(token, method, path, body).catch(() => null);
    const code = answer?.body['code'];
    const name = `${answer?.status ?? 'none'}${typeof code === 'string' ? ` ${code}` : ''}`;
    this.answers.set(name, this.count(name) + 1);
    return answer;
  }
}
