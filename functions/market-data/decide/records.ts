// What a batch of execution records means for the tables. Pure.
import type { MarketId } from '../../../shared/domain/ids.ts';
import type { Side } from '../../../shared/domain/order.ts';
import type { Executions } from '../../../shared/events/executions.ts';
import { foldPhases, type PhaseUpdate } from './phases.ts';

/** What one record covers of its market's sequence. */
export interface AppliedRange {
  readonly market: MarketId;
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly timeMs: number;
}

/** A level as it was after `sequence`. */
export interface LevelChange {
  readonly market: MarketId;
  readonly side: Side;
  readonly priceTicks: number;
  readonly quantityLots: number;
  readonly sequence: number;
}

export interface PublicTrade {
  readonly market: MarketId;
  readonly sequence: number;
  readonly baseMinor: string;
  readonly quoteMinor: string;
  readonly takerSide: Side;
  readonly timeMs: number;
}

export interface ProjectionBatch {
  readonly ranges: readonly AppliedRange[];
  readonly levels: readonly LevelChange[];
  readonly trades: readonly PublicTrade[];
  readonly phases: readonly PhaseUpdate[];
}

/**
 * Why a record must not be taken in, or null. A record that claims sequences it does not carry
 * would mark what was never seen as seen, and then the missing record would be ignored.
 */
export function findRecordFault(record: Executions): string | null {
  const { firstSequence, lastSequence, events } = record;
  if (lastSequence - firstSequence + 1 !== events.length) {
    return `${events.length} events cannot be sequences ${firstSequence} to ${lastSequence}`;
  }
  const at = events.findIndex((event, index) => event.sequence !== firstSequence + index);
  return at < 0 ? null : `event ${at} has sequence ${events[at]?.sequence ?? 0}`;
}

/** Folds records into one write: each level once, at its newest, and each trade once. */
export function mergeRecords(records: readonly Executions[]): ProjectionBatch {
  const ranges: AppliedRange[] = [];
  const levels = new Map<string, LevelChange>();
  const trades = new Map<string, PublicTrade>();
  for (const record of records) {
    const { market, firstSequence, lastSequence: sequence } = record;
    let timeMs = 0;
    for (const event of record.events) {
      timeMs = Math.max(timeMs, event.timeMs);
      if (event.kind !== 'trade') continue;
      const { baseMinor, quoteMinor, takerSide } = event;
      const trade = { market, sequence: event.sequence, baseMinor, quoteMinor, takerSide };
      trades.set(event.tradeId, { ...trade, timeMs: event.timeMs });
    }
    ranges.push({ market, firstSequence, lastSequence: sequence, timeMs });
    for (const [side, priceTicks, quantityLots] of record.depth) {
      const key = `${market} ${side} ${priceTicks}`;
      if ((levels.get(key)?.sequence ?? 0) >= sequence) continue;
      levels.set(key, { market, side, priceTicks, quantityLots, sequence });
    }
  }
  const phases = foldPhases(records);
  return { ranges, levels: [...levels.values()], trades: [...trades.values()], phases };
}
