// A market whose command log is told record by record and replayed at once, without a database.
import { variantOf } from '../oracle/market-variants.ts';
import type {
  ListOrder,
  Market,
  MarketCommand,
  MarketConfig,
  MarketStatus,
  Place,
} from '../oracle/naive-types.ts';
import { Findings } from './findings.ts';
import { Replay } from './replay.ts';
import { COMMANDS_TYPE, TICK_TYPE, type LogRecord } from './wire.ts';

export const MARKET: Market = 'BTC-USD';
export const CONFIGURE: MarketCommand = {
  kind: 'configure_market',
  number: 1,
  timeMs: 1,
  config: variantOf(MARKET, 0, 1),
  status: 'trading',
};
export class Story {
  readonly findings = new Findings();
  readonly replay = new Replay(this.findings);
  #offset = 0;
  #number = 1;

  constructor() {
    this.command(CONFIGURE);
  }

  command(command: MarketCommand, market = MARKET): void {
    this.#append(market, COMMANDS_TYPE, { market, commands: [command] });
  }

  /** Another status, from the n-th configuration on. */
  configure(version: number, status: MarketStatus, changes: Partial<MarketConfig> = {}): void {
    this.#number += 1;
    const config = { ...variantOf(MARKET, 0, version), ...changes };
    this.command({ kind: 'configure_market', number: this.#number, timeMs: 5, config, status });
  }

  tick(timeMs: number): void {
    this.#append(null, TICK_TYPE, { kind: 'tick', timeMs });
  }

  /** With no more said, user 1 buys 8 lots at 100. Answers the order's number. */
  place(changes: Partial<Place>): number {
    this.command({ kind: 'place', timeMs: 5, userNumber: 1, ...this.#order(changes) });
    return this.#number;
  }

  /** A list of user 1. Answers the numbers of its orders, and its own. */
  placeList(orders: readonly Partial<ListOrder>[], working?: Partial<ListOrder>): number[] {
    const opening = working === undefined ? {} : { working: this.#order(working) };
    const listed = orders.map((changes) => this.#order(changes));
    this.#number += 1;
    const head = { number: this.#number, timeMs: 5, userNumber: 1 };
    this.command({ kind: 'place_list', ...head, ...opening, orders: listed });
    const first = opening.working === undefined ? [] : [opening.working.number];
    return [...first, ...listed.map(({ number }) => number), this.#number];
  }

  cancel(orderNumber: number): void {
    this.#number += 1;
    const head = { number: this.#number, timeMs: 5, userNumber: 1 };
    this.command({ kind: 'cancel', ...head, orderNumber });
  }

  #order(changes: Partial<Place>): ListOrder {
    this.#number += 1;
    const order = { side: 'buy', priceTicks: 100, quantityLots: 8, ...changes } as const;
    const perLot = order.side === 'buy' ? order.priceTicks * 10_000 : 10_000;
    return {
      number: this.#number,
      type: 'limit',
      timeInForce: 'GTC',
      postOnly: false,
      selfTradePrevention: 'cancel_taker',
      quoteBudgetMinor: null,
      expiresAtMs: null,
      makerFeePpm: 0,
      takerFeePpm: 0,
      holdMinor: String(perLot * order.quantityLots),
      ...order,
    };
  }

  send(command: 'cancel_all_after' | 'block_user'): void {
    this.#number += 1;
    const head = { number: this.#number, timeMs: 5, userNumber: 1 };
    if (command === 'block_user') this.command({ kind: command, ...head, isBlocked: true });
    else this.command({ kind: command, ...head, deadlineMs: 9 });
  }

  #append(key: Market | null, type: string, data: object): void {
    const value = Buffer.from(JSON.stringify(data));
    const headers = { ce_type: type };
    const record: LogRecord = { partition: 0, offset: this.#offset, key, headers, value };
    this.replay.apply(record);
    this.#offset += 1;
  }
}
