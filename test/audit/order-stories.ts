// What the replay says happened to each order: changes, fills, ends, and what each event took out
// of its hold.
import type { Ended, Execution, Prevented, Trade } from '../oracle/naive-events.ts';
import { commandsOf } from '../oracle/naive-lists.ts';
import type { Market, MarketCommand, Place, PlaceList } from '../oracle/naive-types.ts';

type Changing = 'opened' | 'pegged' | 'armed' | 'triggered' | 'reduced' | 'ended' | 'amended';

/** What one event did to an order. */
export interface OrderChange {
  readonly sequence: number;
  readonly remainingLots: number;
  readonly event: Execution;
  /** What the event took out of the hold, by payment or release. */
  readonly takenMinor: bigint;
}

/** The list that an order was placed in. */
export interface ListRole {
  readonly listNumber: number;
  /** It shares one hold with the other order of the pair. */
  readonly isPair: boolean;
  /** It waits for the working order first. */
  readonly isPending: boolean;
}

export type ListKind = 'oco' | 'oto' | 'otoco';

export interface ListStory {
  readonly number: number;
  readonly market: Market;
  readonly userNumber: number;
  readonly kind: ListKind;
  /** The two that share a hold, if there are two. */
  readonly pair: readonly OrderStory[];
}

export interface OrderStory {
  readonly number: number;
  readonly market: Market;
  readonly place: Place;
  readonly list: ListRole | null;
  /** True while the order is committed but not yet in the log. */
  readonly isPending: boolean;
  /** Some command about the order is not in the log yet. */
  hasPending: boolean;
  /** All that was ever held for it, by amends too. Of one of a pair: what it alone would lock. */
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
  readonly lists = new Map<number, ListStory>();
  /** Hold increases of amends whose order is not known, or has no hold of its own. */
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
      this.#stories.set(command.number, newStory(market, command, null, isPending));
    } else if (command.kind === 'place_list') {
      this.#acceptList(market, command, isPending);
    } else if (command.kind === 'amend') {
      const story = this.find(command.orderNumber);
      const isOfPair = story?.list?.isPair === true && command.holdIncreaseMinor !== '0';
      if (story === null || isOfPair) {
        this.strayAmends.push(command);
        return;
      }
      story.madeMinor += BigInt(command.holdIncreaseMinor);
      story.hasPending ||= isPending;
    }
  }

  #acceptList(market: Market, command: PlaceList, isPending: boolean): void {
    const { number, userNumber, working, orders } = command;
    const isPair = orders.length === 2;
    const stories = commandsOf(command).map((place) => {
      const isWorking = place.number === working?.number;
      const role = { isPair: isPair && !isWorking, isPending: !isWorking && working !== undefined };
      return newStory(market, place, { listNumber: number, ...role }, isPending);
    });
    for (const story of stories) this.#stories.set(story.number, story);
    const kind = listKindOf(command);
    const pair = stories.filter(({ list }) => list?.isPair === true);
    this.lists.set(number, { number, market, userNumber, kind, pair });
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

export function listKindOf({ working, orders }: PlaceList): ListKind {
  if (working === undefined) return 'oco';
  return orders.length === 2 ? 'otoco' : 'oto';
}

/** True while it waits for its price or working order: in no book, with nothing off its hold. */
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

function newStory(
  market: Market,
  place: Place,
  list: ListRole | null,
  isPending: boolean,
): OrderStory {
  return {
    number: place.number,
    market,
    place,
    list,
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
