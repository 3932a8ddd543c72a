// Who asked to wait (`Prefer: wait`) hears of the outcome from the engine, never from the database
// in a loop: from its feed where there is a cache, from a tail of its log where there is none or it
// is away. An outcome that was missed is answered as one that is late.
import type { Bus } from '../../../shared/bus/bus.ts';
import type { Cache } from '../../../shared/cache/cache.ts';
import { orderId, type OrderId } from '../../../shared/domain/ids.ts';
import { EVENTS } from '../../../shared/events/catalog.ts';
import { decodeEvent, isDecodeFailure } from '../../../shared/events/envelope.ts';
import type { ExecutionEvent, Executions } from '../../../shared/events/executions.ts';
import type { Logger } from '../../../shared/telemetry/logger.ts';
import { concerns, hasBegun, outcomeOf, type Awaited, type Outcome } from './outcome-of.ts';
import { FeedListener, LogTail, type OutcomeSource } from './outcome-sources.ts';

export interface Expected {
  /** Resolves with the outcome, or with null when it has not come in time or was missed. */
  wait(timeoutMs: number): Promise<Outcome | null>;
  /** Nobody waits any more. */
  forget(): void;
}

interface Waiter extends Awaited {
  readonly resolve: (outcome: Outcome | null) => void;
  /** Events of the order since the waiter came. */
  readonly events: ExecutionEvent[];
  /** Last sequence of the record that told of the order last. */
  until: number;
}

/** Keeps listening this long after the last waiter left: the next one comes soon on a busy day. */
const IDLE_STOP_MS = 30_000;
/** A feed that was silent while somebody waited in vain is not used for so long. */
const DISTRUST_MS = 30_000;
/** Longer than anybody waits: then nobody needs the tail that stood in for the feed. */
const TAIL_RETIRES_MS = 30_000;
/** Up to here a record is searched for each order before it is decoded, which costs far more. */
const SEARCHED_ORDERS_MAX = 32;

export class Outcomes {
  readonly #log: Logger;
  /** Waiters by the ids of their orders; several requests may wait for one order. */
  readonly #waiters = new Map<OrderId, Set<Waiter>>();
  readonly #tail: OutcomeSource;
  readonly #feed: OutcomeSource | null;
  /** What the last to come were told to listen to. */
  #reliesOnFeed = false;
  #feedHeardAtMs = Number.NEGATIVE_INFINITY;
  #distrustUntilMs = Number.NEGATIVE_INFINITY;
  #retireTimer: NodeJS.Timeout | null = null;
  #users = 0;
  #idleTimer: NodeJS.Timeout | null = null;

  constructor(bus: Bus, log: Logger, cache: Cache | null = null) {
    this.#log = log;
    const onGap = (): void => this.#giveUp();
    this.#tail = new LogTail({ bus, log, onGap, onRecord: (value) => this.#take(value) });
    const onRecord = (value: Buffer): void => {
      this.#feedHeardAtMs = performance.now();
      this.#take(value);
    };
    this.#feed = cache === null ? null : new FeedListener(cache, { bus, log, onGap, onRecord });
  }

  /** Must resolve before the command is accepted, so that its outcome cannot be missed. */
  async listen(): Promise<void> {
    this.#users += 1;
    if (this.#idleTimer !== null) clearTimeout(this.#idleTimer);
    this.#idleTimer = null;
    try {
      this.#reliesOnFeed = await this.#listenToFeed();
      if (this.#reliesOnFeed) {
        this.#retireTail();
      } else {
        this.#keepTail();
        await this.#tail.start();
      }
    } catch (error) {
      this.leave();
      throw error;
    }
  }

  /** The counterpart of `listen`. */
  leave(): void {
    this.#users -= 1;
    if (this.#users > 0) return;
    this.#idleTimer = setTimeout(() => void this.#stopAll(), IDLE_STOP_MS);
    this.#idleTimer.unref();
  }

  /** `replacesNumber`: the order that the one to be placed is to take the place of. */
  expect(
    kind: Waiter['kind'],
    orderNumber: number,
    commandNumber: number,
    replacesNumber: number | null = null,
  ): Expected {
    const ids = {
      orderId: orderId(orderNumber),
      replacesId: replacesNumber === null ? null : orderId(replacesNumber),
    };
    let settle: (outcome: Outcome | null) => void = () => undefined;
    const settled = new Promise<Outcome | null>((resolve) => (settle = resolve));
    const waiter: Waiter = { kind, commandNumber, ...ids, resolve: settle, events: [], until: 0 };
    this.#add(waiter);
    const forget = () => this.#remove(waiter);
    const sinceMs = this.#reliesOnFeed ? performance.now() : null;
    return {
      forget,
      wait: async (timeoutMs) => {
        let timer: NodeJS.Timeout | undefined;
        const late = new Promise<null>((resolve) => {
          timer = setTimeout(() => {
            if (sinceMs !== null) this.#judgeFeed(sinceMs);
            resolve(null);
          }, timeoutMs);
        });
        try {
          return await Promise.race([settled, late]);
        } finally {
          clearTimeout(timer);
          forget();
        }
      },
    };
  }

  async close(): Promise<void> {
    if (this.#idleTimer !== null) clearTimeout(this.#idleTimer);
    await this.#stopAll();
  }

  #add(waiter: Waiter): void {
    for (const id of idsOf(waiter)) {
      this.#waiters.set(id, (this.#waiters.get(id) ?? new Set()).add(waiter));
    }
  }

  #remove(waiter: Waiter): void {
    for (const id of idsOf(waiter)) {
      const waiters = this.#waiters.get(id);
      waiters?.delete(waiter);
      if (waiters?.size === 0) this.#waiters.delete(id);
    }
  }

  /** False when it is not to be relied on now. */
  async #listenToFeed(): Promise<boolean> {
    const feed = this.#feed;
    if (feed === null || performance.now() < this.#distrustUntilMs) return false;
    try {
      await feed.start();
    } catch (error) {
      this.#log.debug({ err: error }, 'the feed of outcomes is away; the log is read instead');
      return false;
    }
    return feed.isStanding;
  }

  /** A feed that tells of others is in order: then it is the engine that is late. */
  #judgeFeed(waitingSinceMs: number): void {
    if (this.#feedHeardAtMs >= waitingSinceMs) return;
    this.#distrustUntilMs = performance.now() + DISTRUST_MS;
  }

  #retireTail(): void {
    if (!this.#tail.isStanding || this.#retireTimer !== null) return;
    this.#retireTimer = setTimeout(() => {
      this.#retireTimer = null;
      void this.#tail.stop();
    }, TAIL_RETIRES_MS).unref();
  }

  #keepTail(): void {
    if (this.#retireTimer !== null) clearTimeout(this.#retireTimer);
    this.#retireTimer = null;
  }

  async #stopAll(): Promise<void> {
    this.#keepTail();
    await Promise.all([this.#tail.stop(), this.#feed?.stop()]);
  }

  /** What was missed does not come again. */
  #giveUp(): void {
    for (const waiters of this.#waiters.values()) {
      for (const waiter of waiters) waiter.resolve(null);
    }
  }

  #take(value: Buffer): void {
    if (this.#waiters.size === 0 || !this.#mayConcernUs(value)) return;
    const executed = decodeEvent('executions', EVENTS.executions.type, value.toString('utf8'));
    if (isDecodeFailure(executed)) return;
    for (const output of executed.outputs) {
      for (const waiters of this.#waiters.values()) {
        for (const waiter of waiters) offer(output, waiter);
      }
    }
  }

  #mayConcernUs(value: Buffer): boolean {
    if (this.#waiters.size > SEARCHED_ORDERS_MAX) return true;
    for (const id of this.#waiters.keys()) if (value.includes(id)) return true;
    return false;
  }
}

function idsOf({ orderId: own, replacesId }: Waiter): readonly OrderId[] {
  return replacesId === null ? [own] : [own, replacesId];
}

function offer(record: Executions, waiter: Waiter): void {
  const { events } = waiter;
  // A record may come twice: by two ways, cut otherwise, or to who waits under two names.
  const news = record.events.filter(({ sequence }) => sequence > waiter.until);
  const own = news.filter((event) => concerns(event, waiter));
  if (own.length === 0) return;
  // An outcome goes on where the record before it ended, or a part of it was missed.
  const isTorn = record.firstSequence > waiter.until + 1 && hasBegun(events, waiter);
  if (isTorn) {
    waiter.resolve(null);
    return;
  }
  events.push(...own);
  waiter.until = record.lastSequence;
  const outcome = outcomeOf(record, events, waiter);
  if (outcome !== null) waiter.resolve(outcome);
}
