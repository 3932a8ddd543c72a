// The order that is being matched. One object a market, filled anew for each, so that matching
// makes no garbage.
import { mulPpmRoundUp } from '../../shared/money/rounding.ts';
import { BUY, type SideCode } from './codes.ts';

/** Why taking ended. */
export const STOP_FILLED = 0;
export const STOP_NO_LIQUIDITY = 1;
export const STOP_PRICE = 2;
export const STOP_BUDGET = 3;
/** Self-trade prevention has ended the taker; its events are written. */
export const STOP_ENDED = 4;
/** The next trade would leave the range; the market is interrupted and its event written. */
export const STOP_INTERRUPTED = 5;

export class Taker {
  number = 0;
  user = 0;
  /** Owner of resting orders, 0 when the user has none. */
  owner = 0;
  side: SideCode = BUY;
  mode = 0;
  /** Trade group, 0 for none. */
  group = 0;
  /** What it shows at a time when it rests; 0 for no iceberg. */
  displayLots = 0;
  original = 0;
  remaining = 0;
  /** The worst price that it takes. */
  limitTicks = 0;
  /** The price of its hold: the limit, or the worst price a market order's hold covers. */
  holdTicks = 0;
  makerPpm = 0;
  takerPpm = 0;
  /** Fee set aside in its hold, see `feeReservePpm`. */
  reservePpm = 0;
  /** Only for a market order sized by quote amount. */
  budget: QuoteBudget | null = null;
}

/** What an order sized by quote amount has left, in quote units. */
export class QuoteBudget {
  private leftMinor: bigint;
  private spentMinor = 0n;
  private takenMinor = 0n;
  private readonly holdMinor: bigint;
  private readonly reservePpm: number;
  private readonly tickLotMinor: bigint;

  constructor(budgetMinor: bigint, holdMinor: bigint, reservePpm: number, tickLotMinor: bigint) {
    this.leftMinor = budgetMinor;
    this.holdMinor = holdMinor;
    this.reservePpm = reservePpm;
    this.tickLotMinor = tickLotMinor;
  }

  hasSpent(): boolean {
    return this.spentMinor > 0n;
  }

  /** The part of `lots` that the budget still covers at this price. */
  affordableLots(priceTicks: number, lots: number): number {
    const affordable = this.leftMinor / (BigInt(priceTicks) * this.tickLotMinor);
    return affordable < BigInt(lots) ? Number(affordable) : lots;
  }

  /** Takes a trade's cost; answers what it takes out of a buyer's hold, fee reserve included. */
  spend(priceTicks: number, lots: number): bigint {
    const quoteMinor = BigInt(priceTicks) * BigInt(lots) * this.tickLotMinor;
    const before = mulPpmRoundUp(this.spentMinor, this.reservePpm);
    this.spentMinor += quoteMinor;
    this.leftMinor -= quoteMinor;
    const taken = quoteMinor + mulPpmRoundUp(this.spentMinor, this.reservePpm) - before;
    this.takenMinor += taken;
    return taken;
  }

  /** What is left of a buyer's hold. */
  releaseMinor(): bigint {
    return this.holdMinor - this.takenMinor;
  }
}
