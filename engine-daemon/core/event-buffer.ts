// What commands did, as rows of doubles in one preallocated array; `facts.ts` reads them. A row
// holds all that its wire event needs, because the order's slot may serve another order by then.
import type { PlaceCommand } from '../../shared/events/commands.ts';
import type { OrderPool } from './order-pool.ts';
import { NUMBER, ORDER_DOUBLES, OWNER } from './order-pool.ts';
import type { OwnerTable } from './owner-table.ts';
import type { MarketRules } from './market-rules.ts';
import { SELL, sideCode, type SideCode } from './codes.ts';
import {
  BY_FORMULA,
  OPENED,
  TRADE,
  REDUCED,
  ENDED,
  AMENDED,
  REFUSED,
  CONFIGURED,
  ARMED,
  TRIGGERED,
  PREVENTED,
  DEADMAN_SET,
  DEADMAN_FIRED,
  USER_BLOCKED,
  PHASE_CHANGED,
  INDICATIVE,
  UNCROSSED,
  PEGGED,
} from './event-rows.ts';
import { SharedHolds } from './shared-holds.ts';
import type { Taker } from './taker.ts';

const CAPACITY_MIN = 16_384;
const ROW_MAX = 18;

export class EventBuffer {
  data = new Float64Array(CAPACITY_MIN);
  /** Doubles in use. */
  length = 0;
  /** Events in the buffer. */
  count = 0;
  /** The market's clock, written into each row. */
  timeMs = 0;
  /** Amounts that do not follow from a row, as digits. */
  texts: string[] = [];
  /** The rules at the first row, and those that each `configured` row brought. */
  rulesAtStart: MarketRules | null = null;
  rulesChanges: MarketRules[] = [];
  readonly sharedHolds = new SharedHolds();
  private rules: MarketRules | null = null;
  private clearedCount = 0;

  /** Number of the latest event of the market. */
  get sequence(): number {
    return this.clearedCount + this.count;
  }

  /** Number of the first event in the buffer, when there is one. */
  get firstSequence(): number {
    return this.clearedCount + 1;
  }

  /** Forgets the rows, not the sequence. */
  clear(): void {
    this.clearedCount += this.count;
    this.count = 0;
    this.length = 0;
    this.rulesAtStart = this.rules;
    if (this.texts.length > 0) this.texts = [];
    if (this.rulesChanges.length > 0) this.rulesChanges = [];
    this.sharedHolds.clearEnded();
  }

  /** Continues a saved market. */
  restore(sequence: number, timeMs: number, rules: MarketRules | null): void {
    this.clearedCount = sequence;
    this.timeMs = timeMs;
    this.rules = rules;
    this.rulesAtStart = rules;
  }

  /** Keeps digits for a row; answers their place. */
  keepText(text: string): number {
    this.texts.push(text);
    return this.texts.length - 1;
  }

  opened(taker: Taker): void {
    const at = this.begin(OPENED, 7);
    const data = this.data;
    data[at + 2] = taker.number;
    data[at + 3] = taker.user;
    data[at + 4] = taker.side;
    data[at + 5] = taker.holdTicks;
    data[at + 6] = taker.remaining;
  }

  /** `limitTicks` is what the order's hold was made for; the taker has the price it took. */
  pegged(taker: Taker, limitTicks: number): void {
    const at = this.begin(PEGGED, 9);
    const data = this.data;
    data[at + 2] = taker.number;
    data[at + 3] = taker.user;
    data[at + 4] = taker.side;
    data[at + 5] = taker.holdTicks;
    data[at + 6] = taker.remaining;
    data[at + 7] = limitTicks;
    data[at + 8] = taker.reservePpm;
  }

  armed(order: PlaceCommand, armedKind: number, triggerTicks: number): void {
    const at = this.begin(ARMED, 8);
    const data = this.data;
    data[at + 2] = order.number;
    data[at + 3] = order.userNumber;
    data[at + 4] = sideCode(order.side);
    data[at + 5] = armedKind;
    data[at + 6] = triggerTicks;
    data[at + 7] = order.quantityLots;
  }

  triggered(orderNumber: number, userNumber: number, tradeSequence: number): void {
    const at = this.begin(TRIGGERED, 5);
    const data = this.data;
    data[at + 2] = orderNumber;
    data[at + 3] = userNumber;
    data[at + 4] = tradeSequence;
  }

  /** Remaining quantities are those after the trade. `makerTicks` is the maker's own limit. */
  trade(
    taker: Taker,
    orders: OrderPool,
    owners: OwnerTable,
    maker: number,
    priceTicks: number,
    makerTicks: number,
    lots: number,
    makerPpm: number,
    makerReservePpm: number,
    takerHoldText: number,
  ): void {
    const at = this.begin(TRADE, 18);
    const data = this.data;
    data[at + 2] = priceTicks;
    data[at + 3] = lots;
    data[at + 4] = taker.side;
    data[at + 5] = taker.number;
    data[at + 6] = taker.user;
    data[at + 7] = taker.takerPpm;
    data[at + 8] = taker.remaining;
    data[at + 9] = taker.holdTicks;
    data[at + 10] = taker.reservePpm;
    data[at + 11] = takerHoldText;
    data[at + 12] = orders.doubles[maker * ORDER_DOUBLES + NUMBER] as number;
    data[at + 13] = owners.userOf(orders.wordOf(maker, OWNER));
    data[at + 14] = makerPpm;
    data[at + 15] = orders.leftOf(maker);
    data[at + 16] = makerReservePpm;
    data[at + 17] = makerTicks;
  }

  /** Self-trade prevention reduced the taker. */
  reducedTaker(taker: Taker, lots: number): void {
    const at = this.begin(REDUCED, 9);
    const data = this.data;
    data[at + 2] = taker.number;
    data[at + 3] = taker.user;
    data[at + 4] = taker.side;
    data[at + 5] = lots;
    data[at + 6] = taker.remaining;
    // A price of 0 makes the release 0: the budget of an order sized by quote stays as it was.
    data[at + 7] = taker.budget === null || taker.side === SELL ? taker.holdTicks : 0;
    data[at + 8] = taker.reservePpm;
  }

  /** Self-trade prevention reduced a resting order. */
  reducedMaker(
    orders: OrderPool,
    owners: OwnerTable,
    slot: number,
    side: SideCode,
    lots: number,
    priceTicks: number,
    reservePpm: number,
  ): void {
    const at = this.begin(REDUCED, 9);
    const data = this.data;
    data[at + 2] = orders.numberOf(slot);
    data[at + 3] = owners.userOf(orders.wordOf(slot, OWNER));
    data[at + 4] = side;
    data[at + 5] = lots;
    data[at + 6] = orders.leftOf(slot);
    data[at + 7] = priceTicks;
    data[at + 8] = reservePpm;
  }

  /** A resting order ended; it must still be in its slot. */
  endedOrder(
    orders: OrderPool,
    owners: OwnerTable,
    slot: number,
    status: number,
    reason: number,
    side: SideCode,
    priceTicks: number,
    reservePpm: number,
  ): void {
    const at = this.begin(ENDED, 11);
    const data = this.data;
    data[at + 2] = orders.doubles[slot * ORDER_DOUBLES + NUMBER] as number;
    data[at + 3] = owners.userOf(orders.wordOf(slot, OWNER));
    data[at + 4] = status;
    data[at + 5] = reason;
    data[at + 6] = orders.leftOf(slot);
    data[at + 7] = side;
    data[at + 8] = priceTicks;
    data[at + 9] = reservePpm;
    data[at + 10] = BY_FORMULA;
  }

  /** The order that was being matched ended. */
  endedTaker(taker: Taker, status: number, reason: number): void {
    const at = this.begin(ENDED, 11);
    const data = this.data;
    data[at + 2] = taker.number;
    data[at + 3] = taker.user;
    data[at + 4] = status;
    data[at + 5] = reason;
    data[at + 6] = taker.remaining;
    data[at + 7] = taker.side;
    data[at + 8] = taker.holdTicks;
    data[at + 9] = taker.reservePpm;
    data[at + 10] =
      taker.budget === null || taker.side === SELL
        ? BY_FORMULA
        : this.keepText(taker.budget.releaseMinor().toString());
  }

  /** Makes an end that was written before release this much. */
  setRelease(at: number, text: string): void {
    this.data[at + 10] = this.keepText(text);
  }

  /** An order ended before it was an order: `releaseText` is the place of its whole hold. */
  endedUnplaced(
    orderNumber: number,
    userNumber: number,
    status: number,
    reason: number,
    lots: number,
    releaseText: number,
  ): void {
    const at = this.begin(ENDED, 11);
    const data = this.data;
    data[at + 2] = orderNumber;
    data[at + 3] = userNumber;
    data[at + 4] = status;
    data[at + 5] = reason;
    data[at + 6] = lots;
    data[at + 7] = 0;
    data[at + 8] = 0;
    data[at + 9] = 0;
    data[at + 10] = releaseText;
  }

  /** The taker's numbers are those after the amend; `oldTicks` and `oldRemaining` those before. */
  amended(
    taker: Taker,
    commandNumber: number,
    oldTicks: number,
    oldRemaining: number,
    priorityKept: boolean,
    increaseText: number,
  ): void {
    const at = this.begin(AMENDED, 14);
    const data = this.data;
    data[at + 2] = taker.number;
    data[at + 3] = taker.user;
    data[at + 4] = commandNumber;
    data[at + 5] = taker.side;
    data[at + 6] = taker.holdTicks;
    data[at + 7] = taker.original;
    data[at + 8] = taker.remaining;
    data[at + 9] = priorityKept ? 1 : 0;
    data[at + 10] = oldTicks;
    data[at + 11] = oldRemaining;
    data[at + 12] = taker.reservePpm;
    data[at + 13] = increaseText;
  }

  /** `orderNumber` 0 stands for none. */
  refused(
    commandNumber: number,
    userNumber: number,
    orderNumber: number,
    reason: number,
    releaseText: number,
  ): void {
    const at = this.begin(REFUSED, 7);
    const data = this.data;
    data[at + 2] = commandNumber;
    data[at + 3] = userNumber;
    data[at + 4] = orderNumber;
    data[at + 5] = reason;
    data[at + 6] = releaseText;
  }

  /** `taker.remaining` may have changed already: what each side loses is given. */
  prevented(
    taker: Taker,
    takerLots: number,
    makerNumber: number,
    makerUser: number,
    makerLots: number,
    priceTicks: number,
  ): void {
    const at = this.begin(PREVENTED, 11);
    const data = this.data;
    data[at + 2] = priceTicks;
    data[at + 3] = taker.mode;
    data[at + 4] = taker.side;
    data[at + 5] = taker.number;
    data[at + 6] = taker.user;
    data[at + 7] = takerLots;
    data[at + 8] = makerNumber;
    data[at + 9] = makerUser;
    data[at + 10] = makerLots;
  }

  /** `deadlineMs` is negative when there is none any more. */
  deadmanSet(commandNumber: number, userNumber: number, deadlineMs: number): void {
    const at = this.begin(DEADMAN_SET, 5);
    this.data[at + 2] = commandNumber;
    this.data[at + 3] = userNumber;
    this.data[at + 4] = deadlineMs;
  }

  deadmanFired(userNumber: number, deadlineMs: number): void {
    const at = this.begin(DEADMAN_FIRED, 4);
    this.data[at + 2] = userNumber;
    this.data[at + 3] = deadlineMs;
  }

  userBlocked(commandNumber: number, userNumber: number, isBlocked: boolean): void {
    const at = this.begin(USER_BLOCKED, 5);
    this.data[at + 2] = commandNumber;
    this.data[at + 3] = userNumber;
    this.data[at + 4] = isBlocked ? 1 : 0;
  }

  /** `untilMs` is negative when no end is set. */
  phaseChanged(status: number, cause: number, untilMs: number, referenceTicks: number): void {
    const at = this.begin(PHASE_CHANGED, 6);
    this.data[at + 2] = status;
    this.data[at + 3] = cause;
    this.data[at + 4] = untilMs;
    this.data[at + 5] = referenceTicks;
  }

  /** A positive surplus is of buys, a negative one of sells. */
  indicative(priceTicks: number, lots: number, surplusLots: number): void {
    const at = this.begin(INDICATIVE, 5);
    this.data[at + 2] = priceTicks;
    this.data[at + 3] = lots;
    this.data[at + 4] = surplusLots;
  }

  uncrossed(priceTicks: number, lots: number): void {
    const at = this.begin(UNCROSSED, 4);
    this.data[at + 2] = priceTicks;
    this.data[at + 3] = lots;
  }

  configured(rules: MarketRules): void {
    this.begin(CONFIGURED, 2);
    this.rules = rules;
    this.rulesChanges.push(rules);
  }

  bytes(): number {
    return this.data.byteLength;
  }

  private begin(kind: number, doubles: number): number {
    const at = this.length;
    if (at + ROW_MAX > this.data.length) this.grow();
    this.length = at + doubles;
    this.count += 1;
    this.data[at] = kind;
    this.data[at + 1] = this.timeMs;
    return at;
  }

  private grow(): void {
    const data = new Float64Array(2 * this.data.length);
    data.set(this.data);
    this.data = data;
  }
}
