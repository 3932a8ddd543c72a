// What zod found, in our words: a JSON pointer, a stable code and a sentence per field.
import type { z } from 'zod';
import type { FieldError } from '../domain/rejection.ts';

/** Codes of single fields; docs/errors.md lists them. */
export const FIELD_CODES = {
  FIELD_REQUIRED: 'The field is missing.',
  FIELD_UNKNOWN: 'The field is not known here.',
  FIELD_TYPE: 'The field has another JSON type, such as a number where a string is expected.',
  FIELD_FORMAT: 'The text does not have the required form.',
  FIELD_TOO_SMALL: 'The value is too small or too short.',
  FIELD_TOO_LARGE: 'The value is too large or too long.',
  FIELD_NOT_ALLOWED: 'The value is not one of those allowed.',
  FIELD_INVALID: 'The value breaks another rule; the detail says which.',
} as const;

export type FieldCode = keyof typeof FIELD_CODES;

/** Most errors told at once. */
export const FIELD_ERRORS_MAX = 20;

/** Longest part of a caller's own field name that is repeated to it. */
const NAME_CHARACTERS_MAX = 64;

/** Lists the faults of `value`. Values are never repeated: they may be secrets. */
export function describeIssues(error: z.ZodError, value: unknown): readonly FieldError[] {
  return error.issues.flatMap((issue) => describeIssue(issue, value)).slice(0, FIELD_ERRORS_MAX);
}

function describeIssue(issue: z.core.$ZodIssue, value: unknown): FieldError[] {
  const path = pointer(issue.path);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.slice(0, FIELD_ERRORS_MAX).map((key) => ({
      path: pointer([...issue.path, key]),
      code: 'FIELD_UNKNOWN' satisfies FieldCode,
      detail: FIELD_CODES.FIELD_UNKNOWN,
    }));
  }
  const code = codeOf(issue, isMissing(value, issue.path));
  return [{ path, code, detail: code === 'FIELD_REQUIRED' ? FIELD_CODES[code] : issue.message }];
}

function codeOf(issue: z.core.$ZodIssue, missing: boolean): FieldCode {
  if (missing) return 'FIELD_REQUIRED';
  switch (issue.code) {
    case 'invalid_type':
      return 'FIELD_TYPE';
    case 'invalid_format':
      return 'FIELD_FORMAT';
    case 'too_small':
      return 'FIELD_TOO_SMALL';
    case 'too_big':
      return 'FIELD_TOO_LARGE';
    case 'invalid_value':
      return 'FIELD_NOT_ALLOWED';
    default:
      return 'FIELD_INVALID';
  }
}

function isMissing(value: unknown, path: readonly PropertyKey[]): boolean {
  let at: unknown = value;
  for (const part of path) {
    if (typeof at !== 'object' || at === null) return false;
    if (!Object.hasOwn(at, part)) return true;
    at = (at as Record<PropertyKey, unknown>)[part];
  }
  return at === undefined;
}

/** RFC 6901: `/items/0/price`; the empty text is the whole value. */
function pointer(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${escapePart(String(part))}`).join('');
}

function escapePart(part: string): string {
  return part.slice(0, NAME_CHARACTERS_MAX).replaceAll('~', '~0').replaceAll('/', '~1');
}
