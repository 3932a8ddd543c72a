// Turns abstract specs into concrete commands, as the orders function would write them, with the
// naive books as the knowledge of what rests and what an order must hold.
import { MARKETS, type ConfigureSpec, type DeadlineSpec, type Spec } from './command-specs.ts';
import { listOf, ordersIn } from './list-maker.ts';
import { placeOf, USER_FIRST } from './place-maker.ts';
import { amendOf, targetOf } from './amend-maker.ts';
import { configOf } from './market-variants.ts';
import type { NaiveBook } from './naive-book.ts';
import type { NaiveShard } from './naive-shard.ts';
import type { Market, MarketCommand, ScheduledStatus } from './naive-types.ts';

const COMMAND_WINDOW = 1_048_576;
/** Most orders of a list. */
const ROOM_MAX = 3;

export type Step =
  | { readonly kind: 'command'; readonly market: Market; readonly command: MarketCommand }
  | { readonly kind: 'tick'; readonly timeMs: number }
  | { readonly kind: 'restore' };

type Numbered = Extract<Spec, { readonly market: number }>;

export class CommandMaker {
  readonly #shard: NaiveShard;
  readonly #sent: Step[] = [];
  /** Numbers that were left out and may still come, per market. */
  readonly #skipped = new Map<string, number[]>();
  /** Numbers of orders of lists. */
  readonly #listed = new Set<number>();
  /** The prelude of a run takes the first two numbers. */
  #last = 2;
  #nowMs = 1_000;

  constructor(shard: NaiveShard) {
    this.#shard = shard;
  }

  make(spec: Spec): Step {
    if (spec.kind === 'restore') return spec;
    if (spec.kind === 'repeat') {
      return this.#sent.at(-1 - (spec.back % this.#sent.length)) ?? { kind: 'restore' };
    }
    this.#nowMs += Math.max(0, spec.forwardMs);
    if (spec.kind === 'tick') return { kind: 'tick', timeMs: this.#nowMs };
    const market = MARKETS[spec.market % MARKETS.length] ?? MARKETS[0];
    const step: Step = { kind: 'command', market, command: this.#command(spec, market) };
    this.#sent.push(step);
    return step;
  }

  #command(spec: Numbered, market: Market): MarketCommand {
    const book = this.#shard.book(market);
    const room = spec.kind === 'place_list' ? ordersIn(spec) : 0;
    const number = this.#number(spec, book, room);
    const head = { number, timeMs: this.#nowMs + Math.min(0, spec.forwardMs) };
    switch (spec.kind) {
      case 'place':
        return { ...placeOf(spec, book, head.timeMs), ...head };
      case 'place_list': {
        const list = listOf(spec, book, { number, timeMs: head.timeMs });
        for (const order of [list.working, ...list.orders]) this.#listed.add(order?.number ?? 0);
        return list;
      }
      case 'cancel':
        return {
          kind: 'cancel',
          ...head,
          ...targetOf(spec, book),
          ...(spec.onlyIf === null ? {} : { onlyIf: spec.onlyIf }),
        };
      case 'amend':
        return { ...head, ...amendOf(spec, book) };
      case 'cancel_all':
        return {
          kind: 'cancel_all',
          ...head,
          userNumber: USER_FIRST + spec.user,
          ...(spec.side === null ? {} : { side: spec.side }),
        };
      case 'cancel_all_after':
        return this.#deadline(spec, book, head);
      case 'block_user': {
        const { isBlocked } = spec;
        return { kind: 'block_user', ...head, userNumber: USER_FIRST + spec.user, isBlocked };
      }
      case 'configure': {
        const present = book.config?.version ?? 0;
        const version = Math.max(1, spec.isNewer ? present + 1 : present);
        const config = configOf(market, spec, version);
        const schedule = scheduleOf(spec, Math.max(head.timeMs, book.nowMs));
        // Closing is nearly the end of a market: then that of it is to be seen as well.
        const isLast = book.status === 'closing' && spec.variant % 2 === 0;
        const status = isLast ? 'delisted' : spec.status;
        return {
          kind: 'configure_market',
          ...head,
          config,
          status,
          ...(schedule.length === 0 ? {} : { schedule }),
        };
      }
    }
  }

  #deadline(
    spec: DeadlineSpec,
    book: NaiveBook,
    head: { readonly number: number; readonly timeMs: number },
  ): MarketCommand {
    const userNumber = USER_FIRST + spec.user;
    const present = spec.isAtDeadline ? (book.deadlines.get(userNumber) ?? 0) : 0;
    const timeMs = Math.max(head.timeMs, present);
    this.#nowMs = Math.max(this.#nowMs, timeMs);
    const clock = Math.max(timeMs, book.nowMs);
    const deadlineMs = spec.aheadMs === null ? null : Math.max(0, clock + spec.aheadMs);
    return { kind: 'cancel_all_after', number: head.number, timeMs, userNumber, deadlineMs };
  }

  /** `room` numbers below it are those of a list's orders. */
  #number(spec: Numbered, book: NaiveBook, room: number): number {
    const skipped = this.#skipped.get(book.market) ?? [];
    this.#skipped.set(book.market, skipped);
    const edge = book.highest - COMMAND_WINDOW;
    switch (spec.numbering) {
      case 'late': {
        const late = skipped.shift();
        if (late !== undefined) return late;
        break;
      }
      case 'skip':
        skipped.push(this.#last + ROOM_MAX + 1);
        this.#last += ROOM_MAX + 1;
        break;
      case 'jump':
        this.#last += COMMAND_WINDOW - 3;
        break;
      case 'window_edge':
        // No two orders have one number, and a list's command is known by its own alone.
        if (edge > 0 && room === 0 && !this.#listed.has(edge + 1)) return edge + 1;
        break;
      case 'too_old':
        if (edge > room) return edge;
        break;
      case 'next':
        break;
    }
    this.#last += room + 1;
    return this.#last;
  }
}

function scheduleOf({ schedule }: ConfigureSpec, nowMs: number): ScheduledStatus[] {
  let atMs = nowMs;
  return schedule.map(({ afterMs, status }, at) => {
    atMs += afterMs;
    // Only one thing is left to come after closing.
    return { atMs, status: schedule[at - 1]?.status === 'closing' ? 'delisted' : status };
  });
}
