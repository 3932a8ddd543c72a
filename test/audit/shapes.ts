// Checks of single values and of objects, from which the shapes of records are put together.

export type Check = (value: unknown) => boolean;

export const isWhole: Check = (v) => Number.isSafeInteger(v);
export const atLeast =
  (least: number): Check =>
  (v) =>
    isWhole(v) && Number(v) >= least;
export const between =
  (least: number, most: number): Check =>
  (v) =>
    atLeast(least)(v) && Number(v) <= most;
export const text =
  (pattern: RegExp): Check =>
  (v) =>
    typeof v === 'string' && pattern.test(v);
export const oneOf =
  (...values: readonly string[]): Check =>
  (v) =>
    typeof v === 'string' && values.includes(v);
export const eitherOf =
  (...checks: readonly Check[]): Check =>
  (v) =>
    checks.some((check) => check(v));
export const orNull =
  (check: Check): Check =>
  (v) =>
    v === null || check(v);
/** For a field that may be left out; JSON has no other way to say undefined. */
export const absentOr =
  (check: Check): Check =>
  (v) =>
    v === undefined || check(v);
export const flag: Check = (v) => typeof v === 'boolean';

export const list =
  (check: Check, least: number, most = Infinity): Check =>
  (v) =>
    Array.isArray(v) && v.length >= least && v.length <= most && v.every(check);
export const bothOf =
  (...checks: readonly Check[]): Check =>
  (v) =>
    checks.every((check) => check(v));

/** An object with exactly these fields, but for those that may be absent. */
export function fields(checks: Readonly<Record<string, Check>>): Check {
  const names = Object.keys(checks);
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
    const present = new Map<string, unknown>(Object.entries(value));
    if (![...present.keys()].every((name) => Object.hasOwn(checks, name))) return false;
    return names.every((name) => checks[name]?.(present.get(name)) === true);
  };
}

export const number = atLeast(1);
export const timeMs = atLeast(0);
export const priceTicks = between(1, 4_294_967_295);
export const ppm = between(-1_000_000, 1_000_000);
export const minor = text(/^(0|[1-9][0-9]{0,37})$/);
export const decimal = text(/^(0|[1-9][0-9]{0,19})(\.[0-9]{1,18})?$/);
export const asset = text(/^[A-Z0-9]{2,10}$/);
export const market = text(/^[A-Z0-9]{2,10}-[A-Z0-9]{2,10}$/);
export const side = oneOf('buy', 'sell');
export const status = oneOf(
  ...['trading', 'cancel_only', 'halted', 'post_only', 'limit_only'],
  ...['pre_open', 'auction', 'closing', 'delisted'],
);
export const sha256Hex = text(/^[0-9a-f]{64}$/);
export const base64 = text(/^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/);
