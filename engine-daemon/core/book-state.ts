// All that one market consists of, and the steps that keep its parts in agreement. The command
// files change the market only through these steps.
import { assert } from '../../shared/domain/failure.ts';
import type { MarketId } from '../../shared/domain/ids.ts';
import { feeReservePpm } from '../../shared/domain/hold.ts';
import {
  isContinuous,
  type MarketStatus,
  type ScheduledStatus,
} from '../../shared/domain/market.ts';
import { BUY, SELL, sideName, type SideCode } from './codes.ts';
import { CommandWindow } from './command-window.ts';
import { Deadmen } from './deadmen.ts';
import { EventBuffer } from './event-buffer.ts';
import { IdTable } from './id-table.ts';
import type { MarketRules } from './market-rules.ts';
import { OrderLists } from './order-lists.ts';
import { OrderHeap } from './order-heap.ts';
import {
  GROUP,
  ICEBERG,
  LEVEL,
  NUMBER,
  ORDER_DOUBLES,
  ORDER_WORDS,
  ORIGINAL,
  OWNER,
  OrderPool,
  REMAINING,
  TERMS,
} from './order-pool.ts';
import { expires, ratesOf, sideOf } from './order-terms.ts';
import { OwnerTable } from './owner-table.ts';
import { PriceLevels } from './price-levels.ts';
import { PriceRange } from './price-range.ts';
import { RateTable } from './rate-table.ts';
import { Taker } from './taker.ts';
import { WaitingOrders } from './waiting-orders.ts';

/** An interruption that goes on: until when its present phase lasts, and what comes at its end. */
export interface Interrupted {
  readonly before: MarketStatus;
  readonly untilMs: number;
}

export interface Indicated {
  /** Seconds since 1970. */
  readonly second: number;
  readonly priceTicks: number;
  readonly lots: number;
}

/** In place of a time: the order does not expire. */
export const NEVER_MS = -1;

export class BookState {
  readonly market: MarketId;
  rules: MarketRules | null = null;
  /** True when buyers pay their fee in quote, so that holds of buys keep a reserve. */
  hasReserves = false;
  nowMs = 0;
  /** Price and time of the market's last trade, 0 before the first. */
  lastTicks = 0;
  lastTradeMs = 0;
  /** False from an interruption until the next trade: then `lastTicks` bounds no price. */
  hasReference = false;
  /** Null in a market without interruptions. */
  range: PriceRange | null = null;
  /** Status changes to come, by rising time. */
  schedule: ScheduledStatus[] = [];
  interrupted: Interrupted | null = null;
  /** What an auction was last looked at for and told; null outside of one and at its start. */
  indicated: Indicated | null = null;
  readonly window = new CommandWindow();
  readonly orders = new OrderPool();
  readonly ids = new IdTable(this.orders);
  readonly owners = new OwnerTable(this.orders);
  readonly buys = new PriceLevels(this.orders, BUY);
  readonly sells = new PriceLevels(this.orders, SELL);
  readonly expiry = new OrderHeap(this.orders);
  readonly rates = new RateTable();
  readonly events = new EventBuffer();
  readonly taker = new Taker();
  readonly waiting = new WaitingOrders();
  readonly lists = new OrderLists();
  readonly deadmen = new Deadmen();
  readonly blocked = new Set<number>();

  constructor(market: MarketId) {
    this.market = market;
  }

  setRules(rules: MarketRules): void {
    this.rules = rules;
    this.hasReserves = rules.config.feePolicy === 'quote';
    const { interruption } = rules.config;
    this.range = interruption === undefined ? null : new PriceRange(interruption);
    this.range?.advance(this.nowMs);
  }

  /** The same configuration in another status. */
  setStatus(status: MarketStatus): void {
    assert(this.rules !== null, 'a market without configuration has a status');
    this.rules = { ...this.rules, status };
  }

  levelsOf(side: SideCode): PriceLevels {
    return side === BUY ? this.buys : this.sells;
  }

  /** The levels that an order of this side trades with. */
  levelsAgainst(takerSide: SideCode): PriceLevels {
    return takerSide === BUY ? this.sells : this.buys;
  }

  /** True when buys and sells rest that would trade with each other. */
  isCrossed(): boolean {
    const { buys, sells } = this;
    if (buys.best === 0 || sells.best === 0) return false;
    return buys.priceOf(buys.best) >= sells.priceOf(sells.best);
  }

  /** A trade happens at this price now. */
  noteTrade(priceTicks: number): void {
    this.lastTicks = priceTicks;
    this.lastTradeMs = this.nowMs;
    this.hasReference = true;
    if (this.range !== null) this.range.note(priceTicks);
  }

  /** True when the last trade is too old to compare with. */
  isReferenceStale(): boolean {
    const maxAgeMs = this.rules?.config.referenceMaxAgeMs;
    if (maxAgeMs === undefined || this.lastTicks === 0) return false;
    return this.nowMs - this.lastTradeMs > maxAgeMs;
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

  /** True when events of an order may bring about something for another. */
  get hasFollowers(): boolean {
    return this.waiting.count > 0 || this.lists.size > 0;
  }

  /** True when orders are in the queue and have their turns. */
  get isQueueMoving(): boolean {
    return this.waiting.hasQueued && this.rules !== null && isContinuous(this.rules.status);
  }

  /** True when the order rests or waits. */
  isOpen(orderNumber: number): boolean {
    return this.ids.find(orderNumber) !== 0 || this.waiting.find(orderNumber) !== null;
  }

  sideOf(slot: number): SideCode {
    return sideOf(this.orders.words[slot * ORDER_WORDS + TERMS] as number);
  }

  priceOf(slot: number): number {
    const level = this.orders.words[slot * ORDER_WORDS + LEVEL] as number;
    return this.levelsOf(this.sideOf(slot)).priceOf(level);
  }

  userOf(slot: number): number {
    return this.owners.userOf(this.orders.words[slot * ORDER_WORDS + OWNER] as number);
  }

  /** Puts a new order behind all others at its price; `displayLots` is 0 for no iceberg. */
  rest(taker: Taker, terms: number, expiresAtMs: number, displayLots: number): void {
    const orders = this.orders;
    const slot = orders.allocate();
    const at = slot * ORDER_DOUBLES;
    orders.doubles[at + NUMBER] = taker.number;
    orders.doubles[at + REMAINING] = taker.remaining;
    orders.doubles[at + ORIGINAL] = taker.original;
    orders.words[slot * ORDER_WORDS + TERMS] = terms;
    orders.words[slot * ORDER_WORDS + GROUP] = taker.group;
    if (displayLots > 0) {
      orders.words[slot * ORDER_WORDS + ICEBERG] = orders.icebergs.add(displayLots);
      orders.setLeft(slot, taker.remaining, displayLots);
    }
    this.ids.add(slot);
    this.owners.add(slot, taker.user);
    if (expires(terms)) this.expiry.add(slot, expiresAtMs);
    this.levelsOf(taker.side).add(slot, taker.holdTicks);
  }

  /**
   * Shows the next part of an iceberg that shows nothing any more, behind all others at its price.
   * Answers false when nothing is hidden.
   */
  refill(slot: number): boolean {
    const { orders } = this;
    const left = orders.leftOf(slot);
    if (left === 0) return false;
    const price = this.priceOf(slot);
    const levels = this.levelsOf(this.sideOf(slot));
    levels.remove(slot);
    orders.setLeft(slot, left, orders.displayOf(slot));
    levels.add(slot, price);
    return true;
  }

  /** What remains of an order changes where it stands; an iceberg shows at most `shownMax`. */
  setLeft(slot: number, lots: number, shownMax: number): void {
    const change = this.orders.setLeft(slot, lots, shownMax);
    const level = this.orders.words[slot * ORDER_WORDS + LEVEL] as number;
    const levels = this.levelsOf(this.sideOf(slot));
    if (change < 0) levels.takeLots(level, -change);
    else if (change > 0) levels.addLots(level, change);
  }

  /** Takes an order off the book for good, from its place in a level. */
  remove(slot: number, side: SideCode): void {
    this.levelsOf(side).remove(slot);
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
