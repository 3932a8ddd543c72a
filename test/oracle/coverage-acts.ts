// Splits the events of one command by the order that caused them: the command's own first, then
// those of each order that was triggered by it.
import type { NaiveBook } from './naive-book.ts';
import type { Execution, Triggered } from './naive-events.ts';
import type { MarketCommand, Place } from './naive-types.ts';

/** The market as it was before the command. */
export interface Context {
  readonly isRepeat: boolean;
  readonly highestBefore: number;
  readonly versionBefore: number;
  readonly status: string;
  readonly feePolicy: string;
  readonly hasResting: boolean;
  /** By order id, in the order in which they were armed. */
  readonly waiting: ReadonlyMap<string, Place>;
  /** Not as it was: it has done the command. */
  readonly book: NaiveBook;
}

/** A waiting order that was triggered, and all that it did then. */
export interface TriggeredAct {
  readonly event: Triggered;
  readonly command: Place;
  readonly events: readonly Execution[];
}

export interface Acts {
  readonly own: readonly Execution[];
  readonly triggered: readonly TriggeredAct[];
}

export function actsOf(events: readonly Execution[], { waiting }: Context): Acts {
  const starts = events.flatMap((event, at) => (event.kind === 'triggered' ? [{ event, at }] : []));
  const triggered = starts.map(({ event, at }, index) => {
    const command = waiting.get(event.orderId);
    if (command === undefined) throw new Error(`${event.orderId} was triggered without waiting`);
    return { event, command, events: events.slice(at + 1, starts[index + 1]?.at) };
  });
  return { own: events.slice(0, starts[0]?.at), triggered };
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
  'MARKET_HALTED',
  'MARKET_CANCEL_ONLY',
  'MARKET_POST_ONLY',
  'MARKET_LIMIT_ONLY',
  'ORDER_QUANTITY_TOO_LARGE',
  'ORDER_QUANTITY_TOO_SMALL',
  'ORDER_PRICE_OUT_OF_BAND',
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
