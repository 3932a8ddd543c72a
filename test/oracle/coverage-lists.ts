// What a random run must have seen of pairs of orders of which one ends the other: "Lists" in
// docs/engine.md. Orders that wait for a working order are counted in coverage-working.ts.
import { orderIdOf } from './naive-amounts.ts';
import type { Context, Hit } from './coverage-acts.ts';
import { ListWalk, type Walked } from './coverage-list-walk.ts';
import type { Ended, Execution, Triggered } from './naive-events.ts';
import type { MarketCommand, Place } from './naive-types.ts';

const KINDS = ['maker', 'stop_loss', 'take_profit', 'trailing_stop'];
const REFUSED_FIRST = [
  'ACCOUNT_BLOCKED',
  'MARKET_HALTED',
  'MARKET_CANCEL_ONLY',
  'MARKET_POST_ONLY',
  'MARKET_LIMIT_ONLY',
  'MARKET_CLOSING',
  'MARKET_DELISTED',
  'MARKET_AUCTION',
  'ORDER_QUANTITY_TOO_LARGE',
  'ORDER_QUANTITY_TOO_SMALL',
  'ORDER_DISPLAY_QUANTITY_TOO_SMALL',
  'ORDER_PRICE_OUT_OF_BAND',
  'ORDER_EXPIRED',
  'ORDERS_OPEN_TOO_MANY',
  'ORDERS_WAITING_TOO_MANY',
  'ORDER_SELF_TRADE_MODE_NOT_ALLOWED',
  'ORDER_TRIGGER_REFERENCE_NONE',
  'ORDER_TRIGGER_PRICE_REACHED',
  'ORDER_POST_ONLY_WOULD_TAKE',
];
const REFUSED_SECOND = [
  'MARKET_POST_ONLY',
  'MARKET_LIMIT_ONLY',
  'MARKET_AUCTION',
  'ORDER_DISPLAY_QUANTITY_TOO_SMALL',
  'ORDER_PRICE_OUT_OF_BAND',
  'ORDER_EXPIRED',
  'ORDERS_WAITING_TOO_MANY',
  'ORDER_SELF_TRADE_MODE_NOT_ALLOWED',
  'ORDER_TRIGGER_PRICE_REACHED',
  'ORDER_POST_ONLY_WOULD_TAKE',
];
const ENDS = [
  'ORDER_CANCELLED_BY_USER',
  'ORDER_EXPIRED',
  'ORDER_REPLACED',
  'ORDER_SELF_TRADE_PREVENTED',
];
const ENDS_OF_BOTH = [
  'ORDER_CANCELLED_BY_USER',
  'ORDER_EXPIRED',
  'ORDER_CANCELLED_BY_DEADMAN',
  'ORDER_CANCELLED_BY_OPERATOR',
  'MARKET_DELISTED',
  'MARKET_NOT_FOUND',
];
const DECISIONS = [
  'a trade as a maker',
  'a trade in an uncrossing',
  'a trade that fills it',
  'a trade that leaves some',
  'a decrement',
  'a decrement to nothing',
  'its trigger',
  'a trigger reached at its turn',
];
const PLACES = [
  'not placed',
  'resting',
  'waiting',
  'in the queue',
  'pending',
  'pending in the queue',
];
const THEN = ['opened', 'trade', 'filled', 'rejected', 'expired'];

export const LIST_OUTCOMES: readonly string[] = [
  'place_list refused COMMAND_TOO_OLD',
  'place_list ended rejected MARKET_NOT_FOUND',
  ...KINDS.map((kind) => `pair placed with ${kind}`),
  'pair placed of two triggers',
  'pair placed with an iceberg',
  'pair placed with a market order',
  'pair placed with an order that expires',
  'pair placed of buys',
  'pair placed of sells',
  ...['first holds more', 'second holds more', 'both hold the same'].map((h) => `pair: ${h}`),
  ...REFUSED_FIRST.map((reason) => `first of a pair refused ${reason}`),
  ...REFUSED_SECOND.map((reason) => `second of a pair refused ${reason}`),
  ...DECISIONS.map((decision) => `pair decided by ${decision}`),
  ...['cancelled', 'expired', 'rejected'].map((status) => `pair decided by an end: ${status}`),
  ...ENDS.map((reason) => `pair decided by an end: ${reason}`),
  ...PLACES.map((place) => `the other of a pair ended ${place}`),
  ...ENDS_OF_BOTH.map((reason) => `both of a pair ended: ${reason}`),
  ...THEN.map((then) => `pair decided by its trigger, then ${then}`),
  'both of a pair in the queue',
  'both of a pair in the queue, second to have come first',
  'the other of a pair ended in the queue by the trade that put it there',
  'pair decided by a clock without a command',
  ...['trade', 'amend refused', 'cancelled', 'expired', 'filled'].map(
    (then) => `what is left of a decided pair: ${then}`,
  ),
  'amend of an undecided pair refused',
  'pair of an owner that met an order of its own',
];

/** What a command, or the clock where it is null, did to pairs. */
export function noteLists(
  command: MarketCommand | null,
  events: readonly Execution[],
  context: Context,
  hit: Hit,
): void {
  const walk = new ListWalk(command, events, context);
  const pairs = walk.lists.filter(({ orders }) => orders.length === 2);
  if (pairs.length === 0) return;
  const note = new PairNote(walk, hit);
  for (const pair of pairs) {
    if (pair.isNew && pair.working === null) notePlaced(pair, events, hit);
    if (command?.kind === 'amend') noteAmend(pair, command.orderNumber, events, hit);
  }
  for (const [at, event] of events.entries()) {
    for (const pair of pairs) note.look(pair, event, events[at + 1]);
    walk.pass(event);
    for (const pair of pairs) note.lookAtQueue(pair);
  }
  if (command !== null || !pairs.some(({ decidedBy }) => decidedBy !== null)) return;
  hit('pair decided by a clock without a command');
}

class PairNote {
  readonly #walk: ListWalk;
  readonly #hit: Hit;

  constructor(walk: ListWalk, hit: Hit) {
    this.#walk = walk;
    this.#hit = hit;
  }

  look(pair: Walked, event: Execution, next: Execution | undefined): void {
    for (const [at, own] of pair.orders.entries()) {
      const other = pair.orders[1 - at];
      if (other === undefined) continue;
      if (event.kind === 'trade') this.#trade(pair, own, event);
      if (event.kind === 'prevented' && this.#walk.where(own) === 'resting') {
        const isMaker = event.maker.orderId === orderIdOf(own.number);
        if (isMaker) this.#hit('pair of an owner that met an order of its own');
      }
      if (!('orderId' in event) || event.orderId !== orderIdOf(own.number)) continue;
      if (event.kind === 'reduced') {
        this.#decide(pair, 'a decrement');
        if (event.remainingLots === 0) this.#hit('pair decided by a decrement to nothing');
      }
      if (event.kind === 'triggered') this.#turn(pair, own, other, event, next);
      if (event.kind === 'opened' && pair.decidedBy === 'its trigger') {
        this.#hit('pair decided by its trigger, then opened');
      }
      if (event.kind === 'ended') this.#end(pair, own, other, event);
    }
  }

  lookAtQueue({ orders }: Walked): void {
    if (orders.every((order) => this.#walk.where(order) === 'in the queue')) {
      this.#hit('both of a pair in the queue');
    }
  }

  #decide(pair: Walked, decision: string): void {
    if (pair.isDecided) return;
    this.#hit(`pair decided by ${decision}`);
    pair.isDecided = true;
    pair.decidedBy = decision;
  }

  #trade(pair: Walked, own: Place, event: Extract<Execution, { kind: 'trade' }>): void {
    const id = orderIdOf(own.number);
    const party = [event.taker, event.maker].find(({ orderId }) => orderId === id);
    if (party === undefined) return;
    if (pair.isDecided) {
      if (pair.decidedBy === 'its trigger') this.#hit('pair decided by its trigger, then trade');
      else this.#hit('what is left of a decided pair: trade');
      return;
    }
    const isFilled = party.remainingLots === 0;
    this.#hit(`pair decided by a trade that ${isFilled ? 'fills it' : 'leaves some'}`);
    const isMaker = !this.#walk.isUncrossing;
    this.#decide(pair, isMaker ? 'a trade as a maker' : 'a trade in an uncrossing');
  }

  #turn(
    pair: Walked,
    own: Place,
    other: Place,
    event: Triggered,
    next: Execution | undefined,
  ): void {
    if (this.#walk.where(own) !== 'pending in the queue') {
      if (this.#walk.where(other) === 'in the queue' && own === pair.orders[1]) {
        this.#hit('both of a pair in the queue, second to have come first');
      }
      this.#decide(pair, 'its trigger');
      return;
    }
    // Nobody but itself would end the other one right after that.
    const isOther = next?.kind === 'ended' && next.orderId === orderIdOf(other.number);
    if (isOther && next.sequence === event.sequence + 1) {
      this.#decide(pair, 'a trigger reached at its turn');
    }
  }

  #end(pair: Walked, own: Place, other: Place, event: Ended): void {
    const { status } = event;
    const reason = event.reason ?? status;
    if (reason === 'ORDER_CANCELLED_BY_LIST') {
      const where = this.#walk.where(own);
      if (pair.isDecided) this.#hit(`the other of a pair ended ${where}`);
      const byTrade = pair.decidedBy?.startsWith('a trade') === true;
      if (where === 'in the queue' && byTrade) {
        this.#hit('the other of a pair ended in the queue by the trade that put it there');
      }
    } else if (pair.isDecided && this.#walk.where(other) === 'ended') {
      if (pair.decidedBy === reason) this.#hit(`both of a pair ended: ${reason}`);
      else if (pair.decidedBy === 'its trigger') {
        this.#hit(`pair decided by its trigger, then ${status}`);
      } else this.#hit(`what is left of a decided pair: ${status}`);
    }
    if (pair.isDecided) return;
    this.#hit(`pair decided by an end: ${status}`);
    this.#decide(pair, reason);
    this.#hit(`pair decided by an end: ${reason}`);
  }
}

function notePlaced({ orders }: Walked, events: readonly Execution[], hit: Hit): void {
  const [first, second] = orders;
  if (first === undefined || second === undefined) return;
  const [a, b] = [BigInt(first.holdMinor), BigInt(second.holdMinor)];
  hit(`pair: ${a === b ? 'both hold the same' : a > b ? 'first holds more' : 'second holds more'}`);
  const ends = [first, second].map((order) => refusalOf(order, events));
  if (ends[0] !== null) hit(`first of a pair refused ${ends[0] ?? ''}`);
  else if (ends[1] !== null) hit(`second of a pair refused ${ends[1] ?? ''}`);
  if (ends.some((end) => end !== null)) return;
  for (const { trigger, type, displayLots, quantityLots, timeInForce } of [first, second]) {
    hit(`pair placed with ${trigger?.kind ?? 'maker'}`);
    if (type === 'market') hit('pair placed with a market order');
    else if (timeInForce === 'GTD') hit('pair placed with an order that expires');
    if (displayLots !== undefined && displayLots < quantityLots) hit('pair placed with an iceberg');
  }
  if (orders.every(({ trigger }) => trigger !== undefined)) hit('pair placed of two triggers');
  hit(`pair placed of ${first.side}s`);
}

/** Why an order was not placed, by its own fault. */
function refusalOf({ number }: Place, events: readonly Execution[]): string | null {
  const end = events.find((e) => e.kind === 'ended' && e.orderId === orderIdOf(number));
  if (end?.kind !== 'ended') return null;
  return end.reason === 'ORDER_CANCELLED_BY_LIST' ? null : end.reason;
}

function noteAmend(
  { orders, isDecided }: Walked,
  orderNumber: number,
  events: readonly Execution[],
  hit: Hit,
): void {
  if (!orders.some(({ number }) => number === orderNumber)) return;
  const isRefused = events.some(
    (event) => event.kind === 'refused' && event.reason === 'ORDER_AMEND_NOT_ALLOWED',
  );
  if (!isRefused) return;
  hit(
    isDecided
      ? 'what is left of a decided pair: amend refused'
      : 'amend of an undecided pair refused',
  );
}
