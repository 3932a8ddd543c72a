// What a market's configuration and phase mean on the wire. Pure.
import type { MarketId } from '../../../shared/domain/ids.ts';
import {
  formatSteps,
  type MarketConfig,
  type MarketStatus,
  type ScheduledStatus,
} from '../../../shared/domain/market.ts';
import { isAnswered, scheduleLeft, type StatusPlan } from '../../../shared/domain/market-phase.ts';
import { SELF_TRADE_PREVENTIONS } from '../../../shared/domain/order.ts';
import { formatDecimal } from '../../../shared/money/decimal.ts';
import { RATE_DECIMALS } from '../../../shared/money/rounding.ts';
import type { AuctionAnswer, MarketAnswer } from '../schema.ts';
import type { IndicationTold, StatusTold, UncrossingTold } from './phases.ts';

/** What the engine has told of a market so far, each thing at its highest sequence. */
export interface PhaseRow {
  readonly version: number | null;
  readonly status: StatusTold | null;
  readonly indication: IndicationTold | null;
  readonly uncrossing: UncrossingTold | null;
}

/** A row of the catalog of markets, with its fee schedule. */
export interface MarketRow {
  readonly market: MarketId;
  readonly config: MarketConfig;
  /** As configured. */
  readonly status: MarketStatus;
  readonly schedule: readonly ScheduledStatus[];
  readonly makerFeePpm: number | null;
  readonly takerFeePpm: number | null;
  readonly updatedAtMs: number;
  /** The database's clock when the row was read. */
  readonly readAtMs: number;
  readonly phase: PhaseRow | null;
}

export function marketAnswerOf(row: MarketRow): MarketAnswer {
  const { config } = row;
  const told = toldStatus(row);
  return {
    market: config.market,
    base: config.base,
    quote: config.quote,
    tickSize: config.tickSize,
    lotSize: config.lotSize,
    minQuantity: config.minQuantity,
    maxQuantity: config.maxQuantity,
    minNotional: config.minNotional,
    maxNotional: config.maxNotional ?? null,
    minPrice: config.minPrice,
    maxPrice: config.maxPrice,
    priceBand: bandOf(config),
    interruption: config.interruption ?? null,
    maxOpenOrders: config.maxOpenOrders ?? null,
    maxWaitingOrders: config.maxWaitingOrders ?? null,
    referenceMaxAgeMs: config.referenceMaxAgeMs ?? null,
    selfTradeModes: modesOf(config),
    status: told?.status ?? row.status,
    phase: told === null ? null : phaseOf(told, config),
    schedule: scheduleLeft(planOf(row), row.readAtMs).map(({ atMs, status }) => ({
      at: timeText(atMs),
      status,
    })),
    makerFeeRate: rateOf(row.makerFeePpm),
    takerFeeRate: rateOf(row.takerFeePpm),
  };
}

/** Null fields where there is no indication: nothing would trade, or there is no auction. */
export function auctionAnswerOf(row: MarketRow): AuctionAnswer {
  const { config, phase } = row;
  const told = toldStatus(row);
  const indication = indicationOf(told, phase?.indication ?? null);
  const uncrossing = phase?.uncrossing ?? null;
  const price = (ticks: number) => formatSteps(ticks, config.tickSize);
  const quantity = (lots: number) => formatSteps(lots, config.lotSize);
  const trades = indication !== null && indication.lots > 0;
  const surplus = indication?.surplusSide ?? null;
  return {
    market: config.market,
    status: told?.status ?? row.status,
    until: told?.untilMs === null || told === null ? null : timeText(told.untilMs),
    indicativePrice: trades ? price(indication.priceTicks) : null,
    indicativeQuantity: trades ? quantity(indication.lots) : null,
    surplusSide: surplus,
    surplusQuantity: surplus === null ? null : quantity(indication?.surplusLots ?? 0),
    sequence: indication?.sequence ?? null,
    time: indication === null ? null : timeText(indication.timeMs),
    last:
      uncrossing === null
        ? null
        : {
            price: price(uncrossing.priceTicks),
            quantity: quantity(uncrossing.lots),
            sequence: uncrossing.sequence,
            time: timeText(uncrossing.timeMs),
          },
  };
}

/** What was told in the auction that is held now, not in one before it. */
function indicationOf(
  told: StatusTold | null,
  indication: IndicationTold | null,
): IndicationTold | null {
  if (told?.status !== 'auction' || indication === null) return null;
  return indication.sequence > told.sequence ? indication : null;
}

/** The engine's word, or null while it has said nothing of this configuration. */
function toldStatus(row: MarketRow): StatusTold | null {
  const status = row.phase?.status ?? null;
  if (status === null) return null;
  const version = row.phase?.version ?? null;
  const told = { ...status, sinceMs: status.timeMs, version };
  return isAnswered(planOf(row), told) ? status : null;
}

function planOf({ config, status, schedule }: MarketRow): StatusPlan {
  return { version: config.version, status, schedule, interruption: config.interruption };
}

function phaseOf(told: StatusTold, config: MarketConfig): MarketAnswer['phase'] {
  const { referenceTicks, untilMs } = told;
  return {
    cause: told.cause,
    since: timeText(told.timeMs),
    until: untilMs === null ? null : timeText(untilMs),
    referencePrice: referenceTicks === null ? null : formatSteps(referenceTicks, config.tickSize),
    sequence: told.sequence,
  };
}

function bandOf({ priceBand }: MarketConfig): MarketAnswer['priceBand'] {
  if (priceBand === undefined) return null;
  const { staticPrice = null, staticBps = null, dynamicBps = null } = priceBand;
  return { staticPrice, staticBps, dynamicBps };
}

/** All that an order may ask for. */
function modesOf(config: MarketConfig): MarketAnswer['selfTradeModes'] {
  const { selfTradeModes = SELF_TRADE_PREVENTIONS, selfTradeAllowed } = config;
  return SELF_TRADE_PREVENTIONS.filter((mode) =>
    mode === 'none' ? selfTradeAllowed : selfTradeModes.includes(mode),
  );
}

function timeText(ms: number): string {
  return new Date(ms).toISOString();
}

function rateOf(feePpm: number | null): string | null {
  return feePpm === null ? null : formatDecimal(BigInt(feePpm), RATE_DECIMALS);
}
