// The range of a market's recent trades, which a trade must not leave too far: docs/engine.md,
// "Interruptions". A fixed number of slots, so that its size does not depend on the trading.
import { assert } from '../../shared/domain/failure.ts';
import { RANGE_SLOTS, type InterruptionRule } from '../../shared/domain/market.ts';

const BPS = 10_000;

/** A slot of time with trades in it. */
export interface RangeSlot {
  readonly slot: number;
  readonly lowest: number;
  readonly highest: number;
}

export class PriceRange {
  readonly rule: InterruptionRule;
  /** Of the trades that count; 0 while there are none. */
  lowest = 0;
  highest = 0;
  private readonly slotMs: number;
  /** Newest last. */
  private slots: RangeSlot[] = [];
  private nowSlot = 0;

  constructor(rule: InterruptionRule) {
    this.rule = rule;
    this.slotMs = rule.windowMs / RANGE_SLOTS;
  }

  /** Trades that are too old by now count no longer. */
  advance(nowMs: number): void {
    this.nowSlot = Math.floor(nowMs / this.slotMs);
    const oldest = this.slots[0];
    if (oldest === undefined || this.counts(oldest)) return;
    this.slots = this.slots.filter((slot) => this.counts(slot));
    this.sumUp();
  }

  note(priceTicks: number): void {
    const at = this.slots.length - 1;
    const last = this.slots[at];
    if (last?.slot !== this.nowSlot) {
      this.slots.push({ slot: this.nowSlot, lowest: priceTicks, highest: priceTicks });
    } else if (priceTicks < last.lowest || priceTicks > last.highest) {
      this.slots[at] = {
        slot: last.slot,
        lowest: Math.min(last.lowest, priceTicks),
        highest: Math.max(last.highest, priceTicks),
      };
    }
    if (this.lowest === 0 || priceTicks < this.lowest) this.lowest = priceTicks;
    if (priceTicks > this.highest) this.highest = priceTicks;
  }

  clear(): void {
    this.restore([]);
  }

  /** Slots with trades that count, by rising number. */
  present(): readonly RangeSlot[] {
    return this.slots;
  }

  restore(slots: readonly RangeSlot[]): void {
    this.slots = [...slots];
    this.sumUp();
  }

  /** Throws AssertionError when its slots cannot be. For tests and restored states. */
  check(): void {
    let before = -1;
    for (const { slot, lowest, highest } of this.slots) {
      assert(slot > before && slot <= this.nowSlot, 'the slots of a range are out of order');
      assert(this.nowSlot - slot < RANGE_SLOTS, 'a range keeps trades that are too old');
      assert(lowest <= highest, 'a slot of a range is turned over');
      before = slot;
    }
  }

  private counts({ slot }: RangeSlot): boolean {
    return this.nowSlot - slot < RANGE_SLOTS;
  }

  private sumUp(): void {
    this.lowest = this.slots.reduce((least, { lowest }) => Math.min(least, lowest), Infinity);
    if (this.slots.length === 0) this.lowest = 0;
    this.highest = this.slots.reduce((most, { highest }) => Math.max(most, highest), 0);
  }
}

/**
 * What a trade at this price would be too far away from: the lowest or the highest of the range; 0
 * when it is within. Products stay below 2^46: exact.
 */
export function findBreach(
  priceTicks: number,
  lowest: number,
  highest: number,
  moveBps: number,
): number {
  if (lowest === 0) return 0;
  if (priceTicks * BPS > lowest * (BPS + moveBps)) return lowest;
  if (priceTicks * BPS < highest * (BPS - moveBps)) return highest;
  return 0;
}
