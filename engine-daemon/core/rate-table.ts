// The distinct pairs of maker and taker fee that orders were placed with. A schedule has a handful,
// so an order keeps a small number instead of eight bytes.
import { assert } from '../../shared/domain/failure.ts';
import { RATES_MAX } from './order-terms.ts';

const CAPACITY_MIN = 64;

export class RateTable {
  makerPpm = new Int32Array(CAPACITY_MIN);
  takerPpm = new Int32Array(CAPACITY_MIN);
  private buckets = new Int32Array(2 * CAPACITY_MIN).fill(-1);
  private count = 0;
  private last = 0;

  /** The number of this pair, the same for ever. */
  intern(makerPpm: number, takerPpm: number): number {
    const last = this.last;
    // Before the first pair the arrays hold zeros, so this test needs the count too.
    if (last < this.count && this.makerPpm[last] === makerPpm && this.takerPpm[last] === takerPpm) {
      return last;
    }
    this.last = this.findOrAdd(makerPpm, takerPpm);
    return this.last;
  }

  private findOrAdd(makerPpm: number, takerPpm: number): number {
    let bucket = this.bucketOf(makerPpm, takerPpm);
    for (;;) {
      const rates = this.buckets[bucket] as number;
      if (rates < 0) break;
      if (this.makerPpm[rates] === makerPpm && this.takerPpm[rates] === takerPpm) return rates;
      bucket = (bucket + 1) & (this.buckets.length - 1);
    }
    return this.add(makerPpm, takerPpm, bucket);
  }

  private add(makerPpm: number, takerPpm: number, bucket: number): number {
    const rates = this.count;
    assert(rates < RATES_MAX, 'too many distinct fee rates in one market');
    this.makerPpm[rates] = makerPpm;
    this.takerPpm[rates] = takerPpm;
    this.buckets[bucket] = rates;
    this.count += 1;
    if (this.count === this.makerPpm.length) this.grow();
    return rates;
  }

  private grow(): void {
    const capacity = this.makerPpm.length * 2;
    const makerPpm = new Int32Array(capacity);
    const takerPpm = new Int32Array(capacity);
    makerPpm.set(this.makerPpm);
    takerPpm.set(this.takerPpm);
    this.makerPpm = makerPpm;
    this.takerPpm = takerPpm;
    this.buckets = new Int32Array(2 * capacity).fill(-1);
    for (let rates = 0; rates < this.count; rates += 1) {
      let bucket = this.bucketOf(makerPpm[rates] as number, takerPpm[rates] as number);
      while ((this.buckets[bucket] as number) >= 0) {
        bucket = (bucket + 1) & (this.buckets.length - 1);
      }
      this.buckets[bucket] = rates;
    }
  }

  private bucketOf(makerPpm: number, takerPpm: number): number {
    const mixed = Math.imul(Math.imul(makerPpm, 31) + takerPpm, 0x9e3779b1);
    return (mixed ^ (mixed >>> 15)) & (this.buckets.length - 1);
  }
}
