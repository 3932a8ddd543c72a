// All that one market consists of, and the steps that keep its parts in agreement. The command
// files change the market only through these steps.
import type { MarketId } from '../../shared/domain/ids.ts';
import { feeReservePpm } from '../../shared/domain/hold.ts';
import { BUY, sideName, type SideCode } from './codes.ts';
import { CommandWindow } from './command-window.ts';
import { EventBuffer } from './event-buffer.ts';
import { IdTable } from './id-table.ts';
import type { MarketRules } from './market-rules.ts';
import { OrderHeap } from './order-heap.ts';
import {
  LEVEL,
  NUMBER,
  ORDER_DOUBLES,
  ORDER_WORDS,
  ORIGINAL,
  OrderPool,
  REMAINING,
  TERMS,
} from './order-pool.ts';
import { expires, ratesOf, sideOf } from './order-terms.ts';
import { OwnerTable } from './owner-table.ts';
import { PriceLevels } from './price-levels.ts';
import { RateTable } from './rate-table.ts';
import { Taker } from './taker.ts';
import { WaitingOrders } from './waiting-orders.ts';

/** In place of a time: the order does not expire. */
export const NEVER_MS = -1;

export class BookState {
  readonly market: MarketId;
  rules: MarketRules | null = null;
  /** True when buyers pay their fee in quote, so that holds of buys keep a reserve. */
  hasReserves = false;
  nowMs = 0;
  /** Price of the market's last trade, 0 before the first. */
  lastTicks = 0;
  readonly window = new CommandWindow();
  readonly orders = new OrderPool();
  readonly ids = new IdTable(this.orders);
  readonly owners = new OwnerTable(this.orders);
  readonly levels = new PriceLevels(this.orders);
  readonly expiry = new OrderHeap(this.orders);
  readonly rates = new RateTable();
  readonly events = new EventBuffer();
  readonly taker = new Taker();
  readonly waiting = new WaitingOrders();

  constructor(market: MarketId) {
    this.market = market;
  }

  setRules(rules: MarketRules): void {
    this.rules = rules;
    this.hasReserves = rules.config.feePolicy === 'quote';
  }

  /** Fee set aside in the hold of an order with these rates. */
  reserveFor(side: SideCode, makerPpm: number, takerPpm: number): number {
    if (!this.hasReserves || this.rules === null) return 0;
    return feeReservePpm(this.rules.config.feePolicy, sideName(side), makerPpm, takerPpm);
  }

  /** Fee set aside in the hold of a resting order. */
  reserveOf(terms: number): number {
    if (!this.hasReserves || sideOf(terms) !== BUY) return 0;
    const rates = ratesOf(terms);
    const makerPpm = this.rates.makerPpm[rates] as number;
    return this.reserveFor(BUY, makerPpm, this.rates.takerPpm[rates] as number);
  }

  /** Orders that rest or wait. */
  get openOrders(): number {
    return this.orders.count + this.waiting.count;
  }

  priceOf(slot: number): number {
    return this.levels.priceOf(this.orders.words[slot * ORDER_WORDS + LEVEL] as number);
  }

  /** Puts a new order behind all others at its price. */
  rest(taker: Taker, terms: number, expiresAtMs: number): void {
    const orders = this.orders;
    const slot = orders.allocate();
    const at = slot * ORDER_DOUBLES;
    orders.doubles[at + NUMBER] = taker.number;
    orders.doubles[at + REMAINING] = taker.remaining;
    orders.doubles[at + ORIGINAL] = taker.original;
    orders.words[slot * ORDER_WORDS + TERMS] = terms;
    this.ids.add(slot);
    this.owners.add(slot, taker.user);
    if (expires(terms)) this.expiry.add(slot, expiresAtMs);
    this.levels.add(slot, taker.side, taker.holdTicks);
  }

  /** Takes an order off the book for good, from its place in a level. */
  remove(slot: number, side: SideCode): void {
    this.levels.remove(slot, side);
    this.forget(slot);
  }

  /** Forgets an order that is in no level any more. */
  forget(slot: number): void {
    if (expires(this.orders.words[slot * ORDER_WORDS + TERMS] as number)) this.expiry.remove(slot);
    this.owners.remove(slot);
    this.ids.remove(slot);
    this.orders.free(slot);
  }

  /** Ends a resting order: the event, then off the book. */
  end(slot: number, status: number, reason: number): void {
    const terms = this.orders.words[slot * ORDER_WORDS + TERMS] as number;
    const side = sideOf(terms);
    const price = this.priceOf(slot);
    const reserve = this.reserveOf(terms);
    this.events.endedOrder(this.orders, this.owners, slot, status, reason, side, price, reserve);
    this.remove(slot, side);
  }
}
