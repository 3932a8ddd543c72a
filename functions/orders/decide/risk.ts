// Whether an account may trade, and what its limits leave room for. One for each batch: what an
// earlier request of the batch uses, a later one finds used.
import type { Side } from '../../../shared/domain/order.ts';
import { notionalMinor } from '../../../shared/domain/market.ts';
import {
  ORDER_WINDOW_MS,
  orderWindowAt,
  type OrderWindow,
} from '../../../shared/domain/order-window.ts';
import {
  LIMIT_DECIMALS,
  Limits,
  type Limit,
  type LimitName,
} from '../../../shared/domain/risk-limits.ts';
import { reject, type ErrorCode, type Rejection } from '../../../shared/domain/rejection.ts';
import { formatDecimal, toMinor } from '../../../shared/money/decimal.ts';
import { divRoundUp } from '../../../shared/money/rounding.ts';
import type { PlaceOrderBody } from '../schema.ts';
import type { ChangeableOrder } from './change.ts';
import type { MarketTerms, SizedOrder } from './size.ts';
import { startTicks } from './trigger.ts';

/** As `risk.read_for_accept` answers it; who is not in it has no flag, no limit and no group. */
export interface RiskReads {
  readonly accounts: readonly {
    readonly userNumber: number;
    readonly trading: boolean;
    readonly frozen: boolean;
    readonly tradeGroup: number | null;
  }[];
  readonly limits: readonly Limit[];
  readonly uses: readonly {
    readonly userNumber: number;
    readonly market: string;
    readonly waitingOrders: number;
    readonly openTickLots: string;
    readonly openQuoteMinor: string;
    /** `2026-01-31`, or null before the first order. */
    readonly turnoverDay: string | null;
    readonly turnoverMinor: string;
  }[];
  readonly positions: readonly {
    readonly userNumber: number;
    readonly asset: string;
    readonly totalMinor: string;
    readonly openBuysMinor: string;
  }[];
  readonly windows: readonly (OrderWindow & {
    readonly userNumber: number;
    readonly market: string;
  })[];
}

export const NO_RISK: RiskReads = {
  accounts: [],
  limits: [],
  uses: [],
  positions: [],
  windows: [],
};

/** What a request would add to what its owner uses. */
export interface RiskAsk {
  readonly userNumber: number;
  readonly terms: MarketTerms;
  readonly side: Side;
  /** The whole order, as it would be; null where it does not grow. */
  readonly quantityLots: number | null;
  readonly notionalMinor: bigint | null;
  /** What it adds, never negative. */
  readonly addedLots: number;
  readonly addedNotionalMinor: bigint;
  readonly addsWaiting: boolean;
}

const DAY_CHARACTERS = 10;
const MS_OF_SECOND = 1_000;

export class RiskRoom {
  readonly #accounts: ReadonlyMap<number, RiskReads['accounts'][number]>;
  readonly #limits: Limits;
  readonly #uses: ReadonlyMap<string, RiskReads['uses'][number]>;
  readonly #positions: ReadonlyMap<string, bigint>;
  readonly #windows: ReadonlyMap<string, OrderWindow>;
  readonly #taken = new Map<string, bigint>();
  readonly #nowMs: number;
  readonly #day: string;

  constructor(reads: RiskReads, nowMs: number) {
    this.#accounts = new Map(reads.accounts.map((row) => [row.userNumber, row]));
    this.#limits = new Limits(reads.limits);
    this.#uses = new Map(reads.uses.map((row) => [`${row.userNumber} ${row.market}`, row]));
    this.#positions = new Map(
      reads.positions.map((row) => [
        `${row.userNumber} ${row.asset}`,
        BigInt(row.totalMinor) + BigInt(row.openBuysMinor),
      ]),
    );
    this.#windows = new Map(reads.windows.map((row) => [`${row.userNumber} ${row.market}`, row]));
    this.#nowMs = nowMs;
    this.#day = new Date(nowMs).toISOString().slice(0, DAY_CHARACTERS);
  }

  /** Refuses whatever trades; cancels are not asked about. */
  checkAccount(userNumber: number): Rejection | null {
    const account = this.#accounts.get(userNumber);
    if (account === undefined) return null;
    if (account.frozen) return reject('ACCOUNT_FROZEN');
    return account.trading ? null : reject('ACCOUNT_TRADING_DISABLED');
  }

  /** The lesser of `otherwise` and the limit, if there is one. */
  openOrdersMax(userNumber: number, market: string, otherwise: number): number {
    const limit = this.#limitOf(userNumber, market, 'open_orders_max');
    return limit === null ? otherwise : Math.min(otherwise, countOf(limit));
  }

  /** What may pass in a moment is asked last: who waits for that is not refused again. */
  checkLimits(ask: RiskAsk): Rejection | null {
    return (
      this.#checkOrder(ask) ??
      this.#checkWaiting(ask) ??
      this.#checkOpenNotional(ask) ??
      this.#checkPosition(ask) ??
      this.#checkTurnover(ask) ??
      this.#checkRate(ask)
    );
  }

  /** Counts what was accepted. */
  take(ask: RiskAsk): void {
    this.#count(ask, 1n);
  }

  /** Takes back what was counted: its batch is refused as a whole. */
  giveBack(ask: RiskAsk): void {
    this.#count(ask, -1n);
  }

  #count(ask: RiskAsk, times: bigint): void {
    const { market, base } = ask.terms.config;
    const { userNumber } = ask;
    const notional = times * ask.addedNotionalMinor;
    this.#add(`${userNumber} ${market} open`, notional);
    this.#add(`${userNumber} ${market} turnover`, notional);
    this.#add(`${userNumber} ${market} waiting`, ask.addsWaiting ? times : 0n);
    this.#add(`${userNumber} ${market} window`, times);
    if (ask.side === 'buy') this.#add(`${userNumber} ${base} position`, times * addedBase(ask));
  }

  #checkOrder(ask: RiskAsk): Rejection | null {
    const { userNumber, terms, quantityLots: lots } = ask;
    const { config, scale } = terms;
    const quantity = lots === null ? null : BigInt(lots) * scale.lotMinor;
    return (
      this.#check('RISK_ORDER_QUANTITY_TOO_LARGE', {
        limit: this.#limitOf(userNumber, config.market, 'order_quantity_max'),
        name: 'order_quantity_max',
        asked: quantity,
        asset: config.base,
        decimals: config.baseDecimals,
      }) ??
      this.#check('RISK_ORDER_NOTIONAL_TOO_LARGE', {
        limit: this.#limitOf(userNumber, config.market, 'order_notional_max'),
        name: 'order_notional_max',
        asked: ask.notionalMinor,
        asset: config.quote,
        decimals: config.quoteDecimals,
      })
    );
  }

  #checkWaiting(ask: RiskAsk): Rejection | null {
    const { userNumber } = ask;
    const { market } = ask.terms.config;
    const limit = this.#limitOf(userNumber, market, 'waiting_orders_max');
    if (limit === null || !ask.addsWaiting) return null;
    const used = BigInt(this.#uses.get(`${userNumber} ${market}`)?.waitingOrders ?? 0);
    const asked = used + this.#takenOf(`${userNumber} ${market} waiting`) + 1n;
    const facts = { limit, name: 'waiting_orders_max', asked, asset: 'orders', decimals: 0 };
    return this.#check('RISK_WAITING_ORDERS_TOO_MANY', facts);
  }

  #checkOpenNotional(ask: RiskAsk): Rejection | null {
    const { userNumber, addedNotionalMinor } = ask;
    const { config, scale } = ask.terms;
    const limit = this.#limitOf(userNumber, config.market, 'open_notional_max');
    if (limit === null || addedNotionalMinor === 0n) return null;
    const use = this.#uses.get(`${userNumber} ${config.market}`);
    const used =
      use === undefined
        ? 0n
        : BigInt(use.openTickLots) * scale.tickLotMinor + BigInt(use.openQuoteMinor);
    const taken = this.#takenOf(`${userNumber} ${config.market} open`);
    return this.#check('RISK_OPEN_NOTIONAL_EXCEEDED', {
      limit,
      name: 'open_notional_max',
      asked: used + taken + addedNotionalMinor,
      asset: config.quote,
      decimals: config.quoteDecimals,
    });
  }

  #checkPosition(ask: RiskAsk): Rejection | null {
    const { userNumber } = ask;
    const { base, baseDecimals } = ask.terms.config;
    const limit = this.#limitOf(userNumber, base, 'position_max');
    const added = addedBase(ask);
    if (limit === null || ask.side === 'sell' || added === 0n) return null;
    const used = this.#positions.get(`${userNumber} ${base}`) ?? 0n;
    const taken = this.#takenOf(`${userNumber} ${base} position`);
    return this.#check('RISK_POSITION_EXCEEDED', {
      limit,
      name: 'position_max',
      asked: used + taken + added,
      asset: base,
      decimals: baseDecimals,
    });
  }

  #checkTurnover(ask: RiskAsk): Rejection | null {
    const { userNumber, addedNotionalMinor } = ask;
    const { market, quote, quoteDecimals } = ask.terms.config;
    const limit = this.#limitOf(userNumber, market, 'turnover_max');
    if (limit === null || addedNotionalMinor === 0n) return null;
    const use = this.#uses.get(`${userNumber} ${market}`);
    const used = use?.turnoverDay === this.#day ? BigInt(use.turnoverMinor) : 0n;
    const taken = this.#takenOf(`${userNumber} ${market} turnover`);
    return this.#check('RISK_TURNOVER_EXCEEDED', {
      limit,
      name: 'turnover_max',
      asked: used + taken + addedNotionalMinor,
      asset: quote,
      decimals: quoteDecimals,
    });
  }

  /** Each order and each amend is one, whatever it adds. */
  #checkRate({ userNumber, terms }: RiskAsk): Rejection | null {
    const { market } = terms.config;
    const limit = this.#limitOf(userNumber, market, 'orders_per_10s_max');
    if (limit === null) return null;
    const stored = this.#windows.get(`${userNumber} ${market}`) ?? null;
    const { startMs, orders } = orderWindowAt(this.#nowMs, stored);
    const asked = orders + Number(this.#takenOf(`${userNumber} ${market} window`)) + 1;
    const max = countOf(limit);
    if (asked <= max) return null;
    const endMs = startMs + ORDER_WINDOW_MS;
    const window = `${new Date(startMs).toISOString()} to ${new Date(endMs).toISOString()}`;
    const detail = `orders_per_10s_max is ${max}; it would be ${asked} orders from ${window}`;
    const retryAfterSeconds = Math.ceil((endMs - this.#nowMs) / MS_OF_SECOND);
    return reject('RISK_ORDER_RATE_EXCEEDED', detail, { retryAfterSeconds });
  }

  #check(
    code: ErrorCode,
    facts: {
      readonly limit: bigint | null;
      readonly name: string;
      readonly asked: bigint | null;
      readonly asset: string;
      readonly decimals: number;
    },
  ): Rejection | null {
    const { limit, name, asked, asset, decimals } = facts;
    if (limit === null || asked === null) return null;
    // Compared at the limit's own scale: nothing is rounded.
    if (asked * 10n ** BigInt(LIMIT_DECIMALS - decimals) <= limit) return null;
    const value = formatDecimal(limit, LIMIT_DECIMALS);
    return reject(
      code,
      `${name} is ${value}; it would be ${formatDecimal(asked, decimals)} ${asset}`,
    );
  }

  /** With all the decimals that a limit may have. */
  #limitOf(userNumber: number, scope: string, name: LimitName): bigint | null {
    const value = this.#limits.find(userNumber, scope, name);
    return value === null ? null : toMinor(value, LIMIT_DECIMALS);
  }

  #takenOf(key: string): bigint {
    return this.#taken.get(key) ?? 0n;
  }

  #add(key: string, amount: bigint): void {
    this.#taken.set(key, this.#takenOf(key) + amount);
  }
}

function addedBase(ask: RiskAsk): bigint {
  return BigInt(ask.addedLots) * ask.terms.scale.lotMinor;
}

function countOf(limit: bigint): number {
  return Number(limit / 10n ** BigInt(LIMIT_DECIMALS));
}

/**
 * What a new order adds. A market order counts at the worse of the price it starts from and the one
 * that its hold covers; one that is sized by quote amount counts by that amount, and by the lots
 * that it would be at the price it starts from, rounded up.
 */
export function askOfPlace(
  userNumber: number,
  body: Pick<PlaceOrderBody, 'side' | 'type'>,
  sized: SizedOrder,
  terms: MarketTerms,
  isPending = false,
): RiskAsk {
  const start = body.type === 'limit' ? null : startTicks(body.side, sized.trigger, terms);
  const priceTicks = Math.max(start ?? 0, sized.priceTicks);
  const { quoteAmountMinor } = sized;
  const lots =
    quoteAmountMinor === null
      ? sized.quantityLots
      : start === null
        ? 0
        : Number(divRoundUp(quoteAmountMinor, BigInt(start) * terms.scale.tickLotMinor));
  const notional = quoteAmountMinor ?? notionalMinor(terms.scale, priceTicks, lots);
  return {
    userNumber,
    terms,
    side: body.side,
    quantityLots: lots,
    notionalMinor: notional,
    addedLots: lots,
    addedNotionalMinor: notional,
    addsWaiting: isPending || sized.trigger !== null,
  };
}

/** What an amend adds; making an order smaller or cheaper is never limited. */
export function askOfAmend(
  order: ChangeableOrder,
  next: { readonly priceTicks: number; readonly quantityLots: number },
  terms: MarketTerms,
): RiskAsk {
  const before = notionalMinor(terms.scale, order.priceTicks, order.quantityLots);
  const after = notionalMinor(terms.scale, next.priceTicks, next.quantityLots);
  const addedLots = Math.max(0, next.quantityLots - order.quantityLots);
  return {
    userNumber: order.userNumber,
    terms,
    side: order.side,
    quantityLots: addedLots > 0 ? next.quantityLots : null,
    notionalMinor: after > before ? after : null,
    addedLots,
    addedNotionalMinor: after > before ? after - before : 0n,
    addsWaiting: false,
  };
}
