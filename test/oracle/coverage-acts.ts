// What coverage knows of a market from before a command, and whose doing each event is: the
// command's own come first, then those of each order that was triggered by it.
import { orderIdOf } from './naive-amounts.ts';
import type { NaiveBook } from './naive-book.ts';
import type { Execution, Triggered } from './naive-events.ts';
import { commandsOf } from './naive-lists.ts';
import type { Order, Waiting } from './naive-orders.ts';
import type { MarketCommand, Place, ScheduledStatus, Side } from './naive-types.ts';

/** A resting order as it was. */
export interface Resting {
  readonly user: number;
  readonly tradeGroup: number | null;
  readonly side: Side;
  readonly limit: bigint;
  readonly remaining: bigint;
  /** Null for an order that is no iceberg. */
  readonly shown: bigint | null;
  /** Itself, not as it was. */
  readonly order: Order;
}

/** A list as it was. */
export interface ListBefore {
  readonly number: number;
  readonly userNumber: number;
  /** Null once the working order has ended, and where there was none. */
  readonly working: Place | null;
  /** One, or the two of a pair. */
  readonly orders: readonly Place[];
  readonly isDecided: boolean;
  readonly ended: readonly number[];
}

/** The market as it was before the command; its status, once the clock has moved. */
export interface Context {
  readonly isRepeat: boolean;
  readonly highestBefore: number;
  readonly versionBefore: number;
  readonly status: string;
  readonly feePolicy: string;
  /** By order id. */
  readonly resting: ReadonlyMap<string, Resting>;
  /** By order id, in the order in which they were armed; not as they were. */
  readonly waiting: ReadonlyMap<string, Waiting>;
  /** Of the waiting orders. */
  readonly extremes: ReadonlyMap<string, number | null>;
  readonly lastTicks: number | null;
  readonly lastTradeMs: number | null;
  readonly slots: readonly number[];
  readonly reference: number | null;
  readonly interruption: NaiveBook['interruption'];
  readonly indicatedSecond: number | null;
  readonly schedule: readonly ScheduledStatus[];
  /** Ids of the orders in the queue. */
  readonly queue: readonly string[];
  readonly lists: readonly ListBefore[];
  readonly blocked: ReadonlySet<number>;
  readonly deadlines: ReadonlyMap<number, number>;
  /** Not as it was: it has done the command. */
  readonly book: NaiveBook;
}

/** Number null: of a tick. */
export function contextOf(book: NaiveBook, number: number | null): Context {
  const orders = [...book.buys, ...book.sells];
  return {
    isRepeat: number !== null && book.hasSeen(number),
    highestBefore: book.highest,
    versionBefore: book.config?.version ?? 0,
    status: book.status,
    feePolicy: book.config?.feePolicy ?? 'none',
    resting: new Map(
      orders.map((order) => {
        const { user, tradeGroup, side, limit, remaining, iceberg } = order;
        const shown = iceberg?.shown ?? null;
        return [
          orderIdOf(order.number),
          { user, tradeGroup, side, limit, remaining, shown, order },
        ];
      }),
    ),
    waiting: new Map(book.waiting.map((each) => [orderIdOf(each.order.number), each])),
    extremes: new Map(book.waiting.map((each) => [orderIdOf(each.order.number), each.extreme])),
    lastTicks: book.lastTicks,
    lastTradeMs: book.lastTradeMs,
    slots: [...book.slots.keys()],
    reference: book.referenceTicks,
    interruption: book.interruption,
    indicatedSecond: book.indicated?.second ?? null,
    schedule: [...book.schedule],
    queue: book.queue.map(({ order }) => orderIdOf(order.number)),
    lists: [...book.lists.values()].map((list) => {
      const { number, working, orders, decision } = list;
      return {
        number,
        userNumber: orders[0]?.command.userNumber ?? 0,
        working: working === null || working.hasEnded ? null : working.command,
        orders: orders.map(({ command }) => command),
        isDecided: decision !== null,
        ended: orders.flatMap((each) => (each.hasEnded ? [each.number] : [])),
      };
    }),
    blocked: new Set(book.blocked),
    deadlines: new Map(book.deadlines),
    book,
  };
}

/** A waiting order that was triggered, and all that it did then. */
export interface TriggeredAct {
  readonly event: Triggered;
  readonly waiting: Waiting;
  readonly command: Place;
  readonly events: readonly Execution[];
}

/** The turn of an order of a list that was armed by the same command, or was pending. */
export interface ListedAct {
  readonly event: Triggered;
  readonly command: Place;
  /** False for one that its own trigger has led to its turn. */
  readonly isPending: boolean;
  readonly events: readonly Execution[];
}

export interface Acts {
  readonly own: readonly Execution[];
  readonly triggered: readonly TriggeredAct[];
  readonly listed: readonly ListedAct[];
}

/** `cause` is null for the clock. */
export function actsOf(
  events: readonly Execution[],
  { waiting }: Context,
  cause: MarketCommand | null,
): Acts {
  const starts = events.flatMap((event, at) => (event.kind === 'triggered' ? [{ event, at }] : []));
  const placed = cause?.kind === 'place_list' ? commandsOf(cause) : [];
  const triggered: TriggeredAct[] = [];
  const listed: ListedAct[] = [];
  for (const [index, { event, at }] of starts.entries()) {
    const one = waiting.get(event.orderId);
    const command =
      one?.command ?? placed.find(({ number }) => orderIdOf(number) === event.orderId);
    if (command === undefined) throw new Error(`${event.orderId} was triggered without waiting`);
    const done = events.slice(at + 1, starts[index + 1]?.at);
    const armed = events.slice(0, at).findLast((e) => e.kind === 'armed' && isOf(e, event));
    const kind = armed?.kind === 'armed' ? armed.triggerKind : one?.trigger.kind;
    if (one !== undefined && armed === undefined && kind !== 'working_order') {
      triggered.push({ event, waiting: one, command, events: done });
    } else {
      listed.push({ event, command, isPending: kind === 'working_order', events: done });
    }
  }
  return { own: events.slice(0, starts[0]?.at), triggered, listed };
}

function isOf(event: { readonly orderId: string }, other: Triggered): boolean {
  return event.orderId === other.orderId;
}

/** The words under which what a command did is counted. */
export function causeOf(command: MarketCommand): string {
  return command.kind === 'place' && command.trigger !== undefined
    ? 'place with trigger'
    : command.kind;
}

/** What is refused with or without a trigger, in the order of the checks. */
export const REJECTIONS_OF_ANY_ORDER: readonly string[] = [
  'MARKET_NOT_FOUND',
  'ORDER_REPLACE_CANCEL_FAILED',
  'ACCOUNT_BLOCKED',
  'MARKET_HALTED',
  'MARKET_CANCEL_ONLY',
  'MARKET_POST_ONLY',
  'MARKET_LIMIT_ONLY',
  'MARKET_CLOSING',
  'MARKET_DELISTED',
  'ORDER_QUANTITY_TOO_LARGE',
  'ORDER_QUANTITY_TOO_SMALL',
  'ORDER_DISPLAY_QUANTITY_TOO_SMALL',
  'ORDER_PRICE_OUT_OF_BAND',
  'ORDER_PRICE_OUT_OF_STATIC_BAND',
  'ORDER_PRICE_OUT_OF_DYNAMIC_BAND',
  'ORDER_NOTIONAL_TOO_SMALL',
  'ORDER_NOTIONAL_TOO_LARGE',
  'ORDER_SELF_TRADE_MODE_NOT_ALLOWED',
];

const SHAPES = ['limit GTC', 'limit IOC', 'limit FOK', 'limit GTD', 'market IOC', 'market FOK'];
export const TAKER_SHAPES = [...SHAPES, 'quote IOC'];

export function shapeOf(command: Place): string {
  if (command.type === 'limit') return `limit ${command.timeInForce}`;
  if (command.quoteBudgetMinor !== null) return 'quote IOC';
  return command.timeInForce === 'FOK' ? 'market FOK' : 'market IOC';
}

export function hasWordsOfLimit({ type, timeInForce }: Place): boolean {
  return type === 'market' && (timeInForce === 'GTC' || timeInForce === 'GTD');
}

export type Hit = (key: string) => void;

/** Lots that makers lost to trades and decrements, by order id. */
export function makerLotsOf(events: readonly Execution[]): Map<string, number> {
  const lost = new Map<string, number>();
  for (const event of events) {
    if (event.kind !== 'trade' && !(event.kind === 'prevented' && event.mode === 'decrement')) {
      continue;
    }
    const lots = event.kind === 'trade' ? event.quantityLots : event.maker.lots;
    lost.set(event.maker.orderId, (lost.get(event.maker.orderId) ?? 0) + lots);
  }
  return lost;
}
