// Trailing stops of one side that are active, in groups that share one trigger price, so that a
// trade moves a group and not each of its orders: docs/engine.md, "Trailing stops". For sells a
// "level" is a price; for buys, whose extreme is the lowest price, it is the price with its sign
// turned. So a higher trade level moves extremes, and one at the trigger level or below reaches.
import { assert } from '../../shared/domain/failure.ts';
import { PRICE_TICKS_MAX } from '../../shared/domain/market.ts';
import { SELL, type SideCode } from './codes.ts';

const BPS = 10_000;
/** Groups that were left empty are swept out above so many, and above the number of orders. */
const EMPTIED_MIN = 64;

interface Group {
  /** Level of the best trade since its orders were active. */
  extreme: number;
  readonly trailBps: number;
  readonly slots: Set<number>;
}

/** Trigger price of a trailing stop whose extreme is this price. */
export function trailedTicks(side: SideCode, extremeTicks: number, trailBps: number): number {
  return side === SELL
    ? Math.max(1, Math.floor((extremeTicks * (BPS - trailBps)) / BPS))
    : Math.min(PRICE_TICKS_MAX, Math.ceil((extremeTicks * (BPS + trailBps)) / BPS));
}

export class TrailingStops {
  private readonly side: SideCode;
  private readonly sign: number;
  /** By trail: groups by falling extreme. A trade joins all groups below it at the end. */
  private readonly trails = new Map<number, Group[]>();
  private readonly groups = new Map<number, Group>();
  /** No group has a lower extreme, none a higher trigger level. */
  private lowestExtreme = Infinity;
  private highestTrigger = -Infinity;
  /** Groups that have lost their last order since the last sweep, at most. */
  private emptied = 0;

  constructor(side: SideCode) {
    this.side = side;
    this.sign = side === SELL ? 1 : -1;
  }

  get size(): number {
    return this.groups.size;
  }

  /** Orders must come by falling extreme level: as they do when each begins at a trade of now. */
  add(slot: number, trailBps: number, extremeTicks: number): void {
    const extreme = extremeTicks * this.sign;
    let trail = this.trails.get(trailBps);
    if (trail === undefined) {
      trail = [];
      this.trails.set(trailBps, trail);
    }
    let last = trail.at(-1);
    if (last?.extreme !== extreme) {
      assert(last === undefined || extreme < last.extreme, 'a trailing stop begins out of order');
      last = { extreme, trailBps, slots: new Set() };
      trail.push(last);
    }
    last.slots.add(slot);
    this.groups.set(slot, last);
    this.widen(last);
  }

  remove(slot: number): void {
    const group = this.groups.get(slot);
    assert(group !== undefined, 'a trailing stop is not active');
    group.slots.delete(slot);
    this.groups.delete(slot);
    if (group.slots.size > 0) return;
    // An empty group stays where it is: looking for it in its trail would cost more than a sweep.
    this.emptied += 1;
    if (this.emptied > this.groups.size + EMPTIED_MIN || this.groups.size === 0) this.sweep();
  }

  /** Price of the order's extreme; 0 when it is not active. */
  extremeOf(slot: number): number {
    const group = this.groups.get(slot);
    return group === undefined ? 0 : group.extreme * this.sign;
  }

  /** Takes out the orders that a trade reaches, each with its trigger price, in no order. */
  takeReached(priceTicks: number): [slot: number, triggerTicks: number][] {
    const level = priceTicks * this.sign;
    if (level > this.highestTrigger) return [];
    const reached: [number, number][] = [];
    for (const [trailBps, trail] of this.trails) {
      const first = trail.findIndex((group) => this.triggerOf(group) < level);
      for (const group of trail.splice(0, first === -1 ? trail.length : first)) {
        const ticks = this.triggerOf(group) * this.sign;
        for (const slot of group.slots) {
          this.groups.delete(slot);
          reached.push([slot, ticks]);
        }
      }
      if (trail.length === 0) this.trails.delete(trailBps);
    }
    // Without orders nobody tells us of trades, so that empty groups would stay behind them.
    if (this.groups.size === 0) this.trails.clear();
    this.measure();
    return reached;
  }

  /** A trade at this price becomes the extreme of all whose extreme is below it. */
  move(priceTicks: number): void {
    const level = priceTicks * this.sign;
    if (level <= this.lowestExtreme) return;
    for (const trail of this.trails.values()) {
      let joined: Group | undefined;
      for (
        let last = trail.at(-1);
        last !== undefined && last.extreme < level;
        last = trail.at(-1)
      ) {
        trail.pop();
        joined = joined === undefined ? last : this.join(joined, last);
      }
      if (joined === undefined) continue;
      if (trail.at(-1)?.extreme === level) joined = this.join(joined, trail.pop() ?? joined);
      joined.extreme = level;
      trail.push(joined);
    }
    this.measure();
  }

  private sweep(): void {
    for (const [trailBps, trail] of this.trails) {
      const left = trail.filter(({ slots }) => slots.size > 0);
      if (left.length > 0) this.trails.set(trailBps, left);
      else this.trails.delete(trailBps);
    }
    this.emptied = 0;
    this.measure();
  }

  private triggerOf(group: Group): number {
    return trailedTicks(this.side, group.extreme * this.sign, group.trailBps) * this.sign;
  }

  /** The smaller goes into the larger, so that an order moves only a few times. */
  private join(one: Group, other: Group): Group {
    const [into, from] = one.slots.size >= other.slots.size ? [one, other] : [other, one];
    for (const slot of from.slots) {
      into.slots.add(slot);
      this.groups.set(slot, into);
    }
    return into;
  }

  private widen(group: Group): void {
    this.lowestExtreme = Math.min(this.lowestExtreme, group.extreme);
    this.highestTrigger = Math.max(this.highestTrigger, this.triggerOf(group));
  }

  private measure(): void {
    this.lowestExtreme = Infinity;
    this.highestTrigger = -Infinity;
    for (const trail of this.trails.values()) {
      const [first, last] = [trail[0], trail.at(-1)];
      if (first !== undefined) this.widen(first);
      if (last !== undefined) this.widen(last);
    }
  }
}
