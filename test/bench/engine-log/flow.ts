// A seeded flow of one market: resting orders round a price, then a mix of half new resting orders,
// a third cancels and the rest orders that trade.
import {
  BTC_USD,
  cancelOrder,
  limitOrder,
  marketConfig,
} from '../../../engine-daemon/testing/commands.ts';
import type { MarketCommand } from '../../../shared/events/commands.ts';

const MIDDLE_TICKS = 1_000_000;
const SPREAD_TICKS = 2_000;
const USERS = 500;
const LOTS_MAX = 50;

export class CommandFlow {
  #number = 1;
  #state: number;
  readonly #resting: { readonly number: number; readonly userNumber: number }[] = [];

  constructor(seed: number) {
    this.#state = seed;
  }

  configure(): MarketCommand[] {
    return [marketConfig({ number: this.#number++, market: BTC_USD })];
  }

  resting(count: number): MarketCommand[] {
    return Array.from({ length: count }, () => this.#rest());
  }

  mixed(count: number): MarketCommand[] {
    return Array.from({ length: count }, () => {
      const draw = this.#random();
      if (draw < 0.5) return this.#rest();
      return draw < 0.8 ? this.#cancel() : this.#cross();
    });
  }

  #rest(): MarketCommand {
    const number = this.#number++;
    const userNumber = 1 + Math.floor(this.#random() * USERS);
    const side = this.#random() < 0.5 ? 'buy' : 'sell';
    const away = 1 + Math.floor(this.#random() * SPREAD_TICKS);
    const priceTicks = MIDDLE_TICKS + (side === 'buy' ? -away : away);
    this.#resting.push({ number, userNumber });
    return limitOrder({ number, userNumber, side, priceTicks, lots: this.#lots() });
  }

  #cancel(): MarketCommand {
    const at = Math.floor(this.#random() * this.#resting.length);
    const order = this.#resting[at] ?? { number: 1, userNumber: 1 };
    return cancelOrder({
      number: this.#number++,
      userNumber: order.userNumber,
      orderNumber: order.number,
    });
  }

  #cross(): MarketCommand {
    const side = this.#random() < 0.5 ? 'buy' : 'sell';
    const priceTicks = MIDDLE_TICKS + (side === 'buy' ? SPREAD_TICKS : -SPREAD_TICKS);
    const order = { number: this.#number++, userNumber: USERS + 1, side, priceTicks } as const;
    return { ...limitOrder({ ...order, lots: this.#lots() }), timeInForce: 'IOC' };
  }

  #lots(): number {
    return 1 + Math.floor(this.#random() * LOTS_MAX);
  }

  /** mulberry32 */
  #random(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }
}
