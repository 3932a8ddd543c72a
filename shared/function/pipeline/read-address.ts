// What the request line says: path parameters and query, checked against the route's schemas.
import type { z } from 'zod';
import { reject, type ErrorCode, type Rejection } from '../../domain/rejection.ts';
import { describeIssues } from '../../http/field-errors.ts';
import { parseQuery, QueryFault } from '../../http/query.ts';

/** Longest path and query together. */
export const TARGET_CHARACTERS_MAX = 2_048;

export interface Target {
  readonly path: string;
  readonly query: string;
}

/** Splits the request line; null for what is no path, such as a whole URL. */
export function splitTarget(target: string): Target | null {
  if (!target.startsWith('/') || target.length > TARGET_CHARACTERS_MAX) return null;
  const mark = target.indexOf('?');
  if (mark < 0) return { path: target, query: '' };
  return { path: target.slice(0, mark), query: target.slice(mark + 1) };
}

/** A value that passed its schema; wrapped, since undefined is what a route without one gets. */
export interface Checked {
  readonly value: unknown;
}

const NOTHING: Checked = { value: undefined };

export function readParams(
  params: Readonly<Record<string, string>>,
  schema: z.ZodType | undefined,
): Checked | Rejection {
  return schema === undefined ? { value: params } : check(params, schema, 'PATH_INVALID');
}

/** A route without a query schema takes no parameters at all. */
export function readQuery(text: string, schema: z.ZodType | undefined): Checked | Rejection {
  if (text === '' && schema === undefined) return NOTHING;
  const query = parseQuery(text);
  if (query instanceof QueryFault) return reject('QUERY_INVALID', query.detail);
  if (schema !== undefined) return check(query, schema, 'QUERY_INVALID');
  if (Object.keys(query).length === 0) return NOTHING;
  return reject('QUERY_INVALID', 'this route takes no query parameters');
}

function check(value: unknown, schema: z.ZodType, code: ErrorCode): Checked | Rejection {
  const parsed = schema.safeParse(value);
  if (parsed.success) return { value: parsed.data };
  return reject(code, undefined, { errors: describeIssues(parsed.error, value) });
}
