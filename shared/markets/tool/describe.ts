// A market as `npm run markets -- show` prints it.
import type { MarketConfig } from '../../domain/market.ts';
import {
  isAnswered,
  interruptionNow,
  plannedStatus,
  scheduleLeft,
} from '../../domain/market-phase.ts';
import { planOf, type StoredMarket } from '../stored-market.ts';

/** One line of `list`. */
export function summarize(stored: StoredMarket, nowMs: number): string {
  const { config, shard, movingTo } = stored;
  const moving = movingTo === null ? '' : `  moving to ${movingTo}`;
  return `${config.market}  ${statusOf(stored, nowMs)}  version ${config.version}  shard ${shard}${moving}`;
}

/** Lines of `name  value`, what is not set as "none". */
export function describe(stored: StoredMarket, nowMs: number): string[] {
  const { config, told, shard } = stored;
  const plan = planOf(stored);
  const left = scheduleLeft(plan, nowMs).map(({ atMs, status }) => `${status}@${time(atMs)}`);
  const rows: [string, string | number | undefined][] = [
    ['market', config.market],
    ['version', config.version],
    ['shard', shard],
    ['status', statusOf(stored, nowMs)],
    ['told by the engine', toldOf(stored)],
    ['until', isAnswered(plan, told) && told.untilMs !== null ? time(told.untilMs) : undefined],
    ['schedule', left.length === 0 ? undefined : left.join(' ')],
    ['tick size', config.tickSize],
    ['lot size', config.lotSize],
    ['quantity', `${config.minQuantity} to ${config.maxQuantity} ${config.base}`],
    ['price', `${config.minPrice} to ${config.maxPrice} ${config.quote}`],
    ['notional', `${config.minNotional} to ${config.maxNotional ?? 'any'} ${config.quote}`],
    ['static band', staticBand(config)],
    ['dynamic band', bps(config.priceBand?.dynamicBps, 'round the last trade')],
    ['interruption', interruptionOf(config)],
    ['max open orders', config.maxOpenOrders],
    ['max waiting orders', config.maxWaitingOrders],
    ['reference max age ms', config.referenceMaxAgeMs],
    ['self-trade modes', config.selfTradeModes?.join(', ') ?? 'all'],
    ['self-trade allowed', config.selfTradeAllowed ? 'yes' : 'no'],
    ['protection', bps(config.protectionBps, 'from the best price')],
    ['fee policy', config.feePolicy],
  ];
  return rows.map(([name, value]) => `${name.padEnd(22)}${value ?? 'none'}`);
}

/** What the market does now, as far as is known. */
function statusOf(stored: StoredMarket, nowMs: number): string {
  const plan = planOf(stored);
  const interruption = interruptionNow(plan, stored.told, nowMs);
  if (interruption !== null) return `${interruption.status} (interrupted)`;
  return plannedStatus(plan, nowMs);
}

function toldOf(stored: StoredMarket): string | undefined {
  const { told } = stored;
  if (told === null) return undefined;
  const answered = isAnswered(planOf(stored), told) ? '' : ', of an older version';
  return `${told.status} since ${time(told.sinceMs)}, by ${told.cause}${answered}`;
}

function staticBand({ priceBand }: MarketConfig): string | undefined {
  return bps(priceBand?.staticBps, `round ${priceBand?.staticPrice ?? ''}`);
}

function interruptionOf({ interruption }: MarketConfig): string | undefined {
  if (interruption === undefined) return undefined;
  const { moveBps, windowMs, haltMs, auctionMs } = interruption;
  return `${moveBps} bps in ${windowMs} ms: halt ${haltMs} ms, auction ${auctionMs} ms`;
}

function bps(value: number | undefined, round: string): string | undefined {
  return value === undefined ? undefined : `${value} bps ${round}`;
}

function time(ms: number): string {
  return new Date(ms).toISOString();
}
