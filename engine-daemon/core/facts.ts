// Reads the rows of the event buffer as wire events, amounts computed. Big integers live here, not
// in matching. See docs/engine.md "Amounts in events".
import { holdMinor } from '../../shared/domain/hold.ts';
import { orderId, tradeId, userId, type MarketId } from '../../shared/domain/ids.ts';
import { notionalMinor, type MarketScale } from '../../shared/domain/market.ts';
import { assert } from '../../shared/domain/failure.ts';
import type { ExecutionEvent, TradeEvent } from '../../shared/events/executions.ts';
import {
  BUY,
  causeName,
  endStatusName,
  modeName,
  reasonName,
  sideName,
  statusName,
  triggerName,
} from './codes.ts';
import {
  AMENDED,
  ARMED,
  CONFIGURED,
  DEADMAN_FIRED,
  DEADMAN_SET,
  ENDED,
  INDICATIVE,
  OPENED,
  PHASE_CHANGED,
  PREVENTED,
  REDUCED,
  REFUSED,
  ROW_DOUBLES,
  TRADE,
  TRIGGERED,
  UNCROSSED,
  USER_BLOCKED,
  type EventBuffer,
} from './event-buffer.ts';
import type { MarketBook } from './market-book.ts';
import type { MarketRules } from './market-rules.ts';

/** Events that were decided under the same rules, in sequence. */
export interface EventRun {
  /** Null before the market was ever configured. */
  readonly rules: MarketRules | null;
  readonly events: ExecutionEvent[];
}

/** The events since the last `clear`. */
export function decodeEvents(book: MarketBook): ExecutionEvent[] {
  return decodeRuns(book).flatMap((run) => run.events);
}

/** The same, cut wherever the market was configured: a `configured` event begins a new run. */
export function decodeRuns(book: MarketBook): EventRun[] {
  const buffer = book.events;
  let run: EventRun = { rules: buffer.rulesAtStart, events: [] };
  const runs = [run];
  const reader = new RowReader(book.market, buffer);
  let changes = 0;
  for (let at = 0; at < buffer.length;) {
    const kind = buffer.data[at] as number;
    if (kind === CONFIGURED) {
      const rules = buffer.rulesChanges[changes];
      assert(rules !== undefined, 'a configured event has lost its rules');
      changes += 1;
      run = { rules, events: [] };
      runs.push(run);
    }
    run.events.push(reader.read(at, run.rules));
    at += ROW_DOUBLES[kind] ?? Number.POSITIVE_INFINITY;
  }
  return runs.filter(({ events }) => events.length > 0);
}

class RowReader {
  private readonly market: MarketId;
  private readonly buffer: EventBuffer;
  private sequence: number;

  constructor(market: MarketId, buffer: EventBuffer) {
    this.market = market;
    this.buffer = buffer;
    this.sequence = buffer.firstSequence;
  }

  /** Rows must be read in order: each takes the next sequence. */
  read(at: number, rules: MarketRules | null): ExecutionEvent {
    const kind = this.number(at);
    const sequence = this.sequence;
    const timeMs = this.number(at + 1);
    this.sequence += 1;
    // Fields are spelled out below: spreading parts into each event halved the rate.
    switch (kind) {
      case OPENED:
        return {
          kind: 'opened',
          sequence,
          timeMs,
          orderId: orderId(this.number(at + 2)),
          userId: userId(this.number(at + 3)),
          side: sideName(this.number(at + 4)),
          priceTicks: this.number(at + 5),
          remainingLots: this.number(at + 6),
        };
      case TRADE:
        return this.trade(at, sequence, timeMs, scaleOf(rules));
      case REDUCED:
        return {
          kind: 'reduced',
          sequence,
          timeMs,
          orderId: orderId(this.number(at + 2)),
          userId: userId(this.number(at + 3)),
          preventedLots: this.number(at + 5),
          remainingLots: this.number(at + 6),
          releaseMinor: this.reducedRelease(at, scaleOf(rules)),
        };
      case ENDED:
        return {
          kind: 'ended',
          sequence,
          timeMs,
          orderId: orderId(this.number(at + 2)),
          userId: userId(this.number(at + 3)),
          status: endStatusName(this.number(at + 4)),
          reason: reasonName(this.number(at + 5)),
          cancelledLots: this.number(at + 6),
          releaseMinor: this.endedRelease(at, rules),
        };
      case AMENDED:
        return {
          kind: 'amended',
          sequence,
          timeMs,
          orderId: orderId(this.number(at + 2)),
          userId: userId(this.number(at + 3)),
          commandNumber: this.number(at + 4),
          priceTicks: this.number(at + 6),
          quantityLots: this.number(at + 7),
          remainingLots: this.number(at + 8),
          priorityKept: this.number(at + 9) === 1,
          releaseMinor: this.amendedRelease(at, scaleOf(rules)),
        };
      case ARMED:
        return {
          kind: 'armed',
          sequence,
          timeMs,
          orderId: orderId(this.number(at + 2)),
          userId: userId(this.number(at + 3)),
          side: sideName(this.number(at + 4)),
          triggerKind: triggerName(this.number(at + 5)),
          triggerPriceTicks: this.number(at + 6),
          remainingLots: this.number(at + 7),
        };
      case TRIGGERED:
        return {
          kind: 'triggered',
          sequence,
          timeMs,
          orderId: orderId(this.number(at + 2)),
          userId: userId(this.number(at + 3)),
          tradeSequence: this.number(at + 4),
        };
      case REFUSED:
        return this.refused(at, sequence, timeMs);
      case PREVENTED:
        return this.prevented(at, sequence, timeMs);
      case DEADMAN_SET:
        return {
          kind: 'deadman_set',
          sequence,
          timeMs,
          commandNumber: this.number(at + 2),
          userId: userId(this.number(at + 3)),
          deadlineMs: this.timeOrNull(at + 4),
        };
      case DEADMAN_FIRED:
        return {
          kind: 'deadman_fired',
          sequence,
          timeMs,
          userId: userId(this.number(at + 2)),
          deadlineMs: this.number(at + 3),
        };
      case USER_BLOCKED:
        return {
          kind: 'user_blocked',
          sequence,
          timeMs,
          commandNumber: this.number(at + 2),
          userId: userId(this.number(at + 3)),
          isBlocked: this.number(at + 4) === 1,
        };
      case PHASE_CHANGED:
        return {
          kind: 'phase_changed',
          sequence,
          timeMs,
          status: statusName(this.number(at + 2)),
          cause: causeName(this.number(at + 3)),
          untilMs: this.timeOrNull(at + 4),
          referenceTicks: this.number(at + 5),
        };
      case INDICATIVE: {
        const surplus = this.number(at + 4);
        return {
          kind: 'indicative',
          sequence,
          timeMs,
          priceTicks: this.number(at + 2),
          lots: this.number(at + 3),
          surplusSide: surplus === 0 ? null : surplus > 0 ? 'buy' : 'sell',
          surplusLots: Math.abs(surplus),
        };
      }
      case UNCROSSED:
        return {
          kind: 'uncrossed',
          sequence,
          timeMs,
          priceTicks: this.number(at + 2),
          lots: this.number(at + 3),
        };
      default:
        assert(kind === CONFIGURED && rules !== null, `no event has kind ${kind}`);
        return {
          kind: 'configured',
          sequence,
          timeMs,
          version: rules.config.version,
          status: rules.status,
        };
    }
  }

  private trade(at: number, sequence: number, timeMs: number, scale: MarketScale): TradeEvent {
    const price = this.number(at + 2);
    const lots = this.number(at + 3);
    const takerSide = this.number(at + 4);
    const makerSide = 1 - takerSide;
    const takerRemaining = this.number(at + 8);
    const makerRemaining = this.number(at + 15);
    const takerText = this.text(at + 11);
    const takerHold =
      takerText ??
      this.holdOf(scale, takerSide, at + 9, this.number(at + 10), takerRemaining, lots);
    return {
      kind: 'trade',
      sequence,
      timeMs,
      tradeId: tradeId(this.market, sequence),
      priceTicks: price,
      quantityLots: lots,
      baseMinor: (BigInt(lots) * scale.lotMinor).toString(),
      quoteMinor: notionalMinor(scale, price, lots).toString(),
      takerSide: sideName(takerSide),
      taker: {
        orderId: orderId(this.number(at + 5)),
        userId: userId(this.number(at + 6)),
        feePpm: this.number(at + 7),
        remainingLots: takerRemaining,
        holdMinor: takerHold,
      },
      maker: {
        orderId: orderId(this.number(at + 12)),
        userId: userId(this.number(at + 13)),
        feePpm: this.number(at + 14),
        remainingLots: makerRemaining,
        holdMinor: this.holdOf(
          scale,
          makerSide,
          at + 17,
          this.number(at + 16),
          makerRemaining,
          lots,
        ),
      },
    };
  }

  private refused(at: number, sequence: number, timeMs: number): ExecutionEvent {
    const orderNumber = this.number(at + 4);
    const reason = reasonName(this.number(at + 5));
    assert(reason !== null, 'a refusal has no reason');
    return {
      kind: 'refused',
      sequence,
      timeMs,
      commandNumber: this.number(at + 2),
      userId: userId(this.number(at + 3)),
      orderId: orderNumber === 0 ? null : orderId(orderNumber),
      reason,
      releaseMinor: this.text(at + 6) ?? '0',
    };
  }

  private prevented(at: number, sequence: number, timeMs: number): ExecutionEvent {
    return {
      kind: 'prevented',
      sequence,
      timeMs,
      priceTicks: this.number(at + 2),
      mode: modeName(this.number(at + 3)),
      takerSide: sideName(this.number(at + 4)),
      taker: {
        orderId: orderId(this.number(at + 5)),
        userId: userId(this.number(at + 6)),
        lots: this.number(at + 7),
      },
      maker: {
        orderId: orderId(this.number(at + 8)),
        userId: userId(this.number(at + 9)),
        lots: this.number(at + 10),
      },
    };
  }

  private reducedRelease(at: number, scale: MarketScale): string {
    const remaining = this.number(at + 6);
    return this.holdOf(
      scale,
      this.number(at + 4),
      at + 7,
      this.number(at + 8),
      remaining,
      this.number(at + 5),
    );
  }

  private endedRelease(at: number, rules: MarketRules | null): string {
    const text = this.text(at + 10);
    const lots = this.number(at + 6);
    if (text !== null || lots === 0) return text ?? '0';
    return this.holdOf(scaleOf(rules), this.number(at + 7), at + 8, this.number(at + 9), 0, lots);
  }

  private amendedRelease(at: number, scale: MarketScale): string {
    const side = sideName(this.number(at + 5));
    const feeReservePpm = this.number(at + 12);
    const oldTerms = { side, limitPriceTicks: this.number(at + 10), feeReservePpm };
    const newTerms = { side, limitPriceTicks: this.number(at + 6), feeReservePpm };
    const before = holdMinor(scale, oldTerms, this.number(at + 11));
    const after = holdMinor(scale, newTerms, this.number(at + 8));
    return (before + BigInt(this.text(at + 13) ?? '0') - after).toString();
  }

  /** What leaves a hold when `lots` go and `remaining` stay. */
  private holdOf(
    scale: MarketScale,
    side: number,
    priceAt: number,
    feeReservePpm: number,
    remaining: number,
    lots: number,
  ): string {
    const terms = { side: sideName(side), limitPriceTicks: this.number(priceAt), feeReservePpm };
    // Without a fee reserve, or at the end of the order, a hold is in proportion to its lots.
    if (remaining === 0 || side !== BUY || feeReservePpm === 0) {
      return holdMinor(scale, terms, lots).toString();
    }
    const before = holdMinor(scale, terms, remaining + lots);
    return (before - holdMinor(scale, terms, remaining)).toString();
  }

  /** Negative stands for none. */
  private timeOrNull(at: number): number | null {
    const timeMs = this.number(at);
    return timeMs < 0 ? null : timeMs;
  }

  private number(at: number): number {
    return this.buffer.data[at] as number;
  }

  /** Null when the amount follows from the row. */
  private text(at: number): string | null {
    return this.buffer.texts[this.number(at)] ?? null;
  }
}

function scaleOf(rules: MarketRules | null): MarketScale {
  assert(rules !== null, 'a market without configuration has traded');
  return rules.scale;
}
