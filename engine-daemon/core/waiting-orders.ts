// The orders of a market that wait for their trigger price: found by number, by user, by expiry,
// and by what a trade at some price reaches. Kept apart from the book, so that a book without any
// pays nothing.
import { assert } from '../../shared/domain/failure.ts';
import { BUY, SELL, sideCode } from './codes.ts';
import { IdTable } from './id-table.ts';
import { OrderHeap } from './order-heap.ts';
import { NUMBER, ORDER_DOUBLES, OWNER, OrderPool } from './order-pool.ts';
import { OwnerTable } from './owner-table.ts';
import { TrailingStops, trailedTicks } from './trailing-stops.ts';
import { TriggerQueue, type Reached } from './trigger-queue.ts';
import {
  hasTrigger,
  isReached,
  isRising,
  type TrailingTrigger,
  type TriggerOrder,
  type WaitingOrder,
} from './waiting-order.ts';

export class WaitingOrders {
  /** Only the links of a record are used: the order itself is its command. */
  private readonly records = new OrderPool();
  private readonly ids = new IdTable(this.records);
  private readonly owners = new OwnerTable(this.records);
  private readonly commands: (WaitingOrder | undefined)[] = [];
  private readonly rising = new OrderHeap(this.records);
  /** By the price with its sign turned: the highest comes first. */
  private readonly falling = new OrderHeap(this.records);
  private readonly expiring = new OrderHeap(this.records);
  private readonly trailing = [new TrailingStops(BUY), new TrailingStops(SELL)] as const;
  /** Trailing stops that are not active: buys by falling price, sells by rising price. */
  private readonly inactiveBuys = new OrderHeap(this.records);
  private readonly inactiveSells = new OrderHeap(this.records);
  /** Numbers of orders that wait for their working order, or came to the queue by it. */
  private readonly pending = new Set<number>();
  private readonly queue = new TriggerQueue();

  /** Those in the queue are counted: they wait for their turn. */
  get count(): number {
    return this.records.count;
  }

  get hasQueued(): boolean {
    return this.queue.size > 0;
  }

  /** `lastTicks` is the price of the last trade: a trailing stop may be active from it on. */
  add(order: TriggerOrder, lastTicks: number): void {
    const slot = this.open(order);
    const { trigger } = order;
    if (trigger.kind !== 'trailing_stop') {
      this.watch(slot, order, trigger.priceTicks);
      return;
    }
    const { activationPriceTicks: ticks } = trigger;
    // An activation price is reached as a trigger of the other direction would be.
    if (ticks === undefined || isReached(!isRising(order), ticks, lastTicks)) {
      this.trailing[sideCode(order.side)].add(slot, trigger.trailBps, lastTicks);
    } else if (order.side === 'buy') {
      this.inactiveBuys.add(slot, -ticks);
    } else {
      this.inactiveSells.add(slot, ticks);
    }
  }

  /** Takes in an order that no price reaches, but the fill of its working order. */
  addPending(order: WaitingOrder): void {
    this.open(order);
    this.pending.add(order.number);
  }

  isPending(order: WaitingOrder): boolean {
    return this.pending.has(order.number);
  }

  isQueued(order: WaitingOrder): boolean {
    return this.queue.has(order);
  }

  /** Pending orders that no fill has brought to the queue. For tests and restored states. */
  get pendingCount(): number {
    return this.sorted().filter((order) => this.isPending(order) && !this.isQueued(order)).length;
  }

  /** Its working order is filled: it goes to the end of the queue. */
  enqueuePending(order: WaitingOrder, tradeSequence: number): void {
    assert(this.pending.has(order.number), 'an order is not pending');
    this.queue.push({ order, tradeSequence, wasPending: true });
  }

  /** Puts back a trailing stop of a saved state; active ones by falling extreme level. */
  restoreTrailing(order: TriggerOrder, extremeTicks: number): void {
    assert(order.trigger.kind === 'trailing_stop', 'only a trailing stop has an extreme');
    if (extremeTicks === 0) {
      const { activationPriceTicks: ticks } = order.trigger;
      assert(ticks !== undefined, 'a trailing stop without activation price is not active');
      // A last trade on the other side of the activation price.
      this.add(order, order.side === 'buy' ? Infinity : 0);
    } else {
      const slot = this.open(order);
      this.trailing[sideCode(order.side)].add(slot, order.trigger.trailBps, extremeTicks);
    }
  }

  /** Puts back an order that was in the queue of a saved state, behind those before it. */
  restoreQueued(order: WaitingOrder, tradeSequence: number, isPending: boolean): void {
    this.open(order);
    if (isPending) this.pending.add(order.number);
    this.queue.push({ order, tradeSequence, wasPending: isPending });
  }

  find(orderNumber: number): WaitingOrder | null {
    const slot = this.ids.find(orderNumber);
    return slot === 0 ? null : this.orderAt(slot);
  }

  remove(order: WaitingOrder): void {
    const slot = this.ids.find(order.number);
    if (this.queue.has(order)) this.queue.remove(order);
    else if (!this.pending.has(order.number)) this.stopWatching(slot, order);
    this.forget(slot, order);
  }

  /** Price that a trade must reach now; 0 for a trailing stop that is not active. */
  triggerTicksOf(order: TriggerOrder): number {
    const { trigger } = order;
    if (trigger.kind !== 'trailing_stop') return trigger.priceTicks;
    const extreme = this.extremeOf(order);
    return extreme === 0 ? 0 : trailedTicks(sideCode(order.side), extreme, trigger.trailBps);
  }

  /** Extreme of a trailing stop; 0 when it is not active or in the queue. */
  extremeOf(order: WaitingOrder): number {
    return this.trailing[sideCode(order.side)].extremeOf(this.ids.find(order.number));
  }

  /**
   * A trade happened: the orders that it reaches go to the end of the queue, then trailing stops
   * follow it. See docs/engine.md, "Triggers".
   */
  reach(priceTicks: number, tradeSequence: number): void {
    const [buys, sells] = this.trailing;
    if (buys.size > 0) this.watchAll(buys.takeReached(priceTicks));
    if (sells.size > 0) this.watchAll(sells.takeReached(priceTicks));
    while (this.rising.firstKey() <= priceTicks) this.enqueue(this.rising, tradeSequence);
    while (this.falling.firstKey() <= -priceTicks) this.enqueue(this.falling, tradeSequence);
    if (buys.size > 0) buys.move(priceTicks);
    if (sells.size > 0) sells.move(priceTicks);
    while (this.inactiveBuys.firstKey() <= -priceTicks)
      this.activate(this.inactiveBuys, priceTicks);
    while (this.inactiveSells.firstKey() <= priceTicks) {
      this.activate(this.inactiveSells, priceTicks);
    }
  }

  /** Takes the first order out of the queue; null when it is empty. */
  takeQueued(): Reached | null {
    const next = this.queue.shift();
    if (next !== null) this.forget(this.ids.find(next.order.number), next.order);
    return next;
  }

  queued(): Reached[] {
    return this.queue.all();
  }

  /** Infinity when none expires. */
  firstExpiryMs(): number {
    return this.expiring.firstKey();
  }

  firstToExpire(): WaitingOrder {
    return this.orderAt(this.expiring.first());
  }

  /** A user's orders, in no order that means anything. */
  ordersOf(userNumber: number): WaitingOrder[] {
    return this.owners.slotsOf(userNumber).map((slot) => this.orderAt(slot));
  }

  countOf(userNumber: number): number {
    return this.owners.countOf(userNumber);
  }

  /** In rising order number. */
  sorted(): WaitingOrder[] {
    const orders = this.commands.filter((order) => order !== undefined);
    return orders.sort((a, b) => a.number - b.number);
  }

  bytes(): number {
    return this.records.bytes() + this.ids.bytes() + this.owners.bytes();
  }

  /** Throws AssertionError when the parts disagree. For tests and restored states. */
  check(lastTicks: number): void {
    const { rising, falling, inactiveBuys, inactiveSells, expiring } = this;
    const heaps = [rising, falling, inactiveBuys, inactiveSells];
    for (const heap of [...heaps, expiring]) {
      for (const slot of heap.all())
        assert(heap.isInOrder(slot), 'a heap of triggers is disordered');
    }
    const [buys, sells] = this.trailing;
    const watched = heaps.reduce((sum, { size }) => sum + size, buys.size + sells.size);
    const orders = this.sorted();
    assert(orders.length === this.count, 'waiting orders are lost or left behind');
    const pending = orders.filter((order) => this.isPending(order)).length;
    assert(pending === this.pending.size, 'a pending order is lost');
    assert(watched + this.queue.size + this.pendingCount === this.count, 'a trigger is lost');
    assert(this.ids.size === this.count, 'the id table counts other waiting orders');
    for (const order of orders) this.checkOrder(order, lastTicks);
  }

  private checkOrder(order: WaitingOrder, lastTicks: number): void {
    const slot = this.ids.find(order.number);
    assert(this.orderAt(slot) === order, 'a waiting order is not found by its number');
    const owner = this.records.wordOf(slot, OWNER);
    assert(this.owners.userOf(owner) === order.userNumber, 'a waiting order has another owner');
    const expires = this.expiring.placeOf(slot) !== 0;
    assert(expires === (order.expiresAtMs !== null), 'the expiry of a waiting order is lost');
    if (this.isPending(order)) return;
    assert(hasTrigger(order), 'an order waits for nothing');
    if (this.isQueued(order)) return;
    assert(lastTicks > 0, 'an order waits though nothing was traded');
    if (order.trigger.kind === 'trailing_stop') {
      this.checkTrailing(order, order.trigger, lastTicks);
      return;
    }
    const reached = isReached(isRising(order), order.trigger.priceTicks, lastTicks);
    assert(!reached, 'an order waits that was reached');
  }

  private checkTrailing(order: TriggerOrder, trigger: TrailingTrigger, lastTicks: number): void {
    const rising = isRising(order);
    const extreme = this.extremeOf(order);
    const { activationPriceTicks: ticks } = trigger;
    const isActive = ticks === undefined || isReached(!rising, ticks, extreme || lastTicks);
    assert(isActive === extreme > 0, 'a trailing stop is active or not as it should not be');
    if (!isActive) return;
    assert(isReached(rising, extreme, lastTicks), 'an extreme has not followed the last trade');
    const reached = isReached(rising, this.triggerTicksOf(order), lastTicks);
    assert(!reached || extreme === lastTicks, 'a trailing stop waits that was reached');
  }

  /** Takes the order in, without a trigger. */
  private open(order: WaitingOrder): number {
    const slot = this.records.allocate();
    this.records.doubles[slot * ORDER_DOUBLES + NUMBER] = order.number;
    this.commands[slot] = order;
    this.ids.add(slot);
    this.owners.add(slot, order.userNumber);
    if (order.expiresAtMs !== null) this.expiring.add(slot, order.expiresAtMs);
    return slot;
  }

  private forget(slot: number, order: WaitingOrder): void {
    if (order.expiresAtMs !== null) this.expiring.remove(slot);
    this.owners.remove(slot);
    this.ids.remove(slot);
    this.pending.delete(order.number);
    this.commands[slot] = undefined;
    this.records.free(slot);
  }

  /** A trade at this price reaches the order. */
  private watch(slot: number, order: TriggerOrder, triggerTicks: number): void {
    if (isRising(order)) this.rising.add(slot, triggerTicks);
    else this.falling.add(slot, -triggerTicks);
  }

  private watchAll(slots: readonly (readonly [slot: number, triggerTicks: number])[]): void {
    for (const [slot, ticks] of slots) this.watch(slot, this.triggerAt(slot), ticks);
  }

  /** No trade reaches it any more. */
  private stopWatching(slot: number, { side }: WaitingOrder): void {
    const { rising, falling, inactiveBuys, inactiveSells } = this;
    for (const heap of [rising, falling, inactiveBuys, inactiveSells]) {
      if (heap.placeOf(slot) === 0) continue;
      heap.remove(slot);
      return;
    }
    this.trailing[sideCode(side)].remove(slot);
  }

  private enqueue(heap: OrderHeap, tradeSequence: number): void {
    const slot = heap.first();
    heap.remove(slot);
    this.queue.push({ order: this.orderAt(slot), tradeSequence, wasPending: false });
  }

  private activate(heap: OrderHeap, priceTicks: number): void {
    const slot = heap.first();
    heap.remove(slot);
    const { side, trigger } = this.triggerAt(slot);
    assert(trigger.kind === 'trailing_stop', 'only a trailing stop becomes active');
    this.trailing[sideCode(side)].add(slot, trigger.trailBps, priceTicks);
  }

  private triggerAt(slot: number): TriggerOrder {
    const order = this.orderAt(slot);
    assert(hasTrigger(order), 'an order without a trigger is watched');
    return order;
  }

  private orderAt(slot: number): WaitingOrder {
    const order = this.commands[slot];
    assert(order !== undefined, 'a waiting order has no command');
    return order;
  }
}
