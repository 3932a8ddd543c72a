// Whether 32 bytes are a point of the curve of Ed25519 that a signature can be trusted by. Neither
// OpenSSL nor Node looks: with a point of small order, one signature fits any text.

const P = 2n ** 255n - 19n;
const D = 37095705934669439343138083508754565189542113879843219016388785533085940283555n;

/** Of the points of order 1, 2, 4 and 8, whatever the sign. */
const SMALL_ORDER_Y: readonly bigint[] = [
  0n,
  1n,
  P - 1n,
  0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n,
  0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n,
];

/** False for what is no point, is not written in the one way, or has small order. */
export function isSoundPoint(bytes: Uint8Array): boolean {
  const y = littleEndian(bytes) & (2n ** 255n - 1n);
  if (bytes.length !== 32 || y >= P || SMALL_ORDER_Y.includes(y)) return false;
  // x² = (y² - 1) / (d·y² + 1) has a root when numerator times denominator is a square.
  const ySquared = (y * y) % P;
  return isSquare(((ySquared - 1n + P) * (D * ySquared + 1n)) % P);
}

function isSquare(value: bigint): boolean {
  return power(value, (P - 1n) / 2n) === 1n;
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let square = base, left = exponent; left > 0n; left >>= 1n) {
    if ((left & 1n) === 1n) result = (result * square) % P;
    square = (square * square) % P;
  }
  return result;
}

function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}
