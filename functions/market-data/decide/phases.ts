// What records tell of the phases of markets, each thing at its highest sequence. Pure.
import type { MarketId } from '../../../shared/domain/ids.ts';
import type { MarketStatus } from '../../../shared/domain/market.ts';
import type { StatusCause } from '../../../shared/domain/market-phase.ts';
import type { Side } from '../../../shared/domain/order.ts';
import type {
  ConfiguredEvent,
  ExecutionEvent,
  Executions,
  IndicativeEvent,
  PhaseChangedEvent,
  UncrossedEvent,
} from '../../../shared/events/executions.ts';

interface Sequenced {
  readonly sequence: number;
  readonly timeMs: number;
}

export interface StatusTold extends Sequenced {
  readonly status: MarketStatus;
  readonly cause: StatusCause;
  readonly untilMs: number | null;
  /** What the trade that began an interruption was too far away from. */
  readonly referenceTicks: number | null;
}

/** Price and lots are 0 when nothing would trade. */
export interface IndicationTold extends Sequenced {
  readonly priceTicks: number;
  readonly lots: number;
  readonly surplusSide: Side | null;
  readonly surplusLots: number;
}

export interface UncrossingTold extends Sequenced {
  readonly priceTicks: number;
  readonly lots: number;
}

/** What a batch tells of one market; null where it tells nothing. */
export interface PhaseUpdate {
  readonly market: MarketId;
  version: number | null;
  status: StatusTold | null;
  indication: IndicationTold | null;
  uncrossing: UncrossingTold | null;
}

/** One update a market, in the order of their names: so that rows are locked in one order. */
export function foldPhases(records: readonly Executions[]): PhaseUpdate[] {
  const updates = new Map<MarketId, PhaseUpdate>();
  for (const { market, events } of records) {
    for (const event of events) if (isOfPhase(event)) fold(updates, market, event);
  }
  return [...updates.values()].sort((a, b) => (a.market < b.market ? -1 : 1));
}

type PhaseEvent = ConfiguredEvent | PhaseChangedEvent | IndicativeEvent | UncrossedEvent;

const KINDS: readonly string[] = ['configured', 'phase_changed', 'indicative', 'uncrossed'];

function isOfPhase(event: ExecutionEvent): event is PhaseEvent {
  return KINDS.includes(event.kind);
}

function fold(updates: Map<MarketId, PhaseUpdate>, market: MarketId, event: PhaseEvent): void {
  const nothing = { version: null, status: null, indication: null, uncrossing: null };
  const update = updates.get(market) ?? { market, ...nothing };
  updates.set(market, update);
  const { sequence, timeMs } = event;
  switch (event.kind) {
    case 'configured': {
      const { status, version } = event;
      const told = { sequence, timeMs, status, untilMs: null, referenceTicks: null };
      update.version = Math.max(update.version ?? 0, version);
      update.status = newer(update.status, { ...told, cause: 'configuration' });
      return;
    }
    case 'phase_changed': {
      const { status, cause, untilMs } = event;
      const referenceTicks = event.referenceTicks === 0 ? null : event.referenceTicks;
      const told = { sequence, timeMs, status, cause, untilMs, referenceTicks };
      update.status = newer(update.status, told);
      return;
    }
    case 'indicative': {
      const { priceTicks, lots, surplusSide, surplusLots } = event;
      const told = { sequence, timeMs, priceTicks, lots, surplusSide, surplusLots };
      update.indication = newer(update.indication, told);
      return;
    }
    case 'uncrossed': {
      const { priceTicks, lots } = event;
      update.uncrossing = newer(update.uncrossing, { sequence, timeMs, priceTicks, lots });
    }
  }
}

function newer<Told extends Sequenced>(before: Told | null, told: Told): Told {
  return before === null || told.sequence > before.sequence ? told : before;
}
