// Walks through the events of a command and knows of each order of a list where it was when an
// event came: in the book, waiting, in the queue, or not placed yet.
import { orderIdOf } from './naive-amounts.ts';
import type { Context } from './coverage-acts.ts';
import type { Execution, Trade } from './naive-events.ts';
import { commandsOf } from './naive-lists.ts';
import { hasReached } from './naive-triggers.ts';
import type { MarketCommand, Place } from './naive-types.ts';

export type Where =
  | 'not placed'
  | 'resting'
  | 'waiting'
  | 'in the queue'
  | 'pending'
  | 'pending in the queue'
  | 'ended';

/** A list as it is at an event. */
export interface Walked {
  readonly number: number;
  readonly userNumber: number;
  readonly working: Place | null;
  readonly orders: readonly Place[];
  /** Placed by the command itself. */
  readonly isNew: boolean;
  isDecided: boolean;
  /** How it was decided by this command; null when it was before. */
  decidedBy: string | null;
}

export class ListWalk {
  readonly lists: readonly Walked[];
  readonly #where = new Map<string, Where>();
  /** Orders that a turn has put among those that trade, by their own trigger or by none. */
  readonly turned = new Set<string>();
  isUncrossing = false;
  #lastTrade: Trade | null = null;

  constructor(command: MarketCommand | null, events: readonly Execution[], context: Context) {
    const before = context.lists.map((list) => ({ ...list, isNew: false, decidedBy: null }));
    const isPlaced = command?.kind === 'place_list' && events.some(isAboutOrder);
    this.lists = isPlaced ? [...before, newList(command)] : before;
    for (const { orders, working, isNew } of this.lists) {
      for (const order of working === null ? orders : [working, ...orders]) {
        const id = orderIdOf(order.number);
        this.#where.set(id, isNew ? 'not placed' : whereBefore(id, context));
      }
    }
    for (const { ended } of context.lists) {
      for (const number of ended) this.#where.set(orderIdOf(number), 'ended');
    }
  }

  where({ number }: Place): Where {
    return this.#where.get(orderIdOf(number)) ?? 'ended';
  }

  /** The last trade of an order, if it was the last one of all. */
  lastTradeAs(orderId: string): 'taker' | 'maker' | null {
    const trade = this.#lastTrade;
    if (trade?.taker.orderId === orderId) return 'taker';
    return trade?.maker.orderId === orderId ? 'maker' : null;
  }

  /** Goes past an event, once it was looked at. */
  pass(event: Execution): void {
    switch (event.kind) {
      case 'uncrossed':
        this.isUncrossing = true;
        return;
      case 'opened':
        this.#put(event.orderId, 'resting');
        return;
      case 'armed':
        this.#put(event.orderId, event.triggerKind === 'working_order' ? 'pending' : 'waiting');
        return;
      case 'triggered':
        this.isUncrossing = false;
        this.turned.add(event.orderId);
        return;
      case 'trade':
        this.#lastTrade = event;
        this.#reach(event);
        return;
      case 'ended':
        this.#put(event.orderId, 'ended');
        if (event.status === 'filled') this.#fill(event.orderId);
        return;
      default:
    }
  }

  #put(orderId: string, where: Where): void {
    if (this.#where.has(orderId)) this.#where.set(orderId, where);
  }

  #reach({ priceTicks }: Trade): void {
    for (const order of this.lists.flatMap(({ orders }) => orders)) {
      const { trigger, side } = order;
      if (this.where(order) !== 'waiting' || trigger === undefined) continue;
      // Where a trailing stop is now the events do not say.
      if (trigger.kind === 'trailing_stop') continue;
      const isReached = hasReached(side, trigger.kind, trigger.priceTicks, priceTicks);
      if (isReached) this.#put(orderIdOf(order.number), 'in the queue');
    }
  }

  #fill(orderId: string): void {
    const list = this.lists.find(
      ({ working }) => working !== null && orderIdOf(working.number) === orderId,
    );
    for (const order of list?.orders ?? []) {
      if (this.where(order) === 'pending') {
        this.#put(orderIdOf(order.number), 'pending in the queue');
      }
    }
  }
}

function newList(command: Extract<MarketCommand, { kind: 'place_list' }>): Walked {
  const { number, userNumber } = command;
  const all = commandsOf(command);
  const working = command.working === undefined ? null : (all.shift() ?? null);
  const isDecided = false;
  return { number, userNumber, working, orders: all, isNew: true, isDecided, decidedBy: null };
}

function isAboutOrder({ kind }: Execution): boolean {
  return kind !== 'refused';
}

function whereBefore(id: string, { resting, waiting, queue }: Context): Where {
  if (resting.has(id)) return 'resting';
  const isPending = waiting.get(id)?.trigger.kind === 'working_order';
  if (queue.includes(id)) return isPending ? 'pending in the queue' : 'in the queue';
  return isPending ? 'pending' : 'waiting';
}
