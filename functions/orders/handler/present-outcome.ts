// An order as the engine's outcome says it is, before the projection has caught up. Pure.
import { tradeFee, type Fee } from '../../../shared/domain/fee.ts';
import type { OrderStatus, Side } from '../../../shared/domain/order.ts';
import { formatSteps } from '../../../shared/domain/market.ts';
import type { TradeEvent } from '../../../shared/events/executions.ts';
import { feeFactsOf } from '../../../shared/events/trade-facts.ts';
import { formatDecimal } from '../../../shared/money/decimal.ts';
import type { OrderRow, OrderWithUnits } from '../decide/order-row.ts';
import type { ExecutedTradeAnswer, OrderOutcomeAnswer } from '../schema.ts';
import type { Outcome } from './outcome-of.ts';
import { presentOrder } from './present.ts';

/**
 * The state after a place command: all of it follows from the command's own events. `found` gives
 * only what never changes, so it does not matter how much of it is projected.
 */
export function presentOutcome(found: OrderWithUnits, outcome: Outcome): OrderOutcomeAnswer {
  const { order } = found;
  const fees: Record<string, bigint> = {};
  const trades = outcome.trades.map((trade) => {
    const fee = feeOf(outcome, trade, order.side);
    fees[fee.asset] = (fees[fee.asset] ?? 0n) + fee.amountMinor;
    return presentTrade(trade, fee, found);
  });
  const filledLots = sum(outcome.trades.map((trade) => trade.quantityLots));
  const quote = outcome.trades.reduce((total, trade) => total + BigInt(trade.quoteMinor), 0n);
  const { pegged } = outcome;
  const after: OrderRow = {
    ...order,
    ...(pegged === null ? {} : { priceTicks: pegged.priceTicks }),
    ...stateAfter(outcome, filledLots),
    filledLots,
    filledQuoteMinor: quote.toString(),
    updatedAtMs: outcome.final.timeMs,
  };
  const feeTexts = Object.fromEntries(
    Object.entries(fees).map(([asset, amount]) => [asset, amount.toString()]),
  );
  return { ...presentOrder({ ...found, order: after, fees: feeTexts }), trades };
}

/**
 * The state after a cancel or amend. Status, reason, price and quantity are the engine's last word;
 * fills are as far as they are projected.
 */
export function presentChanged(found: OrderWithUnits, outcome: Outcome): OrderOutcomeAnswer {
  const { order } = found;
  const { amended } = outcome;
  const change =
    amended === null ? {} : { priceTicks: amended.priceTicks, quantityLots: amended.quantityLots };
  const isNewer = outcome.final.sequence > order.lastSequence;
  const state = isNewer ? stateAfter(outcome, order.filledLots) : {};
  const trades = outcome.trades.map((trade) =>
    presentTrade(trade, feeOf(outcome, trade, order.side), found),
  );
  const after: OrderRow = { ...order, ...change, ...state };
  return { ...presentOrder({ ...found, order: after }), trades };
}

function stateAfter(
  outcome: Outcome,
  filledLots: number,
): Pick<OrderRow, 'status' | 'reason' | 'remainingLots'> {
  const { final } = outcome;
  if (final.kind === 'ended') {
    return { status: final.status, reason: final.reason, remainingLots: final.cancelledLots };
  }
  if (final.kind === 'armed') {
    return { status: 'untriggered', reason: null, remainingLots: final.remainingLots };
  }
  const remainingLots = final.kind === 'refused' ? 0 : final.remainingLots;
  const status: OrderStatus = filledLots > 0 ? 'partially_filled' : 'open';
  return { status, reason: null, remainingLots };
}

function feeOf(outcome: Outcome, trade: TradeEvent, side: Side): Fee {
  return tradeFee(feeFactsOf(outcome.record, trade), side);
}

function presentTrade(trade: TradeEvent, fee: Fee, found: OrderWithUnits): ExecutedTradeAnswer {
  return {
    tradeId: trade.tradeId,
    price: formatSteps(trade.priceTicks, found.units.tickSize),
    quantity: formatSteps(trade.quantityLots, found.units.lotSize),
    fee: {
      asset: fee.asset,
      amount: formatDecimal(fee.amountMinor, found.decimals[fee.asset] ?? 0),
    },
    liquidity: 'taker',
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
