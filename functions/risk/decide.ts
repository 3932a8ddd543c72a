// A user's own flags and limits, with what is used of them, as they are shown.
import { marketScale, type MarketConfig } from '../../shared/domain/market.ts';
import { orderWindowAt } from '../../shared/domain/order-window.ts';
import {
  LIMIT_DECIMALS,
  LIMIT_NAMES,
  Limits,
  type Limit,
  type LimitName,
} from '../../shared/domain/risk-limits.ts';
import { formatDecimal, toMinor } from '../../shared/money/decimal.ts';
import type { LimitAnswer, LimitsAnswer } from './schema.ts';

const DAY_CHARACTERS = 10;

export interface FlagFacts {
  readonly on: boolean;
  readonly changedAt: Date | null;
}

/** What the user has open in a market, and has had accepted on the day; digits of base units. */
export interface MarketUse {
  readonly market: string;
  readonly openOrders: number;
  readonly waitingOrders: number;
  readonly openTickLots: string;
  readonly openQuoteMinor: string;
  /** Of the day it is, `2026-01-31`; another day's is over. */
  readonly turnoverDay: string | null;
  readonly turnoverMinor: string;
  readonly windowStartMs: number;
  /** Orders and amends of that window; another window's are over. */
  readonly windowOrders: number;
}

export interface PositionUse {
  readonly asset: string;
  readonly totalMinor: string;
  readonly openBuysMinor: string;
}

export interface RiskFacts {
  readonly userNumber: number;
  readonly flags: Readonly<Record<'trading' | 'withdrawal' | 'frozen', FlagFacts>>;
  readonly limits: readonly Limit[];
  readonly markets: readonly MarketConfig[];
  readonly uses: readonly MarketUse[];
  readonly positions: readonly PositionUse[];
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

export function presentRisk(facts: RiskFacts): LimitsAnswer {
  const { flags } = facts;
  return {
    trading: presentFlag(flags.trading),
    withdrawal: presentFlag(flags.withdrawal),
    frozen: presentFlag(flags.frozen),
    limits: [...facts.markets.flatMap((market) => ofMarket(market, facts)), ...ofPositions(facts)],
  };
}

function presentFlag({ on, changedAt }: FlagFacts): LimitsAnswer['frozen'] {
  return { on, since: changedAt === null ? null : changedAt.toISOString() };
}

function ofMarket(config: MarketConfig, facts: RiskFacts): LimitAnswer[] {
  const limits = new Limits(facts.limits);
  const use = facts.uses.find((each) => each.market === config.market);
  return LIMIT_NAMES.flatMap((name): LimitAnswer[] => {
    if (name === 'position_max') return [];
    const value = limits.find(facts.userNumber, config.market, name);
    if (value === null) return [];
    const { market } = config;
    return [{ name, market, limit: canonical(value), ...usedOf(name, config, use, facts.nowMs) }];
  });
}

function usedOf(
  name: Exclude<LimitName, 'position_max'>,
  config: MarketConfig,
  use: MarketUse | undefined,
  nowMs: number,
): { asset: string | null; used: string | null } {
  const { base, quote, quoteDecimals } = config;
  switch (name) {
    case 'open_orders_max':
      return { asset: null, used: String(use?.openOrders ?? 0) };
    case 'waiting_orders_max':
      return { asset: null, used: String(use?.waitingOrders ?? 0) };
    case 'order_quantity_max':
      return { asset: base, used: null };
    case 'order_notional_max':
      return { asset: quote, used: null };
    case 'open_notional_max': {
      const lots = BigInt(use?.openTickLots ?? 0) * marketScale(config).tickLotMinor;
      const open = lots + BigInt(use?.openQuoteMinor ?? 0);
      return { asset: quote, used: formatDecimal(open, quoteDecimals) };
    }
    case 'turnover_max': {
      const day = new Date(nowMs).toISOString().slice(0, DAY_CHARACTERS);
      const turnover = use?.turnoverDay === day ? BigInt(use.turnoverMinor) : 0n;
      return { asset: quote, used: formatDecimal(turnover, quoteDecimals) };
    }
    case 'orders_per_10s_max': {
      const { windowStartMs: startMs = 0, windowOrders: orders = 0 } = use ?? {};
      return { asset: null, used: String(orderWindowAt(nowMs, { startMs, orders }).orders) };
    }
  }
}

function ofPositions(facts: RiskFacts): LimitAnswer[] {
  const limits = new Limits(facts.limits);
  const decimals = new Map(facts.markets.map((each) => [each.base, each.baseDecimals]));
  return [...decimals].sort().flatMap(([asset, places]): LimitAnswer[] => {
    const value = limits.find(facts.userNumber, asset, 'position_max');
    if (value === null) return [];
    const use = facts.positions.find((each) => each.asset === asset);
    const used = BigInt(use?.totalMinor ?? 0) + BigInt(use?.openBuysMinor ?? 0);
    const limit = canonical(value);
    return [
      { name: 'position_max', market: null, asset, limit, used: formatDecimal(used, places) },
    ];
  });
}

function canonical(value: string): string {
  return formatDecimal(toMinor(value, LIMIT_DECIMALS), LIMIT_DECIMALS);
}
