// Two users who trade the smallest amounts with each other, to and fro, in sizes whose fees come to
// a little less or a little more than one unit.
import type { Exchange } from './exchange.ts';

/** Orders of one request: as many as a batch takes. */
const BATCH = 50;
const PAGE = 500;
const MILLION = 1_000_000;

export interface Ground {
  readonly market: string;
  readonly base: string;
  readonly quote: string;
  readonly price: string;
  /** Quote units that one lot costs at that price. */
  readonly lotQuote: number;
  /** Base units of one lot, and decimals of base and quote. */
  readonly lotBase: number;
  readonly baseDecimals: number;
  readonly quoteDecimals: number;
}

/** A trade as one of its owners sees it. */
export interface OwnTrade {
  readonly tradeId: string;
  readonly side: 'buy' | 'sell';
  readonly quantity: string;
  readonly quoteQuantity: string;
  readonly fee: { readonly asset: string; readonly amount: string };
  readonly liquidity: 'maker' | 'taker';
}

export class RoundingFarmers {
  readonly tokens: readonly [string, string];
  readonly #exchange: Exchange;
  readonly #draw: (below: number) => number;

  constructor(
    exchange: Exchange,
    tokens: readonly [string, string],
    draw: (below: number) => number,
  ) {
    this.#exchange = exchange;
    this.tokens = tokens;
    this.#draw = draw;
  }

  /** There and back again at one price, `rounds` times; what rests at the end is cancelled. */
  async farm(ground: Ground, takerPpm: number, rounds: number): Promise<void> {
    for (let round = 0; round < rounds; round += 1) {
      const lots = Array.from({ length: BATCH }, () => this.#chooseLots(ground, takerPpm));
      const [one, other] = this.tokens;
      const way = round % 4;
      if (way === 0) await this.#pairs(ground, one, other, lots);
      else if (way === 1) await this.#oneAgainstMany(ground, one, other, lots);
      else if (way === 2) await this.#pairs(ground, other, one, lots);
      else await this.#spend(ground, other, one, lots);
    }
    await this.cancelAll();
  }

  /** Makers first, then as many takers of the same sizes; then the same the other way round. */
  async #pairs(ground: Ground, maker: string, taker: string, lots: number[]): Promise<void> {
    for (const [makes, takes] of [
      ['sell', 'buy'],
      ['buy', 'sell'],
    ] as const) {
      await this.#place(maker, lots.map(limit(ground, makes, 'GTC')));
      await this.#place(taker, lots.map(limit(ground, takes, 'IOC')));
    }
  }

  /** One large order that small ones nibble at: its hold is rounded once, their fees each time. */
  async #oneAgainstMany(g: Ground, one: string, many: string, lots: number[]): Promise<void> {
    const all = lots.reduce((sum, each) => sum + each, 0);
    for (const [large, small] of [
      ['buy', 'sell'],
      ['sell', 'buy'],
    ] as const) {
      await this.#place(one, [limit(g, large, 'GTC')(2 * all)]);
      await this.#place(many, lots.map(limit(g, small, 'IOC')));
      // Half of it is left: what was held for its fee is released in part.
      await this.#exchange.call(one, 'DELETE', `/v1/orders?market=${g.market}`);
    }
  }

  /** Buys that name what they spend, fee included; sold again in one piece. */
  async #spend(ground: Ground, maker: string, taker: string, lots: number[]): Promise<void> {
    await this.#place(maker, lots.map(limit(ground, 'sell', 'GTC')));
    const buys = lots.map((each) => ({
      market: ground.market,
      side: 'buy',
      type: 'market',
      quoteAmount: decimal(each * ground.lotQuote + this.#draw(3), ground.quoteDecimals),
    }));
    await this.#place(taker, buys);
    await this.#exchange.call(maker, 'DELETE', `/v1/orders?market=${ground.market}`);
    await this.#place(maker, lots.map(limit(ground, 'buy', 'GTC')));
    const all = lots.reduce((sum, each) => sum + each, 0);
    await this.#place(taker, [limit(ground, 'sell', 'IOC')(all)]);
    await this.#exchange.call(maker, 'DELETE', `/v1/orders?market=${ground.market}`);
  }

  async #place(token: string, orders: readonly object[]): Promise<void> {
    const answer = await this.#exchange.call(token, 'POST', '/v1/orders/batch', { orders });
    if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
  }

  async cancelAll(): Promise<void> {
    for (const token of this.tokens) await this.#exchange.call(token, 'DELETE', '/v1/orders');
  }

  /** One lot, few, or just below and just above where the taker's fee becomes one unit more. */
  #chooseLots({ lotQuote }: Ground, takerPpm: number): number {
    const unit = Math.max(1, Math.floor(MILLION / (takerPpm * lotQuote)));
    const near = unit * (1 + this.#draw(2)) - 1 + this.#draw(3);
    return Math.max(1, [1, 1 + this.#draw(20), near][this.#draw(3)] ?? 1);
  }

  /** All trades of one farmer in a market, newest first. */
  async trades(token: string, market: string): Promise<OwnTrade[]> {
    const all: OwnTrade[] = [];
    let cursor = '';
    do {
      const path = `/v1/trades?market=${market}&limit=${PAGE}${cursor}`;
      const { body } = await this.#exchange.call(token, 'GET', path);
      all.push(...(body['items'] as OwnTrade[]));
      const next = body['nextCursor'];
      cursor = typeof next === 'string' ? `&cursor=${encodeURIComponent(next)}` : '';
    } while (cursor !== '');
    return all;
  }
}

function limit(ground: Ground, side: string, timeInForce: string): (lots: number) => object {
  const { market, price, lotBase, baseDecimals } = ground;
  return (lots) => ({
    market,
    side,
    type: 'limit',
    price,
    quantity: decimal(lots * lotBase, baseDecimals),
    timeInForce,
  });
}

/** Written without the exchange's own functions: what is judged by them must not be made by them. */
function decimal(units: number, decimals: number): string {
  const digits = String(units).padStart(decimals + 1, '0');
  return `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

/** The whole units of a decimal. */
export function unitsOf(text: string, decimals: number): bigint {
  const [, sign = '', whole = '0', fraction = ''] = /^(-?)(\d+)\.?(\d*)$/.exec(text) ?? [];
  return BigInt(`${sign}${whole}${fraction.padEnd(decimals, '0')}`);
}
