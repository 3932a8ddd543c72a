// Cancels and amends: whether the order can still change, and what an amend must lock more.
import { feeReservePpm } from '../../../shared/domain/hold.ts';
import {
  isEndStatus,
  type OrderStatus,
  type PegSide,
  type Side,
} from '../../../shared/domain/order.ts';
import { isRejection, reject, type Rejection } from '../../../shared/domain/rejection.ts';
import type { TimeInForce } from '../../../shared/domain/order.ts';
import { mulPpmRoundUp } from '../../../shared/money/rounding.ts';
import { notionalMinor } from '../../../shared/domain/market.ts';
import type { AmendOrderBody } from '../schema.ts';
import { checkAmendLimits, checkAmendStatus } from './market-limits.ts';
import { checkParts, readPrice, readQuantity } from './read-steps.ts';
import { checkMoving, type MarketTerms } from './size.ts';

/** What is known of an accepted order when a change is asked for. */
export interface ChangeableOrder {
  readonly orderNumber: number;
  readonly userNumber: number;
  readonly market: string;
  readonly side: Side;
  readonly type: 'limit' | 'market';
  readonly timeInForce: TimeInForce;
  readonly status: OrderStatus;
  readonly priceTicks: number;
  readonly quantityLots: number;
  readonly remainingLots: number;
  /** Null unless it is an iceberg. */
  readonly displayLots: number | null;
  /** It shares its hold with another order of its list. */
  readonly isPair: boolean;
  /** Null unless it is pegged. */
  readonly pegTo: PegSide | null;
  readonly makerFeePpm: number;
  readonly takerFeePpm: number;
  /** True while an earlier amend has no answer from the engine yet. */
  readonly amendPending: boolean;
}

export interface AcceptedAmend {
  readonly priceTicks: number;
  readonly quantityLots: number;
  readonly holdIncreaseMinor: bigint;
}

/** A cancel is taken in every market status; one that races a fill loses in the engine. */
export function decideCancel(order: ChangeableOrder | null): ChangeableOrder | Rejection {
  if (order === null) return reject('ORDER_NOT_FOUND');
  if (isEndStatus(order.status)) return reject('ORDER_ALREADY_DONE', `it is ${order.status}`);
  return order;
}

/** Refuses what can be seen to be impossible; what has happened since is the engine's to judge. */
export function decideAmend(
  order: ChangeableOrder | null,
  body: AmendOrderBody,
  terms: MarketTerms,
): AcceptedAmend | Rejection {
  if (order === null) return reject('ORDER_NOT_FOUND');
  if (isEndStatus(order.status)) return reject('ORDER_ALREADY_DONE', `it is ${order.status}`);
  if (body.price === undefined && body.quantity === undefined) return reject('ORDER_AMEND_EMPTY');
  const canRest = order.timeInForce === 'GTC' || order.timeInForce === 'GTD';
  if (order.type !== 'limit' || !canRest) return reject('ORDER_AMEND_NOT_ALLOWED');
  if (order.isPair) {
    return reject('ORDER_AMEND_NOT_ALLOWED', 'it shares its hold with another order of its list');
  }
  if (order.status === 'untriggered') {
    return reject('ORDER_AMEND_NOT_ALLOWED', 'it waits for its turn');
  }
  // What it holds, and what it would keep of its price, follows from the price that it has taken.
  if (order.pegTo !== null && order.status === 'accepted') {
    return reject('ORDER_AMEND_NOT_ALLOWED', 'it has not taken its price from the book yet');
  }
  const moving = checkMoving(terms);
  if (moving !== null) return moving;
  if (order.amendPending) return reject('ORDER_AMEND_PENDING');
  const closed = checkAmendStatus(terms.status, true);
  if (closed !== null) return closed;
  const priceTicks = body.price === undefined ? order.priceTicks : readPrice(body.price, terms);
  if (isRejection(priceTicks)) return priceTicks;
  const quantityLots =
    body.quantity === undefined ? order.quantityLots : readQuantity(body.quantity, terms);
  if (isRejection(quantityLots)) return quantityLots;
  const isReduction = priceTicks === order.priceTicks && quantityLots <= order.quantityLots;
  const reducesOnly = checkAmendStatus(terms.status, isReduction);
  if (reducesOnly !== null) return reducesOnly;
  const goneLots = order.quantityLots - order.remainingLots;
  if (quantityLots <= goneLots) return reject('ORDER_QUANTITY_BELOW_FILLED');
  const refusal = checkAmendLimits(order, { priceTicks, quantityLots }, terms);
  if (refusal !== null) return refusal;
  // An iceberg keeps what it shows at a time: so much may not be hidden behind that.
  const grows = order.displayLots !== null && quantityLots > order.quantityLots;
  const parts = grows ? checkParts(order.displayLots, quantityLots) : null;
  if (parts !== null) return parts;
  const holdIncreaseMinor = amendHoldIncrease(order, { priceTicks, quantityLots }, terms);
  return { priceTicks, quantityLots, holdIncreaseMinor };
}

/**
 * What must be locked more so that the amend is covered whatever has been filled by the time the
 * engine sees it. With F lots gone, a buy needs P'(Q'-F) - P(Q-F) more: linear in F, so the worst
 * case is at one end of what F can be. The fee reserve of a difference is never below the
 * difference of the fee reserves, because rounding up is subadditive. What turns out not to be
 * needed, the engine releases.
 */
export function amendHoldIncrease(
  order: ChangeableOrder,
  next: { readonly priceTicks: number; readonly quantityLots: number },
  terms: MarketTerms,
): bigint {
  if (order.side === 'sell') {
    const lots = BigInt(next.quantityLots) - BigInt(order.quantityLots);
    return lots > 0n ? lots * terms.scale.lotMinor : 0n;
  }
  const goneMin = order.quantityLots - order.remainingLots;
  const goneMax = Math.min(order.quantityLots, next.quantityLots);
  const needs = [goneMin, goneMax].map(
    (gone) =>
      notionalMinor(terms.scale, next.priceTicks, next.quantityLots - gone) -
      notionalMinor(terms.scale, order.priceTicks, order.quantityLots - gone),
  );
  const worst = needs.reduce((a, b) => (a > b ? a : b), 0n);
  const reserve = feeReservePpm(
    terms.config.feePolicy,
    order.side,
    order.makerFeePpm,
    order.takerFeePpm,
  );
  return worst + mulPpmRoundUp(worst, reserve);
}
