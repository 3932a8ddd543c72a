// Cursors of lists: the sort position of the last row shown. Opaque to callers, so that the order
// of a list can change; it carries no secret and grants nothing.

/** What a position is made of: the values of the sort columns, in order. */
export type Position = readonly (string | number)[];

/** Most sort columns. */
const PARTS_MAX = 4;

const BASE64URL = /^[A-Za-z0-9_-]+$/;

export function formatCursor(position: Position): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/** Null when the text is not a cursor that `formatCursor` wrote. */
export function parseCursor(text: string): Position | null {
  if (!BASE64URL.test(text)) return null;
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    // JSON.parse has no other way to say so.
    return null;
  }
  if (!Array.isArray(value) || value.length === 0 || value.length > PARTS_MAX) return null;
  const parts: unknown[] = value;
  return parts.every(isPart) ? parts : null;
}

function isPart(part: unknown): part is string | number {
  if (typeof part === 'string') return !part.includes('\u0000');
  return Number.isSafeInteger(part);
}
