// A deliberately naive reading of docs/engine.md: one market in sorted arrays, with no cleverness.
// It is the twin that the engine is compared with, and what the audit replays the log through.
// What commands do with the book is in the files beside this one, by theme.
import { holdOf, least, orderIdOf, scaleOf, userIdOf } from './naive-amounts.ts';
import type { Rules, Scale } from './naive-amounts.ts';
import { passTime } from './naive-clock.ts';
import { act, refuse } from './naive-commands.ts';
import { depthOf, levelOf } from './naive-depth.ts';
import type { Execution } from './naive-events.ts';
import { endReleaseOf, noteDecision, pairHoldOf, type OrderList } from './naive-lists.ts';
import type { Order, Waiting } from './naive-orders.ts';
import { noteTrade, type Range } from './naive-range.ts';
import { stateLines } from './naive-state.ts';
import { followEvents } from './naive-queue.ts';
import { triggerTicksOf } from './naive-triggers.ts';
import type {
  DepthLine,
  EndStatus,
  Market,
  MarketCommand,
  MarketConfig,
  MarketStatus,
  ScheduledStatus,
  Side,
  Tick,
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
  /** Changes of status to come, by rising time. */
  schedule: ScheduledStatus[] = [];
  interruption: { readonly before: MarketStatus; readonly untilMs: number } | null = null;
  /** What was last looked at in this auction, and told of it. */
  indicated: { readonly second: number; readonly ticks: number; readonly lots: number } | null =
    null;
  /** Price and time of the last trade. */
  lastTicks: number | null = null;
  lastTradeMs: number | null = null;
  /** The price of the last trade since the last interruption began. */
  referenceTicks: number | null = null;
  /** Ranges of recent trades by slot, old ones among them. */
  readonly slots = new Map<number, Range>();
  /** Both sides with the order that trades first in front. */
  readonly buys: Order[] = [];
  readonly sells: Order[] = [];
  /** Orders with a trigger and pending ones, in the order in which they came. */
  readonly waiting: Waiting[] = [];
  /** Those of them that a trade has reached, first reached first. */
  readonly queue: Waiting[] = [];
  /** Turns that orders of the queue have had since the last command, or the clock, was done. */
  turns = 0;
  /** Lists that are not over, by their number. */
  readonly lists = new Map<number, OrderList>();
  /** User numbers. */
  readonly blocked = new Set<number>();
  /** Dead-man deadlines by user number. */
  readonly deadlines = new Map<number, number>();
  readonly #seen = new Set<number>();
  readonly #byNumber = new Map<number, Order>();
  readonly #expiring = new Set<Order>();
  readonly #touched: Readonly<Record<Side, Set<bigint>>> = { buy: new Set(), sell: new Set() };
  #events: Execution[] = [];
  /** How many events of the last call the clock made, before the command itself. */
  clockEvents = 0;
  /** Events that were followed. */
  #followed = 0;
  #scale: Scale | null = null;

  constructor(market: Market) {
    this.market = market;
  }

  /** Does one command and answers with its events. */
  apply(command: MarketCommand | Tick): readonly Execution[] {
    this.#events = [];
    this.#followed = 0;
    this.clockEvents = 0;
    if (command.kind === 'tick') {
      passTime(this, command.timeMs);
      this.clockEvents = this.#events.length;
    } else if (this.#isNew(command)) {
      passTime(this, command.timeMs);
      this.clockEvents = this.#events.length;
      act(this, command);
      followEvents(this);
    }
    return this.#events;
  }

  #isNew(command: MarketCommand): boolean {
    const { number } = command;
    if (number <= this.highest - COMMAND_WINDOW) {
      if (command.kind !== 'configure_market') refuse(this, command, 'COMMAND_TOO_OLD');
      return false;
    }
    if (this.#seen.has(number)) return false;
    this.#seen.add(number);
    this.highest = Math.max(this.highest, number);
    return true;
  }

  hasSeen(number: number): boolean {
    return this.#seen.has(number);
  }

  /** The next event of the present command that was not followed yet. */
  takeEvent(): Execution | null {
    const event = this.#events[this.#followed] ?? null;
    if (event !== null) this.#followed += 1;
    return event;
  }

  /** The last trade of an order in the present command. */
  lastTradeOf(number: number): number {
    const id = orderIdOf(number);
    const trade = this.#events.findLast(
      (event) => event.kind === 'trade' && [event.taker.orderId, event.maker.orderId].includes(id),
    );
    if (trade === undefined) throw new Error(`order ${number} has not traded`);
    return trade.sequence;
  }

  emit(fact: Fact): void {
    this.sequence += 1;
    const event = Object.assign(fact, { sequence: this.sequence, timeMs: this.nowMs });
    this.#events.push(event);
    if (fact.kind === 'trade') noteTrade(this, fact.priceTicks);
    noteDecision(this, event);
  }

  emitEnd(order: Order, status: EndStatus, reason: string | null, release: bigint): void {
    this.emit({
      kind: 'ended',
      orderId: orderIdOf(order.number),
      userId: userIdOf(order.user),
      status,
      reason,
      cancelledLots: Number(order.remaining),
      releaseMinor: String(endReleaseOf(this, order, release)),
      ...pairHoldOf(this, order),
    });
  }

  /** The configuration of a market that has one. */
  get rules(): Rules {
    if (this.config === null) throw new Error(`${this.market} is not configured`);
    this.#scale ??= scaleOf(this.config);
    return { config: this.config, scale: this.#scale };
  }

  configure(
    config: MarketConfig,
    status: MarketStatus,
    schedule: readonly ScheduledStatus[],
  ): void {
    this.config = config;
    this.schedule = [...schedule];
    this.interruption = null;
    this.slots.clear();
    this.#scale = null;
    this.enter(status);
    this.emit({ kind: 'configured', version: config.version, status });
  }

  /** From now on the market has this status; an auction begins anew. */
  enter(status: MarketStatus): void {
    this.status = status;
    this.indicated = null;
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

  /** A resting or waiting order of this user. */
  findOwn(number: number, user: number): Order | null {
    const order = this.find(number) ?? this.findWaiting(number)?.order;
    return order?.user === user ? order : null;
  }

  /** All of a user's orders, resting and waiting. */
  ordersOf(user: number): Order[] {
    const waiting = this.waiting.map(({ order }) => order);
    return [...this.buys, ...this.sells, ...waiting].filter((order) => order.user === user);
  }

  /** Resting and waiting orders whose time has come, in no order. */
  expired(): Order[] {
    return [...this.#expiring].filter(({ expiresAtMs }) => (expiresAtMs ?? 0) <= this.nowMs);
  }

  /** Rests an order behind all orders at its price. */
  rest(order: Order): void {
    const orders = this.side(order.side);
    const isWorse = (other: Order): boolean =>
      order.side === 'buy' ? other.limit < order.limit : other.limit > order.limit;
    const behind = orders.findIndex(isWorse);
    orders.splice(behind < 0 ? orders.length : behind, 0, order);
    if (order.iceberg !== null) {
      order.iceberg.shown = least(order.iceberg.displayLots, order.remaining);
    }
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

  /** Lets an order wait for its trigger price or its working order. */
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
      triggerPriceTicks: triggerTicksOf(waiting) ?? 0,
      remainingLots: Number(order.remaining),
    });
  }

  stopWaiting(waiting: Waiting): void {
    this.waiting.splice(this.waiting.indexOf(waiting), 1);
    const place = this.queue.indexOf(waiting);
    if (place >= 0) this.queue.splice(place, 1);
    this.#expiring.delete(waiting.order);
  }

  /** A resting or waiting order leaves and ends, giving back all that is still held for it. */
  end(order: Order, status: 'cancelled' | 'expired', reason: string): void {
    const waiting = this.findWaiting(order.number);
    if (waiting === null) {
      this.remove(order);
      this.emitEnd(order, status, reason, this.holdLeft(order));
    } else {
      this.stopWaiting(waiting);
      this.emitEnd(order, status, reason, BigInt(waiting.command.holdMinor));
    }
  }

  /** Ends these resting or waiting orders in rising number. */
  endAll(orders: readonly Order[], reason: string): void {
    const rising = [...orders].sort((a, b) => a.number - b.number);
    for (const order of rising) this.end(order, 'cancelled', reason);
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
    return (['buy', 'sell'] as const).flatMap((side) => {
      const prices = [...this.#touched[side]].sort((a, b) => (a < b ? -1 : 1));
      this.#touched[side].clear();
      return prices.map((price) => levelOf(side, price, this.side(side)));
    });
  }

  /** All levels in the same order. */
  depth(): DepthLine[] {
    return [...depthOf('buy', this.buys), ...depthOf('sell', this.sells)];
  }

  /** The text that the state hash is taken of. */
  stateText(): string {
    return stateLines(this)
      .map((line) => `${line}\n`)
      .join('');
  }
}
