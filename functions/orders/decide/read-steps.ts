// Decimals of a request as ticks and lots of its market, or why they are none.
import { parseSteps, PRICE_TICKS_MAX, QUANTITY_LOTS_MAX } from '../../../shared/domain/market.ts';
import { ICEBERG_PARTS_MAX } from '../../../shared/domain/order.ts';
import { reject, type ErrorCode, type Rejection } from '../../../shared/domain/rejection.ts';
import type { MarketTerms } from './size.ts';

export function readPrice(text: string, terms: MarketTerms): number | Rejection {
  return readTicks(text, terms, { name: 'price', offTick: 'ORDER_PRICE_OFF_TICK' });
}

export function readTicks(
  text: string,
  terms: MarketTerms,
  field: { readonly name: string; readonly offTick: ErrorCode },
): number | Rejection {
  const ticks = parseSteps(text, terms.config.tickSize, PRICE_TICKS_MAX);
  if (ticks === 'malformed') return reject('BODY_INVALID');
  if (ticks === 'off_step') {
    return reject(field.offTick, `${field.name} is not a multiple of ${terms.config.tickSize}`);
  }
  if (
    ticks === 'too_large' ||
    ticks < terms.scale.minPriceTicks ||
    ticks > terms.scale.maxPriceTicks
  ) {
    return reject(
      'ORDER_PRICE_OUT_OF_BAND',
      `${field.name} must be ${terms.config.minPrice} to ${terms.config.maxPrice}`,
    );
  }
  return ticks;
}

export function readQuantity(text: string, terms: MarketTerms): number | Rejection {
  const lots = parseSteps(text, terms.config.lotSize, QUANTITY_LOTS_MAX);
  if (lots === 'malformed') return reject('BODY_INVALID');
  if (lots === 'off_step') {
    return reject(
      'ORDER_QUANTITY_OFF_LOT',
      `quantity is not a multiple of ${terms.config.lotSize}`,
    );
  }
  if (lots === 'too_large' || lots > terms.scale.maxQuantityLots) {
    return reject('ORDER_QUANTITY_TOO_LARGE', `quantity is above ${terms.config.maxQuantity}`);
  }
  if (lots < terms.scale.minQuantityLots) {
    return reject('ORDER_QUANTITY_TOO_SMALL', `quantity is below ${terms.config.minQuantity}`);
  }
  return lots;
}

/**
 * What an iceberg shows at a time; null when that is all of the order, which is no iceberg then.
 * Refused, too, when it would have more parts than an order may have.
 */
export function readDisplayQuantity(
  text: string | undefined,
  quantityLots: number,
  terms: MarketTerms,
): number | null | Rejection {
  if (text === undefined) return null;
  const { config, scale } = terms;
  const lots = parseSteps(text, config.lotSize, QUANTITY_LOTS_MAX);
  if (lots === 'malformed') return reject('BODY_INVALID');
  if (lots === 'off_step') {
    const detail = `displayQuantity is not a multiple of ${config.lotSize}`;
    return reject('ORDER_DISPLAY_QUANTITY_OFF_LOT', detail);
  }
  if (lots === 'too_large' || lots > quantityLots) {
    return reject('ORDER_DISPLAY_QUANTITY_TOO_LARGE');
  }
  if (lots < scale.minQuantityLots) {
    const detail = `displayQuantity is below ${config.minQuantity}`;
    return reject('ORDER_DISPLAY_QUANTITY_TOO_SMALL', detail);
  }
  return lots === quantityLots ? null : (checkParts(lots, quantityLots) ?? lots);
}

/** Refuses an iceberg with more parts than one may have. */
export function checkParts(displayLots: number, quantityLots: number): Rejection | null {
  // Exact: both are safe integers, but their product with 100 need not be.
  if (BigInt(quantityLots) <= BigInt(displayLots) * BigInt(ICEBERG_PARTS_MAX)) return null;
  const detail = `the quantity is more than ${ICEBERG_PARTS_MAX} times what is shown`;
  return reject('ORDER_DISPLAY_QUANTITY_TOO_SMALL', detail);
}
