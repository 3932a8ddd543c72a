// How values of the database become ours: int8 and numeric arrive as text from the driver; we turn
// int8 into a safe number (ids, counts, offsets) and leave numeric as text (money goes through
// BigInt, never floats).
import pg from 'pg';

export const types = new pg.TypeOverrides();
types.setTypeParser(pg.types.builtins.INT8, parseSafeInteger);

function parseSafeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`int8 beyond 2^53: ${text}`);
  return value;
}
