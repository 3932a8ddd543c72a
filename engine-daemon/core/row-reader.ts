// Reads a row of the event buffer as a wire event, amounts computed. Big integers live here, not in
// matching. See docs/engine.md "Amounts in events".
import {
  listId,
  orderId,
  tradeId,
  userId,
  type ListId,
  type MarketId,
} from '../../shared/domain/ids.ts';
import { notionalMinor, type MarketScale } from '../../shared/domain/market.ts';
import { assert } from '../../shared/domain/failure.ts';
import type { ExecutionEvent, TradeEvent } from '../../shared/events/executions.ts';
import {
  armedName,
  causeName,
  endStatusName,
  modeName,
  reasonName,
  sideName,
  statusName,
} from './codes.ts';
import { heldBy, holdTaken } from './event-amounts.ts';
import type { EventBuffer } from './event-buffer.ts';
import {
  AMENDED,
  ARMED,
  CONFIGURED,
  DEADMAN_FIRED,
  DEADMAN_SET,
  ENDED,
  INDICATIVE,
  OPENED,
  PEGGED,
  PHASE_CHANGED,
  PREVENTED,
  REDUCED,
  REFUSED,
  TRADE,
  TRIGGERED,
  UNCROSSED,
  USER_BLOCKED,
} from './event-rows.ts';
import type { MarketRules } from './market-rules.ts';

export class RowReader {
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
          triggerKind: armedName(this.number(at + 5)),
          triggerPriceTicks: this.number(at + 6),
          remainingLots: this.number(at + 7),
        };
      case PEGGED:
        return {
          kind: 'pegged',
          sequence,
          timeMs,
          orderId: orderId(this.number(at + 2)),
          userId: userId(this.number(at + 3)),
          priceTicks: this.number(at + 5),
          remainingLots: this.number(at + 6),
          releaseMinor: this.peggedRelease(at, scaleOf(rules)),
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

  /** Adds what only orders of a pair have; all others pay nothing for it. */
  nameHolds(at: number, event: ExecutionEvent): void {
    if (event.kind === 'trade') {
      this.nameHold(at + 5, event.taker);
      this.nameHold(at + 12, event.maker);
    } else if (event.kind === 'reduced' || event.kind === 'ended') {
      this.nameHold(at + 2, event);
    }
  }

  private trade(at: number, sequence: number, timeMs: number, scale: MarketScale): TradeEvent {
    const price = this.number(at + 2);
    const lots = this.number(at + 3);
    const takerSide = this.number(at + 4);
    const makerSide = 1 - takerSide;
    const takerRemaining = this.number(at + 8);
    const makerRemaining = this.number(at + 15);
    const takerHold =
      this.text(at + 11) ??
      holdTaken(scale, takerSide, this.number(at + 9), this.number(at + 10), takerRemaining, lots);
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
        holdMinor: holdTaken(
          scale,
          makerSide,
          this.number(at + 17),
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
    const side = this.number(at + 4);
    const ticks = this.number(at + 7);
    const remaining = this.number(at + 6);
    return holdTaken(scale, side, ticks, this.number(at + 8), remaining, this.number(at + 5));
  }

  private endedRelease(at: number, rules: MarketRules | null): string {
    const text = this.text(at + 10);
    const lots = this.number(at + 6);
    if (text !== null || lots === 0) return text ?? '0';
    const side = this.number(at + 7);
    return holdTaken(scaleOf(rules), side, this.number(at + 8), this.number(at + 9), 0, lots);
  }

  private amendedRelease(at: number, scale: MarketScale): string {
    const side = this.number(at + 5);
    const reserve = this.number(at + 12);
    const before = heldBy(scale, side, this.number(at + 10), reserve, this.number(at + 11));
    const after = heldBy(scale, side, this.number(at + 6), reserve, this.number(at + 8));
    return (before + BigInt(this.text(at + 13) ?? '0') - after).toString();
  }

  private peggedRelease(at: number, scale: MarketScale): string {
    const side = this.number(at + 4);
    const lots = this.number(at + 6);
    const reserve = this.number(at + 8);
    const before = heldBy(scale, side, this.number(at + 7), reserve, lots);
    return (before - heldBy(scale, side, this.number(at + 5), reserve, lots)).toString();
  }

  private nameHold(numberAt: number, party: { holdId?: ListId | undefined }): void {
    const list = this.buffer.sharedHolds.listOf(this.number(numberAt));
    if (list !== 0) party.holdId = listId(list);
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
