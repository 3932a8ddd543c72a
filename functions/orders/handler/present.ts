// From rows to the wire: ticks, lots and base units become canonical decimals. Pure.
import { listId, orderId, tradeId, type MarketId } from '../../../shared/domain/ids.ts';
import { formatSteps } from '../../../shared/domain/market.ts';
import { isEndStatus, type Side } from '../../../shared/domain/order.ts';
import { formatDecimal } from '../../../shared/money/decimal.ts';
import { divRoundDown } from '../../../shared/money/rounding.ts';
import type { OrderAnswer, PreventedMatchAnswer, TradeAnswer } from '../schema.ts';
import type { FeeSums, MarketUnits, OrderRow, OrderWithUnits } from '../decide/order-row.ts';
import type { FillRow, PreventedRow } from '../store/read.ts';

const AVERAGE_DECIMALS = 18;

export function presentOrder(found: OrderWithUnits): OrderAnswer {
  const { order, units } = found;
  const bySize = order.quoteAmountMinor === null;
  return {
    id: orderId(order.orderNumber),
    clientOrderId: order.clientOrderId,
    market: order.market,
    side: order.side,
    type: order.type,
    timeInForce: order.isDay ? 'DAY' : order.timeInForce,
    postOnly: order.postOnly,
    selfTradePrevention: order.selfTradePrevention,
    price: order.type === 'limit' ? formatSteps(order.priceTicks, units.tickSize) : null,
    quantity: bySize ? formatSteps(order.quantityLots, units.lotSize) : null,
    quoteAmount:
      order.quoteAmountMinor === null
        ? null
        : formatDecimal(BigInt(order.quoteAmountMinor), units.quoteDecimals),
    displayQuantity:
      order.displayLots === null ? null : formatSteps(order.displayLots, units.lotSize),
    expiresAt: order.expiresAtMs === null ? null : formatTime(order.expiresAtMs),
    trigger: presentTrigger(order, units),
    peg: presentPeg(order, units),
    orderListId: order.listNumber === null ? null : listId(order.listNumber),
    replaces: order.replacesNumber === null ? null : orderId(order.replacesNumber),
    replacedBy: order.replacedBy === null ? null : orderId(order.replacedBy),
    filledQuantity: formatSteps(order.filledLots, units.lotSize),
    filledQuote: formatDecimal(BigInt(order.filledQuoteMinor), units.quoteDecimals),
    averagePrice: averagePrice(order, units),
    remainingQuantity: bySize ? formatSteps(remainingLots(order), units.lotSize) : null,
    status: order.status,
    reason: order.reason,
    fees: presentFees(found.fees, found.decimals),
    createdAt: formatTime(order.acceptedAtMs),
    updatedAt: formatTime(order.updatedAtMs),
  };
}

function presentTrigger(order: OrderRow, units: MarketUnits): OrderAnswer['trigger'] {
  const { triggerKind: type, triggerPriceTicks, trailBps, activationPriceTicks } = order;
  if (type === 'trailing_stop') {
    const activation =
      activationPriceTicks === null ? null : formatSteps(activationPriceTicks, units.tickSize);
    return { type, trailBps: trailBps ?? 0, activationPrice: activation };
  }
  if (type === null || triggerPriceTicks === null) return null;
  return { type, price: formatSteps(triggerPriceTicks, units.tickSize) };
}

function presentPeg(order: OrderRow, units: MarketUnits): OrderAnswer['peg'] {
  const { pegTo: to, pegOffsetLevels: offsetLevels, pegLimitTicks } = order;
  if (to === null || offsetLevels === null || pegLimitTicks === null) return null;
  return { to, offsetLevels, limitPrice: formatSteps(pegLimitTicks, units.tickSize) };
}

/** What was answered when the order was accepted, for a repeat of the same request. */
export function presentAccepted(found: OrderWithUnits): OrderAnswer {
  return presentOrder({
    ...found,
    fees: {},
    order: {
      ...found.order,
      status: 'accepted',
      reason: null,
      priceTicks: found.order.pegLimitTicks ?? found.order.priceTicks,
      remainingLots: found.order.quantityLots,
      filledLots: 0,
      filledQuoteMinor: '0',
      replacedBy: null,
      updatedAtMs: found.order.acceptedAtMs,
    },
  });
}

export function presentFill(fill: FillRow): TradeAnswer {
  return {
    tradeId: tradeId(fill.market as MarketId, fill.sequence),
    orderId: orderId(fill.orderNumber),
    market: fill.market,
    side: fill.side,
    price: formatSteps(fill.priceTicks, fill.tickSize),
    quantity: formatSteps(fill.quantityLots, fill.lotSize),
    quoteQuantity: formatDecimal(BigInt(fill.quoteMinor), fill.quoteDecimals),
    fee: {
      asset: fill.feeAsset,
      amount: formatDecimal(BigInt(fill.feeMinor), fill.feeDecimals),
    },
    liquidity: fill.liquidity,
    time: formatTime(fill.tradedAtMs),
  };
}

export function presentPrevented(match: PreventedRow): PreventedMatchAnswer {
  const { takerSide, takerOrderNumber: taker, makerOrderNumber: maker } = match;
  const lots = (count: number | null): string => formatSteps(count ?? 0, match.lotSize);
  const own = (number: number, side: Side, liquidity: 'maker' | 'taker', of: number | null) => ({
    orderId: orderId(number),
    side,
    liquidity,
    preventedQuantity: lots(of),
  });
  return {
    market: match.market,
    price: formatSteps(match.priceTicks, match.tickSize),
    selfTradePrevention: match.mode,
    orders: [
      ...(taker === null ? [] : [own(taker, takerSide, 'taker', match.takerLots)]),
      ...(maker === null ? [] : [own(maker, oppositeOf(takerSide), 'maker', match.makerLots)]),
    ],
    time: formatTime(match.preventedAtMs),
  };
}

function oppositeOf(side: Side): Side {
  return side === 'buy' ? 'sell' : 'buy';
}

export function formatTime(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

function remainingLots(order: OrderRow): number {
  return isEndStatus(order.status) ? 0 : order.remainingLots;
}

/** filled quote / filled base in quote per base, rounded down to 18 decimals. */
function averagePrice(order: OrderRow, units: MarketUnits): string | null {
  if (order.filledLots === 0) return null;
  const baseText = formatSteps(order.filledLots, units.lotSize);
  const base = toScaled(baseText);
  const quote = BigInt(order.filledQuoteMinor) * 10n ** BigInt(2 * AVERAGE_DECIMALS);
  const price = divRoundDown(quote, base * 10n ** BigInt(units.quoteDecimals));
  return formatDecimal(price, AVERAGE_DECIMALS);
}

function toScaled(text: string): bigint {
  const [whole = '0', fraction = ''] = text.split('.');
  return BigInt(whole + fraction.padEnd(AVERAGE_DECIMALS, '0'));
}

function presentFees(
  fees: FeeSums,
  decimals: Readonly<Record<string, number>>,
): { asset: string; amount: string }[] {
  return Object.keys(fees)
    .sort()
    .map((asset) => ({
      asset,
      amount: formatDecimal(BigInt(fees[asset] ?? '0'), decimals[asset] ?? 0),
    }));
}
