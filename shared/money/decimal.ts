// Exact conversion between decimal strings on the wire and integers inside. No floats anywhere.

/**
 * A whole number of an asset's smallest unit (base units): 1 BTC with 8 decimals is 100_000_000n.
 */
export type Minor = bigint & { readonly __brand: 'Minor' };

/** Most decimals an asset may have; the wire format allows no more digits after the point. */
export const DECIMALS_MAX = 18;

/** Most digits before the point on the wire. */
export const INTEGER_DIGITS_MAX = 20;

/** The only accepted spelling of an amount: no sign, exponent, space or leading zero. */
export const DECIMAL_PATTERN = /^(0|[1-9][0-9]{0,19})(\.[0-9]{1,18})?$/;

export type DecimalError = 'malformed' | 'too_precise';

/**
 * Reads a decimal string as a whole number of 10^-decimals.
 * Answers `malformed` when the text is not `DECIMAL_PATTERN`, and `too_precise` when a digit other
 * than zero lies beyond `decimals`: nothing is ever rounded here.
 */
export function parseDecimal(text: unknown, decimals: number): bigint | DecimalError {
  assertDecimals(decimals);
  if (typeof text !== 'string' || !DECIMAL_PATTERN.test(text)) return 'malformed';
  const point = text.indexOf('.');
  const whole = point < 0 ? text : text.slice(0, point);
  const fraction = point < 0 ? '' : text.slice(point + 1);
  if (/[1-9]/.test(fraction.slice(decimals))) return 'too_precise';
  return BigInt(whole + fraction.slice(0, decimals).padEnd(decimals, '0'));
}

/** Like `parseDecimal` for text that our own configuration wrote: throws when it does not fit. */
export function toMinor(text: string, decimals: number): Minor {
  const value = parseDecimal(text, decimals);
  if (typeof value === 'string') {
    throw new RangeError(`amount "${text}" is ${value} at ${decimals} decimals`);
  }
  return value as Minor;
}

/** Marks an integer that is known to be in base units. */
export function minor(value: bigint): Minor {
  return value as Minor;
}

/**
 * Writes a whole number of 10^-decimals as a canonical decimal string: no trailing zeros, no `-0`.
 * Negative values are written with a leading minus (signed postings).
 */
export function formatDecimal(value: bigint, decimals: number): string {
  assertDecimals(decimals);
  const negative = value < 0n;
  const digits = (negative ? -value : value).toString().padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, '');
  return (negative ? '-' : '') + whole + (fraction === '' ? '' : `.${fraction}`);
}

function assertDecimals(decimals: number): void {
  if (!Number.isInteger(decimals) || decimals < 0 || decimals > DECIMALS_MAX) {
    throw new RangeError(`decimals must be 0..${DECIMALS_MAX}, got ${decimals}`);
  }
}
