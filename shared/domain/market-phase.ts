// Which phase a market is in, by its configuration and schedule and by what the engine has told.
import { mayFollow } from './market.ts';
import type { InterruptionRule, MarketStatus, PhaseCause, ScheduledStatus } from './market.ts';

/** Why a market has its status: by a configuration, or by itself. */
export const STATUS_CAUSES = ['configuration', 'schedule', 'interruption', 'resumption'] as const;
export type StatusCause = 'configuration' | PhaseCause;

/** The engine's last word on a market's status. */
export interface ToldPhase {
  /** The newest configuration that the engine has told of; null when it has told of none yet. */
  readonly version: number | null;
  readonly status: MarketStatus;
  readonly cause: StatusCause;
  /** The market's clock when the status began. */
  readonly sinceMs: number;
  /** Until when an interruption stays in this status; null otherwise. */
  readonly untilMs: number | null;
}

/** What a configuration says of the status, now and later. */
export interface StatusPlan {
  readonly version: number;
  readonly status: MarketStatus;
  readonly schedule: readonly ScheduledStatus[];
  readonly interruption?: InterruptionRule | undefined;
}

/** An interruption as it is now. */
export interface Interruption {
  readonly status: MarketStatus;
  readonly untilMs: number;
}

/**
 * The status at a time by the plan alone: what the market does unless it is interrupted. Entries
 * that may not follow what was before have no effect.
 */
export function plannedStatus(plan: StatusPlan, nowMs: number): MarketStatus {
  let { status } = plan;
  for (const entry of plan.schedule) {
    if (entry.atMs > nowMs) break;
    if (mayFollow(status, entry.status)) status = entry.status;
  }
  return status;
}

/** What of a schedule is still to come. */
export function scheduleLeft(plan: StatusPlan, nowMs: number): readonly ScheduledStatus[] {
  return plan.schedule.filter(({ atMs }) => atMs > nowMs);
}

/**
 * The interruption that a market is in, or null. A halt whose time has come is an auction by now,
 * and an auction whose time has come is over, whether the engine has told so yet or not.
 */
export function interruptionNow(
  plan: StatusPlan,
  told: ToldPhase | null,
  nowMs: number,
): Interruption | null {
  if (told?.cause !== 'interruption' || told.untilMs === null) return null;
  const { version, sinceMs, untilMs, status } = told;
  if (version !== null && version < plan.version) return null;
  const isEnded = plan.schedule.some(
    ({ atMs, status: next }) => atMs > sinceMs && atMs <= nowMs && mayFollow(status, next),
  );
  if (isEnded) return null;
  if (nowMs < untilMs) return { status, untilMs };
  const auctionUntilMs = untilMs + (plan.interruption?.auctionMs ?? 0);
  if (status !== 'halted' || nowMs >= auctionUntilMs) return null;
  return { status: 'auction', untilMs: auctionUntilMs };
}

/** The status in which the engine meets a command of now. */
export function statusNow(plan: StatusPlan, told: ToldPhase | null, nowMs: number): MarketStatus {
  return interruptionNow(plan, told, nowMs)?.status ?? plannedStatus(plan, nowMs);
}

/**
 * Whether the engine has told of this configuration. One that came too late to follow what the
 * market had become is passed over by the engine: then it never will.
 */
export function isAnswered(plan: StatusPlan, told: ToldPhase | null): told is ToldPhase {
  if (told === null) return false;
  const { version, status } = told;
  return version === null || version >= plan.version || !mayFollow(status, plan.status);
}
