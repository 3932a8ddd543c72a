// Who asked to wait (`Prefer: wait`) hears of the outcome from a tail of the engine's log, never
// from the database in a loop. The tail runs only while somebody waits, and a little longer.
import type { Logger } from 'pino';
import type { Bus, Consumer, IncomingRecord } from '../../../shared/bus/bus.ts';
import { orderId } from '../../../shared/domain/ids.ts';
import { TOPICS } from '../../../shared/events/catalog.ts';
import { decodeEvent, isDecodeFailure } from '../../../shared/events/envelope.ts';
import type {
  AmendedEvent,
  EndedEvent,
  ExecutionEvent,
  Executions,
  OpenedEvent,
  RefusedEvent,
  TradeEvent,
} from '../../../shared/events/executions.ts';

/** How one command ended in the engine. */
export interface Outcome {
  readonly record: Executions;
  /** Trades that the command made as taker. */
  readonly trades: readonly TradeEvent[];
  /** The amend itself, for an amend that was carried out. */
  readonly amended: AmendedEvent | null;
  /** The last word on the order: it rests, it ended, it was amended, or nothing changed. */
  readonly final: OpenedEvent | EndedEvent | AmendedEvent | RefusedEvent;
}

export interface Expected {
  /** Resolves with the outcome, or with null when it has not come in time. */
  wait(timeoutMs: number): Promise<Outcome | null>;
  /** Nobody waits any more. */
  forget(): void;
}

interface Waiter {
  readonly kind: 'place' | 'cancel' | 'amend';
  readonly commandNumber: number;
  readonly resolve: (outcome: Outcome) => void;
  /** Events of the order since the waiter came. */
  readonly events: ExecutionEvent[];
}

const BATCH_MAX = 500;
/** Keeps reading this long after the last waiter left: the next one comes soon on a busy day. */
const IDLE_STOP_MS = 30_000;

export class Outcomes {
  readonly #bus: Bus;
  readonly #log: Logger;
  /** Waiters by order id; several requests may wait for one order. */
  readonly #waiters = new Map<string, Set<Waiter>>();
  #tails: Promise<Consumer[]> | null = null;
  #users = 0;
  #idleTimer: NodeJS.Timeout | null = null;

  constructor(bus: Bus, log: Logger) {
    this.#bus = bus;
    this.#log = log;
  }

  /** Must resolve before the command is accepted, so that its outcome cannot be missed. */
  async listen(): Promise<void> {
    this.#users += 1;
    if (this.#idleTimer !== null) clearTimeout(this.#idleTimer);
    this.#idleTimer = null;
    this.#tails ??= this.#startTails();
    try {
      await this.#tails;
    } catch (error) {
      this.#tails = null;
      this.leave();
      throw error;
    }
  }

  /** The counterpart of `listen`. */
  leave(): void {
    this.#users -= 1;
    if (this.#users > 0) return;
    this.#idleTimer = setTimeout(() => void this.#stopTails(), IDLE_STOP_MS);
    this.#idleTimer.unref();
  }

  expect(kind: Waiter['kind'], orderNumber: number, commandNumber: number): Expected {
    const id = orderId(orderNumber);
    let settle: (outcome: Outcome) => void = () => undefined;
    const settled = new Promise<Outcome>((resolve) => (settle = resolve));
    const waiter: Waiter = { kind, commandNumber, resolve: settle, events: [] };
    const waiters = this.#waiters.get(id) ?? new Set();
    this.#waiters.set(id, waiters.add(waiter));
    const forget = () => {
      waiters.delete(waiter);
      if (waiters.size === 0) this.#waiters.delete(id);
    };
    return {
      forget,
      wait: async (timeoutMs) => {
        let timer: NodeJS.Timeout | undefined;
        const late = new Promise<null>((resolve) => {
          timer = setTimeout(() => resolve(null), timeoutMs);
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
    await this.#stopTails();
  }

  async #startTails(): Promise<Consumer[]> {
    const topic = TOPICS['engine.executions'].name;
    const partitions = await this.#bus.partitions(topic);
    return Promise.all(
      Array.from({ length: partitions }, (_, partition) =>
        this.#bus.tail({
          topic,
          partition,
          from: 'end',
          batchMax: BATCH_MAX,
          onBatch: (records) => {
            for (const record of records) this.#take(record);
            return Promise.resolve();
          },
          onError: (error) => {
            this.#log.warn({ err: error }, 'the tail of outcomes stopped; it starts again');
            void this.#stopTails();
          },
        }),
      ),
    );
  }

  async #stopTails(): Promise<void> {
    const tails = this.#tails;
    this.#tails = null;
    if (tails === null) return;
    try {
      for (const tail of await tails) await tail.stop();
    } catch (error) {
      this.#log.warn({ err: error }, 'a tail of outcomes did not stop cleanly');
    }
  }

  #take(incoming: IncomingRecord): void {
    if (this.#waiters.size === 0) return;
    const type = incoming.headers['ce_type'];
    const record = decodeEvent('executions', type, incoming.value.toString('utf8'));
    if (isDecodeFailure(record)) return;
    for (const [id, waiters] of this.#waiters) {
      for (const waiter of waiters) {
        waiter.events.push(...record.events.filter((event) => concerns(event, id)));
        const outcome = outcomeOf(record, waiter.events, waiter);
        if (outcome !== null) waiter.resolve(outcome);
      }
    }
  }
}

/**
 * Reads one waiter's outcome from the events of its order so far, or null when they do not tell it
 * yet: a long outcome may be cut over two records.
 */
export function outcomeOf(
  record: Executions,
  events: readonly ExecutionEvent[],
  waiter: Pick<Waiter, 'kind' | 'commandNumber'>,
): Outcome | null {
  const begin = events.findIndex((event) => beginsOutcome(event, waiter));
  if (begin < 0) return null;
  const own = events.slice(begin);
  const [first] = own;
  const isDone = first?.kind === 'refused' || (first?.kind === 'amended' && first.priorityKept);
  // An amend that lost its place is matched anew: what follows `amended` is its outcome.
  const from = first?.kind === 'amended' && !isDone ? 1 : 0;
  const end = own.findIndex((event, at) => at >= from && isFinal(event));
  const final = own[end];
  if (final === undefined || !isFinal(final)) return null;
  // What happens to the order after its command, happens to it as a maker.
  const trades = own.slice(0, end).filter((event) => event.kind === 'trade');
  return { record, trades, amended: first?.kind === 'amended' ? first : null, final };
}

function isFinal(event: ExecutionEvent): event is Outcome['final'] {
  return event.kind !== 'trade' && event.kind !== 'reduced' && event.kind !== 'configured';
}

/** Events of the order itself, and trades in which it was the taker. */
function concerns(event: ExecutionEvent, id: string): boolean {
  if (event.kind === 'trade') return event.taker.orderId === id;
  return event.kind !== 'configured' && event.orderId === id;
}

function beginsOutcome(
  event: ExecutionEvent,
  waiter: Pick<Waiter, 'kind' | 'commandNumber'>,
): boolean {
  if (waiter.kind === 'place') return true;
  if (event.kind === 'refused' || event.kind === 'amended') {
    return event.commandNumber === waiter.commandNumber;
  }
  // The engine answers every amend by its number; a cancel ends the order, unless that has ended.
  return waiter.kind === 'cancel' && event.kind === 'ended';
}
