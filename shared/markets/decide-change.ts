// Whether a market may become what an operator wants, and whether that changes anything.
import { TerminalError } from '../domain/failure.ts';
import type { MarketConfig, MarketStatus, ScheduledStatus } from '../domain/market.ts';
import { mayFollow, SCHEDULE_MAX } from '../domain/market.ts';
import { interruptionNow, plannedStatus, scheduleLeft } from '../domain/market-phase.ts';
import { planOf, type MarketNow, type StoredMarket, type Wanted } from './stored-market.ts';

/** What the row and the command are to say. */
export type NextMarket = Omit<StoredMarket, 'movingTo' | 'told'>;

/** The market as it is now: its status by the schedule, and what of that is still to come. */
export function marketNow(stored: StoredMarket, nowMs: number): MarketNow {
  const plan = planOf(stored);
  const status = plannedStatus(plan, nowMs);
  return { ...stored, status, schedule: scheduleLeft(plan, nowMs), nowMs };
}

/**
 * Answers what to write, or null when the market is so already. Throws TerminalError for what may
 * not be. `stored` is the row, null for a new market; `config` is complete, with its new version.
 */
export function decideChange(
  stored: StoredMarket | null,
  wanted: Wanted,
  config: MarketConfig,
  nowMs: number,
): NextMarket | null {
  const { schedule, shard } = wanted;
  if (stored === null) {
    const status = wanted.status ?? 'trading';
    refuseTransition(config.market, null, status);
    return { config, status, schedule, shard };
  }
  refuseWhileMoving(stored);
  const now = marketNow(stored, nowMs);
  const status = wanted.status ?? now.status;
  const next = { config, status, schedule, shard };
  refuseWhatCannotChange(stored, next);
  refuseTransition(config.market, now.status, status);
  const interruption = interruptionNow(planOf(stored), stored.told, nowMs);
  if (isSame(now, next) && (interruption === null || wanted.status === null)) return null;
  if (interruption !== null && wanted.status === null) {
    const until = new Date(interruption.untilMs).toISOString();
    throw new TerminalError(
      `${config.market} is interrupted (${interruption.status} until ${until}), and any change ` +
        'would end that: wait, or set a status first',
    );
  }
  return next;
}

/**
 * Entries must be in the future, rise, and have an effect, each after the one before. Throws
 * TerminalError that names the entry.
 */
export function checkSchedule(
  from: MarketStatus,
  entries: readonly ScheduledStatus[],
  nowMs: number,
): void {
  if (entries.length > SCHEDULE_MAX) {
    throw new TerminalError(`a schedule has at most ${SCHEDULE_MAX} entries`);
  }
  let status = from;
  let beforeMs = nowMs;
  for (const entry of entries) {
    const time = new Date(entry.atMs).toISOString();
    if (entry.atMs <= nowMs) throw new TerminalError(`${entry.status}@${time} has passed`);
    if (entry.atMs <= beforeMs) {
      throw new TerminalError(`${entry.status}@${time} is not after the entry before`);
    }
    if (!mayFollow(status, entry.status)) {
      throw new TerminalError(`${entry.status}@${time}: ${entry.status} may not follow ${status}`);
    }
    status = entry.status;
    beforeMs = entry.atMs;
  }
}

function refuseTransition(market: string, from: MarketStatus | null, to: MarketStatus): void {
  if (mayFollow(from, to)) return;
  if (from === null) throw new TerminalError(`a new market, as ${market}, cannot be ${to}`);
  if (from === 'delisted') throw new TerminalError(`${market} is delisted, for ever`);
  if (from === 'closing') {
    throw new TerminalError(`${market} is closing: it can only be delisted, not become ${to}`);
  }
  throw new TerminalError(`${market} is ${from}: close it first, then it can become ${to}`);
}

/** Its command would come to the old shard behind the hand-over, or to the new one before it. */
function refuseWhileMoving({ config: { market }, movingTo }: StoredMarket): void {
  if (movingTo === null) return;
  throw new TerminalError(`${market} is moving to shard ${movingTo}: finish the move first`);
}

/**
 * Orders are accepted in the market's steps and held by its fee policy: an order on its way, or
 * resting, would mean something else after such a change. A new market is the way; to another
 * shard, a move.
 */
function refuseWhatCannotChange(before: StoredMarket, after: NextMarket): void {
  const fixed = ['base', 'quote', 'tickSize', 'lotSize', 'feePolicy'] as const;
  const changed: string[] = fixed.filter((key) => before.config[key] !== after.config[key]);
  if (before.shard !== after.shard) changed.push('shard');
  if (changed.length === 0) return;
  throw new TerminalError(`${changed.join(', ')} of ${before.config.market} cannot change`);
}

function isSame(before: NextMarket, after: NextMarket): boolean {
  return contentOf(before) === contentOf(after);
}

/** A text that is equal for equal markets, whatever their version and the order of their fields. */
function contentOf({ config, status, schedule, shard }: NextMarket): string {
  return JSON.stringify({ config, status, schedule, shard }, (key, value: unknown) => {
    if (key === 'version') return undefined;
    if (!isRecord(value)) return value;
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
