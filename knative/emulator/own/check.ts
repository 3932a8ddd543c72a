// Checks what a caller of the own port sent, with every fault of it named.
import type { z } from 'zod';
import { reject, type Rejection } from '../../../shared/domain/rejection.ts';
import { describeIssues } from '../../../shared/http/field-errors.ts';

export function check<Shape extends z.ZodType>(
  shape: Shape,
  value: unknown,
  code: 'BODY_INVALID' | 'QUERY_INVALID',
): z.output<Shape> | Rejection {
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  return reject(code, undefined, { errors: describeIssues(parsed.error, value) });
}
