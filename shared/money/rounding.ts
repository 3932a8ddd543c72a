// Integer division and rates with the rounding in the name.

/** Rates are parts per million: 1000 ppm = 0.1 % = 10 basis points. */
export const PPM = 1_000_000n;

/** Rates are written on the wire as fractions with this many decimals: 0.001 = 1000 ppm. */
export const RATE_DECIMALS = 6;

/** Quotient rounded towards plus infinity. Throws on a divisor that is not positive. */
export function divRoundUp(numerator: bigint, divisor: bigint): bigint {
  assertPositive(divisor);
  const quotient = numerator / divisor;
  return numerator > 0n && quotient * divisor !== numerator ? quotient + 1n : quotient;
}

/** Quotient rounded towards minus infinity. Throws on a divisor that is not positive. */
export function divRoundDown(numerator: bigint, divisor: bigint): bigint {
  assertPositive(divisor);
  const quotient = numerator / divisor;
  return numerator < 0n && quotient * divisor !== numerator ? quotient - 1n : quotient;
}

/** `amount` x `ratePpm`, rounded towards plus infinity. */
export function mulPpmRoundUp(amount: bigint, ratePpm: number): bigint {
  return divRoundUp(amount * wholePpm(ratePpm), PPM);
}

/** `amount` x `ratePpm`, rounded towards minus infinity. */
export function mulPpmRoundDown(amount: bigint, ratePpm: number): bigint {
  return divRoundDown(amount * wholePpm(ratePpm), PPM);
}

function wholePpm(ratePpm: number): bigint {
  if (!Number.isSafeInteger(ratePpm)) throw new RangeError(`rate is not whole ppm: ${ratePpm}`);
  return BigInt(ratePpm);
}

function assertPositive(divisor: bigint): void {
  if (divisor <= 0n) throw new RangeError(`divisor must be positive, got ${divisor.toString()}`);
}
