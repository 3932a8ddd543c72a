// The orders of a market that wait for their trigger price: found by number, by user, by expiry,
// and by what a trade at some price reaches. Kept apart from the book, so that a book without any
// pays nothing.
import { assert } from '../../shared/domain/failure.ts';
import type { PlaceCommand } from '../../shared/events/commands.ts';
import { IdTable } from './id-table.ts';
import { OrderHeap } from './order-heap.ts';
import { NUMBER, ORDER_DOUBLES, OWNER, OrderPool } from './order-pool.ts';
import { OwnerTable } from './owner-table.ts';

/** An order that waits: what its command said, as `waitingOrder` keeps it. */
export interface WaitingOrder extends PlaceCommand {
  readonly trigger: NonNullable<PlaceCommand['trigger']>;
}

/** True when a trade at the trigger price or above reaches the order; else at it or below. */
export function isRising({ side, trigger }: WaitingOrder): boolean {
  return (trigger.kind === 'stop_loss') === (side === 'buy');
}

/** True when a trade at this price reaches the order. */
export function isReached(order: WaitingOrder, priceTicks: number): boolean {
  return isRising(order)
    ? priceTicks >= order.trigger.priceTicks
    : priceTicks <= order.trigger.priceTicks;
}

/**
 * The order as it waits, in fields of its own: what a market order cannot be is gone, and so is a
 * limit order's budget (docs/engine.md, "After matching").
 */
export function waitingOrder(
  command: PlaceCommand,
  trigger: WaitingOrder['trigger'],
): WaitingOrder {
  const isMarket = command.type === 'market';
  const quoteBudgetMinor = isMarket ? command.quoteBudgetMinor : null;
  const isFok = command.timeInForce === 'FOK' && quoteBudgetMinor === null;
  return {
    kind: 'place',
    number: command.number,
    timeMs: command.timeMs,
    userNumber: command.userNumber,
    side: command.side,
    type: command.type,
    timeInForce: isMarket ? (isFok ? 'FOK' : 'IOC') : command.timeInForce,
    postOnly: !isMarket && command.postOnly,
    selfTradePrevention: command.selfTradePrevention,
    priceTicks: command.priceTicks,
    quantityLots: command.quantityLots,
    quoteBudgetMinor,
    expiresAtMs: isMarket ? null : command.expiresAtMs,
    makerFeePpm: command.makerFeePpm,
    takerFeePpm: command.takerFeePpm,
    holdMinor: command.holdMinor,
    trigger,
  };
}

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

  get count(): number {
    return this.records.count;
  }

  add(order: WaitingOrder): void {
    const slot = this.records.allocate();
    this.records.doubles[slot * ORDER_DOUBLES + NUMBER] = order.number;
    this.commands[slot] = order;
    this.ids.add(slot);
    this.owners.add(slot, order.userNumber);
    if (order.expiresAtMs !== null) this.expiring.add(slot, order.expiresAtMs);
    if (isRising(order)) this.rising.add(slot, order.trigger.priceTicks);
    else this.falling.add(slot, -order.trigger.priceTicks);
  }

  find(orderNumber: number): WaitingOrder | null {
    const slot = this.ids.find(orderNumber);
    return slot === 0 ? null : this.orderAt(slot);
  }

  remove(order: WaitingOrder): void {
    const slot = this.ids.find(order.number);
    if (order.expiresAtMs !== null) this.expiring.remove(slot);
    if (isRising(order)) this.rising.remove(slot);
    else this.falling.remove(slot);
    this.owners.remove(slot);
    this.ids.remove(slot);
    this.commands[slot] = undefined;
    this.records.free(slot);
  }

  isAnyReached(priceTicks: number): boolean {
    return this.rising.firstKey() <= priceTicks || this.falling.firstKey() <= -priceTicks;
  }

  /** Takes out the next order that a trade at this price reaches: see docs/engine.md "Triggers". */
  takeReached(priceTicks: number): WaitingOrder {
    const heap = this.rising.firstKey() <= priceTicks ? this.rising : this.falling;
    const order = this.orderAt(heap.first());
    this.remove(order);
    return order;
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
    let heaped = 0;
    for (const heap of [this.rising, this.falling, this.expiring]) {
      for (const slot of heap.all())
        assert(heap.isInOrder(slot), 'a heap of triggers is disordered');
      if (heap !== this.expiring) heaped += heap.size;
    }
    const orders = this.sorted();
    assert(orders.length === this.count, 'waiting orders are lost or left behind');
    assert(heaped === this.count && this.ids.size === this.count, 'a trigger is lost');
    for (const order of orders) {
      const slot = this.ids.find(order.number);
      assert(this.orderAt(slot) === order, 'a waiting order is not found by its number');
      const owner = this.records.wordOf(slot, OWNER);
      assert(this.owners.userOf(owner) === order.userNumber, 'a waiting order has another owner');
      const expires = this.expiring.placeOf(slot) !== 0;
      assert(expires === (order.expiresAtMs !== null), 'the expiry of a waiting order is lost');
      assert(lastTicks > 0 && !isReached(order, lastTicks), 'an order waits that was reached');
    }
  }

  private orderAt(slot: number): WaitingOrder {
    const order = this.commands[slot];
    assert(order !== undefined, 'a waiting order has no command');
    return order;
  }
}
