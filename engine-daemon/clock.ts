// Time reaches the core only through the command log, so the engine writes it there: a tick, when a
// resting order's expiry has come and nothing else has moved its market's clock.
import type { Logger } from 'pino';
import { crashPoint } from '../shared/config/crash-point.ts';
import type { Bus } from '../shared/bus/bus.ts';
import { encodeEvent } from '../shared/events/envelope.ts';

/** A tick that has not come back through the log after this long is sent again. */
const TICK_LOST_AFTER_MS = 10_000;

export interface ShardClockOptions {
  readonly bus: Bus;
  readonly shard: number;
  readonly tickMs: number;
  /** When the next resting order of the shard expires; Infinity when none does. */
  readonly nextDueMs: () => number;
  readonly now: () => number;
  readonly onTick: () => void;
  readonly log: Logger;
}

export class ShardClock {
  readonly #options: ShardClockOptions;
  #timer: NodeJS.Timeout | null = null;
  #publishing: Promise<void> = Promise.resolve();
  /** Time in the last tick that was sent, and the expiry it was sent for. */
  #sentAtMs = 0;
  #sentForMs = Number.NaN;

  constructor(options: ShardClockOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.#publishing = this.#publishing.then(() => this.tickIfDue());
    }, this.#options.tickMs).unref();
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#publishing;
  }

  /** Publishes a tick when an order is due. A failure is left to the next turn. */
  async tickIfDue(): Promise<void> {
    const { bus, log, now, nextDueMs, onTick } = this.#options;
    const nowMs = now();
    const dueMs = nextDueMs();
    if (dueMs > nowMs) return;
    // The same expiry is still due while its tick is on the way.
    if (dueMs === this.#sentForMs && nowMs - this.#sentAtMs < TICK_LOST_AFTER_MS) return;
    const { shard } = this.#options;
    const head = { id: `tick-${shard}-${nowMs}`, source: `/engine-daemon/${shard}`, timeMs: nowMs };
    const tick = encodeEvent('clockTicked', null, { kind: 'tick', timeMs: nowMs }, head);
    const { topic, key, headers, data } = tick;
    try {
      await bus.publish([{ topic, partition: shard, key, headers, value: Buffer.from(data) }]);
      crashPoint('engine.tick.published');
      this.#sentAtMs = nowMs;
      this.#sentForMs = dueMs;
      onTick();
    } catch (error) {
      log.warn({ err: error }, 'a clock tick could not be published');
    }
  }
}
