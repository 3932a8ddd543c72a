// Fields of a recorded row, read strictly: a shifted column must not become an order.
import { parseSteps } from '../../../shared/domain/market.ts';
import { formatDecimal } from '../../../shared/money/decimal.ts';
import { PRICE_TICKS_MAX, QUANTITY_LOTS_MAX } from '../../../shared/domain/market.ts';
import { RowError, type MarketSteps } from '../flow.ts';

export function splitRow(text: string, row: number, count: number): string[] {
  const fields = text.split(',');
  if (fields.length === count) return fields;
  throw new RowError(row, `has ${fields.length} columns, not ${count}`);
}

export function wholeNumber(text: string | undefined, row: number, column: string): number {
  const value = Number(text);
  if (text === undefined || !/^[0-9]+$/.test(text) || !Number.isSafeInteger(value)) {
    throw new RowError(row, `${column} is no whole number: ${text ?? ''}`);
  }
  return value;
}

/** Null when the price is not on the market's ticks. */
export function ticksOf(steps: MarketSteps, price: string): number | null {
  const ticks = parseSteps(price, steps.tickSize, PRICE_TICKS_MAX);
  return typeof ticks === 'string' || ticks === 0 ? null : ticks;
}

/** `quantity` x 10^-decimals in lots; null when it is not on the market's lots. */
export function lotsOf(steps: MarketSteps, quantity: number, decimals: number): number | null {
  const text = formatDecimal(BigInt(quantity), decimals);
  const lots = parseSteps(text, steps.lotSize, QUANTITY_LOTS_MAX);
  return typeof lots === 'string' ? null : lots;
}
