// Counts what happened in a random run, and knows what docs/engine.md says can happen: a run in
// which a documented outcome never occurred proves nothing about it.
import { SELF_TRADE_MODES } from './command-specs.ts';
import {
  actsOf,
  causeOf,
  hasWordsOfLimit,
  REJECTIONS_OF_ANY_ORDER,
  shapeOf,
  TAKER_SHAPES,
  type Context,
} from './coverage-acts.ts';
import { AUCTION_OUTCOMES, noteAuctions } from './coverage-auctions.ts';
import { ICEBERG_OUTCOMES, noteIcebergEnds, noteIcebergs } from './coverage-icebergs.ts';
import {
  INTERRUPTION_OUTCOMES,
  noteInterruptions,
  noteResumptions,
} from './coverage-interruptions.ts';
import { LIMIT_OUTCOMES, noteLimits } from './coverage-limits.ts';
import { LIST_OUTCOMES, noteLists } from './coverage-lists.ts';
import { noteOwners, OWNER_OUTCOMES } from './coverage-owners.ts';
import { notePegs, PEG_OUTCOMES } from './coverage-pegs.ts';
import { noteConfigured, notePhaseOrders, notePhases, PHASE_OUTCOMES } from './coverage-phases.ts';
import { noteReplacing, REPLACING_OUTCOMES } from './coverage-replacing.ts';
import { noteRestored, RESTORE_OUTCOMES } from './coverage-restores.ts';
import { noteStatuses, STATUS_OUTCOMES } from './coverage-statuses.ts';
import { noteClock, noteSwitches, SWITCH_OUTCOMES } from './coverage-switches.ts';
import { noteTrailing, TRAILING_OUTCOMES } from './coverage-trailing.ts';
import { noteTriggers, noteWaitingEnds, TRIGGER_OUTCOMES } from './coverage-triggers.ts';
import { noteWorking, WORKING_OUTCOMES } from './coverage-working.ts';
import type { NaiveBook } from './naive-book.ts';
import type { Execution } from './naive-events.ts';
import type { MarketCommand, Place } from './naive-types.ts';

const PLACE_REJECTIONS = [
  ...REJECTIONS_OF_ANY_ORDER,
  'MARKET_AUCTION',
  'MARKET_REFERENCE_STALE',
  'ORDERS_OPEN_TOO_MANY',
  'ORDER_POST_ONLY_WOULD_TAKE',
];
const AMEND_REFUSALS = [
  'COMMAND_TOO_OLD',
  'MARKET_NOT_FOUND',
  'ORDER_NOT_FOUND',
  'ORDER_AMEND_NOT_ALLOWED',
  'MARKET_HALTED',
  'MARKET_CLOSING',
  'MARKET_CANCEL_ONLY',
  'ORDER_QUANTITY_BELOW_FILLED',
  'ORDER_QUANTITY_TOO_LARGE',
  'ORDER_PRICE_OUT_OF_BAND',
  'ORDER_PRICE_OUT_OF_STATIC_BAND',
  'ORDER_PRICE_OUT_OF_DYNAMIC_BAND',
  'ORDER_NOTIONAL_TOO_LARGE',
  'MARKET_POST_ONLY',
  'ORDER_POST_ONLY_WOULD_TAKE',
  'ORDER_FUNDS_INSUFFICIENT',
];
const EXPIRIES = [
  'ORDER_EXPIRED',
  'ORDER_FOK_NOT_FILLABLE',
  'ORDER_QUOTE_AMOUNT_REACHED',
  'ORDER_LIQUIDITY_NONE',
  'ORDER_PRICE_PROTECTED',
  'ORDER_IOC_REMAINDER',
  'MARKET_INTERRUPTED',
];
const CANCEL_REFUSALS = ['COMMAND_TOO_OLD', 'MARKET_NOT_FOUND', 'ORDER_NOT_FOUND'];

/** Every outcome that a run must have seen, in words. */
export const DOCUMENTED: readonly string[] = [
  ...PLACE_REJECTIONS.map((reason) => `place ended rejected ${reason}`),
  ...EXPIRIES.map((reason) => `place ended expired ${reason}`),
  'place ended filled null',
  'place ended filled ORDER_QUOTE_AMOUNT_REACHED',
  'place ended cancelled ORDER_SELF_TRADE_PREVENTED',
  'place refused COMMAND_TOO_OLD',
  'cancel ended cancelled ORDER_CANCELLED_BY_USER',
  'cancel refused ORDER_CANCEL_CONDITION_UNMET',
  'cancel ended expired ORDER_EXPIRED',
  'cancel_all ended cancelled ORDER_CANCELLED_BY_USER',
  ...CANCEL_REFUSALS.flatMap((reason) => [
    `cancel refused ${reason}`,
    `cancel_all refused ${reason}`,
  ]),
  ...AMEND_REFUSALS.map((reason) => `amend refused ${reason}`),
  'amend amended in place',
  'amend amended to the back',
  'amend opened',
  'amend trade',
  'amend reduced',
  'amend ended filled null',
  'amend ended cancelled ORDER_SELF_TRADE_PREVENTED',
  'configure_market configured',
  'configure_market ignored',
  'configure_market ignored although newer',
  'tick ended expired ORDER_EXPIRED',
  ...['limit GTC', 'limit GTD', 'post-only GTC', 'post-only GTD'].map((s) => `opened ${s}`),
  ...TAKER_SHAPES.flatMap((s) => [`trade ${s} buy`, `trade ${s} sell`]),
  ...TAKER_SHAPES.flatMap((s) => SELF_TRADE_MODES.map((mode) => `taken ${s} ${mode}`)),
  ...SELF_TRADE_MODES.map((mode) => `own order met ${mode}`),
  'own order met cancel_maker FOK',
  ...['limit', 'quote'].map((s) => `reduced ${s}`),
  'trade received rebate',
  'trade received fee',
  'trade quote rebate',
  'trade quote fee',
  'trade beyond 32 bits of lots',
  'trade at the highest price',
  'trade at the lowest price',
  'number repeated',
  'number late',
  'number at the edge of the window',
  'market order with words of a limit order',
  'limit order with a budget',
  'restored',
  ...TRIGGER_OUTCOMES,
  ...TRAILING_OUTCOMES,
  ...STATUS_OUTCOMES,
  ...ICEBERG_OUTCOMES,
  ...OWNER_OUTCOMES,
  ...REPLACING_OUTCOMES,
  ...SWITCH_OUTCOMES,
  ...LIMIT_OUTCOMES,
  ...PHASE_OUTCOMES,
  ...AUCTION_OUTCOMES,
  ...INTERRUPTION_OUTCOMES,
  ...RESTORE_OUTCOMES,
  ...PEG_OUTCOMES,
  ...LIST_OUTCOMES,
  ...WORKING_OUTCOMES,
];

export class Coverage {
  commands = 0;
  events = 0;
  restores = 0;
  readonly counts = new Map<string, number>();

  hit(key: string): void {
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
  }

  /** True once nothing was missing at the end of a run: from then on only commands are counted. */
  isComplete = false;

  missing(): string[] {
    return DOCUMENTED.filter((key) => !this.counts.has(key));
  }

  noteRestore(books: readonly NaiveBook[]): void {
    this.restores += 1;
    this.hit('restored');
    for (const book of books) noteRestored(book, this.#hit);
  }

  noteTick(events: readonly Execution[], context: Context): void {
    this.count(events);
    this.#noteClock('tick', events, context);
    noteLists(null, events, context, this.#hit);
    noteWorking(null, events, context, this.#hit);
  }

  /** What came of time, before the command itself. */
  #noteClock(cause: string, events: readonly Execution[], context: Context): void {
    const { own } = actsOf(events, context, null);
    const isExpiry = (event: Execution): boolean =>
      event.kind === 'ended' && event.status === 'expired';
    this.#noteEvents(cause, own.filter(isExpiry));
    noteWaitingEnds(cause, own, context.waiting, this.#hit);
    noteClock(cause, own, context, this.#hit);
    noteIcebergEnds(own, context, this.#hit);
    notePhases(cause, events, context, this.#hit);
    noteAuctions(cause, events, context, this.#hit);
    noteResumptions(events, context, this.#hit);
  }

  noteCommand(command: MarketCommand, events: readonly Execution[], before: Context): void {
    if (before.isRepeat) {
      this.hit('number repeated');
      return;
    }
    if (command.number === before.highestBefore - 1_048_575) {
      this.hit('number at the edge of the window');
    } else if (command.number < before.highestBefore) {
      this.hit('number late');
    }
    this.count(events);
    const clock = events.slice(0, before.book.clockEvents);
    const done = events.slice(clock.length);
    this.#noteClock(command.kind, clock, before);
    const phase = clock.findLast((event) => event.kind === 'phase_changed');
    const context = { ...before, status: phase?.status ?? before.status };
    const acts = actsOf(done, context, command);
    notePegs(command, acts, context, this.#hit);
    noteLists(command, events, before, this.#hit);
    noteWorking(command, events, before, this.#hit);
    noteTriggers(command, acts, context, this.#hit);
    noteTrailing(command, acts, events, context, this.#hit);
    noteStatuses(command, acts.own, context, this.#hit);
    noteReplacing(command, acts, clock, context, this.#hit);
    noteSwitches(command, acts.own, clock, context, this.#hit);
    noteLimits(command, acts.own, context, this.#hit);
    noteInterruptions(command, acts, context, this.#hit);
    notePhaseOrders(command, acts.own, context, this.#hit);
    if (command.kind === 'configure_market') {
      notePhases('configuration', done, context, this.#hit);
      noteAuctions('configuration', done, context, this.#hit);
      noteConfigured(command, done, context, this.#hit);
    } else if (!clock.some(({ kind }) => kind === 'uncrossed')) {
      // The resting orders are as the context says.
      noteIcebergs(command, acts, context, this.#hit);
      noteOwners(command, acts, context, this.#hit);
    }
    this.#noteTrades(events, context);
    // What a triggered order does must not stand for what an order does when it is placed.
    this.#noteEvents(causeOf(command), acts.own);
    if (command.kind === 'place' && command.trigger === undefined) {
      this.#notePlace(command, acts.own);
    }
    if (command.kind === 'configure_market' && !events.some((e) => e.kind === 'configured')) {
      this.hit('configure_market ignored');
      if (command.config.version > context.versionBefore) {
        this.hit('configure_market ignored although newer');
      }
    }
  }

  readonly #hit = (key: string): void => {
    this.hit(key);
  };

  count(events: readonly Execution[]): void {
    this.commands += 1;
    this.events += events.length;
  }

  #noteEvents(cause: string, events: readonly Execution[]): void {
    for (const event of events) {
      if (event.kind === 'ended') {
        this.hit(`${cause} ended ${event.status} ${event.reason ?? 'null'}`);
      } else if (event.kind === 'refused') {
        this.hit(`${cause} refused ${event.reason}`);
      } else if (event.kind === 'amended') {
        this.hit(`${cause} amended ${event.priorityKept ? 'in place' : 'to the back'}`);
      } else {
        this.hit(`${cause} ${event.kind}`);
      }
    }
  }

  #noteTrades(events: readonly Execution[], context: Context): void {
    for (const event of events) {
      if (event.kind !== 'trade') continue;
      const isRebate = event.maker.feePpm < 0 || event.taker.feePpm < 0;
      this.hit(`trade ${context.feePolicy} ${isRebate ? 'rebate' : 'fee'}`);
      if (event.quantityLots > 2 ** 32) this.hit('trade beyond 32 bits of lots');
      if (event.priceTicks === 4_294_967_295) this.hit('trade at the highest price');
      if (event.priceTicks === 1) this.hit('trade at the lowest price');
    }
  }

  #notePlace(command: Place, events: readonly Execution[]): void {
    const { timeInForce, selfTradePrevention: mode, type } = command;
    if (hasWordsOfLimit(command)) this.hit('market order with words of a limit order');
    if (type === 'limit' && command.quoteBudgetMinor !== null)
      this.hit('limit order with a budget');
    const shape = shapeOf(command);
    const isOwnTrade = (e: Execution): boolean =>
      e.kind === 'trade' && e.taker.userId === e.maker.userId;
    const isPrevented = (e: Execution): boolean =>
      e.kind === 'reduced' || (e.kind === 'ended' && e.reason === 'ORDER_SELF_TRADE_PREVENTED');
    if (events.some((e) => e.kind === 'trade')) {
      this.hit(`trade ${shape} ${command.side}`);
      this.hit(`taken ${shape} ${mode}`);
    }
    if (events.some((e) => e.kind === 'opened')) {
      this.hit(`opened ${command.postOnly ? 'post-only' : 'limit'} ${timeInForce}`);
    }
    if (events.some((e) => e.kind === 'reduced')) this.hit(`reduced ${shape.split(' ')[0] ?? ''}`);
    if (!events.some(mode === 'none' ? isOwnTrade : isPrevented)) return;
    this.hit(`own order met ${mode}`);
    if (timeInForce === 'FOK') this.hit(`own order met ${mode} FOK`);
  }
}
