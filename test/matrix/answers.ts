// Reads answers of the matrix.
import type { RawAnswer } from '../../shared/function/testing/raw-http.ts';

/** Parsed; throws when it is no JSON. */
export function readJson(answer: RawAnswer): unknown {
  return JSON.parse(answer.text) as unknown;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
