// The places of the requests in flight. Some are kept for cancels: who wants out of the market gets
// out, also while so much is under way that nothing else is taken.
import type { Gauge } from '../../telemetry/metrics/registry.ts';
import type { Quota } from '../../policy/policy.ts';

/** Of all places, those that only cancels may take, in a function that has any. */
const CANCEL_SHARE = 1 / 8;

export class Slots {
  readonly #max: number;
  readonly #commonMax: number;
  readonly #gauge: Gauge;
  #held = 0;
  #heldByCancels = 0;

  constructor(max: number, quotas: readonly Quota[], gauge: Gauge) {
    this.#max = max;
    this.#commonMax = max - (quotas.includes('cancel') ? Math.floor(max * CANCEL_SHARE) : 0);
    this.#gauge = gauge;
  }

  /** `quota` is null for events. */
  hasRoom(quota: Quota | null): boolean {
    if (this.#held >= this.#max) return false;
    return quota === 'cancel' || this.#held - this.#heldByCancels < this.#commonMax;
  }

  /**
   * Runs a handler with its slot held until it truly ends: a deadline frees the caller, not the
   * slot. Takes one whether or not there is room, for what has asked before.
   */
  async hold<Value>(quota: Quota | null, run: () => Promise<Value>): Promise<Value> {
    this.#count(quota, 1);
    try {
      return await run();
    } finally {
      this.#count(quota, -1);
    }
  }

  #count(quota: Quota | null, by: 1 | -1): void {
    this.#held += by;
    if (quota === 'cancel') this.#heldByCancels += by;
    this.#gauge.set(this.#held);
  }
}
