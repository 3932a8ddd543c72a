// Bitstamp order events: `created` is a limit order, `deleted` with a volume left is a cancel, and
// `changed` and `deleted` with nothing left are outcomes to compare with, never commands.
import type { Side } from '../../../shared/domain/order.ts';
import { RowError, type FlowStep, type MarketSteps, type Recording } from '../flow.ts';
import { lotsOf, splitRow, ticksOf, wholeNumber } from './row-fields.ts';

export const BITSTAMP_HEADER = 'id,timestamp,exchange.timestamp,price,volume,action,direction';

/** Volumes are in 1e-8 BTC. */
const VOLUME_DECIMALS = 8;
const COLUMNS = 7;

interface BitstampRow {
  readonly id: string;
  readonly price: string;
  readonly volume: number;
  readonly action: 'created' | 'changed' | 'deleted';
  readonly side: Side;
}

interface KnownOrder {
  readonly placedLots: number;
  /** What the recording says is left. */
  leftLots: number;
}

/** `firstRow` is the number of the first of `rows` in its file, for error messages. */
export function readBitstamp(
  rows: readonly string[],
  steps: MarketSteps,
  firstRow: number,
): Recording {
  const reader = new BitstampReader(steps);
  const stepsAfterRow = rows.map((text, at) => reader.take(parseBitstampRow(text, firstRow + at)));
  const { flow, skipped, filledLots } = reader;
  return { steps: flow, rows: rows.length, stepsAfterRow, skipped, filledLots };
}

class BitstampReader {
  readonly flow: FlowStep[] = [];
  readonly skipped = { unknown: 0, outcomes: 0, unfit: 0 };
  readonly filledLots = new Map<string, number>();
  readonly #orders = new Map<string, KnownOrder>();
  readonly #steps: MarketSteps;

  constructor(steps: MarketSteps) {
    this.#steps = steps;
  }

  /** Answers how many steps there are now. */
  take(row: BitstampRow): number {
    const lots = lotsOf(this.#steps, row.volume, VOLUME_DECIMALS);
    const known = this.#orders.get(row.id);
    if (row.action === 'created') {
      if (known !== undefined || !this.#place(row, lots)) this.skipped.unfit += 1;
    } else if (known === undefined) this.skipped.unknown += 1;
    else this.#change(row, known, lots);
    return this.flow.length;
  }

  #place(row: BitstampRow, lots: number | null): boolean {
    const priceTicks = ticksOf(this.#steps, row.price);
    if (priceTicks === null || lots === null || lots === 0) return false;
    this.#orders.set(row.id, { placedLots: lots, leftLots: lots });
    const terms = { side: row.side, priceTicks, quantityLots: lots, timeInForce: 'GTC' } as const;
    this.flow.push({ kind: 'place', market: this.#steps.market, name: row.id, ...terms });
    return true;
  }

  #change(row: BitstampRow, known: KnownOrder, lots: number | null): void {
    known.leftLots = lots ?? known.leftLots;
    const filled = known.placedLots - known.leftLots;
    if (filled > 0) this.filledLots.set(row.id, filled);
    if (row.action === 'deleted' && row.volume > 0) {
      this.flow.push({ kind: 'cancel', market: this.#steps.market, name: row.id });
    } else {
      this.skipped.outcomes += 1;
    }
  }
}

function parseBitstampRow(text: string, row: number): BitstampRow {
  const fields = splitRow(text, row, COLUMNS);
  const [id, , , price, volume, action, direction] = fields;
  if (id === undefined || !/^[0-9]{1,20}$/.test(id)) throw new RowError(row, 'the id is no number');
  if (price === undefined || !/^[0-9]+(\.[0-9]{1,2})?$/.test(price)) {
    throw new RowError(row, `the price is no decimal: ${price ?? ''}`);
  }
  if (action !== 'created' && action !== 'changed' && action !== 'deleted') {
    throw new RowError(row, `the action is unknown: ${action ?? ''}`);
  }
  if (direction !== 'bid' && direction !== 'ask') {
    throw new RowError(row, `the direction is unknown: ${direction ?? ''}`);
  }
  const side = direction === 'bid' ? 'buy' : 'sell';
  return { id, price, volume: wholeNumber(volume, row, 'the volume'), action, side };
}
