// A batch that a client has named is answered as the first time when it comes again: by what became
// of each of its orders, refusals included. Pure.
import {
  ERROR_CODES,
  isRejection,
  reject,
  type ErrorCode,
} from '../../../shared/domain/rejection.ts';
import type { Decision } from './draft.ts';

/** What became of one order of a batch, as it is kept. */
export type BatchResult =
  { readonly orderNumber: number } | { readonly code: string; readonly detail: string };

/** What is to be remembered of a batch; null when nothing of it was accepted. */
export function resultsOf(decisions: readonly Decision[]): readonly BatchResult[] | null {
  const results = decisions.map((decision): BatchResult => {
    if (isRejection(decision)) return { code: decision.code, detail: decision.detail };
    if (decision.kind === 'placed') return { orderNumber: decision.order.orderNumber };
    if (decision.kind === 'replayed') return { orderNumber: decision.orderNumber };
    throw new Error(`a batch of orders holds a ${decision.kind}`);
  });
  return results.some((result) => 'orderNumber' in result) ? results : null;
}

/** The decisions of a batch that was decided before. */
export function repeatOf(results: readonly BatchResult[]): Decision[] {
  return results.map((result) => {
    if ('orderNumber' in result) return { kind: 'replayed', orderNumber: result.orderNumber };
    return reject(isErrorCode(result.code) ? result.code : 'INTERNAL_ERROR', result.detail);
  });
}

function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERROR_CODES, text);
}
