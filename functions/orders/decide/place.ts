// Whether an order is accepted, and what then is written: row, hold and command.
import { holdMinor, spendableMinor } from '../../../shared/domain/hold.ts';
import type { MarketConfig } from '../../../shared/domain/market.ts';
import type { Replacement } from './intent.ts';
import type { ListRole } from './list-rules.ts';
import type { OrderRow, OrderWithUnits } from './order-row.ts';
import type { MarketTerms, SizedOrder } from './size.ts';
import { holdTerms, reservePpm } from './size.ts';
import type { Trigger } from './trigger.ts';
import { reject, type Rejection } from '../../../shared/domain/rejection.ts';
import type { ListOrder, PlaceCommand } from '../../../shared/events/commands.ts';
import type { PlaceOrderBody } from '../schema.ts';

export interface PlaceState {
  /** Available balance of the asset that the order locks, in base units. */
  readonly availableMinor: bigint;
  /** Orders that the user has open in this market. */
  readonly openOrders: number;
  readonly openOrdersMax: number;
  readonly nowMs: number;
}

export interface AcceptedOrder {
  readonly orderNumber: number;
  readonly userNumber: number;
  readonly body: PlaceOrderBody;
  readonly terms: MarketTerms;
  readonly sized: SizedOrder;
  /** Left out when the order is to take the place of none. */
  readonly replaces?: Replacement;
  /** Left out for a user without one. */
  readonly tradeGroup?: number;
  /** Left out for an order of its own. */
  readonly list?: ListRole & { readonly listNumber: number };
  readonly acceptedAtMs: number;
}

/** Accepts a sized order against the user's balance and open orders, or refuses it. */
export function decidePlace(
  body: PlaceOrderBody,
  sized: SizedOrder,
  terms: MarketTerms,
  state: PlaceState,
  names: { userNumber: number; orderNumber: number },
): AcceptedOrder | Rejection {
  if (state.openOrders >= state.openOrdersMax) {
    return reject(
      'ORDERS_OPEN_TOO_MANY',
      `${state.openOrdersMax} orders are open in ${body.market}`,
    );
  }
  const funded = fitToFunds(body, sized, terms, state.availableMinor);
  if (funded === null) {
    return reject(
      'ORDER_FUNDS_INSUFFICIENT',
      `the available ${sized.hold.asset} does not cover the hold`,
    );
  }
  return { ...names, body, terms, sized: funded, acceptedAtMs: state.nowMs };
}

/**
 * A market buy by quantity locks up to its protection price, which may be more than the user has
 * though the order would cost less. Then it locks what there is, as long as that covers the best
 * price: the engine stops where the hold ends. One that waits gets no less than it needs at worst,
 * since nobody looks when its time comes.
 */
function fitToFunds(
  body: PlaceOrderBody,
  sized: SizedOrder,
  terms: MarketTerms,
  availableMinor: bigint,
): SizedOrder | null {
  if (sized.hold.amountMinor <= availableMinor) return sized;
  const isMarketBuy =
    body.type === 'market' && body.side === 'buy' && sized.quoteBudgetMinor === null;
  if (!isMarketBuy || sized.trigger !== null || terms.bestAskTicks === null) return null;
  const spendable = spendableMinor(availableMinor, reservePpm(terms, 'buy'));
  const perTick = BigInt(sized.quantityLots) * terms.scale.tickLotMinor;
  const priceTicks = Number(spendable / perTick);
  if (priceTicks < terms.bestAskTicks) return null;
  const amountMinor = holdMinor(
    terms.scale,
    holdTerms(terms, 'buy', priceTicks),
    sized.quantityLots,
  );
  return { ...sized, priceTicks, hold: { asset: sized.hold.asset, amountMinor } };
}

/** The order's row as it is inserted, with what its amounts are measured in. */
export function acceptedRow(accepted: AcceptedOrder): OrderWithUnits {
  const { body, sized, terms } = accepted;
  const order: OrderRow = {
    orderNumber: accepted.orderNumber,
    userNumber: accepted.userNumber,
    clientOrderId: body.clientOrderId ?? null,
    market: body.market,
    side: body.side,
    type: body.type,
    timeInForce: sized.timeInForce,
    postOnly: body.postOnly ?? false,
    selfTradePrevention: body.selfTradePrevention ?? 'cancel_taker',
    priceTicks: sized.priceTicks,
    quantityLots: sized.quantityLots,
    quoteAmountMinor: sized.quoteAmountMinor?.toString() ?? null,
    expiresAtMs: sized.expiresAtMs,
    ...triggerColumns(sized.trigger),
    displayLots: sized.displayLots,
    ...pegColumns(body.peg === undefined ? null : pegOf(body.peg), sized.priceTicks),
    isDay: body.timeInForce === 'DAY',
    listNumber: accepted.list?.listNumber ?? null,
    isPair: accepted.list?.isPair ?? false,
    replacesNumber: accepted.replaces?.orderNumber ?? null,
    replacedBy: null,
    makerFeePpm: terms.makerFeePpm,
    takerFeePpm: terms.takerFeePpm,
    acceptedAtMs: accepted.acceptedAtMs,
    updatedAtMs: accepted.acceptedAtMs,
    status: 'accepted',
    reason: null,
    lastSequence: 0,
    remainingLots: sized.quantityLots,
    filledLots: 0,
    filledQuoteMinor: '0',
    amendPending: false,
  };
  return withUnits(order, terms.config);
}

function replacesField({ orderNumber, onFailure, onlyIf }: Replacement): PlaceCommand['replaces'] {
  return { orderNumber, onFailure, ...(onlyIf === null ? {} : { onlyIf }) };
}

/** A trigger as the columns of an order hold it. */
export function triggerColumns(
  trigger: Trigger | null,
): Pick<OrderRow, 'triggerKind' | 'triggerPriceTicks' | 'trailBps' | 'activationPriceTicks'> {
  const none = { triggerPriceTicks: null, trailBps: null, activationPriceTicks: null };
  if (trigger === null) return { ...none, triggerKind: null };
  if (trigger.kind !== 'trailing_stop') {
    return { ...none, triggerKind: trigger.kind, triggerPriceTicks: trigger.priceTicks };
  }
  const { kind, trailBps, activationPriceTicks = null } = trigger;
  return { ...none, triggerKind: kind, trailBps, activationPriceTicks };
}

/** How an order is pegged, as its command says it. */
type Peg = NonNullable<PlaceCommand['peg']>;

function pegOf({ to, offsetLevels = 0 }: NonNullable<PlaceOrderBody['peg']>): Peg {
  return { to, offsetLevels };
}

/** A peg as the columns of an order hold it; `limitTicks` is what the order was placed with. */
export function pegColumns(
  peg: Peg | null,
  limitTicks: number,
): Pick<OrderRow, 'pegTo' | 'pegOffsetLevels' | 'pegLimitTicks'> {
  if (peg === null) return { pegTo: null, pegOffsetLevels: null, pegLimitTicks: null };
  return { pegTo: peg.to, pegOffsetLevels: peg.offsetLevels, pegLimitTicks: limitTicks };
}

/** A row that has no fees yet, with the units of its market. */
export function withUnits(order: OrderRow, config: MarketConfig): OrderWithUnits {
  const { base, quote, baseDecimals, quoteDecimals, tickSize, lotSize } = config;
  return {
    order,
    units: { base, quote, baseDecimals, quoteDecimals, tickSize, lotSize },
    fees: {},
    decimals: { [base]: baseDecimals, [quote]: quoteDecimals },
  };
}

/** The command that enters the log for an accepted order. */
export function placeCommand(order: AcceptedOrder): PlaceCommand {
  return {
    kind: 'place',
    timeMs: order.acceptedAtMs,
    userNumber: order.userNumber,
    ...listOrder(order),
    ...(order.replaces === undefined ? {} : { replaces: replacesField(order.replaces) }),
  };
}

/** What the command says of the order itself: the same alone and in a list. */
export function listOrder({
  orderNumber,
  body,
  sized,
  terms,
  tradeGroup,
}: AcceptedOrder): ListOrder {
  return {
    number: orderNumber,
    side: body.side,
    type: body.type,
    timeInForce: sized.timeInForce,
    postOnly: body.postOnly ?? false,
    selfTradePrevention: body.selfTradePrevention ?? 'cancel_taker',
    priceTicks: sized.priceTicks,
    quantityLots: sized.quantityLots,
    quoteBudgetMinor: sized.quoteBudgetMinor?.toString() ?? null,
    expiresAtMs: sized.expiresAtMs,
    makerFeePpm: terms.makerFeePpm,
    takerFeePpm: terms.takerFeePpm,
    holdMinor: sized.hold.amountMinor.toString(),
    ...(sized.trigger === null ? {} : { trigger: sized.trigger }),
    ...(sized.displayLots === null ? {} : { displayLots: sized.displayLots }),
    ...(tradeGroup === undefined ? {} : { tradeGroup }),
    ...(body.peg === undefined ? {} : { peg: pegOf(body.peg) }),
  };
}
