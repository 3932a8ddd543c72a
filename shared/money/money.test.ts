// Exact money: refusals of every other spelling first, then properties.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDecimal, parseDecimal, toMinor } from './decimal.ts';
import { divRoundDown, divRoundUp, mulPpmRoundDown, mulPpmRoundUp } from './rounding.ts';

describe('parsing a decimal', () => {
  it.each([
    '',
    ' ',
    '1 ',
    ' 1',
    '+1',
    '-1',
    '-0',
    '01',
    '00',
    '.5',
    '5.',
    '1e3',
    '1E3',
    '0x1',
    '1_000',
    '1,000',
    'NaN',
    'Infinity',
    '١',
    '１',
    '1.',
    '1.0000000000000000000',
    '1'.repeat(21),
    'a',
    '1.2.3',
    '1\n',
    '1\u0000',
  ])('refuses %j as malformed', (text) => {
    expect(parseDecimal(text, 18)).toBe('malformed');
  });

  it.each([1, 1n, null, undefined, {}, [], true])('refuses %s, which is no text', (value) => {
    expect(parseDecimal(value, 8)).toBe('malformed');
  });

  it('refuses digits beyond the precision instead of rounding them', () => {
    expect(parseDecimal('0.001', 2)).toBe('too_precise');
    expect(parseDecimal('1.10', 1)).toBe(11n);
    expect(parseDecimal('0.5', 0)).toBe('too_precise');
    expect(() => toMinor('0.001', 2)).toThrow(RangeError);
  });

  it('reads the largest and the smallest amount there is', () => {
    const largest = `${'9'.repeat(20)}.${'9'.repeat(18)}`;
    expect(parseDecimal(largest, 18)).toBe(10n ** 38n - 1n);
    expect(parseDecimal('0.000000000000000001', 18)).toBe(1n);
  });

  it.each([-1, 19, 1.5, Number.NaN])('does not know assets of %s decimals', (decimals) => {
    expect(() => parseDecimal('1', decimals)).toThrow(RangeError);
    expect(() => formatDecimal(1n, decimals)).toThrow(RangeError);
  });
});

const amounts = fc.bigInt({ min: 0n, max: 10n ** 38n - 1n });
const decimals = fc.integer({ min: 0, max: 18 });

describe('writing a decimal', () => {
  it('writes no trailing zeros and no negative zero', () => {
    expect(formatDecimal(100n, 2)).toBe('1');
    expect(formatDecimal(110n, 2)).toBe('1.1');
    expect(formatDecimal(-5n, 2)).toBe('-0.05');
    expect(formatDecimal(0n, 8)).toBe('0');
    expect(formatDecimal(-0n, 8)).toBe('0');
  });

  it('is read back exactly', () => {
    fc.assert(
      fc.property(amounts, decimals, (amount, places) => {
        const text = formatDecimal(amount, places);
        fc.pre(text.split('.')[0]?.length !== undefined && (text.split('.')[0] ?? '').length <= 20);
        expect(parseDecimal(text, places)).toBe(amount);
      }),
    );
  });
});

describe('rounding', () => {
  const numerators = fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n });
  const divisors = fc.bigInt({ min: 1n, max: 10n ** 20n });

  it('encloses the exact quotient: down is its floor, up its ceiling', () => {
    fc.assert(
      fc.property(numerators, divisors, (numerator, divisor) => {
        const down = divRoundDown(numerator, divisor);
        const up = divRoundUp(numerator, divisor);
        expect(down * divisor <= numerator && numerator < (down + 1n) * divisor).toBe(true);
        expect((up - 1n) * divisor < numerator && numerator <= up * divisor).toBe(true);
      }),
    );
  });

  it('is in the house’s favour for fees and rebates alike', () => {
    expect(mulPpmRoundUp(1n, 1)).toBe(1n);
    expect(mulPpmRoundUp(1_000_000n, 1_000)).toBe(1_000n);
    expect(mulPpmRoundUp(1_000_001n, 1_000)).toBe(1_001n);
    expect(mulPpmRoundUp(1_500n, -1_000)).toBe(-1n);
    expect(mulPpmRoundUp(999n, -1_000)).toBe(0n);
    expect(mulPpmRoundDown(1_999n, 1_000)).toBe(1n);
  });

  it('refuses a divisor that is not positive and a rate that is not whole', () => {
    expect(() => divRoundUp(1n, 0n)).toThrow(RangeError);
    expect(() => divRoundDown(1n, -1n)).toThrow(RangeError);
    expect(() => mulPpmRoundUp(1n, 0.5)).toThrow(RangeError);
  });
});
