// A deliberately naive reading of docs/engine.md: one market in sorted arrays, with no cleverness.
// It is the twin that the engine is compared with, and what the audit replays the log through.
import {
  holdOf,
  least,
  orderIdOf,
  scaleOf,
  userIdOf,
  type Rules,
  type Scale,
} from './naive-amounts.ts';
import { amend, place } from './naive-matching.ts';
import { stateLines } from './naive-state.ts';
import { hasReached, queueOrder, type Reached } from './naive-triggers.ts';
import type {
  Amend,
  Cancel,
  CancelAll,
  CancelCondition,
  DepthLine,
  Execution,
  Market,
  MarketCommand,
  MarketConfig,
  MarketStatus,
  Order,
  Place,
  Side,
  Tick,
  Trade,
  Waiting,
} from './naive-types.ts';

const COMMAND_WINDOW = 1_048_576;

type Unnumbered<E> = E extends Execution ? Omit<E, 'sequence' | 'timeMs'> : never;
/** An event before it has its place in the market's sequence. */
export type Fact = Unnumbered<Execution>;

export class NaiveBook {
  readonly market: Market;
  config: MarketConfig | null = null;
  status: MarketStatus | 'none' = 'none';
  nowMs = 0;
  sequence = 0;
  highest = 0;
  /** The price of the last trade. */
  lastTicks: number | null = null;
  /** Both sides with the order that trades first in front. */
  readonly buys: Order[] = [];
  readonly sells: Order[] = [];
  /** Orders with a trigger, in the order in which they came. */
  readonly waiting: Waiting[] = [];
  readonly #seen = new Set<number>();
  readonly #byNumber = new Map<number, Order>();
  readonly #expiring = new Set<Order>();
  readonly #touched: Readonly<Record<Side, Set<bigint>>> = { buy: new Set(), sell: new Set() };
  #events: Execution[] = [];
  #scale: Scale | null = null;

  constructor(market: Market) {
    this.market = market;
  }

  /** Does one command and answers with its events. */
  apply(command: MarketCommand | Tick): readonly Execution[] {
    this.#events = [];
    if (command.kind === 'tick') {
      this.#passTime(command.timeMs);
    } else if (this.#isNew(command)) {
      this.#passTime(command.timeMs);
      this.#act(command);
      this.#runTriggers();
    }
    return this.#events;
  }

  emit(fact: Fact): number {
    this.sequence += 1;
    this.#events.push({ ...fact, sequence: this.sequence, timeMs: this.nowMs });
    if (fact.kind === 'trade') this.lastTicks = fact.priceTicks;
    return this.sequence;
  }

  side(side: Side): Order[] {
    return side === 'buy' ? this.buys : this.sells;
  }

  opposite(side: Side): Order[] {
    return side === 'buy' ? this.sells : this.buys;
  }

  /** A resting order. */
  find(number: number): Order | null {
    return this.#byNumber.get(number) ?? null;
  }

  findWaiting(number: number): Waiting | null {
    return this.waiting.find(({ order }) => order.number === number) ?? null;
  }

  /** All of an owner's orders, resting and waiting. */
  ordersOf(user: number): Order[] {
    const waiting = this.waiting.map(({ order }) => order);
    return [...this.buys, ...this.sells, ...waiting].filter((order) => order.user === user);
  }

  hasSeen(number: number): boolean {
    return this.#seen.has(number);
  }

  /**
   * Says what is wrong with the book, if anything: crossed, out of order, an empty order, or one
   * that waits for a price that has been reached.
   */
  findUnsound(): string | null {
    const [bestBuy, bestSell] = [this.buys[0], this.sells[0]];
    if (bestBuy !== undefined && bestSell !== undefined && bestBuy.limit >= bestSell.limit) {
      return `crossed: buy ${bestBuy.number} at ${bestBuy.limit}, sell ${bestSell.number} at ${bestSell.limit}`;
    }
    for (const orders of [this.buys, this.sells]) {
      for (const [at, order] of orders.entries()) {
        if (order.remaining <= 0n) return `order ${order.number} rests with nothing left`;
        if (order.remaining > order.original) return `order ${order.number} grew by itself`;
        const next = orders[at + 1];
        if (next === undefined) continue;
        const isSorted =
          order.side === 'buy' ? order.limit >= next.limit : order.limit <= next.limit;
        if (!isSorted) return `orders ${order.number} and ${next.number} are out of order`;
      }
    }
    for (const { order, trigger } of this.waiting) {
      if (this.lastTicks === null) return `order ${order.number} waits in a market without trades`;
      if (hasReached(order.side, trigger, this.lastTicks)) {
        return `order ${order.number} waits although its trigger price is reached`;
      }
    }
    return null;
  }

  /** The configuration of a market that has one. */
  get rules(): Rules {
    if (this.config === null) throw new Error(`${this.market} is not configured`);
    this.#scale ??= scaleOf(this.config);
    return { config: this.config, scale: this.#scale };
  }

  /** Rests an order behind all orders at its price. */
  rest(order: Order): void {
    const orders = this.side(order.side);
    const isWorse = (other: Order): boolean =>
      order.side === 'buy' ? other.limit < order.limit : other.limit > order.limit;
    const behind = orders.findIndex(isWorse);
    orders.splice(behind < 0 ? orders.length : behind, 0, order);
    this.touch(order);
    this.#byNumber.set(order.number, order);
    if (order.expiresAtMs !== null) this.#expiring.add(order);
  }

  /** Takes a resting order off the book without a word. */
  remove(order: Order): void {
    const orders = this.side(order.side);
    const at = orders.indexOf(order);
    if (at < 0) throw new Error(`order ${order.number} does not rest`);
    orders.splice(at, 1);
    this.touch(order);
    this.#byNumber.delete(order.number);
    this.#expiring.delete(order);
  }

  /** Lets an order wait for its trigger price. */
  wait(waiting: Waiting): void {
    const { order, trigger } = waiting;
    this.waiting.push(waiting);
    if (order.expiresAtMs !== null) this.#expiring.add(order);
    this.emit({
      kind: 'armed',
      orderId: orderIdOf(order.number),
      userId: userIdOf(order.user),
      side: order.side,
      triggerKind: trigger.kind,
      triggerPriceTicks: trigger.priceTicks,
      remainingLots: Number(order.remaining),
    });
  }

  #stopWaiting(waiting: Waiting): void {
    this.waiting.splice(this.waiting.indexOf(waiting), 1);
    this.#expiring.delete(waiting.order);
  }

  /** Places the orders that the command's trades have reached, and those that theirs reach. */
  #runTriggers(): void {
    const queue: Reached[] = [];
    let read = 0;
    const readTrades = (): void => {
      const trades = this.#events.slice(read).filter((event) => event.kind === 'trade');
      for (const trade of trades) queue.push(...this.#takeReached(trade));
      read = this.#events.length;
    };
    readTrades();
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const { order, command } = next.waiting;
      this.emit({
        kind: 'triggered',
        orderId: orderIdOf(order.number),
        userId: userIdOf(order.user),
        tradeSequence: next.tradeSequence,
      });
      place(this, command, null);
      readTrades();
    }
  }

  /** Takes the orders that a trade reaches out of the waiting ones, first to be queued first. */
  #takeReached(trade: Trade): Reached[] {
    const reached = this.waiting
      .filter(({ order, trigger }) => hasReached(order.side, trigger, trade.priceTicks))
      .sort(queueOrder);
    for (const waiting of reached) this.#stopWaiting(waiting);
    return reached.map((waiting) => ({ waiting, tradeSequence: trade.sequence }));
  }

  /** What is locked for a resting or taking order right now. */
  holdLeft(order: Order): bigint {
    if (order.byQuote !== null && order.side === 'buy') {
      return order.byQuote.hold - order.byQuote.taken;
    }
    return holdOf(this.rules, order, order.limit, order.remaining);
  }

  /** Notes that something about the level of a resting order changed. */
  touch(order: Order): void {
    this.#touched[order.side].add(order.limit);
  }

  /** The levels that changed since the last call, buys before sells, by rising price. */
  takeTouched(): DepthLine[] {
    const lines = (['buy', 'sell'] as const).flatMap((side) => {
      const prices = [...this.#touched[side]].sort((a, b) => (a < b ? -1 : 1));
      this.#touched[side].clear();
      return prices.map((price) => this.#level(side, price));
    });
    return lines;
  }

  /** All levels in the same order. */
  depth(): DepthLine[] {
    return (['buy', 'sell'] as const).flatMap((side) => {
      const prices = [...new Set(this.side(side).map(({ limit }) => limit))];
      prices.sort((a, b) => (a < b ? -1 : 1));
      return prices.map((price) => this.#level(side, price));
    });
  }

  #level(side: Side, price: bigint): DepthLine {
    const orders = this.side(side).filter(({ limit }) => limit === price);
    const total = orders.reduce((sum, { remaining }) => sum + remaining, 0n);
    return [side, Number(price), Number(least(total, BigInt(Number.MAX_SAFE_INTEGER)))];
  }

  /** The text that the state hash is taken of. */
  stateText(): string {
    return stateLines(this)
      .map((line) => `${line}\n`)
      .join('');
  }

  #isNew(command: MarketCommand): boolean {
    const { number } = command;
    if (number <= this.highest - COMMAND_WINDOW) {
      if (command.kind !== 'configure_market') this.#refuse(command, 'COMMAND_TOO_OLD', '0');
      return false;
    }
    if (this.#seen.has(number)) return false;
    this.#seen.add(number);
    this.highest = Math.max(this.highest, number);
    return true;
  }

  #passTime(timeMs: number): void {
    this.nowMs = Math.max(this.nowMs, timeMs);
    const expiryOf = (order: Order): number => order.expiresAtMs ?? Infinity;
    const due = [...this.#expiring].filter((order) => expiryOf(order) <= this.nowMs);
    due.sort((a, b) => expiryOf(a) - expiryOf(b) || a.number - b.number);
    for (const order of due) this.end(order, 'expired', 'ORDER_EXPIRED');
  }

  #act(command: MarketCommand): void {
    if (command.kind === 'configure_market') {
      this.#configure(command.config, command.status);
    } else if (this.config === null) {
      this.#answerUnconfigured(command);
    } else if (command.kind === 'place') {
      place(this, command);
    } else if (command.kind === 'amend') {
      const reason = amend(this, command);
      if (reason !== null) this.#refuse(command, reason, command.holdIncreaseMinor);
    } else if (command.kind === 'cancel') {
      this.#cancel(command);
    } else {
      const own = this.ordersOf(command.userNumber);
      const named = own.filter(({ side }) => side === (command.side ?? side));
      named.sort((a, b) => a.number - b.number);
      for (const order of named) this.end(order, 'cancelled', 'ORDER_CANCELLED_BY_USER');
      if (named.length === 0) this.#refuse(command, 'ORDER_NOT_FOUND', '0');
    }
  }

  #cancel(command: Cancel): void {
    const { orderNumber, onlyIf } = command;
    const order = this.find(orderNumber) ?? this.findWaiting(orderNumber)?.order;
    if (order?.user !== command.userNumber) {
      this.#refuse(command, 'ORDER_NOT_FOUND', '0');
    } else if (onlyIf !== undefined && onlyIf !== conditionOf(order)) {
      this.#refuse(command, 'ORDER_CANCEL_CONDITION_UNMET', '0');
    } else {
      this.end(order, 'cancelled', 'ORDER_CANCELLED_BY_USER');
    }
  }

  /** A resting or waiting order leaves and ends, giving back all that is still held for it. */
  end(order: Order, status: 'cancelled' | 'expired', reason: string): void {
    const waiting = this.findWaiting(order.number);
    if (waiting === null) this.remove(order);
    else this.#stopWaiting(waiting);
    this.emit({
      kind: 'ended',
      orderId: orderIdOf(order.number),
      userId: userIdOf(order.user),
      status,
      reason,
      cancelledLots: Number(order.remaining),
      releaseMinor: waiting?.command.holdMinor ?? String(this.holdLeft(order)),
    });
  }

  #configure(config: MarketConfig, status: MarketStatus): void {
    const old = this.config;
    if (old !== null) {
      if (config.version <= old.version) return;
      const isSameMarket =
        config.base === old.base &&
        config.quote === old.quote &&
        config.baseDecimals === old.baseDecimals &&
        config.quoteDecimals === old.quoteDecimals &&
        config.tickSize === old.tickSize &&
        config.lotSize === old.lotSize &&
        config.feePolicy === old.feePolicy;
      const orders = this.buys.length + this.sells.length + this.waiting.length;
      if (!isSameMarket && orders > 0) return;
    }
    this.config = config;
    this.status = status;
    this.#scale = null;
    this.emit({ kind: 'configured', version: config.version, status });
  }

  #answerUnconfigured(command: Place | Cancel | CancelAll | Amend): void {
    if (command.kind === 'place') {
      this.emit({
        kind: 'ended',
        orderId: orderIdOf(command.number),
        userId: userIdOf(command.userNumber),
        status: 'rejected',
        reason: 'MARKET_NOT_FOUND',
        cancelledLots: command.quantityLots,
        releaseMinor: command.holdMinor,
      });
    } else {
      const release = command.kind === 'amend' ? command.holdIncreaseMinor : '0';
      this.#refuse(command, 'MARKET_NOT_FOUND', release);
    }
  }

  #refuse(command: Place | Cancel | CancelAll | Amend, reason: string, releaseMinor: string): void {
    const order = orderNumberOf(command);
    this.emit({
      kind: 'refused',
      commandNumber: command.number,
      userId: userIdOf(command.userNumber),
      orderId: order === null ? null : orderIdOf(order),
      reason,
      releaseMinor,
    });
  }
}

function orderNumberOf(command: Place | Cancel | CancelAll | Amend): number | null {
  if (command.kind === 'place') return command.number;
  return command.kind === 'cancel_all' ? null : command.orderNumber;
}

function conditionOf({ original, remaining }: Order): CancelCondition {
  return remaining === original ? 'new' : 'partially_filled';
}
