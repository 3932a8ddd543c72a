// What the reference schema keeps of a market, and what a change of it is made of.
import type { MarketConfig, MarketStatus, ScheduledStatus } from '../domain/market.ts';
import type { StatusPlan, ToldPhase } from '../domain/market-phase.ts';

/** A market as an operator describes it: the version is counted by the database. */
export type MarketDescription = Omit<MarketConfig, 'version' | 'baseDecimals' | 'quoteDecimals'>;

export interface StoredMarket {
  readonly config: MarketConfig;
  /** As it was configured; what the schedule has made of it since: `plannedStatus`. */
  readonly status: MarketStatus;
  /** As it was configured: entries that have passed are among it. */
  readonly schedule: readonly ScheduledStatus[];
  /** Partition of the command log that the market's commands go to. */
  readonly shard: number;
  /** The shard that it is on its way to: closed to every command meanwhile. */
  readonly movingTo: number | null;
  /** The engine's last word; null when it has said nothing yet. */
  readonly told: ToldPhase | null;
}

/** What a market is to become. */
export interface Wanted {
  readonly description: MarketDescription;
  /** Null keeps the status, whatever the schedule has made of it. */
  readonly status: MarketStatus | null;
  readonly schedule: readonly ScheduledStatus[];
  readonly shard: number;
}

/** A market at the moment of a change: the schedule is what is left of it. */
export interface MarketNow extends StoredMarket {
  readonly nowMs: number;
}

/** Who changes a market, and why; no person does without a reason. */
export interface ChangeNote {
  readonly actor: string;
  readonly reason: string | null;
}

export interface Applied {
  readonly version: number;
  /** False when the market was so already: nothing is written then. */
  readonly changed: boolean;
}

export function planOf({ config, status, schedule }: StoredMarket): StatusPlan {
  const { version, interruption } = config;
  return { version, status, schedule, interruption };
}
