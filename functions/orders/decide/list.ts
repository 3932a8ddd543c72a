// Whether a list of orders is accepted, and what then is written: its orders, its holds and its one
// command. Each order is sized as if it came alone, and a list is taken as a whole or not at all.
import { assert } from '../../../shared/domain/failure.ts';
import { listId, orderId } from '../../../shared/domain/ids.ts';
import { isRejection, reject, type Rejection } from '../../../shared/domain/rejection.ts';
import type { PlaceListCommand } from '../../../shared/events/commands.ts';
import { findListFault } from '../../../shared/events/order-lists.ts';
import type { PlaceOrderBody } from '../schema.ts';
import type { ListType } from '../schema/order-lists.ts';
import type { NewHold } from './draft.ts';
import type { PlaceListIntent } from './intent.ts';
import { blameOrder, checkList, checkPairLots, roleOf } from './list-rules.ts';
import { listOrder, type AcceptedOrder } from './place.ts';
import { askOfPlace, type RiskAsk, type RiskRoom } from './risk.ts';
import { checkMoving, sizeOrder, type MarketTerms, type SizedOrder } from './size.ts';

/** An order of a list in integers, with the terms that it was sized by. */
export interface SizedMember {
  readonly body: PlaceOrderBody;
  readonly sized: SizedOrder;
  readonly terms: MarketTerms;
}

export interface ListState {
  /** Command numbers, rising: one for each order, the last one for the list. */
  readonly numbers: readonly number[];
  readonly openOrders: number;
  readonly openOrdersMax: number;
  readonly nowMs: number;
  /** What the user has available of an asset, in base units. */
  readonly availableMinor: (asset: string) => bigint;
  readonly tradeGroup?: number;
}

export interface AcceptedList {
  readonly listNumber: number;
  readonly userNumber: number;
  readonly type: ListType;
  readonly market: string;
  readonly clientListId: string | null;
  /** By rising number, the working order first. */
  readonly orders: readonly AcceptedOrder[];
  readonly acceptedAtMs: number;
}

export function sizeList(
  { type, orders }: Pick<PlaceListIntent, 'type' | 'orders'>,
  terms: MarketTerms,
  nowMs: number,
): readonly SizedMember[] | Rejection {
  const refusal = checkMoving(terms) ?? checkList(type, orders);
  if (refusal !== null) return refusal;
  const members: SizedMember[] = [];
  for (const [at, body] of orders.entries()) {
    const { isPending } = roleOf(type, at);
    const working = isPending ? members[0] : undefined;
    const own = working === undefined ? terms : termsOnceFilled(terms, working.sized.priceTicks);
    const sized = sizeOrder(body, own, nowMs, isPending);
    if (isRejection(sized)) return blameOrder(sized, at);
    members.push({ body, sized, terms: own });
  }
  return (
    checkPairLots(
      type,
      members.map(({ sized }) => sized),
    ) ?? members
  );
}

/**
 * What a pending order will meet: the market has traded at the working order's limit or better for
 * that. A buy must be covered there, though the book of now may be far below.
 */
function termsOnceFilled(terms: MarketTerms, workingTicks: number): MarketTerms {
  return {
    ...terms,
    bestBidTicks: terms.bestBidTicks ?? workingTicks,
    bestAskTicks: Math.max(terms.bestAskTicks ?? 0, workingTicks),
  };
}

/** Accepts a sized list against the user's balances and open orders, or refuses it. */
export function decideList(
  intent: PlaceListIntent,
  members: readonly SizedMember[],
  state: ListState,
): AcceptedList | Rejection {
  const { market, userNumber, type, clientListId } = intent;
  if (state.openOrders + members.length > state.openOrdersMax) {
    return reject('ORDERS_OPEN_TOO_MANY', `${state.openOrdersMax} orders may be open in ${market}`);
  }
  const { numbers, nowMs: acceptedAtMs, tradeGroup } = state;
  const listNumber = numbers[members.length];
  assert(listNumber !== undefined, 'a list is given a number more than it has orders');
  const orders = members.map((member, at): AcceptedOrder => ({
    ...member,
    orderNumber: numbers[at] ?? 0,
    userNumber,
    acceptedAtMs,
    list: { listNumber, ...roleOf(type, at) },
    ...(tradeGroup === undefined ? {} : { tradeGroup }),
  }));
  const list = { listNumber, userNumber, type, market, clientListId, orders, acceptedAtMs };
  const fault = findListFault(placeListCommand(list));
  assert(fault === null, fault ?? '');
  return checkFunds(list, state) ?? list;
}

/** Counts each order for itself, those of a pair too, or refuses the list and counts none. */
export function takeRisk(list: AcceptedList, risk: RiskRoom): readonly RiskAsk[] | Rejection {
  const asks = list.orders.map(({ userNumber, body, sized, terms, list: role }) =>
    askOfPlace(userNumber, body, sized, terms, role?.isPending),
  );
  for (const [at, ask] of asks.entries()) {
    const limited = risk.checkLimits(ask);
    if (limited !== null) {
      for (const taken of asks.slice(0, at)) risk.giveBack(taken);
      return blameOrder(limited, at);
    }
    risk.take(ask);
  }
  return asks;
}

function checkFunds(list: AcceptedList, { availableMinor }: ListState): Rejection | null {
  const needed = new Map<string, bigint>();
  for (const { asset, amountMinor } of holdsOfList(list)) {
    const sum = (needed.get(asset) ?? 0n) + amountMinor;
    if (sum > availableMinor(asset)) {
      const detail = `the available ${asset} does not cover the holds of the list`;
      return reject('ORDER_FUNDS_INSUFFICIENT', detail);
    }
    needed.set(asset, sum);
  }
  return null;
}

export function holdOfOrder({ orderNumber, userNumber, sized }: AcceptedOrder): NewHold {
  return { holdId: orderId(orderNumber), userNumber, ...sized.hold };
}

/** A pair has one hold, which covers either of its orders; any other order has its own. */
export function holdsOfList({ listNumber, orders }: AcceptedList): NewHold[] {
  const pair = orders.filter(({ list }) => list?.isPair === true).map(holdOfOrder);
  const own = orders.filter(({ list }) => list?.isPair !== true).map(holdOfOrder);
  const [first, second] = pair;
  if (first === undefined || second === undefined) return own;
  const greater = first.amountMinor > second.amountMinor ? first : second;
  return [...own, { ...greater, holdId: listId(listNumber) }];
}

/** The command that enters the log for an accepted list. */
export function placeListCommand(list: AcceptedList): PlaceListCommand {
  const { listNumber: number, acceptedAtMs: timeMs, userNumber, type } = list;
  const head = { kind: 'place_list', number, timeMs, userNumber } as const;
  const [first, ...others] = list.orders.map(listOrder);
  assert(first !== undefined, 'a list has orders');
  return type === 'oco'
    ? { ...head, orders: [first, ...others] }
    : { ...head, working: first, orders: others };
}
