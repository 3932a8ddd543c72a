// What the replay says happened to each order: changes, fills, ends, and what each event took out
// of its hold.
import type { Ended, Execution, Prevented, Trade } from '../oracle/naive-events.ts';
import type { Market, MarketCommand, Place } from '../oracle/naive-types.ts';

type Changing = 'opened' | 'armed' | 'triggered' | 'reduced' | 'ended' | 'amended';

/** What one event did to an order. */
export interface OrderChange {
  readonly sequence: number;
  readonly remainingLots: number;
  readonly event: Execution;
  /** What the event took out of the hold, by payment or release. */
  readonly takenMinor: bigint;
}

export interface OrderStory {
  readonly number: number;
  readonly market: Market;
  readonly place: Place;
  /** True while the order is committed but not yet in the log. */
  readonly isPending: boolean;
  /** Some command about the order is not in the log yet. */
  hasPending: boolean;
  /** All that was ever held for it: at acceptance and by amends. */
  madeMinor: bigint;
  quantityLots: bigint;
  filledLots: bigint;
  /** Taken off it by `reduced`. */
  preventedLots: bigint;
  /** What it lost by `prevented`: what was taken off, or what was left when it ended for that. */
  toldPreventedLots: bigint;
  cancelledLots: bigint;
  readonly changes: OrderChange[];
  readonly ends: Ended[];
  readonly trades: Trade[];
  /** Takes of refused amends, which change nothing else. */
  readonly refusals: OrderChange[];
}

export class OrderStories {
  readonly #stories = new Map<number, OrderStory>();
  /** Hold increases of amends whose order is not known: nothing may ever be held for them. */
  readonly strayAmends: MarketCommand[] = [];

  all(): Iterable<OrderStory> {
    return this.#stories.values();
  }

  get size(): number {
    return this.#stories.size;
  }

  find(number: number): OrderStory | null {
    return this.#stories.get(number) ?? null;
  }

  /** Notes a command that was accepted, whatever becomes of it. */
  accept(market: Market, command: MarketCommand, isPending: boolean): void {
    if (command.kind === 'place') {
      this.#stories.set(command.number, newStory(market, command, isPending));
    } else if (command.kind === 'amend') {
      const story = this.find(command.orderNumber);
      if (story === null) {
        this.strayAmends.push(command);
        return;
      }
      story.madeMinor += BigInt(command.holdIncreaseMinor);
      story.hasPending ||= isPending;
    }
  }

  note(market: Market, event: Execution): void {
    switch (event.kind) {
      case 'trade':
        this.#noteTrade(event);
        return;
      case 'configured':
      case 'phase_changed':
      case 'indicative':
      case 'uncrossed':
      case 'deadman_set':
      case 'deadman_fired':
      case 'user_blocked':
        return;
      case 'prevented':
        this.#notePrevented(event);
        return;
      case 'refused':
        this.#noteRefusal(event);
        return;
      default:
        this.#noteChange(market, event);
    }
  }

  #noteTrade(event: Trade): void {
    for (const party of [event.taker, event.maker]) {
      const story = this.find(numberIn(party.orderId));
      if (story === null) continue;
      story.filledLots += BigInt(event.quantityLots);
      story.trades.push(event);
      story.changes.push({
        sequence: event.sequence,
        remainingLots: party.remainingLots,
        event,
        takenMinor: BigInt(party.holdMinor),
      });
    }
  }

  #notePrevented(event: Prevented): void {
    for (const { orderId, lots } of [event.taker, event.maker]) {
      const story = this.find(numberIn(orderId));
      if (story !== null) story.toldPreventedLots += BigInt(lots);
    }
  }

  #noteRefusal(event: Extract<Execution, { kind: 'refused' }>): void {
    const story = event.orderId === null ? null : this.find(numberIn(event.orderId));
    const takenMinor = BigInt(event.releaseMinor);
    story?.refusals.push({ sequence: event.sequence, remainingLots: 0, event, takenMinor });
  }

  #noteChange(market: Market, event: Extract<Execution, { kind: Changing }>): void {
    const story = this.find(numberIn(event.orderId));
    if (story?.market !== market) return;
    if (event.kind === 'reduced') story.preventedLots += BigInt(event.preventedLots);
    if (event.kind === 'amended') story.quantityLots = BigInt(event.quantityLots);
    if (event.kind === 'ended') {
      story.cancelledLots = BigInt(event.cancelledLots);
      story.ends.push(event);
    }
    story.changes.push({
      sequence: event.sequence,
      remainingLots: remainingAfter(event, story),
      event,
      takenMinor: 'releaseMinor' in event ? BigInt(event.releaseMinor) : 0n,
    });
  }
}

/** True while it waits for its trigger price: it is in no book, and nothing leaves its hold. */
export function isWaiting(story: OrderStory): boolean {
  return story.changes.at(-1)?.event.kind === 'armed';
}

function remainingAfter(event: Extract<Execution, { kind: Changing }>, story: OrderStory): number {
  if (event.kind === 'ended') return event.cancelledLots;
  // An order that waits can neither trade nor be amended: all of it comes out of the waiting.
  return event.kind === 'triggered' ? story.place.quantityLots : event.remainingLots;
}

/** What the order lost for meeting its owner, as `reduced` and its end say. */
export function lostToOwner({ preventedLots, cancelledLots, ends }: OrderStory): bigint {
  const isEnded = ends.some(({ reason }) => reason === 'ORDER_SELF_TRADE_PREVENTED');
  return preventedLots + (isEnded ? cancelledLots : 0n);
}

/** The number inside `ord_0000000000000042` or `usr_...`. */
export function numberIn(id: string): number {
  return Number(id.slice(id.indexOf('_') + 1));
}

function newStory(market: Market, place: Place, isPending: boolean): OrderStory {
  return {
    number: place.number,
    market,
    place,
    isPending,
    hasPending: isPending,
    madeMinor: BigInt(place.holdMinor),
    quantityLots: BigInt(place.quantityLots),
    filledLots: 0n,
    preventedLots: 0n,
    toldPreventedLots: 0n,
    cancelledLots: 0n,
    changes: [],
    ends: [],
    trades: [],
    refusals: [],
  };
}
