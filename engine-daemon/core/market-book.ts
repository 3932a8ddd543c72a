// One market: takes its commands, keeps its book, appends its events. Docs: docs/engine.md.
import type { MarketId } from '../../shared/domain/ids.ts';
import type { MarketCommand, TickCommand } from '../../shared/events/commands.ts';
import type { DepthChange } from '../../shared/events/executions.ts';
import { amendOrder } from './amend-order.ts';
import { BookState } from './book-state.ts';
import { cancelAllOrders, cancelOrder, expireOrders } from './cancel-orders.ts';
import { reasonCode, sideName } from './codes.ts';
import { COMMAND_NEW, COMMAND_TOO_OLD } from './command-window.ts';
import { configureMarket } from './configure-market.ts';
import type { EventBuffer } from './event-buffer.ts';
import { BY_FORMULA } from './event-rows.ts';
import { followEvents } from './following.ts';
import type { MarketRules } from './market-rules.ts';
import { advancePhases, indicate, nextPhaseMs } from './phases.ts';
import { placeList } from './place-list.ts';
import { placeOrder } from './place-order.ts';
import type { PriceLevels } from './price-levels.ts';
import { blockUser, cancelAllAfter, fireDeadmen } from './user-switches.ts';

const TOO_OLD = reasonCode('COMMAND_TOO_OLD');

/** A price and the total open lots at it. */
export type LevelTotal = readonly [priceTicks: number, lots: number];

export class MarketBook {
  /** The parts; for the files of this folder only. */
  readonly state: BookState;

  constructor(market: MarketId) {
    this.state = new BookState(market);
  }

  get market(): MarketId {
    return this.state.market;
  }

  /** Events since the caller's last `events.clear()`. */
  get events(): EventBuffer {
    return this.state.events;
  }

  /** Configuration and status; null until the market is configured. */
  get rules(): MarketRules | null {
    return this.state.rules;
  }

  /** Number of the market's latest event. */
  get sequence(): number {
    return this.state.events.sequence;
  }

  get nowMs(): number {
    return this.state.nowMs;
  }

  /** Orders that rest or wait. */
  get openOrders(): number {
    return this.state.openOrders;
  }

  /** When a tick may next change the market; Infinity when never. */
  get nextDueMs(): number {
    const { expiry, waiting, deadmen, nowMs, isQueueMoving } = this.state;
    if (isQueueMoving) return nowMs;
    const expiryMs = Math.min(expiry.firstKey(), waiting.firstExpiryMs());
    return Math.min(expiryMs, deadmen.earliestMs, nextPhaseMs(this.state));
  }

  /** Bytes of everything this market has allocated. */
  bytes(): number {
    const { orders, ids, owners, buys, sells, events, window, waiting } = this.state;
    const parts = orders.bytes() + ids.bytes() + owners.bytes() + buys.bytes() + sells.bytes();
    return parts + events.bytes() + window.words.byteLength + waiting.bytes();
  }

  /** Does one command. The command must have passed its schema. */
  apply(command: MarketCommand | TickCommand): void {
    const state = this.state;
    if (command.kind === 'tick') {
      this.advanceClock(command.timeMs);
      return;
    }
    const admitted = state.window.admit(command.number);
    if (admitted !== COMMAND_NEW) {
      if (admitted === COMMAND_TOO_OLD) this.refuseOld(command);
      return;
    }
    this.advanceClock(command.timeMs);
    const { length, sequence } = state.events;
    this.carryOut(command);
    if (state.hasFollowers) followEvents(state, length, sequence);
  }

  private carryOut(command: MarketCommand): void {
    const state = this.state;
    switch (command.kind) {
      case 'place':
        placeOrder(state, command);
        return;
      case 'place_list':
        placeList(state, command);
        return;
      case 'cancel':
        cancelOrder(state, command);
        return;
      case 'cancel_all':
        cancelAllOrders(state, command);
        return;
      case 'amend':
        amendOrder(state, command);
        return;
      case 'cancel_all_after':
        cancelAllAfter(state, command);
        return;
      case 'block_user':
        blockUser(state, command);
        return;
      case 'configure_market':
        configureMarket(state, command);
        return;
    }
  }

  /**
   * Levels touched since `clearTouched`: buys, then sells, each by rising price, with the total
   * that rests there now. A total above 2^53 - 1 is given as 2^53 - 1.
   */
  touchedLevels(): DepthChange[] {
    const { buys, sells } = this.state;
    return [...changesOf(buys), ...changesOf(sells)];
  }

  clearTouched(): void {
    this.state.buys.clearTouched();
    this.state.sells.clearTouched();
  }

  /** The best levels of both sides, best first. For tools, tests and snapshots of market data. */
  level2(depth: number): { bids: LevelTotal[]; asks: LevelTotal[] } {
    const { buys, sells } = this.state;
    return { bids: bestLevels(buys, depth), asks: bestLevels(sells, depth) };
  }

  private advanceClock(timeMs: number): void {
    const state = this.state;
    const { length, sequence } = state.events;
    if (timeMs > state.nowMs) {
      state.nowMs = timeMs;
      state.events.timeMs = timeMs;
      if (state.range !== null) state.range.advance(timeMs);
    }
    if (state.expiry.size > 0 || state.waiting.count > 0) expireOrders(state);
    if (state.deadmen.size > 0) fireDeadmen(state);
    if (state.schedule.length > 0 || state.interrupted !== null) advancePhases(state);
    if (state.hasFollowers && (state.events.length > length || state.isQueueMoving)) {
      followEvents(state, length, sequence);
    }
    if (state.rules?.status === 'auction') indicate(state);
  }

  private refuseOld(command: MarketCommand): void {
    if (command.kind === 'configure_market') return;
    const orderNumber =
      command.kind === 'place'
        ? command.number
        : command.kind === 'cancel' || command.kind === 'amend'
          ? command.orderNumber
          : 0;
    const { number, userNumber } = command;
    this.state.events.refused(number, userNumber, orderNumber, TOO_OLD, BY_FORMULA);
  }
}

function changesOf(levels: PriceLevels): DepthChange[] {
  const side = sideName(levels.side);
  const changes = Array.from(levels.touchedLevels(), (level): DepthChange => {
    const lots = levels.index.isMarked(level) ? levels.totalOf(level) : 0;
    return [side, levels.priceOf(level), lots];
  });
  return changes.sort((a, b) => a[1] - b[1]);
}

function bestLevels(levels: PriceLevels, depth: number): LevelTotal[] {
  const totals: LevelTotal[] = [];
  for (let level = levels.best; level !== 0 && totals.length < depth; level = levels.next(level)) {
    totals.push([levels.priceOf(level), levels.totalOf(level)]);
  }
  return totals;
}
