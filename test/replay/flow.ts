// What a recording comes down to: commands for one exchange, in the order they must be accepted,
// and what the recording says came of them.
import type { MarketId } from '../../shared/domain/ids.ts';
import type { Side } from '../../shared/domain/order.ts';

/** The steps of the market that a recording is played on, as `GET /v1/markets` tells them. */
export interface MarketSteps {
  readonly market: MarketId;
  readonly base: string;
  readonly quote: string;
  readonly tickSize: string;
  readonly lotSize: string;
  readonly minQuantity: string;
  readonly minNotional: string;
}

interface StepHead {
  readonly market: MarketId;
  /** The order, by a name that is unique within the recording. */
  readonly name: string;
}

export interface PlaceStep extends StepHead {
  readonly kind: 'place';
  readonly side: Side;
  readonly priceTicks: number;
  readonly quantityLots: number;
  readonly timeInForce: 'GTC' | 'IOC';
}

export interface CancelStep extends StepHead {
  readonly kind: 'cancel';
}

/** A smaller total quantity; the order keeps its place. */
export interface ReduceStep extends StepHead {
  readonly kind: 'reduce';
  readonly quantityLots: number;
}

export type FlowStep = PlaceStep | CancelStep | ReduceStep;

export interface Recording {
  readonly steps: readonly FlowStep[];
  readonly rows: number;
  /** How many of the steps belong to the rows up to each one: what to send before looking. */
  readonly stepsAfterRow: readonly number[];
  readonly skipped: {
    /** Rows of orders that were placed before the recording begins. */
    unknown: number;
    /** Rows that tell an outcome or a notice: nothing to send. */
    outcomes: number;
    /** Rows whose price or quantity is not on the market's steps. */
    unfit: number;
  };
  /** Lots that the recording says were filled, by order; orders without a fill are left out. */
  readonly filledLots: ReadonlyMap<string, number>;
}

/** A row that cannot be read: the file is not what it claims to be. */
export class RowError extends Error {
  override readonly name = 'RowError';

  constructor(row: number, detail: string) {
    super(`row ${row}: ${detail}`);
  }
}
