// Whether two plain values are the same, told fast: a long run compares them many million times.
// Where they are not, `assert.deepEqual` says in what.

type Plain = Readonly<Record<string, unknown>>;

/**
 * True when both are equal to the last bit, with the same keys in any order. Knows values as they
 * are on the wire (plain objects, lists, texts, numbers, booleans and null) and no others.
 */
export function isSame(a: unknown, b: unknown): boolean {
  if (!isObject(a) || !isObject(b)) return Object.is(a, b);
  if (Array.isArray(a)) return Array.isArray(b) && areAllSame(a, b, isSame);
  if (Array.isArray(b)) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  for (const key of keys) {
    if (!Object.hasOwn(b, key) || !isSame(a[key], b[key])) return false;
  }
  return true;
}

/** True when both are equal and their keys stand in the same order: their JSON is the same. */
export function isSameInOrder(a: unknown, b: unknown): boolean {
  if (!isObject(a) || !isObject(b)) return Object.is(a, b);
  if (Array.isArray(a)) return Array.isArray(b) && areAllSame(a, b, isSameInOrder);
  if (Array.isArray(b)) return false;
  const [keys, others] = [Object.keys(a), Object.keys(b)];
  if (keys.length !== others.length) return false;
  for (const [at, key] of keys.entries()) {
    if (key !== others[at] || !isSameInOrder(a[key], b[key])) return false;
  }
  return true;
}

function areAllSame(
  a: readonly unknown[],
  b: readonly unknown[],
  isEachSame: (a: unknown, b: unknown) => boolean,
): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at += 1) {
    if (!isEachSame(a[at], b[at])) return false;
  }
  return true;
}

function isObject(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null;
}
