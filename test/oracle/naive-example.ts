// A small market with round numbers, for examples that are computed by hand from docs/engine.md.
import { strict as assert } from 'node:assert';
import { NaiveBook } from './naive-book.ts';
import type { Ended, Execution, Reduced, TradeParty } from './naive-events.ts';
import type {
  Amend,
  Bare,
  ListOrder,
  Market,
  MarketCommand,
  MarketConfig,
  MarketStatus,
  Place,
  PlaceList,
  Side,
  Trigger,
} from './naive-types.ts';

const MARKET: Market = 'ABC-XYZ';
// One lot is 10 base units; one tick x one lot is 3 quote units.
const CONFIG: MarketConfig = {
  market: MARKET,
  base: 'ABC',
  quote: 'XYZ',
  baseDecimals: 2,
  quoteDecimals: 2,
  tickSize: '0.3',
  lotSize: '0.1',
  minQuantity: '0.1',
  maxQuantity: '1000',
  minNotional: '0.01',
  minPrice: '0.3',
  maxPrice: '3000',
  protectionBps: 1_000,
  feePolicy: 'quote',
  selfTradeAllowed: true,
  version: 1,
};

/** With no more said, an order of a list sells 5 lots at 110 as a maker and holds these 50. */
export const LEG: Omit<ListOrder, 'number'> = {
  side: 'sell',
  type: 'limit',
  timeInForce: 'GTC',
  postOnly: false,
  selfTradePrevention: 'cancel_taker',
  priceTicks: 110,
  quantityLots: 5,
  quoteBudgetMinor: null,
  expiresAtMs: null,
  makerFeePpm: 1_000,
  takerFeePpm: 2_000,
  holdMinor: '50',
};

/** What a list is made of; the example gives the numbers. */
export interface ListParts {
  readonly working?: Partial<ListOrder>;
  readonly orders: readonly Partial<ListOrder>[];
  readonly userNumber?: number;
  readonly timeMs?: number;
  readonly number?: number;
}

export const MARKET_ORDER = { type: 'market', timeInForce: 'IOC' } as const;

export class Example {
  readonly book = new NaiveBook(MARKET);
  #number = 0;

  /** Command 1 is the configuration, or is never sent. */
  constructor({ isConfigured = true } = {}) {
    if (isConfigured) this.configure({});
    else this.#number = 1;
  }

  send(command: Bare<MarketCommand>, timeMs = 5): readonly Execution[] {
    this.#number += 1;
    return this.book.apply({ ...command, number: this.#number, timeMs });
  }

  tick(timeMs: number): readonly Execution[] {
    return this.book.apply({ kind: 'tick', timeMs });
  }

  /** With no more said, user 1 buys 5 lots at 100 and holds 1500 and the fee of 0.2 %. */
  place(changes: Partial<Place>): readonly Execution[] {
    this.#number += 1;
    const order = {
      kind: 'place',
      number: this.#number,
      timeMs: 5,
      userNumber: 1,
      side: 'buy',
      type: 'limit',
      timeInForce: 'GTC',
      postOnly: false,
      selfTradePrevention: 'cancel_taker',
      priceTicks: 100,
      quantityLots: 5,
      quoteBudgetMinor: null,
      expiresAtMs: null,
      makerFeePpm: 1_000,
      takerFeePpm: 2_000,
      holdMinor: '1503',
    } as const;
    return this.book.apply({ ...order, ...changes });
  }

  /** User 1 places a list; its orders have the next numbers, and it has the one after them. */
  placeList({ working, orders, ...changes }: ListParts): readonly Execution[] {
    const numbered = (parts: Partial<ListOrder>): ListOrder => {
      this.#number += 1;
      return { ...LEG, number: this.#number, ...parts };
    };
    const opening = working === undefined ? {} : { working: numbered(working) };
    const listed = orders.map(numbered);
    this.#number += 1;
    const list: PlaceList = {
      kind: 'place_list',
      number: this.#number,
      timeMs: 5,
      userNumber: 1,
      ...opening,
      orders: listed,
      ...changes,
    };
    return this.book.apply(list);
  }

  /** Users 8 and 9 trade one lot; nothing better may rest. */
  tradeAt(priceTicks: number): readonly Execution[] {
    this.rest('sell', priceTicks);
    return this.place({ userNumber: 9, priceTicks, quantityLots: 1 });
  }

  rest(side: Side, priceTicks: number, quantityLots = 1): void {
    const events = this.place({ userNumber: 8, side, priceTicks, quantityLots });
    assert.deepEqual(kinds(events), ['opened']);
  }

  amend(changes: Partial<Amend>): readonly Execution[] {
    const order = { userNumber: 2, orderNumber: 2, priceTicks: 100, quantityLots: 4 };
    return this.send({ kind: 'amend', ...order, holdIncreaseMinor: '0', ...changes });
  }

  configure(
    changes: Partial<MarketConfig>,
    status: MarketStatus = 'trading',
    schedule: readonly (readonly [number, MarketStatus])[] = [],
  ): readonly Execution[] {
    const config = { ...CONFIG, ...changes };
    const entries = schedule.map(([atMs, next]) => ({ atMs, status: next }));
    const plan = entries.length === 0 ? {} : { schedule: entries };
    const timeMs = Math.max(5, this.book.nowMs);
    return this.send({ kind: 'configure_market', config, status, ...plan }, timeMs);
  }
}

export function kinds(events: readonly Execution[]): string[] {
  return events.map((e) => (e.kind === 'ended' ? `ended ${e.status} ${e.reason ?? ''}` : e.kind));
}

export function stop(priceTicks: number): Trigger {
  return { kind: 'stop_loss', priceTicks };
}

export function profit(priceTicks: number): Trigger {
  return { kind: 'take_profit', priceTicks };
}

export function trailing(trailBps: number, activationPriceTicks?: number): Trigger {
  const activation = activationPriceTicks === undefined ? {} : { activationPriceTicks };
  return { kind: 'trailing_stop', trailBps, ...activation };
}

/** Numbers of the orders that ended, with the reason. */
export function endsOf(events: readonly Execution[]): string[] {
  return events.flatMap((e) =>
    e.kind === 'ended' ? [`${Number(e.orderId.slice(4))} ${e.reason ?? e.status}`] : [],
  );
}

/** Taker, maker, price and lots of all trades. */
export function matchesOf(events: readonly Execution[]): string[] {
  return events.flatMap((e) => {
    if (e.kind !== 'trade') return [];
    const [taker, maker] = [e.taker, e.maker].map(({ orderId }) => Number(orderId.slice(4)));
    return [`${taker ?? 0} takes ${e.quantityLots} of ${maker ?? 0} at ${e.priceTicks}`];
  });
}

/** Makers and lots of all trades. */
export function tradesOf(events: readonly Execution[]): (readonly [number, number])[] {
  return events.flatMap((e) =>
    e.kind === 'trade' ? [[Number(e.maker.orderId.slice(4)), e.quantityLots] as const] : [],
  );
}

/** `[order number, sequence of the trade that reached it]` of every triggered order. */
export function triggered(events: readonly Execution[]): (readonly [number, number])[] {
  return events.flatMap((e) =>
    e.kind === 'triggered' ? [[Number(e.orderId.slice(4)), e.tradeSequence] as const] : [],
  );
}

/** Lines of the state that begin with a word. */
export function linesOf(book: NaiveBook, word: string): string[] {
  return book
    .stateText()
    .split('\n')
    .filter((line) => line.startsWith(`${word} `));
}

/** Each event in a few words: what happened to which order, and what came out of its hold. */
export function told(events: readonly Execution[]): string[] {
  return events.map((e) => {
    const number = 'orderId' in e ? Number(e.orderId?.slice(4) ?? 0) : 0;
    switch (e.kind) {
      case 'trade': {
        const [taker, maker] = [e.taker, e.maker].map((party) => {
          return `${Number(party.orderId.slice(4))} (${party.holdMinor})`;
        });
        return `${taker ?? ''} takes ${e.quantityLots} of ${maker ?? ''} at ${e.priceTicks}`;
      }
      case 'ended':
        return `${number} ends ${e.reason ?? e.status}, ${e.cancelledLots} left, ${e.releaseMinor}`;
      case 'reduced':
        return `${number} loses ${e.preventedLots}, ${e.releaseMinor}`;
      case 'pegged':
        return `${number} pegged to ${e.priceTicks}, ${e.releaseMinor}`;
      case 'opened':
        return `${number} opened at ${e.priceTicks}`;
      case 'armed':
        return `${number} armed ${e.triggerKind} ${e.triggerPriceTicks}`;
      case 'refused':
        return `refused ${e.reason}`;
      default:
        return number === 0 ? e.kind : `${number} ${e.kind}`;
    }
  });
}

/** Order number and hold of every event that takes out of the hold of a pair. */
export function pairHoldsOf(events: readonly Execution[]): string[] {
  const parties = events.flatMap((e): (TradeParty | Reduced | Ended)[] => {
    if (e.kind === 'trade') return [e.taker, e.maker];
    return e.kind === 'reduced' || e.kind === 'ended' ? [e] : [];
  });
  return parties.flatMap(({ orderId, holdId }) =>
    holdId === undefined ? [] : [`${Number(orderId.slice(4))} ${holdId}`],
  );
}
