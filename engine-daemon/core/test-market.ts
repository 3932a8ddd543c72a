// What the tests of this folder share: a market with small numbers, and commands with few words.
import { AssertionError } from '../../shared/domain/failure.ts';
import { holdMinor, feeReservePpm } from '../../shared/domain/hold.ts';
import {
  marketScale,
  type MarketConfig,
  type MarketStatus,
  type ScheduledStatus,
} from '../../shared/domain/market.ts';
import type {
  AmendCommand,
  CancelAllCommand,
  CancelCommand,
  ListOrder,
  MarketCommand,
  PlaceCommand,
  PlaceListCommand,
} from '../../shared/events/commands.ts';
import type { ExecutionEvent } from '../../shared/events/executions.ts';
import { decodeMarketState, encodeMarketState } from './book-bytes.ts';
import type { BookState } from './book-state.ts';
import { decodeEvents } from './facts.ts';
import { checkInvariants } from './invariants.ts';
import { MarketBook } from './market-book.ts';
import { stateLines } from './state-hash.ts';

export const ALICE = 1;
export const BOB = 2;
export const CAROL = 3;
export const DAVE = 4;

/** One lot is 1 unit of base, one tick x one lot is 1 unit of quote. */
export const SMALL_MARKET: MarketConfig = {
  market: 'BTC-USD',
  base: 'BTC',
  quote: 'USD',
  baseDecimals: 0,
  quoteDecimals: 0,
  tickSize: '1',
  lotSize: '1',
  minQuantity: '1',
  maxQuantity: '9007199254740991',
  minNotional: '0',
  minPrice: '1',
  maxPrice: '4294967295',
  protectionBps: 1_000,
  feePolicy: 'received',
  selfTradeAllowed: true,
  version: 1,
};

type PlaceWords = Partial<Omit<PlaceCommand, 'kind'>>;

interface ListWords {
  readonly number?: number;
  readonly userNumber?: number;
  readonly working?: PlaceWords;
  readonly orders: readonly PlaceWords[];
}

/** A market and the next command number; each step checks the invariants and gives its events. */
export class TestMarket {
  readonly book: MarketBook;
  config: MarketConfig;
  private lastNumber = 0;

  constructor(config: Partial<MarketConfig> = {}, book?: MarketBook) {
    this.config = { ...SMALL_MARKET, ...config };
    this.book = book ?? new MarketBook(this.config.market);
    this.lastNumber = this.book.state.window.highest;
  }

  static open(config: Partial<MarketConfig> = {}): TestMarket {
    const market = new TestMarket(config);
    market.configure({});
    return market;
  }

  nextNumber(): number {
    this.lastNumber += 1;
    return this.lastNumber;
  }

  apply(command: MarketCommand): ExecutionEvent[] {
    this.book.apply(command);
    return this.take();
  }

  tick(timeMs: number): ExecutionEvent[] {
    this.book.apply({ kind: 'tick', timeMs });
    return this.take();
  }

  /** Configures with the next version unless one is given. */
  configure(
    config: Partial<MarketConfig>,
    status: MarketStatus = 'trading',
    schedule?: ScheduledStatus[],
  ): ExecutionEvent[] {
    const version = (this.book.rules?.config.version ?? 0) + 1;
    this.config = { ...this.config, version, ...config };
    return this.apply({
      kind: 'configure_market',
      number: this.nextNumber(),
      timeMs: this.book.nowMs,
      config: this.config,
      status,
      ...(schedule === undefined ? {} : { schedule }),
    });
  }

  /** Answers what the status brings, the event of the configuration itself left out. */
  setStatus(status: MarketStatus): ExecutionEvent[] {
    return this.configure({}, status).slice(1);
  }

  /** A limit GTC buy of 10 lots at 100 by Alice, but for the words given; the hold is exact. */
  placeCommand(words: PlaceWords): PlaceCommand {
    const command: PlaceCommand = {
      kind: 'place',
      number: words.number ?? this.nextNumber(),
      timeMs: this.book.nowMs,
      userNumber: ALICE,
      side: 'buy',
      type: 'limit',
      timeInForce: 'GTC',
      postOnly: false,
      selfTradePrevention: 'cancel_taker',
      priceTicks: 100,
      quantityLots: 10,
      quoteBudgetMinor: null,
      expiresAtMs: null,
      makerFeePpm: 1_000,
      takerFeePpm: 2_000,
      holdMinor: '0',
      ...words,
    };
    return words.holdMinor === undefined
      ? { ...command, holdMinor: this.holdOf(command) }
      : command;
  }

  place(words: PlaceWords): ExecutionEvent[] {
    return this.apply(this.placeCommand(words));
  }

  /**
   * A list of Alice's: each order is a limit GTC sell of 10 lots at 100, but for the words given.
   * Numbers are given in their order, the list's own last.
   */
  listCommand({ working, orders, ...words }: ListWords): PlaceListCommand {
    const { timeMs, userNumber } = this.placeCommand({ number: 1, ...words });
    const orderOf = (given: PlaceWords): ListOrder => {
      const order: Partial<PlaceCommand> = this.placeCommand({ side: 'sell', ...given });
      delete order.kind;
      delete order.timeMs;
      delete order.userNumber;
      return order as ListOrder;
    };
    const first = working === undefined ? {} : { working: orderOf(working) };
    const list = { ...first, orders: orders.map(orderOf) };
    const number = words.number ?? this.nextNumber();
    return { kind: 'place_list', number, timeMs, userNumber, ...list };
  }

  list(words: ListWords): ExecutionEvent[] {
    return this.apply(this.listCommand(words));
  }

  buy(userNumber: number, priceTicks: number, quantityLots: number, words: PlaceWords = {}) {
    return this.place({ userNumber, side: 'buy', priceTicks, quantityLots, ...words });
  }

  sell(userNumber: number, priceTicks: number, quantityLots: number, words: PlaceWords = {}) {
    return this.place({ userNumber, side: 'sell', priceTicks, quantityLots, ...words });
  }

  /** Places an order that must rest; answers its number. */
  rest(side: 'buy' | 'sell', userNumber: number, priceTicks: number, lots: number, words = {}) {
    const command = this.placeCommand({
      side,
      userNumber,
      priceTicks,
      quantityLots: lots,
      ...words,
    });
    const kinds = this.apply(command).map(({ kind }) => kind);
    if (kinds.join() !== 'opened') throw new Error(`expected to rest, got ${kinds.join()}`);
    return command.number;
  }

  cancel(userNumber: number, orderNumber: number, words: Partial<CancelCommand> = {}) {
    const number = words.number ?? this.nextNumber();
    const timeMs = this.book.nowMs;
    return this.apply({ kind: 'cancel', number, timeMs, userNumber, orderNumber, ...words });
  }

  cancelAll(userNumber: number, words: Partial<CancelAllCommand> = {}): ExecutionEvent[] {
    const number = this.nextNumber();
    const timeMs = this.book.nowMs;
    return this.apply({ kind: 'cancel_all', number, timeMs, userNumber, ...words });
  }

  amend(
    userNumber: number,
    orderNumber: number,
    priceTicks: number,
    quantityLots: number,
    words: Partial<AmendCommand> = {},
  ): ExecutionEvent[] {
    return this.apply({
      kind: 'amend',
      number: this.nextNumber(),
      timeMs: this.book.nowMs,
      userNumber,
      orderNumber,
      priceTicks,
      quantityLots,
      holdIncreaseMinor: '1000000000000',
      ...words,
    });
  }

  cancelAllAfter(userNumber: number, deadlineMs: number | null): ExecutionEvent[] {
    const number = this.nextNumber();
    const timeMs = this.book.nowMs;
    return this.apply({ kind: 'cancel_all_after', number, timeMs, userNumber, deadlineMs });
  }

  block(userNumber: number, isBlocked = true): ExecutionEvent[] {
    const number = this.nextNumber();
    const timeMs = this.book.nowMs;
    return this.apply({ kind: 'block_user', number, timeMs, userNumber, isBlocked });
  }

  /** Both sides of the book, best first. */
  depth(): { bids: (readonly [number, number])[]; asks: (readonly [number, number])[] } {
    return this.book.level2(99);
  }

  /** The lines of the state hash that begin with one of these words. */
  lines(...words: string[]): string[] {
    return [...stateLines(this.book)].filter((line) => words.includes(line.split(' ')[0] ?? ''));
  }

  /** The market as it comes back from its saved state, which must say the same of itself. */
  reload(): TestMarket {
    const bytes = encodeMarketState(this.book);
    const market = new TestMarket(this.config, decodeMarketState(bytes));
    if ([...stateLines(market.book)].join() !== [...stateLines(this.book)].join()) {
      throw new Error('the saved state has come back as another one');
    }
    return market;
  }

  private holdOf(command: PlaceCommand): string {
    const { side, makerFeePpm, takerFeePpm, quoteBudgetMinor } = command;
    const reserve = feeReservePpm(this.config.feePolicy, side, makerFeePpm, takerFeePpm);
    const terms = { side, limitPriceTicks: command.priceTicks, feeReservePpm: reserve };
    if (quoteBudgetMinor !== null && side === 'buy') {
      const budget = BigInt(quoteBudgetMinor);
      return (budget + (budget * BigInt(reserve) + 999_999n) / 1_000_000n).toString();
    }
    return holdMinor(marketScale(this.config), terms, command.quantityLots).toString();
  }

  private take(): ExecutionEvent[] {
    checkInvariants(this.book);
    const events = decodeEvents(this.book);
    this.book.events.clear();
    return events;
  }
}

/** Whether a market that was changed behind its back comes back from its bytes. */
export function isRestored(market: TestMarket, change: (state: BookState) => void): boolean {
  change(market.book.state);
  const bytes = encodeMarketState(market.book);
  try {
    decodeMarketState(bytes);
    return true;
  } catch (error) {
    if (error instanceof AssertionError) return false;
    throw error;
  }
}

/** The words of an event that most tests look at. */
export function brief(event: ExecutionEvent): string {
  switch (event.kind) {
    case 'trade':
      return `trade ${event.quantityLots}@${event.priceTicks}`;
    case 'opened':
      return `opened ${event.remainingLots}@${event.priceTicks}`;
    case 'ended': {
      const reason = event.reason ?? '-';
      return `ended ${numberOf(event)} ${event.status} ${reason} ${event.cancelledLots}`;
    }
    case 'reduced':
      return `reduced ${numberOf(event)} by ${event.preventedLots} to ${event.remainingLots}`;
    case 'amended': {
      const place = event.priorityKept ? ' kept' : '';
      return `amended ${event.remainingLots}@${event.priceTicks}${place}`;
    }
    case 'refused':
      return `refused ${event.reason}`;
    case 'armed':
      return `armed ${numberOf(event)} ${event.triggerKind} ${event.triggerPriceTicks}`;
    case 'pegged':
      return `pegged ${numberOf(event)} ${event.priceTicks} releases ${event.releaseMinor}`;
    case 'triggered':
      return `triggered ${numberOf(event)} by ${event.tradeSequence}`;
    case 'configured':
      return `configured ${event.version} ${event.status}`;
    case 'prevented':
      return `prevented ${event.taker.lots}/${event.maker.lots}@${event.priceTicks}`;
    case 'deadman_set':
      return `deadman_set ${event.deadlineMs ?? '-'}`;
    case 'deadman_fired':
      return `deadman_fired ${event.deadlineMs}`;
    case 'user_blocked':
      return `user_blocked ${event.isBlocked ? 'yes' : 'no'}`;
    case 'phase_changed':
      return `phase_changed ${event.status} ${event.cause} ${event.untilMs ?? '-'}`;
    case 'indicative': {
      const surplus = `${event.surplusSide ?? 'none'} ${event.surplusLots}`;
      return `indicative ${event.lots}@${event.priceTicks} ${surplus}`;
    }
    case 'uncrossed':
      return `uncrossed ${event.lots}@${event.priceTicks}`;
  }
}

function numberOf({ orderId }: { orderId: string }): number {
  return Number(orderId.slice('ord_'.length));
}
