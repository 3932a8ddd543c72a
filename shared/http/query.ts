// The query of a request: each key once, well-formed escapes only. Which keys a route takes is its
// schema's affair.

/** Most parameters of one query. */
export const QUERY_PARAMETERS_MAX = 32;

/** Why a query is refused, in words for the caller. */
export class QueryFault {
  readonly detail: string;

  constructor(detail: string) {
    this.detail = detail;
  }
}

export type Query = Readonly<Record<string, string>>;

const EMPTY: Query = Object.freeze({});

/** Reads what follows the question mark. A plus sign is a space, as HTML forms write it. */
export function parseQuery(text: string): Query | QueryFault {
  if (text === '') return EMPTY;
  const parts = text.split('&');
  if (parts.length > QUERY_PARAMETERS_MAX) return new QueryFault('too many parameters');
  const query = new Map<string, string>();
  for (const part of parts) {
    if (part === '') continue;
    const equals = part.indexOf('=');
    const key = decodePart(equals < 0 ? part : part.slice(0, equals));
    const value = decodePart(equals < 0 ? '' : part.slice(equals + 1));
    if (key === null || value === null) return new QueryFault('a parameter is badly escaped');
    if (query.has(key)) return new QueryFault('a parameter is given twice');
    query.set(key, value);
  }
  // fromEntries defines own properties, so a key such as __proto__ is an unknown key like another.
  return Object.fromEntries(query);
}

/** Undoes percent escapes; null when they are malformed or hide a zero character. */
export function decodePart(text: string): string | null {
  const spaced = text.replaceAll('+', ' ');
  return spaced.includes('%') ? decodeEscapes(spaced) : spaced;
}

/** The same for a part of a path, where a plus sign is a plus sign. */
export function decodeEscapes(text: string): string | null {
  try {
    const decoded = decodeURIComponent(text);
    return decoded.includes('\u0000') ? null : decoded;
  } catch {
    // decodeURIComponent has no other way to say that an escape is malformed.
    return null;
  }
}
