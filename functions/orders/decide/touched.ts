// Which markets and orders the requests of a batch touch: known before anything is decided, because
// it is read and locked at once. Pure.
import type { PlaceOrderBody } from '../schema.ts';
import { isMarketAllowed } from './caller-limits.ts';
import type { AmendIntent, CancelIntent, Intent, PlaceIntent } from './intent.ts';
import type { PlaceListIntent, WideIntent } from './intent.ts';
import type { LockedOrder } from './order-row.ts';

export interface UserMarket {
  readonly userNumber: number;
  readonly market: string;
}

/** A market, and whether orders may be placed there now. */
export interface ListedMarket {
  readonly market: string;
  readonly takesOrders: boolean;
}

/** The markets that each request means which may mean several. */
export type WideMarkets = ReadonlyMap<Intent, readonly string[]>;

export function termsKey(userNumber: number, market: string): string {
  return `${userNumber} ${market}`;
}

export function isWide(intent: Intent): intent is WideIntent {
  return intent.kind === 'cancel_all' || intent.kind === 'cancel_all_after';
}

/** True when the markets must be looked up, because the request names none. */
export function namesNoMarket(intent: Intent): intent is WideIntent {
  return isWide(intent) && intent.market === null;
}

/**
 * `open`: where users have open orders. A cancel of everything also means the markets of orders
 * that were placed before it in the same batch.
 */
export function expandWide(
  intents: readonly Intent[],
  listed: readonly ListedMarket[],
  open: readonly UserMarket[],
): WideMarkets {
  const expanded = new Map<Intent, readonly string[]>();
  intents.forEach((intent, at) => {
    if (!isWide(intent)) return;
    const { userNumber, market } = intent;
    if (market !== null) {
      expanded.set(intent, [market]);
      return;
    }
    const isOwn = (each: { readonly userNumber: number }) => each.userNumber === userNumber;
    const markets = new Set(open.filter(isOwn).map((each) => each.market));
    if (intent.kind === 'cancel_all') {
      for (const placed of intents.slice(0, at).filter(isPlacing).filter(isOwn)) {
        markets.add(placed.kind === 'place' ? placed.body.market : placed.market);
      }
    } else {
      // An order may be placed anywhere before the deadline; an old deadline may be anywhere.
      for (const each of listed) {
        if (each.takesOrders || intent.seconds === 0) markets.add(each.market);
      }
    }
    const allowed = [...markets].filter((each) => isMarketAllowed(intent.limits, each));
    expanded.set(intent, allowed.sort());
  });
  return expanded;
}

/** True for what may place orders. */
export function isPlacing(intent: Intent): intent is PlaceIntent | PlaceListIntent {
  return intent.kind === 'place' || intent.kind === 'place_list';
}

/** The orders that the request would place. */
export function bodiesOf(intent: Intent): readonly PlaceOrderBody[] {
  if (intent.kind === 'place') return [intent.body];
  return intent.kind === 'place_list' ? intent.orders : [];
}

/** How many commands and orders the request may become: it is given a number for each. */
export function numbersOf(intent: Intent, wide: WideMarkets): number {
  if (intent.kind === 'place_list') return intent.orders.length + 1;
  return wide.get(intent)?.length ?? 1;
}

/** Each user and market that the requests touch, once. */
export function distinctUserMarkets(
  intents: readonly Intent[],
  orders: ReadonlyMap<number, LockedOrder>,
  wide: WideMarkets,
): UserMarket[] {
  const distinct = new Map<string, UserMarket>();
  for (const intent of intents) {
    const { userNumber } = intent;
    for (const market of wide.get(intent) ?? marketOf(intent, orders)) {
      distinct.set(termsKey(userNumber, market), { userNumber, market });
    }
  }
  return [...distinct.values()];
}

/** The market of a request that has one, as a list of one or none. */
export function marketOf(intent: Intent, orders: ReadonlyMap<number, LockedOrder>): string[] {
  if (intent.kind === 'place') return [intent.body.market];
  if (intent.kind === 'place_list') return [intent.market];
  if (isWide(intent)) return intent.market === null ? [] : [intent.market];
  const order = ownOrder(intent, orders);
  return order === undefined ? [] : [order.market];
}

/** The order that a request names, if it is the caller's own: another's is not there. */
export function ownOrder(
  names: Pick<CancelIntent | AmendIntent, 'userNumber' | 'orderNumber'>,
  orders: ReadonlyMap<number, LockedOrder>,
): LockedOrder | undefined {
  const order = orders.get(names.orderNumber);
  return order?.userNumber === names.userNumber ? order : undefined;
}

/** The orders that the requests change or replace: locked before anything is decided. */
export function namedOrders(
  intents: readonly Intent[],
): Pick<CancelIntent, 'userNumber' | 'orderNumber'>[] {
  return intents.flatMap((intent) => {
    if (intent.kind === 'cancel' || intent.kind === 'amend') return [intent];
    if (intent.kind !== 'place' || intent.replaces === undefined) return [];
    return [{ userNumber: intent.userNumber, orderNumber: intent.replaces.orderNumber }];
  });
}
