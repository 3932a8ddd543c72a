// What a random run must have seen of working orders and of those that wait for them: "place_list",
// "Following" and "Lists" in docs/engine.md.
import { orderIdOf } from './naive-amounts.ts';
import type { Context, Hit } from './coverage-acts.ts';
import { ListWalk, type Walked } from './coverage-list-walk.ts';
import type { Ended, Execution, Triggered } from './naive-events.ts';
import type { MarketCommand, Place } from './naive-types.ts';

const WORKING_ENDS = [
  'ACCOUNT_BLOCKED',
  'MARKET_HALTED',
  'MARKET_CANCEL_ONLY',
  'MARKET_POST_ONLY',
  'MARKET_CLOSING',
  'MARKET_DELISTED',
  'MARKET_AUCTION',
  'ORDER_QUANTITY_TOO_LARGE',
  'ORDER_QUANTITY_TOO_SMALL',
  'ORDER_PRICE_OUT_OF_BAND',
  'ORDERS_OPEN_TOO_MANY',
  'ORDER_SELF_TRADE_MODE_NOT_ALLOWED',
  'ORDER_POST_ONLY_WOULD_TAKE',
  'ORDER_FOK_NOT_FILLABLE',
  'ORDER_IOC_REMAINDER',
  'ORDER_SELF_TRADE_PREVENTED',
  'ORDER_EXPIRED',
  'ORDER_REPLACED',
  'ORDER_CANCELLED_BY_USER',
  'ORDER_CANCELLED_BY_DEADMAN',
  'ORDER_CANCELLED_BY_OPERATOR',
];
const PENDING_ENDS = [
  'ORDERS_WAITING_TOO_MANY',
  'ORDER_CANCELLED_BY_USER',
  'ORDER_EXPIRED',
  'ORDER_REPLACED',
];
const TURN_ENDS = [
  'MARKET_POST_ONLY',
  'MARKET_LIMIT_ONLY',
  'ORDER_QUANTITY_TOO_LARGE',
  'ORDER_QUANTITY_TOO_SMALL',
  'ORDER_DISPLAY_QUANTITY_TOO_SMALL',
  'ORDER_PRICE_OUT_OF_BAND',
  'ORDERS_WAITING_TOO_MANY',
  'ORDER_SELF_TRADE_MODE_NOT_ALLOWED',
  'ORDER_POST_ONLY_WOULD_TAKE',
  'ORDER_FOK_NOT_FILLABLE',
  'ORDER_IOC_REMAINDER',
  'ORDER_LIQUIDITY_NONE',
  'ORDER_PRICE_PROTECTED',
  'ORDER_SELF_TRADE_PREVENTED',
  'ORDER_EXPIRED',
  'filled',
];
const SHAPES = ['limit GTC', 'limit GTD', 'limit IOC', 'limit FOK', 'post-only', 'iceberg'];

export const WORKING_OUTCOMES: readonly string[] = [
  ...SHAPES.map((shape) => `working order placed ${shape}`),
  ...['as a taker at once', 'as a maker', 'by its amend', 'in an uncrossing'].map(
    (how) => `working order filled ${how}`,
  ),
  ...WORKING_ENDS.map((reason) => `working order ended ${reason}`),
  'working order traded and is open still',
  'working order ended with a part of it filled',
  'working order ended for its list where it rests',
  'working order ended for its list, never placed',
  ...['in place', 'to the back'].map((how) => `working order amended ${how}`),
  ...PENDING_ENDS.map((reason) => `pending order ended ${reason}`),
  'first of a pending pair too many',
  'second of a pending pair too many',
  'amend of a pending order refused',
  'pending orders of one side cancelled, the working order of the other ends',
  'working order of one side cancelled, the pending orders of the other end',
  ...['maker', 'stop_loss', 'take_profit', 'trailing_stop', 'none'].map(
    (kind) => `pending order of a pair or alone: ${kind}`,
  ),
  ...['opened', 'traded', 'armed stop_loss', 'armed take_profit', 'armed trailing_stop'].map(
    (then) => `pending order ${then} at its turn`,
  ),
  ...TURN_ENDS.map((reason) => `pending order ended at its turn ${reason}`),
  'pending order with its trigger reached at its turn',
  'pending order triggered in the cascade of its turn',
  'pending order rested where no more may',
  'both of a pending pair had their turns',
  'pending order of a pair ended in the queue as the first was refused',
  'pending order of a pair ended where it rests as the second was refused',
  'pending order of a pair ended where it waits as the second was refused',
  'pending order queued behind those that the same trade reached',
  'pending order in a cascade of others',
  'pending orders stand in the queue of an interrupted market',
  'pending order that stood in the queue ended by itself',
  'pending order that stood in the queue ended for its list',
  'pending order that stood in the queue had its turn',
];

/** What a command, or the clock where it is null, did to lists with a working order. */
export function noteWorking(
  command: MarketCommand | null,
  events: readonly Execution[],
  context: Context,
  hit: Hit,
): void {
  const walk = new ListWalk(command, events, context);
  if (walk.lists.length === 0) return;
  const note = new WorkingNote(walk, command, context, hit);
  for (const [at, event] of events.entries()) {
    for (const list of walk.lists) note.look(list, event, events.slice(at + 1));
    note.see(event);
    walk.pass(event);
  }
  note.finish();
}

class WorkingNote {
  readonly #walk: ListWalk;
  readonly #command: MarketCommand | null;
  readonly #context: Context;
  readonly #hit: Hit;
  readonly #ended = new Set<string>();
  /** Trades that have led others to their turns than pending orders. */
  readonly #reaching = new Set<number>();

  constructor(walk: ListWalk, command: MarketCommand | null, context: Context, hit: Hit) {
    this.#walk = walk;
    this.#command = command;
    this.#context = context;
    this.#hit = hit;
    for (const list of walk.lists) this.#noteCommand(list);
  }

  #noteCommand({ isNew, working, orders }: Walked): void {
    const command = this.#command;
    if (isNew && working !== null) {
      const { timeInForce, postOnly, displayLots, quantityLots } = working;
      this.#hit(`working order placed ${postOnly ? 'post-only' : `limit ${timeInForce}`}`);
      const isIceberg = displayLots !== undefined && displayLots < quantityLots;
      if (isIceberg) this.#hit('working order placed iceberg');
      for (const { trigger, postOnly: isMaker } of orders) {
        const kind = trigger?.kind ?? (isMaker ? 'maker' : 'none');
        this.#hit(`pending order of a pair or alone: ${kind}`);
      }
    }
    if (command?.kind !== 'amend') return;
    const isPending = orders.some((order) => {
      const where = this.#walk.where(order);
      return order.number === command.orderNumber && where.startsWith('pending');
    });
    if (isPending && command.userNumber === orders[0]?.userNumber) {
      this.#hit('amend of a pending order refused');
    }
  }

  look(list: Walked, event: Execution, rest: readonly Execution[]): void {
    const { working, orders } = list;
    const isAbout = (order: Place | null): boolean =>
      order !== null && 'orderId' in event && event.orderId === orderIdOf(order.number);
    if (isAbout(working)) this.#working(list, event);
    for (const order of orders) {
      if (!isAbout(order)) continue;
      if (event.kind === 'ended') this.#pendingEnd(list, order, event);
      if (event.kind === 'triggered') this.#turn(list, order, event, rest);
    }
  }

  #working({ working, isNew }: Walked, event: Execution): void {
    if (working === null) return;
    if (event.kind === 'amended') {
      this.#hit(`working order amended ${event.priorityKept ? 'in place' : 'to the back'}`);
    }
    if (event.kind === 'opened' && event.remainingLots < working.quantityLots && isNew) {
      this.#hit('working order traded and is open still');
    }
    if (event.kind !== 'ended') return;
    this.#ended.add(event.orderId);
    const where = this.#walk.where(working);
    if (event.reason === 'ORDER_CANCELLED_BY_LIST') {
      const isPlaced = where !== 'not placed';
      this.#hit(
        `working order ended for its list${isPlaced ? ' where it rests' : ', never placed'}`,
      );
      if (this.#isOfOneSide()) {
        this.#hit('pending orders of one side cancelled, the working order of the other ends');
      }
    } else if (event.status === 'filled') {
      const isTaker = this.#walk.lastTradeAs(event.orderId) === 'taker';
      if (this.#walk.isUncrossing) this.#hit('working order filled in an uncrossing');
      else if (!isTaker) this.#hit('working order filled as a maker');
      else this.#hit(`working order filled ${isNew ? 'as a taker at once' : 'by its amend'}`);
    } else {
      this.#hit(`working order ended ${event.reason ?? ''}`);
      const before = this.#context.resting.get(event.orderId);
      if (before !== undefined && before.order.original > BigInt(event.cancelledLots)) {
        this.#hit('working order ended with a part of it filled');
      }
    }
  }

  #isOfOneSide(): boolean {
    return this.#command?.kind === 'cancel_all' && this.#command.side !== undefined;
  }

  #pendingEnd(list: Walked, order: Place, { reason, orderId }: Ended): void {
    const { working, orders } = list;
    const where = this.#walk.where(order);
    const isStanding = this.#context.queue.includes(orderId) && where === 'pending in the queue';
    if (isStanding) {
      const isForList = reason === 'ORDER_CANCELLED_BY_LIST';
      const why = isForList ? 'for its list' : 'by itself';
      this.#hit(`pending order that stood in the queue ended ${why}`);
    }
    const isWorking = working !== null && !this.#ended.has(orderIdOf(working.number));
    if (isWorking && reason !== 'ORDER_CANCELLED_BY_LIST') {
      this.#hit(`pending order ended ${reason ?? ''}`);
      if (reason === 'ORDERS_WAITING_TOO_MANY' && orders.length === 2) {
        this.#hit(`${order === orders[0] ? 'first' : 'second'} of a pending pair too many`);
      }
    }
    if (reason !== 'ORDER_CANCELLED_BY_LIST') return;
    if (!isWorking && where === 'pending' && this.#isOfOneSide()) {
      this.#hit('working order of one side cancelled, the pending orders of the other end');
    }
    const other = orders.find((each) => each !== order);
    if (other === undefined || this.#walk.where(other) !== 'ended') return;
    if (!this.#walk.turned.has(orderIdOf(other.number))) return;
    const isFirst = order === orders[0];
    if (where === 'pending in the queue' && !isFirst) {
      this.#hit('pending order of a pair ended in the queue as the first was refused');
    }
    if (!isFirst || !this.#walk.turned.has(orderId)) return;
    const place = where === 'resting' ? 'rests' : 'waits';
    this.#hit(`pending order of a pair ended where it ${place} as the second was refused`);
  }

  #turn(
    list: Walked,
    order: Place,
    { orderId, tradeSequence }: Triggered,
    rest: readonly Execution[],
  ): void {
    const where = this.#walk.where(order);
    if (where !== 'pending in the queue') {
      if (this.#walk.turned.has(orderId)) {
        this.#hit('pending order triggered in the cascade of its turn');
      }
      return;
    }
    if (this.#context.queue.includes(orderId)) {
      this.#hit('pending order that stood in the queue had its turn');
    }
    if (this.#reaching.size > 0) this.#hit('pending order in a cascade of others');
    if (this.#reaching.has(tradeSequence)) {
      this.#hit('pending order queued behind those that the same trade reached');
    }
    const other = list.orders.find((each) => each !== order);
    if (other !== undefined && this.#walk.turned.has(orderIdOf(other.number))) {
      this.#hit('both of a pending pair had their turns');
    }
    const end = rest.findIndex(({ kind }) => kind === 'triggered');
    this.#noteTurn(order, orderId, end < 0 ? rest : rest.slice(0, end));
  }

  #noteTurn(order: Place, orderId: string, events: readonly Execution[]): void {
    const { trigger, userNumber } = order;
    for (const event of events) {
      if (event.kind === 'trade' && event.taker.orderId === orderId) {
        this.#hit('pending order traded at its turn');
        if (trigger !== undefined) this.#hit('pending order with its trigger reached at its turn');
      }
      if (!('orderId' in event) || event.orderId !== orderId) continue;
      if (event.kind === 'armed') this.#hit(`pending order armed ${event.triggerKind} at its turn`);
      if (event.kind === 'ended') {
        this.#hit(`pending order ended at its turn ${event.reason ?? event.status}`);
      }
      if (event.kind !== 'opened') continue;
      this.#hit('pending order opened at its turn');
      if (trigger !== undefined) this.#hit('pending order with its trigger reached at its turn');
      const { book } = this.#context;
      const { maxOpenOrders = Infinity } = book.rules.config;
      const resting = book.ordersOf(userNumber).filter(({ number }) => book.find(number) !== null);
      if (resting.length > maxOpenOrders) this.#hit('pending order rested where no more may');
    }
  }

  /** Notes a turn, of whatever order. */
  see(event: Execution): void {
    if (event.kind !== 'triggered') return;
    const isPending = this.#walk.lists.some(({ orders }) =>
      orders.some((order) => {
        const isOwn = orderIdOf(order.number) === event.orderId;
        return isOwn && this.#walk.where(order) === 'pending in the queue';
      }),
    );
    if (!isPending) this.#reaching.add(event.tradeSequence);
  }

  finish(): void {
    const { queue, book } = this.#context;
    for (const order of this.#walk.lists.flatMap(({ orders }) => orders)) {
      const isStanding = this.#walk.where(order) === 'pending in the queue';
      if (!isStanding || queue.includes(orderIdOf(order.number))) continue;
      if (book.interruption !== null) {
        this.#hit('pending orders stand in the queue of an interrupted market');
      }
    }
  }
}
